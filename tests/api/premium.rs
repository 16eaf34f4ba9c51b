//! The members' fund: what goes in, who decides, what leaves, and what everybody may read of it.
use serde_json::{Value, json};

use crate::{
    destinations::second_manager,
    payouts::{destination, euros, second_operator, sold},
    support::{
        Client, TestApp, api_test,
        builders::{balance, cooperative, platform, product, sql},
    },
};

const DECISIONS: &str = "/v1/manage/cooperatives/bagru/premium-decisions";

fn euro(minor: i64) -> Value {
    json!({"amount": minor, "currency": "EUR"})
}
fn decision(minor: i64) -> Value {
    json!({"met_on": "2026-11-20", "category": "health", "purpose": "Glasses for twelve members", "amount": euro(minor),
        "votes": {"present": 31, "for": 27, "against": 1, "abstained": 3}, "minutes": "Point 3. Asha Devi asked for glasses; the members agreed."})
}
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    *body.pointer_mut(pointer).unwrap() = value;
    body
}
/// A cooperative that sold and sent `count` pieces: 4.64 of each are in its fund.
async fn funded(app: &TestApp, count: usize) -> Client {
    let manager = euros(app, "bagru").await;
    let variant = product(&manager, "bagru", 6000, 9).await;
    for _ in 0..count {
        sold(app, &manager, "bagru", &variant, 1).await;
    }
    manager
}
async fn recorded(manager: &Client, minor: i64) -> String {
    manager.post(DECISIONS, decision(minor)).await.expect(201)["id"].as_str().unwrap().to_owned()
}
async fn spend(manager: &Client, id: &str, key: &str, minor: i64) -> crate::support::Answer {
    manager.with("Idempotency-Key", key).post(&format!("{DECISIONS}/{id}/spendings"), json!({"amount": euro(minor)})).await
}
async fn fund(manager: &Client) -> [i64; 5] {
    let shown = manager.get("/v1/manage/cooperatives/bagru/premium-fund").await.expect(200);
    ["pending", "balance", "decided", "paying", "spent"].map(|name| shown["funds"][0][name]["amount"].as_i64().unwrap())
}

#[actix_web::test]
async fn the_fund_is_spent_by_a_decision_that_two_people_stand_for() {
    api_test(async |app| {
        let manager = funded(app, 2).await;
        let second = second_manager(app, "bagru").await;
        destination(app, "bagru", "manual", "EUR").await;
        assert_eq!(fund(&manager).await, [0, 928, 0, 0, 0]);
        let id = recorded(&manager, 600).await;
        assert_eq!(spend(&manager, &id, "early", 100).await.problem(409), "conflict");
        assert_eq!(manager.post(&format!("{DECISIONS}/{id}/confirm"), json!({})).await.problem(409), "two-people-needed");
        assert_eq!(second.post(&format!("{DECISIONS}/{id}/confirm"), json!({})).await.expect(200)["status"], "confirmed");
        assert_eq!(second.post(&format!("{DECISIONS}/{id}/confirm"), json!({})).await.problem(409), "conflict");
        assert_eq!(second.post(&format!("{DECISIONS}/{id}/reject"), json!({"reason": "late"})).await.problem(409), "conflict");
        assert_eq!(fund(&manager).await, [0, 928, 600, 0, 0]);

        let over = spend(&manager, &id, "over", 601).await.expect(409);
        assert_eq!((&over["code"], &over["left"]["amount"]), (&json!("more-than-decided"), &json!(600)));
        let made = spend(&manager, &id, "one", 450).await.expect(202);
        assert_eq!(spend(&manager, &id, "one", 450).await.expect(202), made, "the same key is the same answer");
        assert_eq!(spend(&manager, &id, "one", 451).await.problem(422), "idempotency-key-reused");
        assert_eq!(fund(&manager).await, [0, 478, 150, 450, 0]);
        assert_eq!(spend(&manager, &id, "two", 151).await.problem(409), "more-than-decided");
        assert_eq!(balance(app, "coop_available:", "EUR").await, 2 * 5036, "earnings are what they were");

        // It leaves as any payout by hand does: another person than who asked says so.
        let (operator, payout) = (platform(app, "operator").await, made["payout"].as_str().unwrap().to_owned());
        let receipt = json!({"reference": "N400", "evidence": "receipts/N400.pdf"});
        let paid = operator.post(&format!("/v1/admin/payouts/{payout}/confirm"), receipt).await.expect(200);
        assert_eq!((&paid["status"], &paid["kind"]), (&json!("settled"), &json!("premium")));
        assert_eq!(fund(&manager).await, [0, 478, 150, 0, 450]);
        assert_eq!((balance(app, "premium_fund:", "EUR").await, balance(app, "bank:payouts", "EUR").await), (478, -450));
        let statement = manager.get(&format!("/v1/manage/cooperatives/bagru/payouts/{payout}/statement")).await.expect(200);
        let what = "members' decision of 2026-11-20: Glasses for twelve members";
        assert_eq!((&statement["from_fund"][0]["what"], &statement["totals"]["from_fund"]["amount"]), (&json!(what), &json!(450)));
        assert_eq!((&statement["shares"][0]["purpose"], &statement["lines"]), (&json!("premium"), &json!([])));
        let pdf = manager.get(&format!("/v1/manage/cooperatives/bagru/payouts/{payout}/statement?format=pdf")).await;
        crate::payouts::keep("premium.pdf", &pdf.bytes);
        assert_eq!(pdf.status.as_u16(), 200);
        app.run_jobs().await;
        let mail = app.app.mailer.kept().into_iter().find(|m| m.kind == "payout_sent").unwrap();
        assert!(mail.text.contains("as the members decided: €4.50") && !mail.text.contains("Your part of"), "{}", mail.text);

        // It came back: it is in the fund again, and can be spent for the same decision.
        for _ in 0..2 {
            operator.post(&format!("/v1/admin/payouts/{payout}/bounce"), json!({"reason": "account closed"})).await.expect(200);
        }
        assert_eq!(fund(&manager).await, [0, 928, 600, 0, 0]);
        assert_eq!((balance(app, "coop_available:", "EUR").await, balance(app, "bank:payouts", "EUR").await), (2 * 5036, 0));
        spend(&manager, &id, "again", 600).await.expect(202);
        let history = manager.get("/v1/manage/cooperatives/bagru/transfers?account=premium_fund").await.expect(200);
        let moved: Vec<_> = history["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| (t["from"].as_str().unwrap(), t["to"].as_str().unwrap(), t["amount"]["amount"].as_i64().unwrap()))
            .collect();
        // A transfer is named by its two accounts as the books have them: debit, credit.
        assert_eq!(
            moved,
            [
                ("premium_fund", "paying", 600),
                ("bank", "premium_fund", 450),
                ("premium_fund", "paying", 450),
                ("premium_pending", "premium_fund", 464),
                ("premium_pending", "premium_fund", 464)
            ]
        );
        assert_eq!(history["data"][0]["what"], what);
        assert_eq!(manager.get("/v1/manage/cooperatives/bagru/transfers?account=others").await.problem(400), "invalid-query");
    })
    .await;
}

#[actix_web::test]
async fn what_was_not_decided_is_refused_field_by_field() {
    api_test(async |app| {
        let manager = funded(app, 1).await;
        let cases = [
            (with(decision(1), "/votes/for", json!(1)), "/votes/for", "not_carried"),
            (with(decision(1), "/votes/present", json!(30)), "/votes/present", "sum"),
            (with(decision(1), "/met_on", json!("2026-11-23")), "/met_on", "future"),
            (with(decision(1), "/purpose", json!("For Asha, 98290 12345")), "/purpose", "personal"),
            (with(decision(1), "/minutes", json!("  ")), "/minutes", "length"),
            (with(decision(1), "/amount", json!({"amount": 1, "currency": "USD"})), "/amount/currency", "currency"),
            (decision(0), "/amount/amount", "out_of_range"),
        ];
        for (body, pointer, code) in cases {
            let problem = manager.post(DECISIONS, body.clone()).await.expect(422);
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
        let mut more = decision(1);
        more["minutes_sha256"] = json!("12");
        assert_eq!(manager.post(DECISIONS, more.clone()).await.expect(422)["errors"][0]["pointer"], "/minutes_sha256");
        more["minutes_sha256"] = json!("ab".repeat(32));
        assert_eq!(manager.post(DECISIONS, more).await.expect(201)["minutes_sha256"], "ab".repeat(32));
        let mut unknown = decision(1);
        unknown["members"] = json!([]);
        assert_eq!(manager.post(DECISIONS, unknown).await.expect(422)["errors"][0]["pointer"], "/members");
        // Control: as it is, it is accepted, and the digest is the text's.
        let made = manager.post(DECISIONS, decision(1)).await.expect(201);
        let digest: String = haat::secrets::sha256(decision(1)["minutes"].as_str().unwrap().as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(made["minutes_sha256"], digest);
    })
    .await;
}

#[actix_web::test]
async fn nobody_elses_fund_and_an_operator_is_a_second_person() {
    api_test(async |app| {
        let manager = funded(app, 1).await;
        let other = cooperative(app, "pedana").await;
        let (operator, auditor) = (platform(app, "operator").await, platform(app, "auditor").await);
        let id = recorded(&manager, 400).await;
        for path in ["confirm", "reject", "spendings"] {
            let body = if path == "reject" { json!({"reason": "no"}) } else { json!({"amount": euro(1)}) };
            let ask = other.with("Idempotency-Key", path);
            assert_eq!(ask.post(&format!("{DECISIONS}/{id}/{path}"), body.clone()).await.problem(404), "not-found");
            assert_eq!(ask.post(&format!("{}/{id}/{path}", DECISIONS.replace("bagru", "pedana")), body).await.problem(404), "not-found");
        }
        let admin = format!("/v1/admin/premium-decisions/{id}");
        assert_eq!(auditor.post(&format!("{admin}/confirm"), json!({})).await.problem(403), "forbidden");
        assert!(auditor.get(&admin).await.expect(200)["minutes"].as_str().unwrap().starts_with("Point 3."), "an auditor reads the minutes");
        assert_eq!(operator.post(&format!("{admin}/reject"), json!({"reason": " "})).await.problem(422), "invalid");
        assert_eq!(operator.post(&format!("{admin}/reject"), json!({"reason": "The minutes say 3.00."})).await.expect(200)["status"], "rejected");
        assert_eq!(operator.post(&format!("{admin}/confirm"), json!({})).await.problem(409), "conflict");
        assert_eq!(spend(&manager, &id, "k", 1).await.problem(409), "conflict");
        // Its writer may take it back, and another is confirmed by the operator alone.
        let id = recorded(&manager, 400).await;
        manager.post(&format!("{DECISIONS}/{id}/reject"), json!({"reason": "A typing error."})).await.expect(200);
        let id = recorded(&manager, 500).await;
        operator.post(&format!("/v1/admin/premium-decisions/{id}/confirm"), json!({})).await.expect(200);
        // No way to pay is told as it is told of earnings; then there is less than was decided.
        assert_eq!(spend(&manager, &id, "nowhere", 100).await.expect(409)["reason"], "no_destination");
        destination(app, "bagru", "manual", "EUR").await;
        let short = spend(&manager, &id, "short", 465).await.expect(409);
        assert_eq!((&short["code"], &short["fund"]["amount"]), (&json!("more-than-fund"), &json!(464)));
        assert_eq!(spend(&manager, &id, "currency", 0).await.problem(422), "invalid");
        sql(app, "UPDATE payout_corridors SET max_minor = 463 WHERE rail = 'manual'").await;
        assert_eq!(spend(&manager, &id, "large", 464).await.expect(409)["reason"], "above_maximum");
        sql(app, "UPDATE payout_corridors SET max_minor = 99999 WHERE rail = 'manual'").await;
        assert_eq!(balance(app, "premium_fund:", "EUR").await, 464, "no refusal moved anything");
        spend(&manager, &id, "all", 464).await.expect(202);
        assert_eq!(balance(app, "premium_fund:", "EUR").await, 0);
        let listed = manager.get(&format!("{DECISIONS}?status=rejected&limit=1")).await.expect(200);
        assert_eq!((&listed["data"][0]["reason"], &listed["has_more"]), (&json!("A typing error."), &json!(true)));
    })
    .await;
}

/// A debt of the cooperative's is never paid out of the members' money, and a hold of its payouts holds theirs too.
#[actix_web::test]
async fn no_debt_takes_of_the_fund() {
    api_test(async |app| {
        let manager = funded(app, 1).await;
        let operator = platform(app, "operator").await;
        destination(app, "bagru", "manual", "EUR").await;
        crate::holds::owe(app, 3000).await;
        let id = recorded(&manager, 464).await;
        operator.post(&format!("/v1/admin/premium-decisions/{id}/confirm"), json!({})).await.expect(200);
        let hold = json!({"code": "details_doubtful", "reason": "Two people say that the account is theirs.", "release_on": "2026-12-01"});
        let hold = operator.post("/v1/admin/cooperatives/bagru/payout-holds", hold).await.expect(201);
        assert_eq!(spend(&manager, &id, "held", 464).await.expect(409)["reason"], "on_hold");
        operator.post(&format!("/v1/admin/payout-holds/{}/release", hold["id"].as_str().unwrap()), json!({"answer": "Cleared."})).await.expect(200);
        spend(&manager, &id, "free", 464).await.expect(202);
        assert_eq!(
            (balance(app, "coop_receivable:", "EUR").await, balance(app, "coop_paying:", "EUR").await),
            (3000, 464),
            "all of it, and the debt is as it was"
        );
        // The next payout of earnings does not take the fund's money for its own.
        let run = operator.with("Idempotency-Key", "run").post("/v1/admin/payouts", json!({"run": true})).await.expect(202);
        assert_eq!((&run["payouts"][0]["amount"]["amount"], &run["payouts"][0]["kind"]), (&json!(5036 - 1007), &json!("earnings")));
    })
    .await;
}

#[actix_web::test]
async fn many_at_once_spend_what_was_decided_once() {
    api_test(async |app| {
        let manager = funded(app, 2).await;
        let operator = platform(app, "operator").await;
        destination(app, "bagru", "manual", "EUR").await;
        let (one, other) = (recorded(&manager, 600).await, recorded(&manager, 600).await);
        for id in [&one, &other] {
            operator.post(&format!("/v1/admin/premium-decisions/{id}/confirm"), json!({})).await.expect(200);
        }
        // Of one decision 600 at most, of two decisions no more than the 928 that there are.
        let asks = (0..12).map(|n| {
            let (manager, id) = (&manager, if n % 2 == 0 { &one } else { &other });
            async move { spend(manager, id, &n.to_string(), 200).await.status.as_u16() }
        });
        let answers = futures_util::future::join_all(asks).await;
        assert_eq!((answers.iter().filter(|s| **s == 202).count(), answers.iter().filter(|s| **s == 409).count()), (4, 8), "{answers:?}");
        assert_eq!(balance(app, "premium_fund:", "EUR").await, 128);
        // Control: the table itself refuses one person on both sides, and a decision that was changed.
        let refused = async |text: &str| {
            use diesel_async::SimpleAsyncConnection;
            app.db.db.conn().await.unwrap().batch_execute(text).await.is_err()
        };
        assert!(refused("UPDATE premium_decisions SET amount_minor = amount_minor * 2").await, "what two people stand for is not changed");
        assert!(refused("DELETE FROM premium_spendings").await);
        let id = recorded(&manager, 5).await;
        assert!(
            refused(&format!("UPDATE premium_decisions SET state = 'confirmed', ended_by = recorded_by, ended_at = recorded_at WHERE id = '{id}'"))
                .await
        );
    })
    .await;
}

#[actix_web::test]
async fn everybody_reads_what_it_was_spent_on_and_nobody_is_named() {
    api_test(async |app| {
        let manager = funded(app, 2).await;
        let (operator, second) = (platform(app, "operator").await, second_operator(app).await);
        destination(app, "bagru", "manual", "EUR").await;
        let id = recorded(&manager, 600).await;
        recorded(&manager, 77).await;
        let told: Vec<String> = {
            app.run_jobs().await;
            app.app.mailer.kept().into_iter().filter(|m| m.kind == "premium_decision").map(|m| m.to).collect()
        };
        assert_eq!(told, Vec::<String>::new(), "there is no other manager to tell");
        operator.post(&format!("/v1/admin/premium-decisions/{id}/confirm"), json!({})).await.expect(200);
        let made = spend(&manager, &id, "one", 450).await.expect(202);
        let at = |what: &str| format!("/v1/store/cooperatives/bagru/premium{what}");
        let seen = app.visitor().get(&at("")).await.expect(200);
        let sums = |seen: &Value| ["received", "spent", "left"].map(|name| seen["funds"][0][name]["amount"].as_i64().unwrap());
        assert_eq!((sums(&seen), &seen["spent_on"]), ([928, 0, 928], &json!([])), "on its way is not spent");
        let receipt = json!({"reference": "N400", "evidence": "receipts/N400.pdf"});
        second.post(&format!("/v1/admin/payouts/{}/confirm", made["payout"].as_str().unwrap()), receipt).await.expect(200);
        let before = app.app.db.statements();
        let seen = app.visitor().get(&at("")).await.expect(200);
        assert!(app.app.db.statements() - before <= 3, "{}", app.app.db.statements() - before);
        assert_eq!(
            (sums(&seen), &seen["spent_on"][0]["category"], &seen["spent_on"][0]["amount"]["amount"]),
            ([928, 450, 478], &json!("health"), &json!(450))
        );
        let page = app.visitor().get(&at("/decisions")).await;
        let text = page.text.clone();
        let page = page.expect(200);
        assert_eq!(
            (page["data"].as_array().unwrap().len(), &page["data"][0]["spent"]["amount"], &page["data"][0]["votes"]["for"]),
            (1, &json!(450), &json!(27))
        );
        assert!(!text.contains("Asha") && !text.contains("minutes\"") && !text.contains("people.example"), "{text}");
        assert_eq!(app.visitor().get("/v1/store/cooperatives/nobody/premium").await.problem(404), "not-found");
        // A second manager is told what waits for her.
        second_manager(app, "bagru").await;
        recorded(&manager, 55).await;
        app.run_jobs().await;
        let mails: Vec<_> = app.app.mailer.kept().into_iter().filter(|m| m.kind == "premium_decision").collect();
        assert_eq!((mails.len(), mails[0].to.as_str()), (1, "two@people.example"));
        assert!(mails[0].text.contains("€0.55") && !mails[0].text.contains("Asha"), "{}", mails[0].text);
        sql(app, "UPDATE cooperatives SET state = 'suspended'").await;
        assert_eq!(app.visitor().get(&at("")).await.problem(404), "not-found");
    })
    .await;
}
