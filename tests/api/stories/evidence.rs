//! What is said to the buyer's bank, and who bears what it decides. The books and the sandbox are the judges.
use haat::checkout::{disputes::observe, jobs::sweep};
use jiff::SignedDuration;
use serde_json::{Value, json};
use stripe_sandbox::Outcome;

use super::{
    disputes::{OPENED, changed, send, sold},
    world::{SOLD, all_but_the_books, books, told},
};
use crate::support::{
    Answer, Client, TestApp, api_test,
    builders::{platform, sql},
};

const HOUR: i64 = 3600;

/// The one dispute, as an operator sees it in the list.
async fn listed(operator: &Client) -> Value {
    operator.get("/v1/admin/disputes").await.expect(200)["data"][0].clone()
}
async fn at(operator: &Client) -> String {
    format!("/v1/admin/disputes/{}/evidence", listed(operator).await["id"].as_str().unwrap())
}
async fn say(operator: &Client, at: &str, key: &str, evidence: Value, submit: bool) -> Answer {
    operator.with("Idempotency-Key", key).post(at, json!({"evidence": evidence, "submit": submit})).await
}
/// How many alerts of a kind are open.
async fn alerts(app: &TestApp, kind: &str, open: i64) {
    let check =
        format!("DO $$ BEGIN ASSERT (SELECT count(*) FROM money_alerts WHERE kind = '{kind}' AND resolved_at IS NULL) = {open}, '{kind}'; END $$");
    sql(app, &check).await;
}
fn fault(kind: Value) -> stripe_sandbox::Fault {
    serde_json::from_value(json!({"operation": "update_dispute", "kind": kind, "times": 1})).unwrap()
}
/// The requests for the dispute's evidence that the provider carried out.
fn submissions(app: &TestApp, dispute: &str) -> i64 {
    app.sandbox.control().object(dispute).unwrap()["evidence_details"]["submission_count"].as_i64().unwrap()
}

#[actix_web::test]
async fn evidence_is_gathered_kept_as_a_draft_and_submitted_once() {
    api_test(async |app| {
        let (checkout, charge) = sold(app).await;
        send(app, "bagru", &checkout).await.expect(201);
        app.run_jobs().await;
        let dispute = app.sandbox.control().dispute(&charge, None).unwrap();
        told(app).await;
        let before = books(app).await;
        let operator = platform(app, "operator").await;
        let at = at(&operator).await;
        let seen = operator.get(&at).await.expect(200);
        let gathered = &seen["gathered"];
        assert_eq!((&seen["status"], &seen["dispute_status"]), (&Value::Null, &json!("open")));
        assert_eq!((&gathered["carrier"], &gathered["shipped"]), (&json!("India Post"), &json!("2026-11-22")));
        assert_eq!((&gathered["customer_email"], &gathered["customer_name"]), (&json!("asha@buyer.example"), &json!("Asha Brandt")));
        for (field, part) in [("shipping_address", "Lindenweg 4, 79100 Freiburg"), ("product", "/i/"), ("receipt", "100.00")] {
            assert!(gathered[field].as_str().unwrap().contains(part), "{field}: {gathered}");
        }
        let mails = gathered["communication"].as_str().unwrap();
        assert_eq!(mails.lines().map(|line| &line[..10]).collect::<Vec<_>>(), ["2026-11-22"; 3], "{mails}");
        assert!(mails.contains("order paid") && mails.contains("parcel sent"), "{mails}");
        // Every address in it is a public record that answers.
        let product = gathered["product"].as_str().unwrap();
        let codes: Vec<_> = product.lines().filter_map(|line| line.split("/i/").nth(1)).collect();
        assert_eq!(codes.len(), 2);
        for code in codes {
            app.visitor().get(&format!("/v1/provenance/items/{code}")).await.expect(200);
        }

        // A draft tells nobody; it can be written over.
        say(&operator, &at, "a", json!({"statement": "First words."}), false).await.expect(202);
        let draft = say(&operator, &at, "b", json!({"statement": "It was delivered.", "tracking": "RX1"}), false).await.expect(202);
        assert_eq!(
            (&draft["status"], &draft["written"]["statement"], &draft["written"]["carrier"]),
            (&json!("draft"), &json!("It was delivered."), &Value::Null)
        );
        app.run_jobs().await;
        assert_eq!(app.sandbox.control().object(&dispute).unwrap()["evidence_details"]["has_evidence"], false);
        assert_eq!(listed(&operator).await["evidence"], "draft");

        let written = json!({"statement": "It was delivered.", "tracking": "RX1", "communication": "Asha wrote: it came."});
        let sent = say(&operator, &at, "c", written.clone(), true).await.expect(202);
        assert_eq!(sent["status"], "submitting");
        assert_eq!(say(&operator, &at, "c", written.clone(), true).await.expect(202), sent, "the same key is the same answer");
        assert_eq!(say(&operator, &at, "d", written, true).await.problem(409), "conflict", "once");
        told(app).await;
        let there = app.sandbox.control().object(&dispute).unwrap();
        assert_eq!((&there["status"], submissions(app, &dispute)), (&json!("under_review"), 1));
        let evidence = &there["evidence"];
        assert_eq!((&evidence["shipping_carrier"], &evidence["shipping_tracking_number"]), (&json!("India Post"), &json!("RX1")));
        let rest = evidence["uncategorized_text"].as_str().unwrap();
        assert!(rest.starts_with("It was delivered.\n\nReceipt\nOrder HA-") && rest.ends_with("What was written\nAsha wrote: it came."), "{rest}");
        let seen = operator.get(&at).await.expect(200);
        assert_eq!((&seen["status"], seen["submitted_at"].is_string()), (&json!("submitted"), true));
        assert_eq!(say(&operator, &at, "e", json!({}), false).await.problem(409), "conflict", "nor written over");
        assert_eq!(books(app).await, before, "words move no money");
        let acts = operator.get("/v1/admin/audit?limit=100").await.expect(200).to_string();
        assert!(acts.contains("dispute.submit_evidence") && acts.contains("dispute.save_evidence"));

        app.sandbox.control().settle_dispute(&dispute, Outcome::Succeeds).unwrap();
        told(app).await;
        let sent = [
            ("coop_pending:bagru", 0),
            ("premium_pending:bagru", 0),
            ("shipping_payable:bagru", 0),
            ("coop_available:bagru", 5036),
            ("premium_fund:bagru", 464),
        ];
        assert_eq!(books(app).await, changed(&[&sent[..], &[("dispute_fees", 2000), ("stripe_balance", 9825 - 2000)]].concat()));
    })
    .await;
}

#[actix_web::test]
async fn what_cannot_be_said_is_refused_by_name() {
    api_test(async |app| {
        let (_, charge) = sold(app).await;
        let dispute = app.sandbox.control().dispute(&charge, None).unwrap();
        told(app).await;
        let operator = platform(app, "operator").await;
        let at = at(&operator).await;
        let long = say(&operator, &at, "a", json!({"statement": "x".repeat(5001)}), true).await.expect(422);
        assert_eq!(long["errors"][0]["pointer"], "/evidence/statement");
        let unknown = say(&operator, &at, "b", json!({"colour": "blue"}), true).await.expect(422);
        assert_eq!(unknown["errors"][0]["pointer"], "/evidence/colour");
        assert_eq!(operator.post(&at, json!({})).await.problem(428), "idempotency-key-missing");
        let nobodys = format!("/v1/admin/disputes/{}/evidence", haat::ids::new_uuid());
        assert_eq!(say(&operator, &nobodys, "c", json!({}), true).await.problem(404), "not-found");
        assert_eq!(operator.get(&nobodys).await.problem(404), "not-found");
        let auditor = platform(app, "auditor").await;
        assert_eq!(auditor.get(&at).await.problem(403), "forbidden", "it names the buyer");
        // After the bank's date, and after it decided.
        app.clock.advance(SignedDuration::from_secs(18 * 24 * HOUR));
        assert_eq!(say(&operator, &at, "d", json!({}), true).await.problem(409), "conflict");
        app.sandbox.control().settle_dispute(&dispute, Outcome::Succeeds).unwrap();
        told(app).await;
        assert_eq!(say(&operator, &at, "e", json!({}), false).await.problem(409), "conflict");
        assert_eq!(submissions(app, &dispute), 0);
    })
    .await;
}

/// The answer is lost, then the provider fails after it did it: the same bytes under the same key, and the bank hears us once.
#[actix_web::test]
async fn evidence_whose_answer_is_lost_is_submitted_once() {
    for kind in [json!("drop_after"), json!("drop_before"), json!("server_error_after"), json!({"rate_limited": {"retry_after_seconds": 1}})] {
        api_test(async |app| {
            let (_, charge) = sold(app).await;
            let dispute = app.sandbox.control().dispute(&charge, None).unwrap();
            told(app).await;
            let operator = platform(app, "operator").await;
            app.sandbox.control().fault(fault(kind.clone()));
            let at = at(&operator).await;
            say(&operator, &at, "a", json!({}), true).await.expect(202);
            told(app).await;
            assert_eq!(operator.get(&at).await.expect(200)["status"], "submitting", "{kind}: it is not known");
            for _ in 0..3 {
                app.clock.advance(SignedDuration::from_secs(61));
                told(app).await;
            }
            // A failure that was kept under the key is answered again and again: only a look at the dispute ends it.
            if kind == json!("server_error_after") {
                assert_eq!(operator.get(&at).await.expect(200)["status"], "submitting");
                app.clock.advance(SignedDuration::from_hours(23));
                told(app).await;
            }
            assert_eq!((&operator.get(&at).await.expect(200)["status"], submissions(app, &dispute)), (&json!("submitted"), 1), "{kind}");
            alerts(app, "evidence_refused", 0).await;
        })
        .await;
    }
}

/// The provider does not take it: an operator is told, and may submit again under another key.
#[actix_web::test]
async fn evidence_that_is_refused_can_be_submitted_again() {
    api_test(async |app| {
        let (_, charge) = sold(app).await;
        let dispute = app.sandbox.control().dispute(&charge, None).unwrap();
        told(app).await;
        let operator = platform(app, "operator").await;
        let at = at(&operator).await;
        app.sandbox.control().fault(fault(json!({"refused": {"status": 400, "code": "dispute_evidence", "message": "Not today."}})));
        say(&operator, &at, "a", json!({}), true).await.expect(202);
        told(app).await;
        assert_eq!((&operator.get(&at).await.expect(200)["status"], submissions(app, &dispute)), (&json!("refused"), 0));
        alerts(app, "evidence_refused", 1).await;
        say(&operator, &at, "b", json!({}), true).await.expect(202);
        told(app).await;
        assert_eq!((&operator.get(&at).await.expect(200)["status"], submissions(app, &dispute)), (&json!("submitted"), 1));
    })
    .await;
}

#[actix_web::test]
async fn a_date_that_is_near_is_told_once_and_forgotten_when_it_is_answered() {
    api_test(async |app| {
        let (_, charge) = sold(app).await;
        app.sandbox.control().dispute(&charge, None).unwrap();
        told(app).await;
        let operator = platform(app, "operator").await;
        sweep(&app.app).await.unwrap();
        app.clock.advance(SignedDuration::from_secs(15 * 24 * HOUR - 60));
        sweep(&app.app).await.unwrap();
        alerts(app, "evidence_due", 0).await;
        app.clock.advance(SignedDuration::from_secs(120));
        for _ in 0..3 {
            sweep(&app.app).await.unwrap();
        }
        app.run_jobs().await;
        alerts(app, "evidence_due", 1).await;
        sql(app, "DO $$ BEGIN ASSERT (SELECT detail FROM money_alerts WHERE kind = 'evidence_due') LIKE '%heard until 2026-12-10%'; END $$").await;
        // A draft answers nothing.
        say(&operator, &at(&operator).await, "a", json!({"statement": "Soon."}), false).await.expect(202);
        sweep(&app.app).await.unwrap();
        alerts(app, "evidence_due", 1).await;
        say(&operator, &at(&operator).await, "b", json!({}), true).await.expect(202);
        told(app).await;
        sweep(&app.app).await.unwrap();
        alerts(app, "evidence_due", 0).await;
    })
    .await;
}

/// The bank only asks: nothing is held and nothing moves. It is answered, takes the money all the same, and another date holds.
#[actix_web::test]
async fn an_inquiry_moves_nothing_until_it_becomes_a_dispute() {
    api_test(async |app| {
        let (checkout, charge) = sold(app).await;
        let operator = platform(app, "operator").await;
        let dispute = app.sandbox.control().inquire(&charge).unwrap();
        told(app).await;
        assert_eq!(
            (books(app).await, &listed(&operator).await["status"]),
            (SOLD.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(), &json!("inquiry"))
        );
        all_but_the_books(app, &checkout).await;
        say(&operator, &at(&operator).await, "a", json!({}), true).await.expect(202);
        told(app).await;
        assert_eq!(app.sandbox.control().object(&dispute).unwrap()["status"], "warning_under_review");
        assert_eq!(listed(&operator).await["evidence_due"].as_str().map(|due| due[..10].to_owned()), Some("2026-12-10".into()));
        app.clock.advance(SignedDuration::from_secs(24 * HOUR));
        app.sandbox.control().escalate_dispute(&dispute).unwrap();
        told(app).await;
        assert_eq!((books(app).await, &listed(&operator).await["status"]), (changed(OPENED), &json!("open")));
        assert_eq!(listed(&operator).await["evidence_due"].as_str().map(|due| due[..10].to_owned()), Some("2026-12-11".into()), "the new date");
    })
    .await;
    // Control: one that is let go leaves no trace in the books.
    api_test(async |app| {
        let (checkout, charge) = sold(app).await;
        let dispute = app.sandbox.control().inquire(&charge).unwrap();
        told(app).await;
        app.sandbox.control().settle_dispute(&dispute, Outcome::Succeeds).unwrap();
        told(app).await;
        assert_eq!(books(app).await, SOLD);
        all_but_the_books(app, &checkout).await;
        alerts(app, "dispute_inquiry", 0).await;
        send(app, "bagru", &checkout).await.expect(201);
    })
    .await;
}

/// Settled with the buyer's money before it became a dispute: the sale is undone, no fee is due, and nobody is asked for evidence.
#[actix_web::test]
async fn a_dispute_that_was_prevented_undoes_the_sale_without_a_fee() {
    api_test(async |app| {
        let (_, charge) = sold(app).await;
        let operator = platform(app, "operator").await;
        let dispute = app.sandbox.control().prevent_dispute(&charge).unwrap();
        for _ in 0..2 {
            told(app).await;
            observe(&app.app, &dispute).await.unwrap();
            assert_eq!(books(app).await, ["stripe_balance EUR -175", "stripe_fees EUR 175"]);
        }
        assert_eq!(listed(&operator).await["status"], "lost");
        alerts(app, "evidence_due", 0).await;
        alerts(app, "dispute_opened", 0).await;
    })
    .await;
}

/// Lost over what was sent: the platform bears it, unless the policy allows and the cooperative agreed. Never the maker's fund.
#[actix_web::test]
async fn who_bears_a_lost_dispute_is_policy() {
    let reason = "product_not_received";
    for (policy, consent, borne_by_platform) in [(false, false, true), (true, false, true), (false, true, true), (true, true, false)] {
        api_test(async |app| {
            let (checkout, charge) = sold(app).await;
            send(app, "bagru", &checkout).await.expect(201);
            let operator = platform(app, "operator").await;
            let rules = operator.get("/v1/admin/dispute-policies").await.expect(200);
            assert_eq!((&rules["data"][0]["reason"], &rules["data"][0]["bearer"]), (&json!("*"), &json!("platform")), "the default");
            let dispute = app.sandbox.control().dispute(&charge, None).unwrap();
            told(app).await;
            if policy {
                let body = json!({"bearer": "cooperative_with_consent", "note": "Decided by the members."});
                operator.put(&format!("/v1/admin/dispute-policies/{reason}"), body).await.expect(204);
            }
            let id = listed(&operator).await["id"].as_str().unwrap().to_owned();
            let agreed = json!({"given_by": "Ganga Devi", "on": "2026-11-22", "evidence": "minutes/2026-11-22.pdf"});
            if consent {
                operator.post(&format!("/v1/admin/disputes/{id}/consent"), agreed.clone()).await.expect(204);
            }
            app.sandbox.control().settle_dispute(&dispute, Outcome::Fails).unwrap();
            told(app).await;
            let books = books(app).await;
            let platforms = books.contains(&"dispute_losses EUR 5500".to_owned());
            let theirs = books.iter().any(|line| line.starts_with("coop_receivable:bagru EUR "));
            assert_eq!((platforms, theirs), (borne_by_platform, !borne_by_platform), "{policy} {consent}: {books:?}");
            for kept in ["coop_available:bagru EUR 5036", "premium_fund:bagru EUR 464"] {
                assert!(books.contains(&kept.to_owned()), "what was earned stays: {books:?}");
            }
            let late = operator.post(&format!("/v1/admin/disputes/{id}/consent"), agreed).await;
            assert_eq!(late.problem(409), "conflict", "what follows is in the books");
        })
        .await;
    }
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let body = json!({"bearer": "platform", "note": "x"});
        let wrong = operator.put("/v1/admin/dispute-policies/Product-Lost", body).await.expect(422);
        assert_eq!(wrong["errors"][0]["pointer"], "/reason");
        let empty = operator.put("/v1/admin/dispute-policies/*", json!({"bearer": "platform", "note": " "})).await.expect(422);
        assert_eq!(empty["errors"][0]["pointer"], "/note");
    })
    .await;
}
