//! What must be true in the end, whatever happened: each rule is a statement that finds what breaks it.
use std::collections::BTreeMap;

use diesel::{QueryableByName, sql_types::Text};
use diesel_async::RunQueryDsl;
use haat::{db::Conn, ledger};
use serde_json::Value;
use stripe_sandbox::Control;

use crate::support::TestApp;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    what: String,
}

/// What of `amount` belongs to the pieces before the `x`th of `q`, rounded as the program says: written here anew, so that the two can differ.
macro_rules! upto {
    ($amount:literal, $x:literal, $q:literal) => {
        concat!("((", $amount, "::numeric * (", $x, ") * 2 + (", $q, ")) / (2 * (", $q, ")))")
    };
}
macro_rules! share {
    ($amount:literal, $from:literal, $to:literal) => {
        concat!("(floor(", upto!($amount, $to, "l.quantity"), ") - floor(", upto!($amount, $from, "l.quantity"), "))::bigint")
    };
}
/// A table of (account, currency, expected) against what the accounts of this name hold.
macro_rules! held {
    ($name:literal, $($expected:tt)+) => {
        concat!(
            "WITH expected AS (SELECT account, currency, sum(minor)::bigint AS minor FROM (",
            $($expected)+,
            ") e GROUP BY account, currency),
             held AS (SELECT a.name AS account, a.currency, sum(b.balance_minor)::bigint AS minor
                      FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id WHERE a.name LIKE '",
            $name,
            "' GROUP BY a.name, a.currency)
             SELECT account || ' ' || currency || ' holds ' || coalesce(h.minor, 0) || ', not ' || coalesce(e.minor, 0) AS what
             FROM expected e FULL JOIN held h USING (account, currency) WHERE coalesce(e.minor, 0) <> coalesce(h.minor, 0)"
        )
    };
}
const PAID_LINES: &str = "order_lines l JOIN orders o ON o.id = l.order_id AND o.paid_at IS NOT NULL";

/// (what it is about, the statement that finds offenders). `PAID_LINES` stands for the lines of orders that were paid.
const RULES: &[(&str, &str)] = &[
    (
        "each currency sums to zero",
        "SELECT a.currency || ' is off by ' || sum(CASE WHEN a.class IN ('asset', 'expense') THEN 1 ELSE -1 END * b.balance_minor) AS what
         FROM ledger_balances b JOIN ledger_accounts a ON a.id = b.account_id GROUP BY a.currency
         HAVING sum(CASE WHEN a.class IN ('asset', 'expense') THEN 1 ELSE -1 END * b.balance_minor) <> 0",
    ),
    (
        "the shelf is what was there, less what is away",
        "SELECT 'variant ' || s.variant_id || ': ' || s.on_hand || ' on hand, ' || n.away || ' away' AS what
         FROM stock s CROSS JOIN LATERAL
           (SELECT count(*) AS away FROM items i WHERE i.variant_id = s.variant_id AND i.state <> 'in_stock') n
         WHERE s.on_hand + n.away <> $BEGAN",
    ),
    (
        "nothing is held without an order that waits",
        "SELECT 'variant ' || s.variant_id || ' holds ' || s.reserved AS what FROM stock s
         WHERE s.reserved <> (SELECT coalesce(sum(r.quantity), 0) FROM stock_reservations r WHERE r.variant_id = s.variant_id AND r.state = 'held')
            OR s.reserved <> 0",
    ),
    (
        "a paid line has its pieces, where it says that they are",
        "SELECT 'line ' || l.id || ': ' || n.here || ' here, ' || n.sent || ' sent' AS what FROM PAID_LINES CROSS JOIN LATERAL
           (SELECT (SELECT count(*) FROM items i WHERE i.order_line_id = l.id AND i.state = 'sold') AS here,
                   (SELECT count(*) FROM fulfilment_items f WHERE f.order_line_id = l.id) AS sent) n
         WHERE n.here <> l.quantity - l.shipped_quantity - l.refunded_here OR n.sent <> l.shipped_quantity",
    ),
    (
        "a paid order was paid by one page, any other by none",
        "SELECT 'order ' || o.number || ' is ' || o.state || ' and was paid by ' || n.pages AS what FROM orders o CROSS JOIN LATERAL
           (SELECT count(*) AS pages FROM checkout_sessions s WHERE s.order_id = o.id AND s.pays_order) n
         WHERE n.pages <> (o.paid_at IS NOT NULL)::int",
    ),
    (
        "nothing waits for what will not come",
        "SELECT 'order ' || number || ' is ' || state AS what FROM orders WHERE state IN ('pending_payment', 'payment_processing')
         UNION ALL SELECT 'page of ' || order_id || ' is ' || state FROM checkout_sessions WHERE state IN ('opening', 'open')
         UNION ALL SELECT 'refund ' || id || ' is ' || state FROM refunds WHERE state IN ('requested', 'pending')
         UNION ALL SELECT 'payout ' || number || ' is ' || state FROM payouts WHERE rail = 'stripe_transfer' AND state IN ('created', 'submitted', 'unknown')
         UNION ALL SELECT 'dispute ' || provider_id || ' is ' || state FROM disputes WHERE state IN ('inquiry', 'open')
         UNION ALL SELECT 'evidence for ' || dispute_id || ' is ' || state FROM dispute_evidence WHERE state = 'submitting'
         UNION ALL SELECT 'order ' || number || ' is on hold' FROM orders WHERE on_hold
         UNION ALL SELECT 'event ' || id || ' is not looked at' FROM stripe_events WHERE processed_at IS NULL",
    ),
    (
        "what a paid order posted is its total",
        "SELECT 'order ' || o.number || ': ' || o.total_minor || ' paid, ' || n.minor || ' posted' AS what FROM orders o CROSS JOIN LATERAL
           (SELECT coalesce(sum(t.amount_minor), 0) AS minor FROM ledger_transfers t JOIN ledger_accounts a ON a.id = t.debit_account
            WHERE t.source_type = 'order' AND t.kind = 'paid' AND t.source_id = o.id AND a.name = 'stripe_balance' AND t.currency = o.currency) n
         WHERE n.minor <> CASE WHEN o.paid_at IS NULL THEN 0 ELSE o.total_minor END",
    ),
    (
        "what was given back of an order is its refunds, and what a bank took of it",
        "SELECT 'order ' || o.number || ': ' || o.refunded_minor || ' given back, ' || r.minor || ' by refunds' AS what FROM orders o CROSS JOIN LATERAL
           (SELECT coalesce(sum(f.amount_minor), 0) AS minor FROM refunds f WHERE f.order_id = o.id) r
         WHERE o.refunded_minor <> r.minor AND NOT EXISTS
           (SELECT 1 FROM disputes d WHERE d.order_id = o.id AND d.state = 'lost' AND o.refunded_minor = r.minor + d.amount_minor)",
    ),
    (
        "a refund's parts are its amount",
        "SELECT 'refund ' || r.id AS what FROM refunds r WHERE r.amount_minor <>
           (SELECT coalesce(sum((p->>'goods')::bigint + (p->>'tax')::bigint), 0) FROM jsonb_array_elements(r.parts->'lines') p)
         + (SELECT coalesce(sum((p->>'shipping')::bigint + (p->>'tax')::bigint), 0) FROM jsonb_array_elements(r.parts->'shipping') p)",
    ),
    (
        "pending is owed for what has not left and was not given back",
        held!(
            "coop_pending:%",
            concat!(
                "SELECT 'coop_pending:' || l.coop_id AS account, l.own_currency AS currency, ",
                share!("l.producer_own_minor", "l.refunded_here", "l.quantity - l.shipped_quantity"),
                " AS minor FROM PAID_LINES"
            )
        ),
    ),
    (
        "the premium waits for what has not left",
        held!(
            "premium_pending:%",
            concat!(
                "SELECT 'premium_pending:' || l.coop_id AS account, l.own_currency AS currency, ",
                share!("l.premium_own_minor", "l.refunded_here", "l.quantity - l.shipped_quantity"),
                " AS minor FROM PAID_LINES"
            )
        ),
    ),
    (
        "the fund has the premium of what left",
        held!(
            "premium_fund:%",
            concat!(
                "SELECT 'premium_fund:' || l.coop_id AS account, l.own_currency AS currency, ",
                share!("l.premium_own_minor", "l.quantity - l.shipped_quantity", "l.quantity"),
                " AS minor FROM PAID_LINES
                 UNION ALL SELECT 'premium_fund:' || p.coop_id, p.currency, -p.amount_minor FROM payouts p
                   WHERE p.kind = 'premium' AND p.state NOT IN ('failed', 'bounced')
                 UNION ALL SELECT a.name, t.currency, t.amount_minor FROM ledger_transfers t JOIN ledger_accounts a ON a.id = t.credit_account
                   JOIN payouts p ON p.number = t.transfer_group AND p.state NOT IN ('failed', 'bounced')
                   WHERE t.source_type = 'transfer_reversal' AND a.name LIKE 'premium_fund:%'"
            )
        ),
    ),
    (
        "what left was earned, and is available, on its way or paid",
        held!(
            "coop_available:%",
            concat!(
                "SELECT 'coop_available:' || l.coop_id AS account, l.own_currency AS currency, ",
                share!("l.producer_own_minor", "l.quantity - l.shipped_quantity", "l.quantity"),
                " AS minor FROM PAID_LINES
                 UNION ALL SELECT 'coop_available:' || g.coop_id, g.own_currency, g.shipping_own_minor FROM order_groups g
                   WHERE EXISTS (SELECT 1 FROM fulfilments f WHERE f.group_id = g.id)
                 UNION ALL SELECT 'coop_available:' || p.coop_id, p.currency, -p.amount_minor FROM payouts p
                   WHERE p.kind = 'earnings' AND p.state NOT IN ('failed', 'bounced')
                 UNION ALL SELECT a.name, t.currency, -t.amount_minor FROM ledger_transfers t JOIN ledger_accounts a ON a.id = t.debit_account
                   WHERE t.source_type = 'payout' AND t.kind = 'recovered'
                 UNION ALL SELECT a.name, t.currency, t.amount_minor FROM ledger_transfers t JOIN ledger_accounts a ON a.id = t.credit_account
                   WHERE t.source_type = 'refund' AND t.kind = 'compensated' AND a.name LIKE 'coop_available:%'
                 UNION ALL SELECT a.name, t.currency, t.amount_minor FROM ledger_transfers t JOIN ledger_accounts a ON a.id = t.credit_account
                   JOIN payouts p ON p.number = t.transfer_group AND p.state NOT IN ('failed', 'bounced')
                   WHERE t.source_type = 'transfer_reversal' AND a.name LIKE 'coop_available:%'"
            )
        ),
    ),
    (
        "what is on its way is the payouts that are",
        held!(
            "coop_paying:%",
            "SELECT 'coop_paying:' || coop_id AS account, currency, amount_minor AS minor FROM payouts WHERE state IN ('created', 'submitted', 'unknown', 'sent')"
        ),
    ),
    ("nothing is held once nothing is disputed", held!("coop_held:%", "SELECT ''::text AS account, ''::text AS currency, 0::bigint AS minor WHERE false")),
    (
        "delivery is owed until it leaves",
        held!(
            "shipping_payable:%",
            "SELECT 'shipping_payable:' || coop_id AS account, own_currency AS currency, shipping_own_minor AS minor FROM order_groups WHERE state = 'to_ship'"
        ),
    ),
    (
        "commission is of what was not given back",
        held!(
            "commission",
            concat!(
                "SELECT 'commission' AS account, o.currency, ",
                share!("l.commission_minor", "l.refunded_here", "l.quantity - (l.refunded_quantity - l.refunded_here)"),
                " AS minor FROM PAID_LINES"
            )
        ),
    ),
    (
        "tax is of what was not given back",
        held!(
            "tax_payable:%",
            concat!(
                "SELECT 'tax_payable:' || o.country AS account, o.currency, ",
                share!("l.tax_minor", "l.refunded_here", "l.quantity - (l.refunded_quantity - l.refunded_here)"),
                " AS minor FROM PAID_LINES
                 UNION ALL SELECT 'tax_payable:' || o.country, o.currency, CASE WHEN g.shipping_refunded THEN 0 ELSE g.shipping_tax_minor END
                   FROM order_groups g JOIN orders o ON o.id = g.order_id AND o.paid_at IS NOT NULL"
            )
        ),
    ),
    (
        "a payout is its lines, which are in no other that stands",
        "SELECT 'payout ' || p.number || ': ' || p.amount_minor || ', lines ' || n.minor || ', live ' || n.live AS what FROM payouts p CROSS JOIN LATERAL
           (SELECT coalesce(sum(amount_minor), 0) AS minor, coalesce(bool_or(live), false) AS live FROM payout_lines l WHERE l.payout_id = p.id) n
         WHERE p.amount_minor <> n.minor OR n.live <> (p.state NOT IN ('failed', 'bounced'))
         UNION ALL SELECT 'transfer ' || transfer_id || ' is paid out ' || count(*) || ' times' FROM payout_lines WHERE live GROUP BY transfer_id HAVING count(*) > 1",
    ),
    (
        "what left a fund was decided by members, and no more of it",
        "SELECT 'payout ' || p.number || ' is out of the fund for no decision' AS what FROM payouts p WHERE p.kind = 'premium'
           AND NOT EXISTS (SELECT 1 FROM premium_spendings s JOIN premium_decisions d ON d.coop_id = s.coop_id AND d.id = s.decision_id AND d.state = 'confirmed'
                           WHERE s.coop_id = p.coop_id AND s.payout_id = p.id AND s.amount_minor = p.amount_minor)
         UNION ALL SELECT 'decision ' || d.id || ': ' || n.minor || ' of ' || d.amount_minor FROM premium_decisions d CROSS JOIN LATERAL
           (SELECT coalesce(sum(p.amount_minor), 0) AS minor FROM premium_spendings s JOIN payouts p ON p.coop_id = s.coop_id AND p.id = s.payout_id
            WHERE s.coop_id = d.coop_id AND s.decision_id = d.id AND p.state NOT IN ('failed', 'bounced')) n WHERE n.minor > d.amount_minor",
    ),
    (
        "every mail is written once and sent",
        "SELECT key || ' is ' || state AS what FROM jobs WHERE kind = 'send_mail' AND state <> 'done'
         UNION ALL SELECT (payload->'mail')::text || ' is there ' || count(*) || ' times' FROM jobs WHERE kind = 'send_mail'
           GROUP BY payload->'mail' HAVING count(*) > 1
         UNION ALL SELECT 'no mail ' || k.key FROM
           (SELECT 'mail:order_paid:' || id AS key FROM orders WHERE paid_at IS NOT NULL
            UNION ALL SELECT 'mail:new_order:' || g.id FROM order_groups g JOIN orders o ON o.id = g.order_id WHERE o.paid_at IS NOT NULL
            UNION ALL SELECT 'mail:shipped:' || id FROM fulfilments
            UNION ALL SELECT 'mail:refunded:' || id FROM refunds WHERE state = 'succeeded'
            UNION ALL SELECT 'mail:payout_sent:' || id FROM payouts WHERE state = 'settled') k
           WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.key = k.key)",
    ),
    (
        "every chain is whole",
        "SELECT 'chain of ' || i.id AS what FROM items i CROSS JOIN LATERAL
           (SELECT count(*) AS n, min(seq) AS first, max(seq) AS last FROM leaves l WHERE l.subject_id = i.id) c
         WHERE i.next_seq <> c.n OR (c.n > 0 AND (c.first <> 0 OR c.last <> c.n - 1
           OR i.head IS DISTINCT FROM (SELECT hash FROM leaves l WHERE l.subject_id = i.id AND l.seq = c.last)))
         UNION ALL SELECT 'piece ' || i.id || ' is ' || i.state || ', and its record does not end with a sale that stands' FROM items i CROSS JOIN LATERAL
           (SELECT max(seq) FILTER (WHERE type = 'sold') AS sold, max(seq) FILTER (WHERE type = 'sale_undone') AS undone FROM leaves l WHERE l.subject_id = i.id) s
         WHERE i.state IN ('sold', 'shipped') AND (s.sold IS NULL OR s.undone > s.sold)
         UNION ALL SELECT 'leaf ' || l.subject_id || '/' || l.seq || ' is neither in the log nor on its way' FROM leaves l
         WHERE NOT EXISTS (SELECT 1 FROM log_outbox x WHERE (x.subject_id, x.seq) = (l.subject_id, l.seq))
           AND NOT EXISTS (SELECT 1 FROM log_entries x WHERE (x.subject_id, x.seq) = (l.subject_id, l.seq))",
    ),
    (
        "no job is left, and none is dead",
        "SELECT kind || ' ' || coalesce(key, '') || ' is ' || state || ': ' || coalesce(last_error, '') AS what FROM jobs
         WHERE state = 'dead' OR (state = 'due' AND kind <> 'sweep_checkouts')",
    ),
];

async fn offenders(conn: &mut Conn, text: String) -> Vec<String> {
    let found: Vec<Found> = diesel::sql_query(text).load(conn).await.unwrap();
    found.into_iter().map(|row| row.what).collect()
}

/// Everything that is wrong; empty is good. `began`: how many of each variant there were at first.
pub async fn violations(conn: &mut Conn, control: &Control, began: i32) -> Vec<String> {
    let mut wrong: Vec<String> = ledger::verify(conn).await.unwrap().into_iter().map(|m| format!("not proven by its transfers: {m:?}")).collect();
    for (rule, statement) in RULES {
        let statement = statement.replace("PAID_LINES", PAID_LINES).replace("$BEGAN", &began.to_string());
        wrong.extend(offenders(conn, statement).await.into_iter().map(|what| format!("{rule}: {what}")));
    }
    wrong.extend(beside_the_provider(conn, control).await);
    wrong
}

/// The provider's own books beside ours: its balance, each captured payment, each transfer.
async fn beside_the_provider(conn: &mut Conn, control: &Control) -> Vec<String> {
    let mut wrong = Vec::new();
    let moved = control.all("txn");
    let theirs: i64 = moved.iter().filter(|t| t["type"] != "topup").map(|t| t["net"].as_i64().unwrap()).sum();
    let ours = ledger::balances(conn, "stripe_balance").await.unwrap().iter().map(|(_, money)| money.minor).sum::<i64>();
    if ours != theirs {
        wrong.push(format!("the provider has {theirs} of ours, and the books say {ours}"));
    }
    let pages = "SELECT payment_intent || ' ' || pays_order AS what FROM checkout_sessions WHERE payment_intent IS NOT NULL".to_owned();
    let pages = offenders(conn, pages).await;
    let unexpected = "SELECT source_id::text AS what FROM ledger_transfers WHERE source_type = 'charge' AND kind = 'unexpected'".to_owned();
    let unexpected = offenders(conn, unexpected).await;
    let foreign = "SELECT source_id::text AS what FROM ledger_transfers WHERE source_type = 'charge' AND kind = 'foreign'".to_owned();
    let foreign = offenders(conn, foreign).await;
    let of_pages: Vec<serde_json::Value> = control.all("cs").iter().map(|page| page["payment_intent"].clone()).collect();
    for charge in control.all("ch").iter().filter(|charge| charge["status"] == "succeeded") {
        let text = |field: &str| charge[field].as_str().unwrap();
        let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("stripe:{}", text("id")).as_bytes()).to_string();
        let orders = pages.iter().filter(|page| **page == format!("{} true", text("payment_intent"))).count();
        let given_back = unexpected.iter().filter(|source| **source == id).count();
        let apart = foreign.iter().filter(|source| **source == id).count();
        if apart != usize::from(!of_pages.contains(&charge["payment_intent"])) {
            wrong.push(format!("payment {} is kept apart {apart} times", text("id")));
        }
        if apart > 0 {
            continue;
        }
        if orders + given_back != 1 {
            wrong.push(format!("payment {} is {orders} orders and {given_back} times money that pays for nothing", text("id")));
        }
    }
    let heard = "SELECT d.provider_id AS what FROM dispute_evidence e JOIN disputes d ON d.id = e.dispute_id WHERE e.state = 'submitted'".to_owned();
    let heard = offenders(conn, heard).await;
    for dispute in control.all("du") {
        let (id, times) = (dispute["id"].as_str().unwrap(), dispute["evidence_details"]["submission_count"].as_u64().unwrap());
        if times != u64::from(heard.iter().any(|known| known == id)) {
            wrong.push(format!("evidence for {id} reached the bank {times} times, and we say {}", heard.iter().any(|known| known == id)));
        }
    }
    let mut made: BTreeMap<String, i64> = BTreeMap::new();
    for transfer in control.all("tr") {
        *made.entry(transfer["metadata"]["payout"].as_str().unwrap_or_default().to_owned()).or_default() += transfer["amount"].as_i64().unwrap();
    }
    let settled = "SELECT id || ' ' || amount_minor AS what FROM payouts WHERE rail = 'stripe_transfer' AND state = 'settled'".to_owned();
    let settled = offenders(conn, settled).await;
    let mut transferred: Vec<String> = made.iter().map(|(payout, minor)| format!("{payout} {minor}")).collect();
    let mut paid = settled;
    paid.sort();
    transferred.sort();
    if paid != transferred {
        wrong.push(format!("settled here {paid:?}, transferred there {transferred:?}"));
    }
    wrong
}

/// Refunds and money that pays for nothing, as far as it is still owed to buyers, beside the account that says so.
pub async fn owed_to_buyers(app: &TestApp) -> Vec<String> {
    let returned = app.sandbox.control().all("re");
    let stands = |refund: &&Value| refund["status"] != "failed";
    let of_unexpected: i64 =
        returned.iter().filter(stands).filter(|r| r["metadata"]["unexpected"].is_string()).map(|r| r["amount"].as_i64().unwrap()).sum();
    let conn = &mut *app.db.db.conn().await.unwrap();
    let statement = format!(
        "SELECT 'buyers are owed ' || e.minor || ', and the books say ' || h.minor AS what FROM
           (SELECT (SELECT coalesce(sum(amount_minor), 0) FROM refunds WHERE state IN ('requested', 'failed'))
                 + (SELECT coalesce(sum(amount_minor), 0) FROM ledger_transfers WHERE source_type = 'charge' AND kind = 'unexpected') - {of_unexpected} AS minor) e,
           (SELECT coalesce(sum(b.balance_minor), 0) AS minor FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
            WHERE a.name = 'buyer_refundable') h
         WHERE e.minor <> h.minor"
    );
    offenders(conn, statement).await
}

/// Everything that may not change when old news comes again.
pub async fn picture(app: &TestApp) -> BTreeMap<&'static str, String> {
    const KEPT: [&str; 15] = [
        "orders",
        "order_lines",
        "order_groups",
        "order_events",
        "stock",
        "items",
        "leaves",
        "ledger_transfers",
        "ledger_balances",
        "refunds",
        "disputes",
        "dispute_evidence",
        "payouts",
        "payout_lines",
        "money_alerts",
    ];
    let conn = &mut *app.db.db.conn().await.unwrap();
    let mut all = BTreeMap::new();
    for table in KEPT {
        let statement = format!("SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS what FROM {table} t");
        all.insert(table, offenders(conn, statement).await.remove(0));
    }
    let mails = "SELECT count(*)::text AS what FROM jobs WHERE kind <> 'sweep_checkouts' AND kind <> 'process_stripe_event'".to_owned();
    all.insert("jobs", offenders(conn, mails).await.remove(0));
    all
}
