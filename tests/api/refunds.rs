//! Money back: what was sold is undone in the books, on the shelf and in the record, once, and never more than was paid.
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, api_test,
    builders::{balance, basket, cooperative, paid_order, platform, product, session_of, sql},
};

const OUTCOMES: [&str; 8] = [
    "coop_pending:",
    "premium_pending:",
    "coop_available:",
    "premium_fund:",
    "shipping_payable:",
    "coop_receivable:",
    "buyer_refundable",
    "refund_losses",
];
/// What every account but Stripe's own holds, in rupees and euros, those at zero left out.
async fn books(app: &TestApp) -> Vec<(&'static str, &'static str, i64)> {
    let mut held = Vec::new();
    for name in OUTCOMES.iter().chain(&["commission", "tax_payable:", "fx_clearing"]) {
        for currency in ["EUR", "INR"] {
            held.push((*name, currency, balance(app, name, currency).await));
        }
    }
    held.retain(|(_, _, minor)| *minor != 0);
    held
}
/// What is left in Stripe, its fees aside.
async fn in_stripe(app: &TestApp) -> i64 {
    balance(app, "stripe_balance", "EUR").await + balance(app, "stripe_fees", "EUR").await
}
async fn ask(operator: &Client, order: &str, key: &str, body: Value) -> Value {
    operator.with("Idempotency-Key", key).post(&format!("/v1/admin/orders/{order}/refunds"), body).await.expect(202)
}
async fn status(operator: &Client, refund: &Value) -> Value {
    let at = format!("/v1/admin/orders/{}/refunds/{}", refund["order"].as_str().unwrap(), refund["id"].as_str().unwrap());
    operator.get(&at).await.expect(200)["status"].clone()
}
fn everything(reason: &str) -> Value {
    json!({"reason": reason, "everything": true})
}
fn fault(kind: Value, times: u32) -> stripe_sandbox::Fault {
    serde_json::from_value(json!({"operation": "create_refund", "kind": kind, "times": times})).unwrap()
}
async fn settled(app: &TestApp) {
    for _ in 0..2 {
        app.run_jobs().await;
        app.sandbox.control().webhooks_settled().await;
    }
}
async fn returned(app: &TestApp) -> i64 {
    let failed = |r: &Value| r["status"] == "failed";
    app.sandbox.control().all("re").iter().filter(|r| !failed(r)).map(|r| r["amount"].as_i64().unwrap()).sum()
}
async fn on_hand(app: &TestApp, expected: i32) {
    let check = format!("DO $$ BEGIN ASSERT (SELECT on_hand = {expected} AND reserved = 0 FROM stock), 'the shelf'; END $$");
    sql(app, &check).await;
}
async fn alerts(app: &TestApp, kind: &str, expected: usize) {
    sql(app, &format!("DO $$ BEGIN ASSERT (SELECT count(*) FROM money_alerts WHERE kind = '{kind}') = {expected}, '{kind}'; END $$")).await;
}
fn refund_mails(app: &TestApp) -> usize {
    app.app.mailer.kept().iter().filter(|m| m.subject.contains("on its way back")).count()
}
async fn sent(app: &TestApp) -> (Client, String) {
    let (manager, _, order) = paid_order(app, "bagru").await;
    manager.post("/v1/manage/cooperatives/bagru/fulfilments", json!({"order": order, "carrier": "India Post"})).await.expect(201);
    (manager, order)
}

#[actix_web::test]
async fn before_it_is_sent_all_of_a_sale_is_undone() {
    api_test(async |app| {
        let (manager, guest, order) = paid_order(app, "bagru").await;
        let shown = guest.get(&format!("/v1/store/orders/{order}")).await.expect(200);
        let code = shown["parcels"][0]["lines"][0]["items"][0]["code"].as_str().unwrap().to_owned();
        let operator = platform(app, "operator").await;
        let at = format!("/v1/admin/orders/{order}/refunds");
        let keyed = operator.with("Idempotency-Key", "k");
        assert_eq!(operator.post(&at, everything("cancelled")).await.problem(428), "idempotency-key-missing");
        assert_eq!(keyed.post(&at, json!({"reason": "cancelled"})).await.problem(422), "invalid");
        assert_eq!(keyed.post(&at, json!({"reason": "cancelled", "everything": true, "amount": 1})).await.problem(422), "invalid");
        let consent = json!({"given_by": "Ganga", "on": "2026-11-20", "evidence": "minutes"});
        let early = json!({"reason": "fault", "everything": true, "consent": consent});
        assert_eq!(keyed.post(&at, early).await.problem(409), "conflict", "nothing was sent: nobody has to bear it");
        let nobody = at.replace(&order, &haat::ids::new_uuid().to_string());
        assert_eq!(keyed.post(&nobody, everything("cancelled")).await.problem(404), "not-found");
        let auditor = platform(app, "auditor").await;
        assert_eq!(auditor.with("Idempotency-Key", "k").post(&at, everything("cancelled")).await.problem(403), "forbidden");
        assert_eq!(manager.with("Idempotency-Key", "k").post(&at, everything("cancelled")).await.problem(403), "forbidden");
        on_hand(app, 4).await;

        let refund = ask(&operator, &order, "k", everything("cancelled")).await;
        assert_eq!((&refund["status"], refund["amount"]["amount"].as_i64()), (&json!("requested"), Some(6600)));
        assert_eq!(books(app).await, [("buyer_refundable", "EUR", 6600)], "owed from now on, and nobody else is");
        assert_eq!(ask(&operator, &order, "k", everything("cancelled")).await, refund, "the same key is the same answer");
        assert_eq!(keyed.post(&at, everything("fault")).await.problem(422), "idempotency-key-reused");
        settled(app).await;
        assert_eq!((status(&auditor, &refund).await, returned(app).await), (json!("succeeded"), 6600));
        assert_eq!((books(app).await, in_stripe(app).await), (vec![], 0));
        on_hand(app, 5).await;
        assert_eq!(guest.get(&format!("/v1/store/orders/{order}")).await.expect(200)["status"], "refunded");
        let item = app.visitor().get(&format!("/v1/provenance/items/{code}")).await.expect(200);
        assert_eq!(item["events"].as_array().unwrap().last().unwrap()["type"], "sale_undone");
        app.run_jobs().await;
        assert_eq!(refund_mails(app), 1);
        assert_eq!(operator.with("Idempotency-Key", "l").post(&at, everything("cancelled")).await.problem(409), "conflict");
        let parcel = json!({"order": order, "carrier": "India Post"});
        assert_eq!(manager.post("/v1/manage/cooperatives/bagru/fulfilments", parcel).await.problem(409), "conflict");
        let list = auditor.get(&at).await.expect(200);
        assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["id"]), (1, &refund["id"]));
        assert_eq!(auditor.get(&nobody).await.problem(404), "not-found");
        let log = auditor.get("/v1/admin/audit").await.expect(200);
        let asked: Vec<_> = log["data"].as_array().unwrap().iter().filter(|act| act["action"] == "refund.request").collect();
        assert_eq!((asked.len(), &asked[0]["subject"]), (1, &refund["id"]), "what was refused is not in the log: {log}");
        // Control: the piece is for sale again, and the next buyer gets the same one.
        let variant = {
            let detail = app.visitor().get("/v1/store/products/indigo-dabu-stole?currency=EUR").await.expect(200);
            detail["variants"][0]["id"].as_str().unwrap().to_owned()
        };
        basket(app, &variant, 5).await.checkout("again").await.expect(201);
    })
    .await;
}

#[actix_web::test]
async fn asked_fifty_times_at_once_it_goes_back_once() {
    api_test(async |app| {
        let (_, _, order) = paid_order(app, "bagru").await;
        let operator = platform(app, "operator").await;
        let at = format!("/v1/admin/orders/{order}/refunds");
        let callers: Vec<_> = (0..50).map(|n| operator.with("Idempotency-Key", n.to_string())).collect();
        let answers = join_all(callers.iter().map(|caller| caller.post(&at, everything("buyer_changed_mind")))).await;
        let mut codes: Vec<_> = answers.iter().map(|a| a.status.as_u16()).collect();
        codes.sort_unstable();
        assert_eq!((codes[0], codes[1], codes[49]), (202, 409, 409), "{codes:?}");
        settled(app).await;
        assert_eq!((app.sandbox.control().all("re").len(), returned(app).await), (1, 6600));
        assert_eq!((books(app).await, in_stripe(app).await), (vec![], 0));
        on_hand(app, 5).await;
        app.run_jobs().await;
        assert_eq!(refund_mails(app), 1);
    })
    .await;
}

/// Three pieces at a price no third of which is whole; one by one, the last after the others were sent.
#[actix_web::test]
async fn refunds_in_parts_are_one_whole_refund() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 3333, 5).await;
        let checkout = basket(app, &variant, 3).await.checkout("k").await.expect(201);
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        let total = checkout["order"]["total"]["amount"].as_i64().unwrap();
        let order = checkout["order"]["id"].as_str().unwrap();
        let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
        let parcel = guest.get(&format!("/v1/store/orders/{order}")).await.expect(200)["parcels"][0].clone();
        let line = &parcel["lines"][0]["id"];
        let operator = platform(app, "operator").await;
        let at = format!("/v1/admin/orders/{order}/refunds");
        let one = || json!({"reason": "unfulfillable", "lines": [{"line": line, "quantity": 1}]});

        let keyed = |key: &str| operator.with("Idempotency-Key", key);
        let four = json!({"reason": "fault", "lines": [{"line": line, "quantity": 4}]});
        assert_eq!(keyed("x").post(&at, four).await.problem(409), "conflict");
        let none = json!({"reason": "fault", "lines": [{"line": line, "quantity": 0}]});
        assert_eq!(keyed("x").post(&at, none).await.problem(422), "invalid");
        let foreign = json!({"reason": "fault", "lines": [{"line": haat::ids::new_uuid(), "quantity": 1}]});
        assert_eq!(keyed("x").post(&at, foreign).await.problem(422), "invalid");
        let twice = json!({"reason": "fault", "lines": [{"line": line, "quantity": 1}, {"line": line, "quantity": 1}]});
        assert_eq!(keyed("x").post(&at, twice).await.problem(422), "invalid");

        // Delivery as a courtesy, while there is still something to send: whoever sends it is paid all the same.
        let courtesy = ask(&operator, order, "courtesy", json!({"reason": "not_received", "shipping": [parcel["id"]]})).await;
        assert_eq!((&courtesy["shipping"][0]["bearer"], courtesy["amount"]["amount"].as_i64()), (&json!("platform"), Some(600)));
        assert_eq!((balance(app, "refund_losses", "EUR").await, balance(app, "shipping_payable:", "INR").await), (600, 60_000));
        let again = json!({"reason": "not_received", "shipping": [parcel["id"]]});
        assert_eq!(keyed("x").post(&at, again).await.problem(409), "conflict");

        let mut given = 600;
        for (key, left) in [("a", 3), ("b", 4)] {
            let refund = ask(&operator, order, key, one()).await;
            given += refund["amount"]["amount"].as_i64().unwrap();
            settled(app).await;
            on_hand(app, left).await;
            assert_eq!(returned(app).await, given);
            assert_eq!(in_stripe(app).await, total - given);
        }
        assert_eq!(guest.get(&format!("/v1/store/orders/{order}")).await.expect(200)["refunded"]["amount"], given);
        // The last one leaves nothing to send: delivery is owed to nobody, and nothing is lost.
        let last = ask(&operator, order, "c", one()).await;
        assert_eq!((last["amount"]["amount"].as_i64(), &last["lines"][0]["bearer"]), (Some(total - given), &json!("pending")));
        settled(app).await;
        assert_eq!((books(app).await, in_stripe(app).await, returned(app).await), (vec![], 0, total));
        assert_eq!(guest.get(&format!("/v1/store/orders/{order}")).await.expect(200)["status"], "refunded");
        let page = operator.get(&format!("{at}?limit=3")).await.expect(200);
        let next = page["next_cursor"].as_str().unwrap();
        assert_eq!(operator.get(&format!("{at}?cursor={next}")).await.expect(200)["data"][0]["id"], courtesy["id"]);
    })
    .await;
}

#[actix_web::test]
async fn after_it_was_sent_the_platform_bears_it() {
    api_test(async |app| {
        let (_, order) = sent(app).await;
        let before = books(app).await;
        let refund = ask(&platform(app, "operator").await, &order, "k", everything("buyer_changed_mind")).await;
        assert_eq!((&refund["lines"][0]["bearer"], &refund["shipping"][0]["bearer"]), (&json!("platform"), &json!("platform")));
        settled(app).await;
        let hers = |books: &[(&'static str, &'static str, i64)]| books.iter().filter(|b| b.1 == "INR").copied().collect::<Vec<_>>();
        let after = books(app).await;
        assert_eq!(hers(&before), hers(&after), "remorse reaches no maker and no fund");
        assert_eq!(balance(app, "refund_losses", "EUR").await, 5100 + 600);
        assert_eq!((balance(app, "commission", "EUR").await, in_stripe(app).await), (0, 0));
        on_hand(app, 4).await;
    })
    .await;
}

#[actix_web::test]
async fn a_fault_that_a_cooperative_consents_to_is_its_debt_and_not_the_funds() {
    api_test(async |app| {
        let (manager, order) = sent(app).await;
        let operator = platform(app, "operator").await;
        let consent = json!({"given_by": "Ganga Devi", "on": "2026-11-20", "evidence": "minutes/2026-11-20.pdf"});
        let at = format!("/v1/admin/orders/{order}/refunds");
        let wrong = json!({"reason": "not_received", "everything": true, "consent": consent});
        assert_eq!(operator.with("Idempotency-Key", "k").post(&at, wrong).await.problem(422), "invalid");
        let refund = ask(&operator, &order, "k", json!({"reason": "fault", "everything": true, "consent": consent})).await;
        assert_eq!((&refund["lines"][0]["bearer"], &refund["consent"]), (&json!("cooperative"), &consent));
        settled(app).await;
        assert_eq!(balance(app, "coop_receivable:", "INR").await, 463_636);
        assert_eq!((balance(app, "coop_available:", "INR").await, balance(app, "premium_fund:", "INR").await), (523_636, 46_364));
        assert_eq!(balance(app, "refund_losses", "EUR").await, 464 + 600, "the premium and the delivery");
        let shown = manager.get("/v1/manage/cooperatives/bagru/balance").await.expect(200);
        assert_eq!(shown["balances"][0]["receivable"]["amount"], 463_636);
    })
    .await;
}

/// Lost answers, one that is a day old, and one that was never heard: each ends in one refund.
#[actix_web::test]
async fn an_unknown_answer_is_asked_again_and_never_doubled() {
    for (kind, hours, made) in [("drop_after", 0, 1), ("drop_before", 0, 1), ("drop_after", 25, 1), ("drop_before", 25, 1)] {
        api_test(async |app| {
            let (_, _, order) = paid_order(app, "bagru").await;
            let operator = platform(app, "operator").await;
            // Nobody tells us either: what became of it has to be found out.
            app.sandbox.control().set_webhook_url(None);
            app.sandbox.control().fault(fault(json!(kind), 1));
            let refund = ask(&operator, &order, "k", everything("cancelled")).await;
            app.run_jobs().await;
            assert_eq!(status(&operator, &refund).await, "requested");
            assert_eq!(books(app).await, [("buyer_refundable", "EUR", 6600)]);
            app.clock.advance(jiff::SignedDuration::from_hours(hours) + jiff::SignedDuration::from_secs(61));
            app.run_jobs().await;
            assert_eq!((status(&operator, &refund).await, app.sandbox.control().all("re").len()), (json!("succeeded"), made), "{kind} {hours}");
            assert_eq!((books(app).await, in_stripe(app).await), (vec![], 0));
            assert_eq!(refund_mails(app), 1);
        })
        .await;
    }
}

#[actix_web::test]
async fn a_refund_that_fails_after_it_succeeded_is_still_owed_and_can_be_sent_again() {
    api_test(async |app| {
        let (_, _, order) = paid_order(app, "bagru").await;
        let operator = platform(app, "operator").await;
        app.sandbox.control().fault(fault(json!("refund_pending"), 1));
        let refund = ask(&operator, &order, "k", everything("cancelled")).await;
        settled(app).await;
        assert_eq!(status(&operator, &refund).await, "pending");
        let provider = app.sandbox.control().all("re")[0]["id"].as_str().unwrap().to_owned();
        let retry = format!("/v1/admin/orders/{order}/refunds/{}/retry", refund["id"].as_str().unwrap());
        assert_eq!(operator.with("Idempotency-Key", "r").post(&retry, json!({})).await.problem(409), "conflict");
        app.sandbox.control().settle_refund(&provider, stripe_sandbox::Outcome::Succeeds).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        assert_eq!((status(&operator, &refund).await, books(app).await), (json!("succeeded"), vec![]));

        app.sandbox.control().settle_refund(&provider, stripe_sandbox::Outcome::Fails).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        assert_eq!(status(&operator, &refund).await, "failed");
        assert_eq!((books(app).await, in_stripe(app).await), (vec![("buyer_refundable", "EUR", 6600)], 6600));
        alerts(app, "refund_failed", 1).await;

        for _ in 0..2 {
            operator.with("Idempotency-Key", "r").post(&retry, json!({})).await.expect(202);
        }
        // The old one's news comes late, while the new one is under way: it changes nothing.
        haat::checkout::refunds::observe(&app.app, &provider).await.unwrap();
        settled(app).await;
        assert_eq!((status(&operator, &refund).await, app.sandbox.control().all("re").len()), (json!("succeeded"), 2));
        assert_eq!((books(app).await, in_stripe(app).await, returned(app).await), (vec![], 0, 6600));
        alerts(app, "refund_failed", 1).await;
    })
    .await;
}

#[actix_web::test]
async fn a_refused_refund_stays_owed_until_another_try() {
    api_test(async |app| {
        let (_, _, order) = paid_order(app, "bagru").await;
        let operator = platform(app, "operator").await;
        app.sandbox.control().fault(fault(json!({"refused": {"status": 400, "code": "charge_disputed", "message": "disputed"}}), 1));
        let refund = ask(&operator, &order, "k", everything("cancelled")).await;
        settled(app).await;
        assert_eq!((status(&operator, &refund).await, refund_mails(app)), (json!("failed"), 0));
        assert_eq!((books(app).await, in_stripe(app).await), (vec![("buyer_refundable", "EUR", 6600)], 6600));
        alerts(app, "refund_refused", 1).await;
        let at = format!("/v1/admin/orders/{order}/refunds/{}/retry", refund["id"].as_str().unwrap());
        operator.with("Idempotency-Key", "r").post(&at, json!({})).await.expect(202);
        settled(app).await;
        app.run_jobs().await;
        assert_eq!((status(&operator, &refund).await, books(app).await, refund_mails(app)), (json!("succeeded"), vec![], 1));
    })
    .await;
}

/// Money that nothing here asked to leave, and money that came for nothing and cannot go back.
#[actix_web::test]
async fn a_refund_that_is_not_ours_is_shown_to_a_person() {
    api_test(async |app| {
        paid_order(app, "bagru").await;
        let intent = app.sandbox.control().all("pi")[0]["id"].as_str().unwrap().to_owned();
        let by_hand = stripe_client::CreateRefund { payment_intent: intent, amount: 100, metadata: [].into() }.prepare();
        app.app.stripe.send::<stripe_client::Refund>(&by_hand, "dashboard").await.unwrap();
        settled(app).await;
        assert_eq!((balance(app, "suspense", "EUR").await, in_stripe(app).await), (100, 6500));
        alerts(app, "unknown_refund", 1).await;
    })
    .await;
}

#[actix_web::test]
async fn money_for_nothing_that_cannot_go_back_is_still_its_senders() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 1).await;
        let checkout = basket(app, &variant, 1).await.checkout("k").await.expect(201);
        sql(app, "UPDATE orders SET goods_minor = goods_minor + 1, total_minor = total_minor + 1").await;
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.sandbox.control().webhooks_settled().await;
        settled(app).await;
        assert_eq!((balance(app, "buyer_refundable", "EUR").await, in_stripe(app).await), (0, 0));
        let provider = app.sandbox.control().all("re")[0]["id"].as_str().unwrap().to_owned();
        app.sandbox.control().settle_refund(&provider, stripe_sandbox::Outcome::Fails).unwrap();
        app.sandbox.control().webhooks_settled().await;
        settled(app).await;
        assert_eq!((balance(app, "buyer_refundable", "EUR").await, in_stripe(app).await), (6600, 6600));
        alerts(app, "refund_failed", 1).await;
        // Nothing was paid: there is nothing for an operator to refund.
        let at = format!("/v1/admin/orders/{}/refunds", checkout["order"]["id"].as_str().unwrap());
        let operator = platform(app, "operator").await.with("Idempotency-Key", "k");
        assert_eq!(operator.post(&at, everything("cancelled")).await.problem(409), "conflict");
    })
    .await;
}
