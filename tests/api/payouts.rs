//! What was earned leaves for its owner, once; what comes back is hers again; and she can see all of it.
use haat::{
    ids::CoopId,
    ledger::{self, Account, Posting, Source},
    money::{Currency, Money},
};
use serde_json::{Value, json};

use crate::{
    support::{
        Client, TestApp, api_test,
        builders::{balance, basket, cooperative, platform, product, session_of, sql},
    },
    work::{artisan, batch, entry},
};

/// A cooperative that is owed euros, with delivery for 4.00.
pub async fn euros(app: &TestApp, slug: &str) -> Client {
    let manager = cooperative(app, slug).await;
    let change = format!(
        "UPDATE cooperatives SET currency = 'EUR' WHERE slug = '{slug}';
         UPDATE delivery_options d SET currency = 'EUR', base_minor = 400 FROM cooperatives c WHERE c.id = d.coop_id AND c.slug = '{slug}'"
    );
    sql(app, &change).await;
    manager
}
/// One piece for 60.00 is sold, paid and sent: 46.36 and 4.00 are available.
async fn earned(app: &TestApp, manager: &Client, slug: &str) -> Value {
    let variant = product(manager, slug, 6000, 5).await;
    sold(app, manager, slug, &variant, 1).await
}
pub async fn sold(app: &TestApp, manager: &Client, slug: &str, variant: &str, quantity: i32) -> Value {
    let checkout = basket(app, variant, quantity).await.checkout(&haat::ids::new_uuid().to_string()).await.expect(201);
    app.sandbox.control().pay(&session_of(&checkout)).unwrap();
    app.sandbox.control().webhooks_settled().await;
    app.run_jobs().await;
    let parcel = json!({"order": checkout["order"]["id"], "carrier": "India Post"});
    manager.post(&format!("/v1/manage/cooperatives/{slug}/fulfilments"), parcel).await.expect(201);
    checkout["order"].clone()
}
/// Confirmed payout details in effect, as the cooperatives' own endpoints leave them.
pub async fn destination(app: &TestApp, slug: &str, kind: &str, currency: &str) {
    details(app, slug, kind, currency, json!({})).await;
}
pub async fn details(app: &TestApp, slug: &str, kind: &str, currency: &str, plain: Value) {
    let id = haat::ids::new_uuid();
    let sealed = app.app.keys.seal(&format!("payout_destinations/{id}"), plain.to_string().as_bytes());
    let sealed: String = sealed.iter().map(|b| format!("{b:02x}")).collect();
    let text = format!(
        "INSERT INTO payout_destinations (coop_id, id, kind, currency, hint, sealed, state, proposed_at, effective_at)
         SELECT id, '{id}', '{kind}', '{currency}', 'State Bank of India ··4821', '\\x{sealed}', 'active', '{at}', '{at}' FROM cooperatives WHERE slug = '{slug}'",
        at = app.clock.now()
    );
    sql(app, &text).await;
}
async fn status(operator: &Client, payout: &Value) -> Value {
    operator.get(&format!("/v1/admin/payouts/{}", payout["id"].as_str().unwrap())).await.expect(200)["status"].clone()
}
/// Another operator than `platform`'s.
pub async fn second_operator(app: &TestApp) -> Client {
    let (account, at) = (haat::ids::new_uuid(), app.clock.now());
    let token = haat::secrets::Token::parse("session_second");
    let hash: String = token.hash().iter().map(|b| format!("{b:02x}")).collect();
    let text = format!(
        "INSERT INTO accounts (id, email, name, locale, created_at, updated_at) VALUES ('{account}', 'second@haat.example', 'S', 'en', '{at}', '{at}');
         INSERT INTO memberships (id, account_id, role, created_at) VALUES ('{}', '{account}', 'operator', '{at}');
         INSERT INTO sessions (id, account_id, token_hash, created_at, expires_at) VALUES ('{}', '{account}', '\\x{hash}', '{at}', '2027-01-01');",
        haat::ids::new_uuid(),
        haat::ids::new_uuid()
    );
    sql(app, &text).await;
    app.visitor().bearer(token.reveal())
}
async fn pay(operator: &Client, key: &str, body: Value) -> Value {
    operator.with("Idempotency-Key", key).post("/v1/admin/payouts", body).await.expect(202)
}
async fn coop_id(manager: &Client, app: &TestApp, slug: &str) -> CoopId {
    manager.get(&format!("/v1/manage/cooperatives/{slug}/balance")).await.expect(200);
    let accounts = ledger::balances(&mut *app.db.db.conn().await.unwrap(), "coop_pending:").await.unwrap();
    accounts[0].0.strip_prefix("coop_pending:").unwrap().parse().unwrap()
}

#[actix_web::test]
async fn the_canonical_payout_is_made_by_two_people_and_comes_back_once() {
    api_test(async |app| {
        let manager = euros(app, "bagru").await;
        earned(app, &manager, "bagru").await;
        destination(app, "bagru", "manual", "EUR").await;
        let (one, other) = (platform(app, "operator").await, second_operator(app).await);
        let run = pay(&one, "nov", json!({"cooperative": "bagru"})).await;
        let payout = &run["payouts"][0];
        assert_eq!((payout["amount"]["amount"].as_i64(), &payout["rail"], &payout["status"]), (Some(5036), &json!("manual"), &json!("created")));
        assert_eq!(run["skipped"], json!([]));
        assert_eq!((balance(app, "coop_available:", "EUR").await, balance(app, "coop_paying:", "EUR").await), (0, 5036));
        assert_eq!(pay(&one, "nov", json!({"cooperative": "bagru"})).await, run, "the same key is the same answer");

        let at = |what: &str| format!("/v1/admin/payouts/{}/{what}", payout["id"].as_str().unwrap());
        let receipt = json!({"reference": "N327", "evidence": "receipts/2026/11/N327.pdf"});
        assert_eq!(one.post(&at("confirm"), receipt.clone()).await.problem(409), "two-people-needed");
        assert_eq!(other.post(&at("settle"), json!({"reference": "N327"})).await.problem(409), "conflict");
        assert_eq!(balance(app, "coop_paying:", "EUR").await, 5036, "a refusal moves nothing");
        // Control: somebody else may.
        assert_eq!(other.post(&at("confirm"), receipt.clone()).await.expect(200)["status"], "settled");
        assert_eq!(other.post(&at("confirm"), receipt).await.expect(200)["status"], "settled");
        let second = json!({"reference": "N328", "evidence": "another receipt"});
        assert_eq!(other.post(&at("confirm"), second).await.problem(409), "conflict");
        assert_eq!((balance(app, "coop_paying:", "EUR").await, balance(app, "bank:payouts", "EUR").await), (0, -5036));

        for _ in 0..2 {
            assert_eq!(other.post(&at("bounce"), json!({"reason": "account closed"})).await.expect(200)["status"], "bounced");
        }
        assert_eq!((balance(app, "coop_available:", "EUR").await, balance(app, "bank:payouts", "EUR").await), (5036, 0));
        let again = pay(&one, "dec", json!({"run": true})).await;
        assert_eq!(again["payouts"][0]["amount"]["amount"], 5036, "the next payout takes what bounced");
        let seen = manager.get("/v1/manage/cooperatives/bagru/payouts?limit=1").await.expect(200);
        assert_eq!((&seen["data"][0]["id"], seen["has_more"].as_bool()), (&again["payouts"][0]["id"], Some(true)));
        let detail = manager.get(&format!("/v1/manage/cooperatives/bagru/payouts/{}", payout["id"].as_str().unwrap())).await.expect(200);
        let events: Vec<_> = detail["events"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["created", "settled", "bounced"]);
    })
    .await;
}

/// Where a test run leaves documents for people to look at, if it is told to.
pub fn keep(name: &str, bytes: &[u8]) {
    if let Some(folder) = std::env::var_os("HAAT_KEEP_DOCUMENTS") {
        std::fs::write(std::path::Path::new(&folder).join(name), bytes).unwrap();
    }
}

#[actix_web::test]
async fn a_payout_is_divided_by_the_register_and_a_maker_paid_at_work_is_reimbursed() {
    api_test(async |app| {
        let manager = euros(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let pieces = batch(app, &variant, 10).await;
        let (sunita, rehana) = (artisan(app, "bagru", "A-1").await, artisan(app, "bagru", "A-2").await);
        let register =
            json!([entry(Some(&sunita), Some(&pieces), "printing", 10, 200, "EUR"), entry(Some(&rehana), Some(&pieces), "washing", 10, 100, "EUR"),]);
        let work = manager.post("/v1/manage/cooperatives/bagru/work", register).await.expect(201);
        let at_work = json!({"artisan": sunita, "work": work["data"][0]["id"], "amount": {"amount": 2000, "currency": "EUR"},
            "paid_on": "2026-11-21", "method": "cash"});
        manager.post("/v1/manage/cooperatives/bagru/maker-payments", at_work).await.expect(201);
        let order = sold(app, &manager, "bagru", &variant, 1).await;
        destination(app, "bagru", "manual", "EUR").await;
        let (one, other) = (platform(app, "operator").await, second_operator(app).await);
        let payout = pay(&one, "nov", json!({"cooperative": "bagru"})).await["payouts"][0].clone();
        let at = format!("/v1/manage/cooperatives/bagru/payouts/{}", payout["id"].as_str().unwrap());
        assert_eq!(manager.get(&format!("{at}/pay-slips")).await.problem(409), "conflict");
        let receipt = json!({"reference": "N327", "evidence": "receipts/N327.pdf"});
        other.post(&format!("/v1/admin/payouts/{}/confirm", payout["id"].as_str().unwrap()), receipt).await.expect(200);

        let statement = manager.get(&format!("{at}/statement")).await.expect(200);
        let shares: Vec<_> = statement["shares"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| (s["purpose"].as_str().unwrap(), s["alias"].as_str().unwrap_or("-"), s["amount"]["amount"].as_i64().unwrap()))
            .collect();
        let expected = [
            ("reimbursement", "Alias A-1", 200),
            ("maker", "Alias A-1", 1500),
            ("maker", "Alias A-2", 850),
            ("materials", "-", 1391),
            ("cooperative", "-", 695),
            ("shipping", "-", 400),
        ];
        assert_eq!(shares, expected, "2.00 of her 17.00 were paid at work");
        assert_eq!(shares.iter().map(|s| s.2).sum::<i64>(), 5036);
        let line = &statement["lines"][0];
        assert_eq!((&line["order"], line["maker"]["amount"].as_i64(), line["premium"]["amount"].as_i64()), (&order["number"], Some(2550), Some(464)));
        assert_eq!(line["items"].as_array().unwrap().len(), 1);
        assert_eq!(statement["shipping"][0]["order"], order["number"]);

        let csv = manager.with("Accept", "text/csv").get(&format!("{at}/statement")).await;
        assert!(csv.text.contains("46.36") && csv.text.contains(line["items"][0].as_str().unwrap()), "{}", csv.text);
        let (pdf, again) = (manager.get(&format!("{at}/statement?format=pdf")).await, manager.get(&format!("{at}/statement?format=pdf")).await);
        assert_eq!(pdf.headers["content-type"], "application/pdf");
        assert!(pdf.bytes == again.bytes, "the same payout is the same document");
        let slips = manager.get(&format!("{at}/pay-slips")).await;
        assert_eq!((slips.status.as_u16(), slips.headers["content-type"].to_str().unwrap()), (200, "application/pdf"));
        keep("statement.pdf", &pdf.bytes);
        keep("slips.pdf", &slips.bytes);
        app.run_jobs().await;
        let mail = app.app.mailer.kept().into_iter().find(|m| m.subject.contains("payout")).unwrap();
        assert!(mail.to == "bagru@coop.example" && mail.text.contains("To hand to makers now: €23.50"), "{}", mail.text);
        let stranger = cooperative(app, "pedana").await;
        assert_eq!(stranger.get(&format!("{}/statement", at.replace("bagru", "pedana"))).await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn two_runs_at_once_make_one_payout() {
    api_test(async |app| {
        let manager = euros(app, "bagru").await;
        earned(app, &manager, "bagru").await;
        destination(app, "bagru", "manual", "EUR").await;
        let operator = platform(app, "operator").await;
        let (a, b) = futures_util::join!(pay(&operator, "a", json!({"run": true})), pay(&operator, "b", json!({"run": true})));
        let made = |run: &Value| run["payouts"].as_array().unwrap().len();
        assert_eq!(made(&a) + made(&b), 1, "{a} {b}");
        assert_eq!(balance(app, "coop_paying:", "EUR").await, 5036);
        let second = pay(&operator, "c", json!({"cooperative": "bagru"})).await;
        assert_eq!(second["skipped"][0]["reason"], "nothing_available");
    })
    .await;
}

#[actix_web::test]
async fn who_is_not_paid_is_told_why() {
    api_test(async |app| {
        let manager = euros(app, "bagru").await;
        earned(app, &manager, "bagru").await;
        let operator = platform(app, "operator").await;
        let mut tries = 0;
        let mut reason = async |app: &TestApp, change: &str| {
            sql(app, change).await;
            tries += 1;
            let run = pay(&operator, &tries.to_string(), json!({"run": true})).await;
            assert_eq!(run["payouts"], json!([]));
            run["skipped"][0]["reason"].as_str().unwrap().to_owned()
        };
        assert_eq!(reason(app, "DELETE FROM payout_destinations").await, "no_destination");
        destination(app, "bagru", "manual", "EUR").await;
        assert_eq!(reason(app, "UPDATE payout_destinations SET effective_at = '2026-11-25'").await, "no_destination", "its holding time is not over");
        assert_eq!(reason(app, "UPDATE payout_destinations SET effective_at = '2026-11-20', currency = 'USD'").await, "destination_currency");
        assert_eq!(
            reason(app, "UPDATE payout_destinations SET currency = 'EUR'; UPDATE payout_corridors SET min_minor = 5037 WHERE rail = 'manual'").await,
            "below_minimum"
        );
        assert_eq!(reason(app, "UPDATE payout_corridors SET min_minor = 1, max_minor = 399 WHERE rail = 'manual'").await, "above_maximum");
        assert_eq!(reason(app, "UPDATE payout_corridors SET enabled = false WHERE rail = 'manual'").await, "no_corridor");
        assert_eq!(
            reason(
                app,
                "UPDATE payout_corridors SET enabled = true, max_minor = 99999 WHERE rail = 'manual'; UPDATE cooperatives SET state = 'suspended'"
            )
            .await,
            "not_approved"
        );
        sql(app, "UPDATE cooperatives SET state = 'approved'").await;
        let run = pay(&operator, "good", json!({"run": true})).await;
        assert_eq!(run["payouts"][0]["amount"]["amount"], 5036, "control: with all of it right, she is paid");
    })
    .await;
}

#[actix_web::test]
async fn a_debt_takes_a_fifth_and_one_too_large_stops_the_payout() {
    api_test(async |app| {
        let manager = euros(app, "bagru").await;
        earned(app, &manager, "bagru").await;
        destination(app, "bagru", "manual", "EUR").await;
        let operator = platform(app, "operator").await;
        let coop = coop_id(&manager, app, "bagru").await;
        let now = app.clock.now();
        let owe = async |minor: i64, to: (Account, Account)| {
            let source = Source { kind_of: "refund", id: haat::ids::new_uuid(), kind: "fault", group: "HA-1".into(), occurred_at: now };
            let posting = [Posting::new(to.0, to.1, Money::new(minor, Currency::EUR), "line")];
            app.db.db.transaction(async |tx| ledger::post(tx, now, &source, &posting).await).await.unwrap();
        };
        owe(9000, (Account::CoopReceivable(coop), Account::StripeBalance)).await;
        let run = pay(&operator, "one", json!({"run": true})).await;
        assert_eq!(run["skipped"][0]["reason"], "negative_balance");
        let shown = manager.get("/v1/manage/cooperatives/bagru/balance").await.expect(200);
        assert_eq!(shown["balances"][0]["receivable"]["amount"], 9000);
        assert!(shown["next_steps"][0].as_str().unwrap().starts_with("You owe €90.00"), "{shown}");
        owe(6000, (Account::StripeBalance, Account::CoopReceivable(coop))).await;
        let run = pay(&operator, "two", json!({"run": true})).await;
        assert_eq!(run["payouts"][0]["amount"]["amount"], 5036 - 1007, "a fifth of 50.36");
        assert_eq!(balance(app, "coop_receivable:", "EUR").await, 3000 - 1007);
        // It bounces: the debt that was paid stays paid, and the same sum goes out again.
        let at = format!("/v1/admin/payouts/{}/bounce", run["payouts"][0]["id"].as_str().unwrap());
        operator.post(&at, json!({"reason": "cancelled"})).await.expect(200);
        let again = pay(&operator, "three", json!({"run": true})).await;
        assert_eq!(again["payouts"][0]["amount"]["amount"], 4029 - 805, "and a fifth of what is there now");
    })
    .await;
}

#[actix_web::test]
async fn a_manager_sees_her_own_money_and_no_one_elses() {
    api_test(async |app| {
        let manager = euros(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        let order = earned(app, &manager, "bagru").await;
        destination(app, "bagru", "manual", "EUR").await;
        let shown = manager.get("/v1/manage/cooperatives/bagru/balance").await.expect(200);
        let own = &shown["balances"][0];
        let part = |name: &str| own[name]["amount"].as_i64().unwrap();
        assert_eq!((part("available"), part("premium_fund"), part("pending"), part("shipping_payable")), (5036, 464, 0, 0));
        assert_eq!(shown["next_steps"], json!(["€50.36 is available and goes out with the next payout."]));
        let mut cursor = String::new();
        let mut rows = Vec::new();
        loop {
            let page = manager.get(&format!("/v1/manage/cooperatives/bagru/transfers?limit=2{cursor}")).await.expect(200);
            rows.extend(page["data"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(rows.len(), 6, "three when it was paid, three when it was sent: {rows:?}");
        assert!(rows.iter().all(|row| row["order"] == order["number"]), "{rows:?}");
        assert_eq!(
            (&rows[0]["from"], &rows[0]["to"], &rows[0]["what"]),
            (&json!("shipping_payable"), &json!("available"), &json!("shipped: delivery paid back"))
        );
        let text = serde_json::to_string(&rows).unwrap();
        assert!(!text.contains("commission") && !text.contains("tax"), "the platform's part is not hers: {text}");
        let nothing = other.get("/v1/manage/cooperatives/pedana/transfers").await.expect(200);
        assert_eq!(nothing["data"], json!([]));
        assert_eq!(other.get("/v1/manage/cooperatives/bagru/balance").await.problem(404), "not-found");
        assert_eq!(other.get("/v1/manage/cooperatives/bagru/payouts").await.problem(404), "not-found");
        let auditor = platform(app, "auditor").await;
        assert_eq!(auditor.with("Idempotency-Key", "k").post("/v1/admin/payouts", json!({"run": true})).await.problem(403), "forbidden");
        auditor.get("/v1/admin/payouts?status=created").await.expect(200);
        let operator = platform(app, "operator").await;
        assert_eq!(operator.post("/v1/admin/payouts", json!({"run": true})).await.problem(428), "idempotency-key-missing");
    })
    .await;
}

/// A cooperative in Germany with a Stripe account that may receive transfers; 50.36 are available to it, and Stripe has the funds.
async fn connected(app: &TestApp) -> (Client, Client) {
    let manager = euros(app, "bagru").await;
    sql(app, "UPDATE cooperatives SET country = 'DE'").await;
    earned(app, &manager, "bagru").await;
    let account = stripe_client::CreateAccount { country: "DE".into(), email: None, metadata: [].into() }.prepare();
    let account: stripe_client::Account = app.app.stripe.send(&account, "account").await.unwrap();
    app.sandbox.control().onboard(&account.id).unwrap();
    details(app, "bagru", "stripe_account", "EUR", json!({"account": account.id})).await;
    (manager, platform(app, "operator").await)
}

#[actix_web::test]
async fn a_transfer_whose_answer_is_lost_is_asked_again_under_the_same_key() {
    api_test(async |app| {
        let (_, operator) = connected(app).await;
        app.sandbox.control().top_up(10_000, "eur");
        app.sandbox.control().fault(serde_json::from_value(json!({"operation": "create_transfer", "kind": "drop_after", "times": 2})).unwrap());
        let payout = pay(&operator, "nov", json!({"run": true})).await["payouts"][0].clone();
        assert_eq!(payout["rail"], "stripe_transfer");
        app.run_jobs().await;
        assert_eq!(status(&operator, &payout).await, "unknown", "not failed: it may have been done");
        let at = format!("/v1/admin/payouts/{}/bounce", payout["id"].as_str().unwrap());
        assert_eq!(operator.post(&at, json!({"reason": "impatience"})).await.problem(409), "conflict");
        assert_eq!(balance(app, "coop_available:", "EUR").await, 0);
        for _ in 0..2 {
            app.clock.advance(jiff::SignedDuration::from_secs(61));
            app.run_jobs().await;
        }
        assert_eq!(status(&operator, &payout).await, "settled");
        let transfers = app.sandbox.control().all("tr");
        assert_eq!((transfers.len(), transfers[0]["amount"].as_i64(), &transfers[0]["transfer_group"]), (1, Some(5036), &payout["number"]));
        assert!(app.sandbox.control().counts().replays >= 1);
        assert_eq!(
            (balance(app, "coop_paying:", "EUR").await, balance(app, "stripe_balance", "EUR").await),
            (0, 6400 - balance(app, "stripe_fees", "EUR").await - 5036)
        );
    })
    .await;
}

#[actix_web::test]
async fn an_answer_that_never_comes_is_looked_up_and_not_repeated() {
    api_test(async |app| {
        let (_, operator) = connected(app).await;
        app.sandbox.control().top_up(20_000, "eur");
        let fault = |kind: &str| serde_json::from_value(json!({"operation": "create_transfer", "kind": kind, "times": 1})).unwrap();
        app.sandbox.control().fault(fault("drop_after"));
        let payout = pay(&operator, "nov", json!({"run": true})).await["payouts"][0].clone();
        app.run_jobs().await;
        app.clock.advance(jiff::SignedDuration::from_hours(25));
        app.run_jobs().await;
        assert_eq!((status(&operator, &payout).await, app.sandbox.control().all("tr").len()), (json!("settled"), 1));
        // Control: one that never reached Stripe is not found there, and made under another key.
        let manager = app.visitor().bearer("session_bagru");
        let variant = product(&manager, "bagru", 6000, 5).await;
        sold(app, &manager, "bagru", &variant, 1).await;
        app.sandbox.control().fault(fault("drop_before"));
        let second = pay(&operator, "dec", json!({"run": true})).await["payouts"][0].clone();
        app.run_jobs().await;
        assert_eq!(status(&operator, &second).await, "unknown");
        app.clock.advance(jiff::SignedDuration::from_hours(25));
        app.run_jobs().await;
        assert_eq!((status(&operator, &second).await, app.sandbox.control().all("tr").len()), (json!("settled"), 2));
    })
    .await;
}

#[actix_web::test]
async fn without_funds_a_transfer_waits_and_a_refused_one_gives_the_money_back() {
    api_test(async |app| {
        let (_, operator) = connected(app).await;
        app.sandbox.control().top_up(-6000, "eur");
        let payout = pay(&operator, "nov", json!({"run": true})).await["payouts"][0].clone();
        app.run_jobs().await;
        assert_eq!((status(&operator, &payout).await, balance(app, "coop_paying:", "EUR").await), (json!("created"), 5036));
        app.sandbox.control().top_up(10_000, "eur");
        app.run_jobs().await;
        assert_eq!(status(&operator, &payout).await, "created", "it is tried again in an hour");
        app.clock.advance(jiff::SignedDuration::from_hours(1));
        app.run_jobs().await;
        assert_eq!(status(&operator, &payout).await, "settled");

        let manager = app.visitor().bearer("session_bagru");
        let variant = product(&manager, "bagru", 6000, 5).await;
        sold(app, &manager, "bagru", &variant, 1).await;
        let refused =
            json!({"operation": "create_transfer", "kind": {"refused": {"status": 400, "code": "account_closed", "message": "closed"}}, "times": 1});
        app.sandbox.control().fault(serde_json::from_value(refused).unwrap());
        let second = pay(&operator, "dec", json!({"run": true})).await["payouts"][0].clone();
        app.run_jobs().await;
        assert_eq!(status(&operator, &second).await, "failed");
        assert_eq!((balance(app, "coop_available:", "EUR").await, balance(app, "coop_paying:", "EUR").await), (5036, 0));
        sql(app, "DO $$ BEGIN ASSERT (SELECT count(*) FROM money_alerts WHERE kind = 'payout_refused') = 1; END $$").await;
    })
    .await;
}

#[actix_web::test]
async fn a_bank_file_names_what_it_pays_and_is_sealed() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let order = {
            let variant = product(&manager, "bagru", 6000, 5).await;
            let pieces = batch(app, &variant, 10).await;
            let (sunita, rehana) = (artisan(app, "bagru", "A-1").await, artisan(app, "bagru", "A-2").await);
            let register = json!([
                entry(Some(&sunita), Some(&pieces), "printing", 10, 200, "INR"),
                entry(Some(&rehana), Some(&pieces), "washing", 10, 100, "INR"),
            ]);
            manager.post("/v1/manage/cooperatives/bagru/work", register).await.expect(201);
            sold(app, &manager, "bagru", &variant, 2).await
        };
        let account = json!({"holder": "Bagru Printers", "account": "00000012345678901", "ifsc": "SBIN0001234"});
        details(app, "bagru", "in_bank", "INR", account).await;
        let operator = platform(app, "operator").await;
        assert_eq!(operator.post("/v1/admin/payouts/files", json!({})).await.problem(409), "conflict");
        let payout = pay(&operator, "nov", json!({"run": true})).await["payouts"][0].clone();
        assert_eq!((&payout["rail"], payout["amount"]["amount"].as_i64()), (&json!("bank_file"), Some(927_273 + 60_000)));
        assert_eq!(operator.post("/v1/admin/payouts/files", json!({"layout": "in_upi"})).await.problem(409), "conflict");
        let file = operator.post("/v1/admin/payouts/files", json!({})).await.expect(201)["files"][0].clone();
        assert_eq!((&file["layout"], &file["total"], status(&operator, &payout).await), (&json!("in_neft"), &payout["amount"], json!("submitted")));
        let at = format!("/v1/admin/payouts/files/{}", file["id"].as_str().unwrap());
        let text = operator.get(&at).await.text;
        let row = format!(
            "NEFT,Bagru Printers,00000012345678901,SBIN0001234,9872.73,22/11/2026,{n},Haat payout {n}",
            n = payout["number"].as_str().unwrap()
        );
        assert!(text.lines().nth(1) == Some(&row), "{text}");
        sql(app, "DO $$ BEGIN ASSERT (SELECT count(*) FROM payout_files WHERE encode(sealed, 'escape') LIKE '%12345678901%') = 0; END $$").await;
        assert_eq!(platform(app, "auditor").await.get(&at).await.problem(403), "forbidden");
        assert_eq!(operator.post("/v1/admin/payouts/files", json!({})).await.problem(409), "conflict");

        for _ in 0..2 {
            operator.post(&format!("{at}/sent"), json!({})).await.expect(200);
        }
        assert_eq!(status(&operator, &payout).await, "sent");
        let settle = format!("/v1/admin/payouts/{}/settle", payout["id"].as_str().unwrap());
        let wrong = json!({"reference": "SBIN1", "cost": {"amount": 1, "currency": "INR"}});
        assert_eq!(operator.post(&settle, wrong).await.problem(422), "invalid");
        // Paid from an account in euros: what the rate did since the sales is the platform's, and hers is whole.
        let carried = 9273 + 600;
        let cost = json!({"reference": "SBIN1", "cost": {"amount": carried + 34, "currency": "EUR"}});
        assert_eq!(operator.post(&settle, cost).await.expect(200)["status"], "settled");
        // Whoever made the payout, wrote the file, read its account numbers and handed it over is in the log; what was refused is not.
        let log = operator.get("/v1/admin/audit").await.expect(200);
        let acts: Vec<_> = log["data"].as_array().unwrap().iter().map(|a| a["action"].as_str().unwrap()).collect();
        assert_eq!(acts[..5], ["payout.settle", "payout_file.sent", "payout_file.download", "payout_file.create", "payout.create"]);
        assert!(!log.to_string().contains("12345678901"), "no account number is in it");
        assert_eq!((balance(app, "fx_gain_loss", "EUR").await, balance(app, "bank:payouts", "EUR").await), (34, -carried - 34));
        assert_eq!(balance(app, "coop_paying:", "INR").await, 0);

        app.run_jobs().await;
        app.run_jobs().await;
        let mails = app.app.mailer.kept();
        assert_eq!(mails.iter().filter(|m| m.subject.contains("payout")).count(), 1, "told once, when it was sent");
        let at = format!("/v1/manage/cooperatives/bagru/payouts/{}/statement", payout["id"].as_str().unwrap());
        let statement = manager.get(&at).await.expect(200);
        let codes = statement["lines"][0]["items"].as_array().unwrap();
        assert_eq!(codes.len(), 2, "{order}");
        let csv = manager.with("Accept", "text/csv").get(&at).await.text;
        assert!(csv.contains("\"EUR 120.00\",\"1 EUR = ") && !csv.contains('€'), "what the buyer paid is named once: {csv}");
        for code in codes {
            let item = app.visitor().get(&format!("/v1/provenance/items/{}", code.as_str().unwrap())).await.expect(200);
            let events: Vec<_> = item["events"].as_array().unwrap().iter().map(|e| (e["type"].as_str().unwrap(), e["evidence"].as_str())).collect();
            assert_eq!(events.iter().filter(|e| e.0 == "paid").count(), 1, "once: {events:?}");
        }
    })
    .await;
}
