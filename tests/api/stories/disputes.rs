//! A buyer's bank takes a payment back: opened, won, lost, before and after what was bought has left. No maker's part is ever touched.
use haat::checkout::{disputes::observe, jobs::sweep};
use serde_json::{Value, json};
use stripe_sandbox::Outcome;

use super::world::{SOLD, all_but_the_books, books, shelves, told, world};
use crate::support::{
    Client, TestApp, api_test,
    builders::{platform, session_of, sql},
};

/// The canonical order, paid: its checkout and its charge.
pub(super) async fn sold(app: &TestApp) -> (Value, String) {
    let checkout = world(app).await.basket(app).await.checkout("k").await.expect(201);
    app.sandbox.control().pay(&session_of(&checkout)).unwrap();
    told(app).await;
    assert_eq!(books(app).await, SOLD);
    let charge = app.sandbox.control().all("ch")[0]["id"].as_str().unwrap().to_owned();
    (checkout, charge)
}
fn order(checkout: &Value) -> &str {
    checkout["order"]["id"].as_str().unwrap()
}
async fn status(app: &TestApp, checkout: &Value) -> Value {
    let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
    guest.get(&format!("/v1/store/orders/{}", order(checkout))).await.expect(200)["status"].clone()
}
/// The cooperatives' managers, as `world` signed them in.
fn manager(app: &TestApp, slug: &str) -> Client {
    app.visitor().bearer(&format!("session_{slug}"))
}
pub(super) async fn send(app: &TestApp, slug: &str, checkout: &Value) -> crate::support::Answer {
    let parcel = json!({"order": order(checkout), "carrier": "India Post"});
    manager(app, slug).post(&format!("/v1/manage/cooperatives/{slug}/fulfilments"), parcel).await
}
/// `SOLD` with these lines changed (or, at zero, left out) and these added.
pub(super) fn changed(change: &[(&str, i64)]) -> Vec<String> {
    let mut lines: Vec<String> =
        SOLD.iter().filter(|line| !change.iter().any(|(name, _)| line.starts_with(&format!("{name} ")))).map(|l| (*l).to_owned()).collect();
    lines.extend(change.iter().filter(|(_, minor)| *minor != 0).map(|(name, minor)| format!("{name} EUR {minor}")));
    lines.sort();
    lines
}
pub(super) const OPENED: &[(&str, i64)] = &[
    ("coop_pending:bagru", 0),
    ("coop_pending:pedana", 0),
    ("coop_held:bagru", 4636),
    ("coop_held:pedana", 1855),
    ("dispute_withheld", 10_000),
    ("dispute_fees", 2000),
    ("stripe_balance", 9825 - 12_000),
];

#[actix_web::test]
async fn a_dispute_that_is_won_costs_its_fee_and_nothing_else() {
    api_test(async |app| {
        let (checkout, charge) = sold(app).await;
        let dispute = app.sandbox.control().dispute(&charge, None).unwrap();
        told(app).await;
        assert_eq!(books(app).await, changed(OPENED));
        // Told again, from anywhere, it is no second dispute.
        for _ in 0..3 {
            observe(&app.app, &dispute).await.unwrap();
        }
        assert_eq!(books(app).await, changed(OPENED));
        assert_eq!(send(app, "bagru", &checkout).await.problem(409), "conflict", "nothing is sent while it is not decided");
        let at = format!("/v1/manage/cooperatives/bagru/orders/{}", order(&checkout));
        assert_eq!(manager(app, "bagru").get(&at).await.expect(200)["on_hold"], true, "and its sender is told so");
        let operator = platform(app, "operator").await;
        let refund = json!({"reason": "not_received", "everything": true});
        let at = format!("/v1/admin/orders/{}/refunds", order(&checkout));
        assert_eq!(operator.with("Idempotency-Key", "k").post(&at, refund).await.problem(409), "conflict", "nor given back twice");
        let seen = operator.get("/v1/admin/disputes?status=open").await.expect(200)["data"][0].clone();
        assert_eq!((&seen["order"], seen["evidence_due"].as_str().map(|d| &d[..10])), (&checkout["order"]["id"], Some("2026-12-10")));
        sql(app, "DO $$ BEGIN ASSERT (SELECT detail FROM money_alerts WHERE kind = 'dispute_opened' AND resolved_at IS NULL) LIKE '%evidence until 2026-12-10', 'its date'; END $$").await;
        assert_eq!(manager(app, "bagru").get("/v1/admin/disputes").await.problem(403), "forbidden");

        app.sandbox.control().settle_dispute(&dispute, Outcome::Succeeds).unwrap();
        told(app).await;
        assert_eq!(books(app).await, changed(&[("dispute_fees", 2000), ("stripe_balance", 9825 - 2000)]));
        all_but_the_books(app, &checkout).await;
        sql(app, "DO $$ BEGIN ASSERT (SELECT count(*) FROM money_alerts WHERE resolved_at IS NULL) = 0, 'nothing is open'; END $$").await;
        // Control: what was refused is possible again.
        send(app, "bagru", &checkout).await.expect(201);
    })
    .await;
}

#[actix_web::test]
async fn a_dispute_that_is_lost_before_anything_left_undoes_the_sale() {
    api_test(async |app| {
        let (checkout, charge) = sold(app).await;
        let dispute = app.sandbox.control().dispute(&charge, None).unwrap();
        app.sandbox.control().settle_dispute(&dispute, Outcome::Fails).unwrap();
        told(app).await;
        // Both steps are taken, though by the time anybody looked it was decided.
        let lost = ["dispute_fees EUR 2000", "stripe_balance EUR -2175", "stripe_fees EUR 175"];
        assert_eq!(books(app).await, lost);
        assert_eq!((shelves(app).await, status(app, &checkout).await), (vec![(5, 0), (5, 0)], json!("refunded")));
        assert_eq!(send(app, "bagru", &checkout).await.problem(409), "conflict");
        observe(&app.app, &dispute).await.unwrap();
        assert_eq!(books(app).await, lost);
    })
    .await;
}

/// Opened and won before anybody here heard of it: its fee is gone all the same.
#[actix_web::test]
async fn a_dispute_that_was_won_unheard_costs_its_fee() {
    api_test(async |app| {
        let (checkout, charge) = sold(app).await;
        app.sandbox.control().set_webhook_url(None);
        let dispute = app.sandbox.control().dispute(&charge, None).unwrap();
        app.sandbox.control().settle_dispute(&dispute, Outcome::Succeeds).unwrap();
        for _ in 0..2 {
            observe(&app.app, &dispute).await.unwrap();
            assert_eq!(books(app).await, changed(&[("dispute_fees", 2000), ("stripe_balance", 9825 - 2000)]));
        }
        all_but_the_books(app, &checkout).await;
        send(app, "bagru", &checkout).await.expect(201);
    })
    .await;
}

/// One cooperative sent its part; what it earned stays its own, and the other's pieces are for sale again. No webhook comes at all.
#[actix_web::test]
async fn a_dispute_that_is_lost_afterwards_reaches_no_maker() {
    api_test(async |app| {
        let (checkout, charge) = sold(app).await;
        send(app, "bagru", &checkout).await.expect(201);
        app.run_jobs().await;
        app.sandbox.control().set_webhook_url(None);
        let dispute = app.sandbox.control().dispute(&charge, None).unwrap();
        told(app).await;
        let sent = [
            ("coop_pending:bagru", 0),
            ("premium_pending:bagru", 0),
            ("shipping_payable:bagru", 0),
            ("coop_available:bagru", 5036),
            ("premium_fund:bagru", 464),
        ];
        assert_eq!(books(app).await, changed(&sent), "control: nobody told of it");
        sweep(&app.app).await.unwrap();
        app.run_jobs().await;
        let opened =
            [("coop_pending:pedana", 0), ("coop_held:pedana", 1855), ("dispute_withheld", 10_000), ("dispute_fees", 2000), ("stripe_balance", -2175)];
        assert_eq!(books(app).await, changed(&[&sent[..], &opened].concat()), "only what had not left is held");
        app.sandbox.control().settle_dispute(&dispute, Outcome::Fails).unwrap();
        sweep(&app.app).await.unwrap();
        app.run_jobs().await;
        let hers = ["coop_available:bagru EUR 5036", "dispute_fees EUR 2000", "dispute_losses EUR 5500", "premium_fund:bagru EUR 464"];
        assert_eq!(
            books(app).await,
            [&hers[..], &["stripe_balance EUR -2175", "stripe_fees EUR 175"]].concat(),
            "46.36, 4.64 and 4.00 are the platform's loss"
        );
        assert_eq!((shelves(app).await, status(app, &checkout).await), (vec![(4, 0), (5, 0)], json!("refunded")));
        // What was sent comes back all the same: its cooperative was paid for it, and cannot sell it a second time.
        let bagru = manager(app, "bagru");
        let code = bagru.get("/v1/manage/cooperatives/bagru/items").await.expect(200)["data"][0]["code"].clone();
        let back = |restock: bool| json!({"order": order(&checkout), "items": [code], "restock": restock});
        let refused = bagru.post("/v1/manage/cooperatives/bagru/returns", back(true)).await.expect(422);
        assert_eq!(refused["errors"][0]["code"], "paid_for", "{refused}");
        bagru.post("/v1/manage/cooperatives/bagru/returns", back(false)).await.expect(204);
        assert_eq!(shelves(app).await, [(4, 0), (5, 0)]);
    })
    .await;
}

/// The bank took another amount than the order's: the loss is in the books, the order stays, and a person decides.
#[actix_web::test]
async fn a_dispute_over_a_part_is_a_persons_to_decide() {
    api_test(async |app| {
        let (checkout, charge) = sold(app).await;
        let dispute = app.sandbox.control().dispute(&charge, Some(2500)).unwrap();
        app.sandbox.control().settle_dispute(&dispute, Outcome::Fails).unwrap();
        told(app).await;
        assert_eq!(books(app).await, changed(&[("dispute_losses", 2500), ("dispute_fees", 2000), ("stripe_balance", 9825 - 4500)]));
        all_but_the_books(app, &checkout).await;
        sql(
            app,
            "DO $$ BEGIN ASSERT (SELECT count(*) FROM money_alerts WHERE kind = 'dispute_lost_in_part' AND resolved_at IS NULL) = 1, 'told'; END $$",
        )
        .await;
    })
    .await;
}
