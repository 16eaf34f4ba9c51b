//! What is made to order and given up: free before it is started, then what was put into it, shown first and booked as shown.
use serde_json::{Value, json};

use crate::{
    payouts::{destination, euros, second_operator},
    support::{
        Answer, Client, TestApp, api_test,
        builders::{balance, basket, cooperative, platform, product, session_of, sql},
    },
    work::{artisan, entry},
};

struct Wanted {
    manager: Client,
    guest: Client,
    id: String,
    line: String,
    batch: String,
    currency: &'static str,
}
/// Two pieces of 60.00 each that are made after they were paid.
async fn wanted(app: &TestApp, currency: &'static str) -> Wanted {
    let manager = if currency == "EUR" { euros(app, "bagru").await } else { cooperative(app, "bagru").await };
    let variant = product(&manager, "bagru", 6000, 0).await;
    sql(app, "UPDATE stock SET policy = 'made_to_order'").await;
    let checkout = basket(app, &variant, 2).await.checkout("one").await.expect(201);
    app.sandbox.control().pay(&session_of(&checkout)).unwrap();
    app.sandbox.control().webhooks_settled().await;
    app.run_jobs().await;
    let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
    let id = checkout["order"]["id"].as_str().unwrap().to_owned();
    let seen = guest.get(&format!("/v1/store/orders/{id}")).await.expect(200);
    let line = seen["parcels"][0]["lines"][0]["id"].as_str().unwrap().to_owned();
    Wanted { manager, guest, id, line, batch: its_batch(app).await, currency }
}
async fn its_batch(app: &TestApp) -> String {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use haat::schema::batches;
    let conn = &mut *app.db.db.conn().await.unwrap();
    batches::table.select(batches::id).order(batches::id.desc()).first::<haat::ids::BatchId>(conn).await.unwrap().to_string()
}
impl Wanted {
    fn at(&self) -> String {
        format!("/v1/store/orders/{}/cancellation", self.id)
    }
    async fn worked(&self, artisan: &str, step: &str, pieces: i32, rate: i64) {
        let entry = entry(Some(artisan), Some(&self.batch), step, pieces, rate, self.currency);
        self.manager.post("/v1/manage/cooperatives/bagru/work", entry).await.expect(201);
    }
    fn material(&self, minor: i64) -> Value {
        json!({"line": self.line, "what": "4 m of tussar, cut", "amount": {"amount": minor, "currency": self.currency}, "committed_on": "2026-11-22", "evidence": "receipts/1.pdf"})
    }
    async fn bought(&self, body: Value) -> Answer {
        self.manager.post(&format!("/v1/manage/cooperatives/bagru/orders/{}/materials", self.id), body).await
    }
    /// (due, refund) as the buyer is shown them.
    async fn shown(&self) -> (i64, i64) {
        figures(&self.guest.get(&self.at()).await.expect(200))
    }
    async fn give_up(&self, key: &str, expected: i64) -> Answer {
        let body = json!({"expected_due": {"amount": expected, "currency": "EUR"}});
        self.guest.with("Idempotency-Key", key).post(&self.at(), body).await
    }
    async fn seen(&self) -> Value {
        self.guest.get(&format!("/v1/store/orders/{}", self.id)).await.expect(200)
    }
}
fn figures(shown: &Value) -> (i64, i64) {
    (shown["due"]["amount"].as_i64().unwrap(), shown["refund"]["amount"].as_i64().unwrap())
}
async fn books(app: &TestApp, currency: &str) -> Vec<(&'static str, i64)> {
    let mut held = Vec::new();
    for name in [
        "coop_pending:",
        "coop_available:",
        "premium_pending:",
        "premium_fund:",
        "shipping_payable:",
        "commission",
        "buyer_refundable",
        "refund_losses",
    ] {
        held.push((name, balance(app, name, currency).await));
    }
    held.retain(|(_, minor)| *minor != 0);
    held
}

#[actix_web::test]
async fn before_it_is_started_it_is_free() {
    api_test(async |app| {
        let wanted = wanted(app, "EUR").await;
        assert_eq!(wanted.shown().await, (0, 12_400));
        assert_eq!(
            wanted.guest.post(&wanted.at(), json!({"expected_due": {"amount": 0, "currency": "EUR"}})).await.problem(428),
            "idempotency-key-missing"
        );
        let stranger = app.visitor().with("X-Order-Token", "nobody's").with("Idempotency-Key", "k");
        assert_eq!(stranger.get(&wanted.at()).await.problem(404), "not-found");
        assert_eq!(stranger.post(&wanted.at(), json!({"expected_due": {"amount": 0, "currency": "EUR"}})).await.problem(404), "not-found");
        let foreign = json!({"lines": [haat::ids::new_uuid()], "expected_due": {"amount": 0, "currency": "EUR"}});
        assert_eq!(wanted.guest.with("Idempotency-Key", "f").post(&wanted.at(), foreign).await.expect(422)["errors"][0]["pointer"], "/lines/0");
        let made = wanted.give_up("k", 0).await.expect(202);
        assert_eq!((made["amount"]["amount"].as_i64(), wanted.give_up("k", 0).await.expect(202)), (Some(12_400), made));
        assert_eq!(books(app, "EUR").await, [("buyer_refundable", 12_400)]);
        app.run_jobs().await;
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        assert_eq!((books(app, "EUR").await, wanted.seen().await["status"].clone()), (vec![], json!("refunded")));
        let mail = app.app.mailer.kept().into_iter().find(|m| m.kind == "cancelled").unwrap();
        assert!(
            mail.to == "bagru@coop.example" && mail.text.contains("2 × Indigo dabu stole") && mail.text.contains("nothing is due"),
            "{}",
            mail.text
        );
        assert_eq!(wanted.give_up("again", 0).await.problem(409), "conflict");
    })
    .await;
}

#[actix_web::test]
async fn what_was_put_into_it_is_shown_booked_and_paid_to_whoever_did_it() {
    api_test(async |app| {
        let wanted = wanted(app, "EUR").await;
        let sunita = artisan(app, "bagru", "A-1").await;
        wanted.worked(&sunita, "printing", 1, 500).await;
        assert_eq!(wanted.shown().await, (500, 11_900));
        wanted.bought(wanted.material(1000)).await.expect(201);
        let shown = wanted.guest.get(&wanted.at()).await.expect(200);
        let parts = |name: &str| shown["lines"][0][name]["amount"].as_i64().unwrap();
        assert_eq!((figures(&shown), parts("labour"), parts("material"), parts("advance")), ((1500, 10_900), 500, 1000, 0));

        // What is booked is what was shown, or nothing is.
        let stale = wanted.give_up("stale", 500).await.expect(409);
        assert_eq!((&stale["code"], figures(&stale)), (&json!("due-changed"), (1500, 10_900)));
        assert_eq!(wanted.give_up("other", 1501).await.problem(409), "due-changed");
        let dollars = json!({"expected_due": {"amount": 1500, "currency": "USD"}});
        assert_eq!(wanted.guest.with("Idempotency-Key", "usd").post(&wanted.at(), dollars).await.problem(409), "due-changed");
        assert_eq!(balance(app, "buyer_refundable", "EUR").await, 0, "a refusal books nothing");

        let made = wanted.give_up("right", 1500).await.expect(202);
        assert_eq!((&made["amount"]["amount"], &made["lines"][0]["withheld"]["amount"]), (&json!(10_900), &json!(1500)));
        assert_eq!(books(app, "EUR").await, [("coop_available:", 1500), ("buyer_refundable", 10_900)], "and nobody bears a loss");
        app.run_jobs().await;
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        assert_eq!(balance(app, "stripe_balance", "EUR").await + balance(app, "stripe_fees", "EUR").await, 1500);
        assert_eq!(wanted.seen().await["status"], "refunded");
        let kept = app.app.mailer.kept();
        let mail = |kind: &str| kept.iter().find(|m| m.kind == kind).unwrap_or_else(|| panic!("{kind}"));
        assert!(mail("cancelled").text.contains("€15.00 is yours"), "{}", mail("cancelled").text);
        assert!(mail("refunded").text.contains("€15.00 stays with the makers"), "{}", mail("refunded").text);

        // It leaves as any earnings do: work to who worked, material as material.
        destination(app, "bagru", "manual", "EUR").await;
        let (one, other) = (platform(app, "operator").await, second_operator(app).await);
        let run = one.with("Idempotency-Key", "p").post("/v1/admin/payouts", json!({"run": true})).await.expect(202);
        assert_eq!(run["payouts"][0]["amount"]["amount"], 1500);
        let payout = run["payouts"][0]["id"].as_str().unwrap();
        other.post(&format!("/v1/admin/payouts/{payout}/confirm"), json!({"reference": "N1", "evidence": "r"})).await.expect(200);
        let statement = wanted.manager.get(&format!("/v1/manage/cooperatives/bagru/payouts/{payout}/statement")).await.expect(200);
        let shares: Vec<_> = statement["shares"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| (s["purpose"].as_str().unwrap(), s["artisan"].as_str(), s["amount"]["amount"].as_i64().unwrap()))
            .collect();
        assert_eq!(shares, [("maker", Some(sunita.as_str()), 500), ("materials", None, 1000)]);
        let lines: Vec<_> = statement["cancelled"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| (c["what"].as_str().unwrap(), c["amount"]["amount"].as_i64().unwrap()))
            .collect();
        assert_eq!((lines, &statement["totals"]["cancelled"]["amount"]), (vec![("labour", 500), ("material", 1000)], &json!(1500)));
        wanted.manager.get(&format!("/v1/manage/cooperatives/bagru/payouts/{payout}/statement?format=pdf")).await;
        app.run_jobs().await;
        let realised = &wanted.seen().await["realised"];
        let part = |name: &str| realised[name]["amount"].as_i64().unwrap();
        assert_eq!((part("maker"), part("materials"), part("refunded"), part("open")), (500, 1000, 10_900, 0));
        assert_eq!(realised["tilt"][0]["difference"], 0);
        let refund = json!({"reason": "cancelled", "everything": true});
        assert_eq!(
            one.with("Idempotency-Key", "more").post(&format!("/v1/admin/orders/{}/refunds", wanted.id), refund).await.problem(409),
            "conflict",
            "what was withheld is nobody's to give back"
        );
    })
    .await;
}

#[actix_web::test]
async fn an_operator_is_held_to_the_same_figure_and_a_fault_of_the_seller_costs_the_buyer_nothing() {
    api_test(async |app| {
        let wanted = wanted(app, "EUR").await;
        let (operator, sunita) = (platform(app, "operator").await, artisan(app, "bagru", "A-1").await);
        wanted.worked(&sunita, "printing", 2, 500).await;
        wanted.worked(&sunita, "washing", 1, 200).await;
        let at = format!("/v1/admin/orders/{}/refunds", wanted.id);
        let of = |reason: &str, quantity: i32| json!({"reason": reason, "lines": [{"line": wanted.line, "quantity": quantity}]});
        let preview = async |body: Value| figures(&operator.post(&format!("{at}/preview"), body).await.expect(200));
        // The piece that was not washed is given up first.
        // The parts of two pieces are rounded together: the first has the odd cents.
        assert_eq!(preview(of("cancelled", 1)).await, (500, 5501));
        assert_eq!(preview(of("buyer_changed_mind", 2)).await, (1200, 12_400 - 1200));
        assert_eq!(preview(of("unfulfillable", 2)).await, (0, 12_400));
        assert_eq!(wanted.manager.post(&format!("{at}/preview"), of("cancelled", 1)).await.problem(403), "forbidden");
        let ask = async |key: &str, body: Value| operator.with("Idempotency-Key", key).post(&at, body).await;
        assert_eq!(ask("none", of("cancelled", 1)).await.problem(409), "due-changed", "what is due is never booked unseen");
        let with = |mut body: Value, due: i64| {
            body["expected_due"] = json!({"amount": due, "currency": "EUR"});
            body
        };
        assert_eq!(ask("first", with(of("cancelled", 1), 500)).await.expect(202)["amount"]["amount"], 5501);
        assert_eq!(
            books(app, "EUR").await,
            [
                ("coop_pending:", 4636),
                ("coop_available:", 500),
                ("premium_pending:", 463),
                ("shipping_payable:", 400),
                ("commission", 900),
                ("buyer_refundable", 5501)
            ]
        );
        assert_eq!(wanted.shown().await, (700, 5999 + 400 - 700), "the other one is printed and washed");
        // The seller cannot make it after all: the buyer gets all that is left, and not what was hers to pay before.
        assert_eq!(preview(json!({"reason": "unfulfillable", "everything": true})).await, (0, 6399));
        assert_eq!(ask("rest", json!({"reason": "unfulfillable", "everything": true})).await.expect(202)["amount"]["amount"], 6399);
        assert_eq!(books(app, "EUR").await, [("coop_available:", 500), ("buyer_refundable", 5501 + 6399)]);
        assert_eq!(wanted.seen().await["status"], "refunded");
        assert_eq!(balance(app, "stripe_balance", "EUR").await + balance(app, "stripe_fees", "EUR").await, 12_400, "nothing has left yet");
    })
    .await;
}

#[actix_web::test]
async fn in_two_currencies_the_makers_are_owed_theirs() {
    api_test(async |app| {
        let wanted = wanted(app, "INR").await;
        let sunita = artisan(app, "bagru", "A-1").await;
        wanted.worked(&sunita, "printing", 2, 12_345).await;
        assert_eq!(wanted.shown().await, (247, 12_600 - 247), "246.90 rupees are 2.469 euros at the order's rate of 100");
        wanted.give_up("k", 247).await.expect(202);
        assert_eq!(books(app, "INR").await, [("coop_available:", 24_690)]);
        assert_eq!(balance(app, "fx_clearing", "EUR").await.abs(), 247, "so much of the sale stands");
        assert_eq!(balance(app, "fx_clearing", "INR").await.abs(), 24_690);
    })
    .await;
}

#[actix_web::test]
async fn material_is_written_down_for_what_is_made_to_order_and_within_its_price() {
    api_test(async |app| {
        let wanted = wanted(app, "EUR").await;
        let other = cooperative(app, "pedana").await;
        let path = format!("/v1/manage/cooperatives/bagru/orders/{}/materials", wanted.id);
        assert_eq!(other.post(&path, wanted.material(1)).await.problem(404), "not-found");
        assert_eq!(other.post(&path.replace("bagru", "pedana"), wanted.material(1)).await.problem(404), "not-found");
        let with = |field: &str, value: Value| {
            let mut body = wanted.material(100);
            *body.pointer_mut(field).unwrap() = value;
            body
        };
        for (body, pointer, code) in [
            (wanted.material(2783), "/amount/amount", "more_than_price"),
            (wanted.material(0), "/amount/amount", "out_of_range"),
            (with("/amount/currency", json!("INR")), "/amount/currency", "currency"),
            (with("/committed_on", json!("2026-11-23")), "/committed_on", "future"),
            (with("/what", json!(" ")), "/what", "length"),
            (with("/line", json!(haat::ids::new_uuid())), "/line", "unknown"),
        ] {
            let problem = wanted.bought(body).await.expect(422);
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)));
        }
        wanted.bought(wanted.material(2782)).await.expect(201);
        assert_eq!(wanted.bought(wanted.material(1)).await.expect(422)["errors"][0]["code"], "more_than_price", "all of it together");
        let listed = wanted.manager.get(&path).await.expect(200);
        assert_eq!((listed["data"].as_array().unwrap().len(), &listed["data"][0]["amount"]["amount"]), (1, &json!(2782)));
        assert_eq!(other.get(&path.replace("bagru", "pedana")).await.expect(200)["data"], json!([]));
        // Sent, it is not given up any more; nor is what was on the shelf.
        wanted.manager.post("/v1/manage/cooperatives/bagru/fulfilments", json!({"order": wanted.id, "carrier": "India Post"})).await.expect(201);
        assert_eq!(wanted.guest.get(&wanted.at()).await.problem(409), "conflict");
        assert_eq!(wanted.give_up("late", 2782).await.problem(409), "conflict");
        assert_eq!(wanted.bought(wanted.material(1)).await.expect(422)["errors"].as_array().unwrap().len(), 2);
    })
    .await;
}

/// What she holds as an advance is set against it, and no more of it than there is.
#[actix_web::test]
async fn an_advance_is_set_against_what_is_due() {
    use haat::ledger::{self, Account, Posting, Source};
    api_test(async |app| {
        let wanted = wanted(app, "EUR").await;
        let sunita = artisan(app, "bagru", "A-1").await;
        wanted.worked(&sunita, "printing", 2, 500).await;
        wanted.bought(wanted.material(800)).await.expect(201);
        let accounts = ledger::balances(&mut *app.db.db.conn().await.unwrap(), "coop_pending:").await.unwrap();
        let coop: haat::ids::CoopId = accounts[0].0.strip_prefix("coop_pending:").unwrap().parse().unwrap();
        let now = app.clock.now();
        let source = Source { kind_of: "advance", id: haat::ids::new_uuid(), kind: "sent", group: "HA-1".into(), occurred_at: now };
        let amount = haat::money::Money::new(1000, "EUR".parse().unwrap());
        let posting = [Posting::new(Account::CoopAdvance(coop), Account::StripeBalance, amount, "advance").of_line(wanted.line.parse().unwrap())];
        app.db.db.transaction(async |tx| ledger::post(tx, now, &source, &posting).await).await.unwrap();
        let shown = wanted.guest.get(&wanted.at()).await.expect(200);
        assert_eq!((figures(&shown), &shown["lines"][0]["advance"]["amount"]), ((1800, 10_600), &json!(1000)));
        wanted.give_up("k", 1800).await.expect(202);
        assert_eq!(balance(app, "coop_advance:", "EUR").await, 0, "it is hers");
        assert_eq!(books(app, "EUR").await, [("coop_available:", 800), ("buyer_refundable", 10_600)]);
    })
    .await;
}

/// Twenty confirms at once, each under its own key: one is booked.
#[actix_web::test]
async fn it_is_given_up_once() {
    api_test(async |app| {
        let wanted = wanted(app, "EUR").await;
        let sunita = artisan(app, "bagru", "A-1").await;
        wanted.worked(&sunita, "printing", 2, 500).await;
        let keys: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        let answers = futures_util::future::join_all(keys.iter().map(|key| wanted.give_up(key, 1000))).await;
        let good = answers.iter().filter(|a| a.status == 202).count();
        assert_eq!((good, answers.iter().filter(|a| a.status == 409).count()), (1, 19));
        assert_eq!(books(app, "EUR").await, [("coop_available:", 1000), ("buyer_refundable", 11_400)]);
    })
    .await;
}
