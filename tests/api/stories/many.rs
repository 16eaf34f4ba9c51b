//! Much at once, and the same again.
use haat::{
    checkout::jobs::sweep,
    ids::{CoopId, OperationId, PayoutId},
    jobs::Run,
    ledger::{self, Account, Posting, Source},
    money::{Currency, Money},
    payouts::jobs::SubmitPayout,
};
use jiff::SignedDuration;
use serde_json::json;

use super::world::{SOLD, books, euros, told, world};
use crate::{
    payouts::{destination, details},
    support::{
        TestApp, api_test,
        builders::{balance, platform, session_of, sql},
        dice::Dice,
    },
};

/// Orders in each of which a fifth of the news is lost.
const ORDERS: usize = 5;

#[actix_web::test]
async fn what_a_fifth_of_the_news_would_have_told_is_known_after_one_sweep() {
    for seed in 1..=4 {
        api_test(async |app| {
            let world = world(app).await;
            let (control, mut dice) = (app.sandbox.control(), Dice::new(seed));
            let mut lost = 0;
            for _ in 0..ORDERS {
                let checkout = world.basket(app).await.checkout("k").await.expect(201);
                // What is told of a payment is several pieces of news: each is lost with one chance in five, and of the first order all.
                for event in ["checkout.session.completed", "charge.succeeded", "charge.updated", "payment_intent.succeeded"] {
                    if lost == 0 || dice.one_in(5) {
                        let fault = json!({"event": event, "kind": "withheld", "times": 1});
                        control.webhook_fault(serde_json::from_value(fault).unwrap());
                        lost += 1;
                    }
                }
                control.pay(&session_of(&checkout)).unwrap();
                told(app).await;
                control.clear_faults();
            }
            let whole = |times: i64| -> Vec<String> {
                let line = |line: &&str| {
                    let (name, minor) = line.rsplit_once(' ').unwrap();
                    format!("{name} {}", minor.parse::<i64>().unwrap() * times)
                };
                SOLD.iter().map(line).collect()
            };
            assert_ne!(books(app).await, whole(ORDERS as i64), "control: something is not known");
            sweep(&app.app).await.unwrap();
            app.run_jobs().await;
            assert_eq!(books(app).await, whole(ORDERS as i64), "seed {seed}: {lost} pieces of news were lost");
            // Nothing is left for a second one to find.
            sweep(&app.app).await.unwrap();
            assert_eq!(app.run_jobs().await, 0);
        })
        .await;
    }
}

/// Payouts, each submitted this often, two at a time: a thousand submissions in the suite, more if told so.
const PAYOUTS: usize = 50;
const TIMES: usize = 20;

/// Something earned that is available at once, as a parcel's release leaves it.
async fn earn(app: &TestApp, coop: CoopId, minor: i64) {
    let now = app.clock.now();
    let source = Source { kind_of: "fulfilment", id: haat::ids::new_uuid(), kind: "released", group: "HA-1".into(), occurred_at: now };
    let posting = [Posting::new(Account::Suspense, Account::CoopAvailable(coop), Money::new(minor, Currency::EUR), "line:1/producer")];
    app.db.db.transaction(async |tx| ledger::post(tx, now, &source, &posting).await).await.unwrap();
}

#[actix_web::test]
async fn a_thousand_submissions_with_faults_transfer_each_payout_once() {
    let payouts = std::env::var("HAAT_PAYOUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(PAYOUTS);
    api_test(async |app| {
        let (coop, operator, control) = (connected(app).await, platform(app, "operator").await, app.sandbox.control());
        control.top_up(100_000_000, "eur");
        let mut dice = Dice::new(5);
        let mut jobs: Vec<SubmitPayout> = Vec::new();
        for n in 0..payouts {
            earn(app, coop, 1000 + n as i64).await;
            let run = operator.with("Idempotency-Key", n.to_string()).post("/v1/admin/payouts", json!({"cooperative": "bagru"})).await.expect(202);
            let payout: PayoutId = run["payouts"][0]["id"].as_str().unwrap().parse().unwrap();
            jobs.push(SubmitPayout { coop, payout, operation: OperationId::new() });
        }
        // What the payouts themselves have put into the queue is one submission of each, by an operation of its own.
        for at in 0..payouts * TIMES / 2 {
            let kind = match dice.below(8) {
                0 => json!("drop_before"),
                1 => json!("drop_after"),
                2 => json!("server_error_after"),
                3 => json!({"rate_limited": {"retry_after_seconds": 1}}),
                4 => json!("server_error_before"),
                _ => json!({"delay": {"milliseconds": 0}}),
            };
            control.fault(serde_json::from_value(json!({"operation": "create_transfer", "kind": kind, "times": 1})).unwrap());
            let job = &jobs[at % payouts];
            let again = || SubmitPayout { coop: job.coop, payout: job.payout, operation: job.operation };
            let _ = futures_util::join!(again().run(&app.app), again().run(&app.app));
        }
        control.clear_faults();
        // A day later what was never answered is looked up, and only what was never made is asked for anew.
        for _ in 0..4 {
            app.clock.advance(SignedDuration::from_hours(12));
            for job in &jobs {
                SubmitPayout { coop: job.coop, payout: job.payout, operation: job.operation }.run(&app.app).await.ok();
            }
            app.run_jobs().await;
        }
        let transfers = control.all("tr");
        let mut of: Vec<&str> = transfers.iter().map(|t| t["metadata"]["payout"].as_str().unwrap()).collect();
        of.sort_unstable();
        of.dedup();
        assert_eq!((transfers.len(), of.len()), (payouts, payouts), "each once");
        let paid: i64 = transfers.iter().map(|t| t["amount"].as_i64().unwrap()).sum();
        assert_eq!(paid, (0..payouts as i64).map(|n| 1000 + n).sum::<i64>());
        assert_eq!((balance(app, "coop_paying:", "EUR").await, balance(app, "coop_available:", "EUR").await), (0, 0));
        sql(app, "DO $$ BEGIN ASSERT (SELECT count(*) FROM payouts WHERE state <> 'settled') = 0, 'all settled'; END $$").await;
    })
    .await;
}

/// A cooperative in Germany that is paid by transfers.
async fn connected(app: &TestApp) -> CoopId {
    euros(app, "bagru", 400, 6000, 5).await;
    sql(app, "UPDATE cooperatives SET country = 'DE'").await;
    let account = stripe_client::CreateAccount { country: "DE".into(), email: None, metadata: [].into() }.prepare();
    let account: stripe_client::Account = app.app.stripe.send(&account, "account").await.unwrap();
    app.sandbox.control().onboard(&account.id).unwrap();
    details(app, "bagru", "stripe_account", "EUR", json!({"account": account.id})).await;
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    haat::schema::cooperatives::table.select(haat::schema::cooperatives::id).first(&mut *app.db.db.conn().await.unwrap()).await.unwrap()
}

/// A transfer that somebody takes back at the provider is a payout that came back; nobody here can say so instead.
#[actix_web::test]
async fn a_transfer_that_was_reversed_at_the_provider_is_a_payout_that_came_back() {
    api_test(async |app| {
        let (coop, operator, control) = (connected(app).await, platform(app, "operator").await, app.sandbox.control());
        control.top_up(100_000, "eur");
        earn(app, coop, 5036).await;
        let run = operator.with("Idempotency-Key", "k").post("/v1/admin/payouts", json!({"run": true})).await.expect(202);
        app.run_jobs().await;
        let at = format!("/v1/admin/payouts/{}", run["payouts"][0]["id"].as_str().unwrap());
        assert_eq!(operator.get(&at).await.expect(200)["status"], "settled");
        let refused = operator.post(&format!("{at}/bounce"), json!({"reason": "I heard so"})).await.problem(409);
        assert_eq!((refused.as_str(), balance(app, "stripe_balance", "EUR").await), ("conflict", -5036), "control: the money is still there");
        let transfer = control.all("tr")[0]["id"].as_str().unwrap().to_owned();
        let part = stripe_client::CreateReversal { transfer: transfer.clone(), amount: 1000, metadata: [].into() }.prepare();
        let _: serde_json::Value = app.app.stripe.send(&part, "part").await.unwrap();
        told(app).await;
        for _ in 0..3 {
            haat::payouts::reversed(&app.app, &transfer).await.unwrap();
            assert_eq!(operator.get(&at).await.expect(200)["status"], "settled", "the rest of it arrived");
            assert_eq!(
                (balance(app, "coop_available:", "EUR").await, balance(app, "stripe_balance", "EUR").await),
                (1000, -4036),
                "the part is owed again, once"
            );
        }
        sql(app, "DO $$ BEGIN ASSERT (SELECT count(*) FROM money_alerts WHERE kind = 'transfer_reversed_in_part') = 1; END $$").await;
        let rest = stripe_client::CreateReversal { transfer, amount: 4036, metadata: [].into() }.prepare();
        let _: serde_json::Value = app.app.stripe.send(&rest, "rest").await.unwrap();
        for _ in 0..2 {
            told(app).await;
            sweep(&app.app).await.unwrap();
            assert_eq!(operator.get(&at).await.expect(200)["status"], "bounced");
            assert_eq!((balance(app, "coop_available:", "EUR").await, balance(app, "stripe_balance", "EUR").await), (5036, 0));
        }
        // All of it is paid out anew.
        let run = operator.with("Idempotency-Key", "again").post("/v1/admin/payouts", json!({"run": true})).await.expect(202);
        assert_eq!(run["payouts"][0]["amount"]["amount"], 5036, "{run}");
        app.run_jobs().await;
        assert_eq!((balance(app, "coop_available:", "EUR").await, balance(app, "stripe_balance", "EUR").await), (0, -5036));
    })
    .await;
}

/// The whole of a transfer at once frees the lines it paid; a part of one is a line of its own. Either way the next payout takes what came
/// back, no more, and Stripe's movements are ours to the cent.
#[actix_web::test]
async fn what_came_back_of_a_transfer_is_paid_out_again_once() {
    for parts in [&[5036][..], &[136], &[1000, 2000], &[36, 5000], &[10; 12]] {
        api_test(async |app| {
            let (coop, operator, control) = (connected(app).await, platform(app, "operator").await, app.sandbox.control());
            control.top_up(100_000, "eur");
            earn(app, coop, 5036).await;
            operator.with("Idempotency-Key", "one").post("/v1/admin/payouts", json!({"run": true})).await.expect(202);
            app.run_jobs().await;
            let transfer = control.all("tr")[0]["id"].as_str().unwrap().to_owned();
            // None of the news arrives but the last, and that three times at once.
            control.set_webhook_url(None);
            for (n, amount) in parts.iter().enumerate() {
                let part = stripe_client::CreateReversal { transfer: transfer.clone(), amount: *amount, metadata: [].into() }.prepare();
                let _: serde_json::Value = app.app.stripe.send(&part, &format!("part{n}")).await.unwrap();
            }
            let at_once = [(); 3].map(|()| haat::payouts::reversed(&app.app, &transfer));
            for done in futures_util::future::join_all(at_once).await {
                done.unwrap();
            }
            let back: i64 = parts.iter().sum();
            assert_eq!((balance(app, "coop_available:", "EUR").await, balance(app, "stripe_balance", "EUR").await), (back, back - 5036), "{parts:?}");
            let run = operator.with("Idempotency-Key", "two").post("/v1/admin/payouts", json!({"run": true})).await.expect(202);
            let again: i64 = run["payouts"].as_array().unwrap().iter().map(|payout| payout["amount"]["amount"].as_i64().unwrap()).sum();
            assert_eq!(again, back, "{parts:?}: {run}");
            app.run_jobs().await;
            assert_eq!((balance(app, "coop_available:", "EUR").await, balance(app, "stripe_balance", "EUR").await), (0, -5036));
            // Every movement but the top-up is in our books.
            app.clock.advance(SignedDuration::from_hours(30));
            let asked = operator.post("/v1/admin/reconciliations", json!({})).await.expect(202);
            app.run_jobs().await;
            let found = operator.get(&format!("/v1/admin/reconciliations/{}", asked["id"].as_str().unwrap())).await.expect(200);
            let sums = &found["sums"][0];
            assert_eq!((&sums["unexplained"]["lines"], &sums["matched"]["lines"]), (&json!(1), &json!(2 + parts.len())), "{parts:?}: {found}");
        })
        .await;
    }
}

/// The same statement is the same bytes, today and in a year, in each of its forms.
#[actix_web::test]
async fn a_statement_is_the_same_bytes_each_time() {
    api_test(async |app| {
        let (manager, variant) = euros(app, "bagru", 400, 6000, 5).await;
        destination(app, "bagru", "manual", "EUR").await;
        let operator = platform(app, "operator").await;
        let mut statements = Vec::new();
        for key in ["one", "two"] {
            let checkout = crate::support::builders::basket(app, &variant, 1).await.checkout(key).await.expect(201);
            app.sandbox.control().pay(&session_of(&checkout)).unwrap();
            told(app).await;
            let parcel = json!({"order": checkout["order"]["id"], "carrier": "India Post"});
            manager.post("/v1/manage/cooperatives/bagru/fulfilments", parcel).await.expect(201);
            let run = operator.with("Idempotency-Key", key).post("/v1/admin/payouts", json!({"run": true})).await.expect(202);
            statements.push(format!("/v1/manage/cooperatives/bagru/payouts/{}/statement", run["payouts"][0]["id"].as_str().unwrap()));
        }
        let mut seen = Vec::new();
        for form in ["application/json", "text/csv", "application/pdf"] {
            let of = async |at: &str| {
                let answer = manager.with("Accept", form).get(at).await;
                assert_eq!((answer.status.as_u16(), answer.headers["content-type"].to_str().unwrap().starts_with(form)), (200, true));
                answer.bytes
            };
            let (first, other) = (of(&statements[0]).await, of(&statements[1]).await);
            assert_ne!(first, other, "control: another payout's is another");
            seen.push((form, first));
        }
        sql(app, "UPDATE sessions SET expires_at = '2030-01-01'").await;
        app.clock.advance(SignedDuration::from_hours(24 * 365));
        for (form, first) in seen {
            assert!(manager.with("Accept", form).get(&statements[0]).await.bytes == first, "{form} is not what it was");
        }
    })
    .await;
}
