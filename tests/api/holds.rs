//! Whoever is not paid is told why and until when, and is heard; and what one instruction may not carry leaves in several.
use serde_json::{Value, json};

use crate::{
    payouts::destination,
    stories::euros,
    support::{
        Client, TestApp, api_test,
        builders::{balance, basket, cooperative, platform, session_of, sql},
    },
};

/// `count` orders of 60.00 each, paid and sent: 46.36 and 4.00 of each are available.
async fn earned(app: &TestApp, count: usize) -> Client {
    let (manager, variant) = euros(app, "bagru", 400, 6000, 9).await;
    destination(app, "bagru", "manual", "EUR").await;
    for n in 0..count {
        let checkout = basket(app, &variant, 1).await.checkout(&n.to_string()).await.expect(201);
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        let parcel = json!({"order": checkout["order"]["id"], "carrier": "India Post"});
        manager.post("/v1/manage/cooperatives/bagru/fulfilments", parcel).await.expect(201);
    }
    manager
}
async fn run(operator: &Client, key: &str) -> Value {
    operator.with("Idempotency-Key", key).post("/v1/admin/payouts", json!({"run": true})).await.expect(202)
}
async fn limits(app: &TestApp, least: i64, most: i64) {
    sql(app, &format!("UPDATE payout_corridors SET min_minor = {least}, max_minor = {most} WHERE rail = 'manual'")).await;
}

const HOLDS: &str = "/v1/manage/cooperatives/bagru/payout-holds";

#[actix_web::test]
async fn a_hold_has_a_reason_an_end_and_an_ear() {
    api_test(async |app| {
        let (manager, operator) = (earned(app, 1).await, platform(app, "operator").await);
        let at = "/v1/admin/cooperatives/bagru/payout-holds";
        let hold = |day: &str| json!({"code": "details_doubtful", "reason": "Two people say that the account is theirs.", "release_on": day});
        for (body, pointer) in [
            (hold("2026-11-22"), "/release_on"),
            (hold("2027-01-22"), "/release_on"),
            (json!({"code": "fault_open", "reason": "  ", "release_on": "2026-12-01"}), "/reason"),
        ] {
            assert_eq!(operator.post(at, body).await.expect(422)["errors"][0]["pointer"], pointer);
        }
        assert_eq!(operator.post("/v1/admin/cooperatives/nobody/payout-holds", hold("2026-12-01")).await.problem(404), "not-found");
        assert_eq!(platform(app, "auditor").await.post(at, hold("2026-12-01")).await.problem(403), "forbidden");
        let placed = operator.post(at, hold("2026-12-01")).await.expect(201);
        assert_eq!(placed["in_force"], true);

        let skipped = run(&operator, "held").await["skipped"][0].clone();
        assert_eq!(skipped["reason"], "on_hold");
        assert!(skipped["detail"].as_str().unwrap().contains("until 2026-12-01"), "{skipped}");
        assert_eq!(balance(app, "coop_available:", "EUR").await, 5036, "what is hers stays hers");
        let shown = manager.get("/v1/manage/cooperatives/bagru/balance").await.expect(200);
        let step = shown["next_steps"][0].as_str().unwrap();
        assert_eq!(
            step,
            "Payouts are held until 2026-12-01: Two people say that the account is theirs. You may object to that; what you earned stays yours."
        );

        let appeal = format!("{HOLDS}/{}/appeal", placed["id"].as_str().unwrap());
        let other = cooperative(app, "pedana").await;
        assert_eq!(other.post(&appeal, json!({"text": "x"})).await.problem(404), "not-found");
        assert_eq!(other.post(&appeal.replace("bagru", "pedana"), json!({"text": "x"})).await.problem(404), "not-found");
        assert_eq!(manager.post(&appeal, json!({"text": " "})).await.problem(422), "invalid");
        let heard = manager.post(&appeal, json!({"text": "It is the cooperative's own account."})).await.expect(200);
        assert_eq!(heard["appeal"], "It is the cooperative's own account.");
        assert_eq!(manager.post(&appeal, json!({"text": "again"})).await.problem(409), "conflict");
        sql(app, "DO $$ BEGIN ASSERT (SELECT count(*) FROM money_alerts WHERE kind = 'payout_hold_appeal' AND resolved_at IS NULL) = 1; END $$")
            .await;
        let open = operator.get("/v1/admin/payout-holds").await.expect(200);
        assert_eq!((&open["data"][0]["cooperative"], &open["data"][0]["appeal"]), (&json!("bagru"), &heard["appeal"]));

        let release = format!("/v1/admin/payout-holds/{}/release", placed["id"].as_str().unwrap());
        let answer = json!({"answer": "The bank confirmed whose account it is."});
        assert_eq!(operator.post(&release, answer.clone()).await.expect(200)["in_force"], false);
        assert_eq!(operator.post(&release, answer).await.problem(409), "conflict");
        assert_eq!(manager.post(&appeal, json!({"text": "late"})).await.problem(409), "conflict");
        sql(app, "DO $$ BEGIN ASSERT (SELECT count(*) FROM money_alerts WHERE kind = 'payout_hold_appeal' AND resolved_at IS NULL) = 0; END $$")
            .await;
        assert_eq!(operator.get("/v1/admin/payout-holds").await.expect(200)["data"], json!([]));
        let seen = manager.get(HOLDS).await.expect(200);
        assert_eq!(seen["data"][0]["answer"], "The bank confirmed whose account it is.");
        assert_eq!(run(&operator, "free").await["payouts"][0]["amount"]["amount"], 5036, "control: nothing else was in the way");
    })
    .await;
}

#[actix_web::test]
async fn a_hold_ends_by_itself_on_its_day() {
    api_test(async |app| {
        let (_, operator) = (earned(app, 1).await, platform(app, "operator").await);
        let hold = json!({"code": "fault_open", "reason": "A fault is looked into.", "release_on": "2026-11-24"});
        operator.post("/v1/admin/cooperatives/bagru/payout-holds", hold).await.expect(201);
        app.clock.advance(jiff::SignedDuration::from_hours(24));
        assert_eq!(run(&operator, "early").await["skipped"][0]["reason"], "on_hold");
        app.clock.advance(jiff::SignedDuration::from_hours(24));
        assert_eq!(run(&operator, "now").await["payouts"][0]["amount"]["amount"], 5036);
    })
    .await;
}

#[actix_web::test]
async fn what_is_more_than_the_maximum_leaves_in_several_payouts() {
    api_test(async |app| {
        let (_, operator) = (earned(app, 3).await, platform(app, "operator").await);
        limits(app, 1, 9_700).await;
        let made = run(&operator, "k").await;
        let amounts: Vec<i64> = made["payouts"].as_array().unwrap().iter().map(|p| p["amount"]["amount"].as_i64().unwrap()).collect();
        assert_eq!((amounts.iter().sum::<i64>(), made["skipped"].as_array().unwrap().len()), (3 * 5036, 0));
        assert!(amounts.len() == 2 && amounts.iter().all(|amount| *amount <= 9_700), "{amounts:?}");
        assert_eq!(run(&operator, "k").await, made, "the same key is the same answer");
        assert_eq!((balance(app, "coop_available:", "EUR").await, balance(app, "coop_paying:", "EUR").await), (0, 3 * 5036));
        sql(app, "DO $$ BEGIN ASSERT (SELECT count(*) = count(DISTINCT transfer_id) FROM payout_lines WHERE live), 'each once'; END $$").await;
    })
    .await;
}

/// A debt takes a fifth of all that is paid, and not of each part again.
#[actix_web::test]
async fn a_debt_is_measured_once_however_many_payouts_it_becomes() {
    api_test(async |app| {
        let (_, operator) = (earned(app, 3).await, platform(app, "operator").await);
        owe(app, 10_000).await;
        limits(app, 1, 9_700).await;
        let made = run(&operator, "k").await;
        let paid: i64 = made["payouts"].as_array().unwrap().iter().map(|p| p["amount"]["amount"].as_i64().unwrap()).sum();
        assert_eq!((paid, balance(app, "coop_receivable:", "EUR").await), (15_108 - 3_021, 10_000 - 3_021), "a fifth of 151.08");
        // What is too little for an instruction waits for more, and says so.
        limits(app, 9_999_999, 99_999_999).await;
        assert_eq!(run(&operator, "l").await["payouts"], json!([]));
    })
    .await;
}
pub async fn owe(app: &TestApp, minor: i64) {
    use haat::{
        ids::CoopId,
        ledger::{self, Account, Posting, Source},
        money::{Currency, Money},
    };
    let accounts = ledger::balances(&mut *app.db.db.conn().await.unwrap(), "coop_available:").await.unwrap();
    let coop: CoopId = accounts[0].0.strip_prefix("coop_available:").unwrap().parse().unwrap();
    let now = app.clock.now();
    let source = Source { kind_of: "refund", id: haat::ids::new_uuid(), kind: "fault", group: "HA-1".into(), occurred_at: now };
    let posting = [Posting::new(Account::CoopReceivable(coop), Account::StripeBalance, Money::new(minor, Currency::EUR), "line")];
    app.db.db.transaction(async |tx| ledger::post(tx, now, &source, &posting).await).await.unwrap();
}
