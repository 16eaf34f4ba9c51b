//! The provider's word against our books: what is equal, what is explained, what waits for two people, and what stands still.
use futures_util::future::join_all;
use haat::{
    clock::Time,
    ledger::{self, Account, Posting, Source},
    money::{Currency, Money},
    payments::object_uuid,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, api_test,
    builders::{balance, paid_order, platform, sql},
};

/// A second operator beside the builders' one.
async fn another_operator(app: &TestApp) -> Client {
    let (account, at) = (haat::ids::new_uuid(), app.clock.now());
    let token = haat::secrets::Token::parse("session_another");
    let hash: String = token.hash().iter().map(|b| format!("{b:02x}")).collect();
    let text = format!(
        "INSERT INTO accounts (id, email, name, locale, created_at, updated_at) VALUES ('{account}', 'another@haat.example', 'P', 'en', '{at}', '{at}');
         INSERT INTO memberships (id, account_id, role, created_at) VALUES ('{}', '{account}', 'operator', '{at}');
         INSERT INTO sessions (id, account_id, token_hash, created_at, expires_at) VALUES ('{}', '{account}', '\\x{hash}', '{at}', '2027-01-01');",
        haat::ids::new_uuid(),
        haat::ids::new_uuid()
    );
    sql(app, &text).await;
    app.visitor().bearer(token.reveal())
}
fn later(app: &TestApp, hours: i64) {
    app.clock.advance(SignedDuration::from_hours(hours));
}
/// Asks for a comparison, lets it run, and reads it.
async fn compared(app: &TestApp, operator: &Client) -> Value {
    let asked = operator.post("/v1/admin/reconciliations", json!({})).await.expect(202);
    assert_eq!(asked["ended_at"], Value::Null);
    app.run_jobs().await;
    operator.get(&format!("/v1/admin/reconciliations/{}", asked["id"].as_str().unwrap())).await.expect(200)
}
async fn lines(operator: &Client, run: &Value, bucket: &str) -> Vec<Value> {
    let at = format!("/v1/admin/reconciliations/{}/lines?limit=100&bucket={bucket}", run["id"].as_str().unwrap());
    operator.get(&at).await.expect(200)["data"].as_array().unwrap().clone()
}
async fn waiting(operator: &Client, status: &str) -> Vec<Value> {
    operator.get(&format!("/v1/admin/suspense?limit=100&status={status}")).await.expect(200)["data"].as_array().unwrap().clone()
}
fn counts(run: &Value) -> [i64; 3] {
    ["matched", "explained", "unexplained"].map(|bucket| run["sums"][0][bucket]["lines"].as_i64().unwrap())
}
/// The provider's own sum, by its own list.
fn stripe_sum(app: &TestApp) -> i64 {
    app.sandbox.control().all("txn").iter().map(|txn| txn["net"].as_i64().unwrap()).sum()
}
fn charge(app: &TestApp) -> String {
    app.sandbox.control().all("ch")[0]["id"].as_str().unwrap().to_owned()
}
async fn post(app: &TestApp, source: Source, posting: Posting) {
    let now = app.clock.now();
    app.db.db.transaction(async |tx| ledger::post(tx, now, &source, &[posting]).await).await.unwrap();
}
fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}
fn source(kind_of: &'static str, id: uuid::Uuid, kind: &'static str, at: Time) -> Source {
    Source { kind_of, id, kind, group: "HA-1".into(), occurred_at: at }
}

#[actix_web::test]
async fn a_sale_and_its_refund_are_equal_to_the_cent_and_one_cent_is_found() {
    api_test(async |app| {
        let (_, _, order) = paid_order(app, "bagru").await;
        let operator = platform(app, "operator").await;
        let refund = json!({"reason": "cancelled", "everything": true});
        operator.with("Idempotency-Key", "k").post(&format!("/v1/admin/orders/{order}/refunds"), refund).await.expect(202);
        app.run_jobs().await;
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        later(app, 2);
        let run = compared(app, &operator).await;
        assert_eq!((&run["outcome"], counts(&run)), (&json!("whole"), [2, 0, 0]), "{run}");
        let sum = &run["sums"][0];
        assert_eq!((sum["provider"]["amount"].as_i64(), &sum["buckets_are_the_whole"]), (Some(stripe_sum(app)), &json!(true)));
        assert_eq!(sum["difference"]["amount"], 0);
        assert_eq!(waiting(&operator, "open").await, Vec::<Value>::new());

        // One cent more in our books than Stripe ever moved.
        let cent = Posting::new(Account::StripeBalance, Account::BuyerRefundable, eur(1), "planted");
        post(app, source("charge", object_uuid(&charge(app)), "unexpected", app.clock.now()), cent).await;
        later(app, 1);
        let run = compared(app, &operator).await;
        assert_eq!(counts(&run), [1, 0, 1], "{run}");
        let found = &lines(&operator, &run, "unexplained").await[0];
        assert_eq!((&found["reason"], found["difference"]["amount"].as_i64()), (&json!("differs"), Some(-1)));
        assert_eq!(run["sums"][0]["provider"]["amount"].as_i64(), Some(stripe_sum(app)));
        let items = waiting(&operator, "open").await;
        assert_eq!((items.len(), &items[0]["subject"], items[0]["difference"]["amount"].as_i64()), (1, &found["subject"], Some(-1)));
        compared(app, &operator).await;
        assert_eq!(waiting(&operator, "open").await.len(), 1, "found twice, it waits once");

        // The same refund once more at the provider: our one posting answers one of them.
        let refund = app.sandbox.control().all("re")[0]["id"].as_str().unwrap().to_owned();
        let twice = app.sandbox.control().plant_movement("refund", -6600, 0, "eur", Some(&refund));
        later(app, 2);
        let doubled = compared(app, &operator).await;
        assert_eq!(counts(&doubled), [1, 0, 2], "{doubled}");
        let found = lines(&operator, &doubled, "unexplained").await;
        assert!(found.iter().any(|line| line["transaction"] == json!(twice) && line["reason"] == "unknown_here"), "{found:?}");

        let page = operator.with("Accept", "text/html").get(&format!("/v1/admin/reconciliations/{}", run["id"].as_str().unwrap())).await;
        assert_eq!((page.status.as_u16(), page.headers["content-type"].to_str().unwrap()), (200, "text/html; charset=utf-8"));
        assert!(page.text.contains("1 line is not explained") && page.text.contains("The three kinds of lines add up"), "{}", page.text);
        let listed = operator.get("/v1/admin/reconciliations?limit=2").await.expect(200);
        assert_eq!((listed["data"].as_array().unwrap().len(), &listed["has_more"]), (2, &json!(true)));
    })
    .await;
}

#[actix_web::test]
async fn what_is_young_is_waited_for_and_what_stripe_never_heard_of_is_named() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let id = haat::ids::new_uuid();
        let paid = Posting::new(Account::StripeBalance, Account::Commission, eur(500), "a");
        post(app, source("order", id, "paid", app.clock.now()), paid).await;
        later(app, 1);
        let movement = app.sandbox.control().plant_movement("charge", 1000, 50, "eur", Some("ch_unknown"));
        app.clock.advance(SignedDuration::from_mins(5));
        let run = compared(app, &operator).await;
        assert_eq!(counts(&run), [0, 2, 0], "{run}");
        assert_eq!(run["sums"][0]["ours_alone"], 1);
        later(app, 72);
        let run = compared(app, &operator).await;
        assert_eq!((counts(&run), run["sums"][0]["provider"]["amount"].as_i64()), ([0, 0, 2], Some(950)), "{run}");
        let found = lines(&operator, &run, "unexplained").await;
        assert_eq!((&found[0]["reason"], &found[0]["transaction"]), (&json!("unknown_here"), &json!(movement)));
        assert_eq!((&found[1]["reason"], &found[1]["subject"]), (&json!("unknown_there"), &json!(format!("order/{id}/paid/EUR"))));
        assert_eq!((&found[1]["transaction"], found[1]["ours"]["amount"].as_i64()), (&Value::Null, Some(500)));
        // The news came late after all: what waited is settled by the next comparison.
        let charge = object_uuid("ch_unknown");
        post(
            app,
            source("charge", charge, "unexpected", app.clock.now()),
            Posting::new(Account::StripeBalance, Account::BuyerRefundable, eur(1000), "x"),
        )
        .await;
        post(app, source("charge", charge, "fees", app.clock.now()), Posting::new(Account::StripeFees, Account::StripeBalance, eur(50), "fee")).await;
        later(app, 1);
        assert_eq!(counts(&compared(app, &operator).await), [1, 0, 1]);
        let (open, settled) = (waiting(&operator, "open").await, waiting(&operator, "settled").await);
        assert_eq!((open.len(), settled.len(), &settled[0]["subject"]), (1, 1, &json!(movement)));
    })
    .await;
}

#[actix_web::test]
async fn two_people_resolve_what_nothing_explains_and_it_posts_once() {
    api_test(async |app| {
        let (one, other) = (platform(app, "operator").await, another_operator(app).await);
        let auditor = platform(app, "auditor").await;
        app.sandbox.control().plant_movement("stripe_fee", -500, 0, "eur", None);
        later(app, 2);
        assert_eq!(counts(&compared(app, &one).await), [0, 0, 1]);
        let item = waiting(&one, "open").await.remove(0);
        let at = |what: &str| format!("/v1/admin/suspense/{}/{what}", item["id"].as_str().unwrap());
        let proposal = json!({"action": "post", "account": "stripe_fees", "reason": "Radar, invoice 2026-11"});
        assert_eq!(auditor.post(&at("propose"), proposal.clone()).await.problem(403), "forbidden");
        assert_eq!(other.post(&at("approve"), json!({})).await.problem(409), "conflict", "nothing is proposed yet");
        for wrong in [
            json!({"action": "post", "reason": "x"}),
            json!({"action": "post", "account": format!("coop_available:{}", haat::ids::new_uuid()), "reason": "x"}),
            json!({"action": "explain", "account": "stripe_fees", "reason": "x"}),
            json!({"action": "explain", "reason": " "}),
            json!({"action": "match", "payment": "order", "reason": "x"}),
        ] {
            assert_eq!(one.post(&at("propose"), wrong.clone()).await.problem(422), "invalid", "{wrong}");
        }
        assert_eq!(one.post(&at("propose"), proposal.clone()).await.expect(200)["status"], "proposed");
        assert_eq!(one.post(&at("approve"), json!({})).await.problem(409), "two-people-needed");
        assert_eq!(balance(app, "stripe_fees", "EUR").await, 0);
        // Rejected, it is open again; proposed again, ten approvals at once are one.
        assert_eq!(other.post(&at("reject"), json!({"reason": "which invoice?"})).await.expect(200)["status"], "open");
        one.post(&at("propose"), proposal).await.expect(200);
        let answers = join_all((0..10).map(|_| {
            let (other, at) = (other.clone(), at("approve"));
            async move { other.post(&at, json!({})).await }
        }))
        .await;
        let approved = answers.iter().filter(|answer| answer.status.as_u16() == 200).count();
        assert_eq!((approved, answers.len()), (1, 10));
        assert_eq!((balance(app, "stripe_fees", "EUR").await, balance(app, "stripe_balance", "EUR").await), (500, -500));
        let shown = auditor.get(&format!("/v1/admin/suspense/{}", item["id"].as_str().unwrap())).await.expect(200);
        assert_eq!((&shown["status"], &shown["account"]), (&json!("resolved"), &json!("stripe_fees")));
        assert_ne!(shown["proposed_by"], shown["approved_by"]);
        let log = auditor.get("/v1/admin/audit?limit=100").await.expect(200);
        let acts: Vec<_> =
            log["data"].as_array().unwrap().iter().filter_map(|act| act["action"].as_str()).filter(|a| a.starts_with("suspense.")).collect();
        assert_eq!(acts, ["suspense.approve", "suspense.propose", "suspense.reject", "suspense.propose"], "newest first, refusals not among them");
        later(app, 1);
        assert_eq!(counts(&compared(app, &one).await), [1, 0, 0], "and now both sides are equal");
        // Control: the database itself refuses one person in both places.
        let both = "UPDATE suspense_items SET approved_by = proposed_by";
        let refused = diesel_async::SimpleAsyncConnection::batch_execute(&mut *app.db.db.conn().await.unwrap(), both).await.unwrap_err();
        assert!(refused.to_string().contains("suspense_items_two_people"), "{refused}");
    })
    .await;
}

#[actix_web::test]
async fn a_movement_is_matched_with_a_payment_and_its_fee_is_posted() {
    api_test(async |app| {
        let (one, other) = (platform(app, "operator").await, another_operator(app).await);
        let id = haat::ids::new_uuid();
        post(app, source("order", id, "paid", app.clock.now()), Posting::new(Account::StripeBalance, Account::Commission, eur(1000), "a")).await;
        app.sandbox.control().plant_movement("charge", 1000, 50, "eur", Some("ch_lost"));
        app.sandbox.control().plant_movement("adjustment", -7, 0, "eur", None);
        later(app, 73);
        assert_eq!(counts(&compared(app, &one).await), [0, 0, 3]);
        let items = waiting(&one, "open").await;
        let of = |difference: i64| items.iter().find(|i| i["difference"]["amount"] == difference).unwrap()["id"].as_str().unwrap().to_owned();
        let (movement, seven, ours) = (of(950), of(-7), of(-1000));
        let at = |item: &str, what: &str| format!("/v1/admin/suspense/{item}/{what}");
        let with = |kind: &str| json!({"action": "match", "payment": format!("order/{id}/{kind}"), "reason": "the session was lost"});
        assert_eq!(one.post(&at(&ours, "propose"), with("paid")).await.problem(409), "conflict");
        // Of another amount, or not there at all: refused when it is approved.
        for (item, kind) in [(&seven, "paid"), (&movement, "refunded")] {
            one.post(&at(item, "propose"), with(kind)).await.expect(200);
            assert_eq!(other.post(&at(item, "approve"), json!({})).await.problem(409), "conflict");
            one.post(&at(item, "reject"), json!({"reason": "wrong"})).await.expect(200);
        }
        one.post(&at(&movement, "propose"), with("paid")).await.expect(200);
        other.post(&at(&movement, "approve"), json!({})).await.expect(200);
        assert_eq!((balance(app, "stripe_balance", "EUR").await, balance(app, "stripe_fees", "EUR").await), (950, 50));
        one.post(&at(&seven, "propose"), json!({"action": "explain", "reason": "Stripe gives it back in December"})).await.expect(200);
        other.post(&at(&seven, "approve"), json!({})).await.expect(200);
        later(app, 1);
        let run = compared(app, &one).await;
        assert_eq!(counts(&run), [1, 1, 0], "{run}");
        assert_eq!(lines(&one, &run, "explained").await[0]["reason"], "operator");
        assert_eq!(waiting(&one, "open").await, Vec::<Value>::new(), "the posting of ours is answered");
        assert_eq!(waiting(&one, "settled").await[0]["id"], json!(ours));
    })
    .await;
}

#[actix_web::test]
async fn a_comparison_reads_every_page_and_ends_whole_or_not_at_all() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        for minor in 1..=250 {
            app.sandbox.control().plant_movement("charge", minor, 0, "eur", None);
        }
        app.sandbox.control().plant_movement("charge", 9, 0, "jpy", None);
        later(app, 2);
        let fault = json!({"operation": "list_balance_transactions", "kind": "server_error_before", "times": 1});
        let fault: stripe_sandbox::Fault = serde_json::from_value(fault).unwrap();
        app.sandbox.control().fault(fault);
        let broken = compared(app, &operator).await;
        assert_eq!((&broken["outcome"], &broken["sums"]), (&json!("broken_off"), &json!([])));
        app.clock.advance(SignedDuration::from_secs(10));
        app.run_jobs().await;
        let runs = operator.get("/v1/admin/reconciliations").await.expect(200);
        let whole = &runs["data"][0];
        assert_eq!((runs["data"].as_array().unwrap().len(), &whole["outcome"]), (2, &json!("whole")), "tried again, as another run");
        assert_eq!(whole["sums"][0]["provider"]["amount"].as_i64(), Some(250 * 251 / 2));
        assert_eq!((counts(whole), &whole["sums"][1]["currency"]), ([0, 0, 250], &json!("JPY")));
        let (mut cursor, mut seen) = (String::new(), std::collections::BTreeSet::new());
        loop {
            let page =
                operator.get(&format!("/v1/admin/reconciliations/{}/lines?limit=100{cursor}", whole["id"].as_str().unwrap())).await.expect(200);
            seen.extend(page["data"].as_array().unwrap().iter().map(|line| line["transaction"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), 251);
        // Controls: the row refuses sums that are not the whole, and nothing of a run can be changed.
        let conn = &mut *app.db.db.conn().await.unwrap();
        let run = broken["id"].as_str().unwrap();
        let short = format!("INSERT INTO reconciliation_sums VALUES ('{run}', 'EUR', 2, 0, 100, 100, 1, 60, 1, 39, 0, 0)");
        for (text, why) in [
            (short.as_str(), "reconciliation_sums_whole"),
            ("UPDATE reconciliation_lines SET bucket = 'matched'", "append-only"),
            ("UPDATE reconciliations SET outcome = 'whole'", "append-only"),
            ("DELETE FROM reconciliation_sums", "append-only"),
        ] {
            let refused = diesel_async::SimpleAsyncConnection::batch_execute(conn, text).await.unwrap_err();
            assert!(refused.to_string().contains(why), "{text}: {refused}");
        }
        assert_eq!(operator.post("/v1/admin/reconciliations", json!({"since": "2027-01-01"})).await.problem(422), "invalid");
    })
    .await;
}

#[actix_web::test]
async fn what_stands_still_is_shown_with_its_age_and_its_remedy() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let none = operator.get("/v1/admin/stuck-operations").await.expect(200);
        assert_eq!(none["data"], json!([]));
        paid_order(app, "bagru").await;
        let at = app.clock.now();
        let (dead, swept, done) = (haat::ids::new_uuid(), haat::ids::new_uuid(), haat::ids::new_uuid());
        sql(
            app,
            &format!(
                "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, max_attempts, last_error, created_at) VALUES
                   ('{dead}', 'send_mail', '{{}}', 'dead', '{at}', 12, 12, 'no such host', '{at}'),
                   ('{swept}', 'sweep_checkouts', '{{}}', 'dead', '{at}', 1, 1, 'x', '{at}'),
                   ('{done}', 'sweep_checkouts', '{{}}', 'done', '{at}', 1, 1, NULL, '2026-11-22T12:01:00Z');
                 INSERT INTO stripe_events (id, type, object_id, payload, received_at) VALUES ('evt_stuck', 'charge.updated', 'ch_1', '{{}}', '{at}');
                 UPDATE orders SET state = 'pending_payment'"
            ),
        )
        .await;
        assert_eq!(
            operator.get("/v1/admin/stuck-operations").await.expect(200)["data"].as_array().unwrap().len(),
            1,
            "the rest may still be under way"
        );
        later(app, 1);
        let stuck = operator.get("/v1/admin/stuck-operations").await.expect(200);
        let shown: Vec<_> =
            stuck["data"].as_array().unwrap().iter().map(|s| (s["kind"].as_str().unwrap(), s["age_seconds"].as_i64().unwrap() >= 3600)).collect();
        assert!(shown.contains(&("dead_job", true)) && shown.contains(&("unprocessed_event", true)), "{stuck}");
        assert!(stuck["data"].as_array().unwrap().iter().any(|s| s["kind"] == "unsettled_checkout"), "{stuck}");
        assert!(!stuck.to_string().contains("sweep_checkouts"), "a later sweep did its work: {stuck}");
        assert!(stuck["data"].as_array().unwrap().iter().all(|s| !s["remedy"].as_str().unwrap().is_empty()));
        sql(app, "UPDATE jobs SET state = 'done' WHERE state = 'dead'; UPDATE orders SET state = 'paid'").await;
    })
    .await;
}

/// The provider's list comes a hundred at a time: what stands on the last page is compared like what stands on the first.
#[actix_web::test]
async fn every_page_of_the_provider_is_compared() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let charges: Vec<String> = (0..250).map(|n| format!("ch_many{n}")).collect();
        for charge in &charges {
            app.sandbox.control().plant_movement("charge", 10_000, 175, "eur", Some(charge));
        }
        for (n, charge) in charges.iter().enumerate() {
            let source = |kind| source("charge", object_uuid(charge), kind, app.clock.now());
            post(app, source("unexpected"), Posting::new(Account::StripeBalance, Account::BuyerRefundable, eur(10_000), "a")).await;
            // Of the first one, which the provider lists last, a cent of its fee is missing.
            post(app, source("fees"), Posting::new(Account::StripeFees, Account::StripeBalance, eur(if n == 0 { 174 } else { 175 }), "a")).await;
        }
        later(app, 2);
        let run = compared(app, &operator).await;
        assert_eq!((&run["outcome"], counts(&run)), (&json!("whole"), [249, 0, 1]), "{run}");
        let sum = &run["sums"][0];
        assert_eq!((sum["provider"]["amount"].as_i64(), &sum["buckets_are_the_whole"]), (Some(stripe_sum(app)), &json!(true)));
        let found = &lines(&operator, &run, "unexplained").await[0];
        assert_eq!(found["difference"]["amount"], -1, "{found}");
    })
    .await;
}
