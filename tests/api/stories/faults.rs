//! What the provider or we ourselves break ends as if nothing had broken.
use haat::checkout::{self, jobs::sweep};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{books, nothing_happened, shelves, sold_once, subjects, told, world};
use crate::support::{
    TestApp, api_test,
    builders::{Basket, session_of, sql},
};

/// As a storefront does it: the same key until the answer is one.
async fn until_it_answers(basket: &Basket) -> (Value, usize) {
    for tries in 1..=3 {
        let answer = basket.checkout("k").await;
        match answer.status.as_u16() {
            503 => assert_eq!(answer.problem(503), "payment-provider-unknown"),
            _ => return (answer.expect(201), tries),
        }
    }
    panic!("three times unknown");
}

#[actix_web::test]
async fn every_lost_answer_ends_in_one_page() {
    let kinds = [
        (json!("drop_before"), 2),
        (json!("drop_after"), 2),
        (json!("server_error_after"), 2),
        (json!({"rate_limited": {"retry_after_seconds": 1}}), 2),
        (json!({"delay": {"milliseconds": 50}}), 1),
        (json!("webhook_early"), 1),
    ];
    for (kind, tries) in kinds {
        api_test(async |app| {
            let basket = world(app).await.basket(app).await;
            let fault = json!({"operation": "create_session", "kind": kind, "times": 1});
            app.sandbox.control().fault(serde_json::from_value(fault).unwrap());
            let (checkout, tried) = until_it_answers(&basket).await;
            assert_eq!(tried, tries, "{kind}");
            assert_eq!(app.sandbox.control().all("cs").len(), 1, "{kind}: one page, however often it was asked for");
            app.sandbox.control().pay(&session_of(&checkout)).unwrap();
            told(app).await;
            sold_once(app, &checkout).await;
        })
        .await;
    }
}

#[actix_web::test]
async fn a_page_that_was_never_made_frees_its_pieces() {
    api_test(async |app| {
        let basket = world(app).await.basket(app).await;
        let fault = json!({"operation": "create_session", "kind": "server_error_before", "times": 1});
        app.sandbox.control().fault(serde_json::from_value(fault).unwrap());
        for _ in 0..2 {
            assert_eq!(basket.checkout("k").await.problem(503), "payment-provider-unknown");
        }
        app.clock.advance(SignedDuration::from_mins(30));
        sweep(&app.app).await.unwrap();
        assert_eq!(shelves(app).await, [(5, 1), (5, 1)], "it may still be made: nothing is given away");
        app.clock.advance(SignedDuration::from_mins(31));
        sweep(&app.app).await.unwrap();
        nothing_happened(app).await;
        let checkout = basket.checkout("new").await.expect(201);
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        told(app).await;
        sold_once(app, &checkout).await;
    })
    .await;
}

#[actix_web::test]
async fn webhooks_doubled_shuffled_and_late_end_the_same() {
    for kind in [json!("doubled"), json!({"shuffled": {"seed": 7}}), json!({"late": {"milliseconds": 30}})] {
        api_test(async |app| {
            let checkout = world(app).await.basket(app).await.checkout("k").await.expect(201);
            let fault = json!({"event": "*", "kind": kind, "times": 100});
            app.sandbox.control().webhook_fault(serde_json::from_value(fault).unwrap());
            app.sandbox.control().delay_balance_transactions(1);
            app.sandbox.control().pay(&session_of(&checkout)).unwrap();
            told(app).await;
            assert!(!books(app).await.iter().any(|line| line.starts_with("stripe_fees")), "what Stripe keeps is not said yet");
            app.sandbox.control().settle_balance_transactions();
            told(app).await;
            sold_once(app, &checkout).await;
        })
        .await;
    }
}

#[actix_web::test]
async fn a_crash_before_the_commit_leaves_nothing_and_the_next_try_all() {
    api_test(async |app| {
        let checkout = world(app).await.basket(app).await.checkout("k").await.expect(201);
        let session = session_of(&checkout);
        app.sandbox.control().set_webhook_url(None);
        app.sandbox.control().pay(&session).unwrap();
        // The ledger is what settling writes last: everything else is done when this fails.
        let crash = "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the lights went out'; END $$;
                     CREATE TRIGGER crash BEFORE INSERT ON ledger_transfers EXECUTE FUNCTION crash()";
        sql(app, crash).await;
        checkout::settle(&app.app, &session).await.unwrap_err();
        app.run_jobs().await;
        assert_eq!((books(app).await, shelves(app).await), (Vec::new(), vec![(5, 1), (5, 1)]), "nothing of it happened");
        assert_eq!(subjects(app), Vec::<String>::new());
        sql(app, "DROP TRIGGER crash ON ledger_transfers").await;
        sweep(&app.app).await.unwrap();
        sold_once(app, &checkout).await;
    })
    .await;
}

#[actix_web::test]
async fn an_hour_without_webhooks() {
    api_test(async |app| {
        let checkout = world(app).await.basket(app).await.checkout("k").await.expect(201);
        app.sandbox.control().set_webhook_url(None);
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.clock.advance(SignedDuration::from_hours(1));
        app.run_jobs().await;
        assert_eq!(books(app).await, Vec::<String>::new(), "control: nobody told us");
        for _ in 0..2 {
            sweep(&app.app).await.unwrap();
            sold_once(app, &checkout).await;
        }
    })
    .await;
}

/// How many callers send the same request at once.
const AT_ONCE: usize = 100;

#[actix_web::test]
async fn a_hundred_requests_with_one_key_are_one() {
    api_test(async |app: &TestApp| {
        let basket = world(app).await.basket(app).await;
        let caller = async || loop {
            let answer = basket.checkout("k").await;
            match answer.status.as_u16() {
                409 => assert_eq!(answer.problem(409), "idempotency-in-progress"),
                503 => assert_eq!(answer.problem(503), "unavailable", "too many at once: told so, and free to come back"),
                _ => return answer.expect(201),
            }
        };
        let answers = futures_util::future::join_all((0..AT_ONCE).map(|_| caller())).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "identical bodies");
        assert_eq!(app.sandbox.control().all("cs").len(), 1, "one page");
        assert_eq!(shelves(app).await, [(5, 1), (5, 1)], "one order holds its pieces");
        app.sandbox.control().pay(&session_of(&answers[0])).unwrap();
        told(app).await;
        sold_once(app, &answers[0]).await;
    })
    .await;
}
