//! Who is first does not matter.
use haat::checkout::{self, Settled};
use jiff::SignedDuration;
use serde_json::json;
use stripe_sandbox::{Order, Outcome};

use super::world::{SOLD, books, nothing_happened, shelves, sold_once, told, world};
use crate::support::{TestApp, api_test, builders::session_of};

/// Keeps every webhook back until it is delivered by hand.
fn withhold(app: &TestApp) {
    let fault = serde_json::from_value(json!({"event": "*", "kind": "withheld", "times": 100})).unwrap();
    app.sandbox.control().webhook_fault(fault);
}

#[actix_web::test]
async fn an_event_told_five_times_at_once_is_one_sale() {
    api_test(async |app| {
        let checkout = world(app).await.basket(app).await.checkout("k").await.expect(201);
        let (control, session) = (app.sandbox.control(), session_of(&checkout));
        control.pay(&session).unwrap();
        for event in control.all("evt") {
            control.redeliver(event["id"].as_str().unwrap(), 5);
        }
        let settle = || checkout::settle(&app.app, &session);
        let (a, b, c, d, ()) = futures_util::join!(settle(), settle(), settle(), settle(), told(app));
        for outcome in [a, b, c, d] {
            assert_eq!(outcome.unwrap(), Settled::Paid);
        }
        sold_once(app, &checkout).await;
    })
    .await;
}

#[actix_web::test]
async fn a_webhook_overtakes_the_answer_to_checkout() {
    api_test(async |app| {
        let basket = world(app).await.basket(app).await;
        let control = app.sandbox.control();
        control.fault(serde_json::from_value(json!({"operation": "create_session", "kind": "hold"})).unwrap());
        let buyer = async {
            while control.counts().held == 0 {
                tokio::task::yield_now().await;
            }
            let session = control.all("cs")[0]["id"].as_str().unwrap().to_owned();
            control.pay(&session).unwrap();
            told(app).await;
            assert_eq!(books(app).await, SOLD, "sold, while checkout still waits for its answer");
            control.release_held();
        };
        let (answer, ()) = futures_util::join!(basket.checkout("k"), buyer);
        let checkout = answer.expect(201);
        assert_eq!(checkout["order"]["status"], "paid");
        sold_once(app, &checkout).await;
    })
    .await;
}

#[actix_web::test]
async fn the_browser_is_back_before_the_webhook() {
    api_test(async |app| {
        let checkout = world(app).await.basket(app).await.checkout("k").await.expect(201);
        let session = session_of(&checkout);
        withhold(app);
        let at = format!("/v1/store/checkout/{session}");
        assert_eq!(app.visitor().get(&at).await.expect(200)["state"], "open");
        app.sandbox.control().pay(&session).unwrap();
        let back = app.visitor().get(&at).await.expect(200);
        assert_eq!((&back["state"], &back["order_id"], &back["number"]), (&json!("paid"), &checkout["order"]["id"], &checkout["order"]["number"]));
        assert!(back.get("order_token").is_none() && back.get("total").is_none(), "never contents: {back}");
        sold_once(app, &checkout).await;
        assert!(app.sandbox.control().deliver_withheld(Order::Reversed) > 0);
        told(app).await;
        sold_once(app, &checkout).await;
        assert_eq!(app.visitor().get("/v1/store/checkout/cs_unknown").await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn a_late_payment_keeps_its_pieces_until_it_is_decided() {
    for outcome in [Outcome::Succeeds, Outcome::Fails] {
        api_test(async |app| {
            let basket = world(app).await.basket(app).await;
            let checkout = basket.checkout("k").await.expect(201);
            let session = session_of(&checkout);
            app.sandbox.control().pay_later(&session).unwrap();
            told(app).await;
            app.clock.advance(SignedDuration::from_hours(2));
            checkout::jobs::sweep(&app.app).await.unwrap();
            app.run_jobs().await;
            assert_eq!(checkout::settle(&app.app, &session).await.unwrap(), Settled::Processing);
            assert_eq!(shelves(app).await, [(5, 1), (5, 1)], "long past the page's end its pieces are held");
            assert_eq!(basket.checkout("other").await.problem(409), "already-paid");
            app.sandbox.control().settle_async(&session, outcome).unwrap();
            told(app).await;
            match outcome {
                Outcome::Succeeds => sold_once(app, &checkout).await,
                Outcome::Fails => {
                    nothing_happened(app).await;
                    basket.checkout("again").await.expect(201);
                }
            }
        })
        .await;
    }
}

#[actix_web::test]
async fn a_new_checkout_races_a_payment_of_the_old() {
    // The payment was first, and nobody told us yet.
    api_test(async |app| {
        let basket = world(app).await.basket(app).await;
        let checkout = basket.checkout("k").await.expect(201);
        withhold(app);
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        let refused = basket.checkout("new").await;
        assert_eq!(refused.problem(409), "already-paid");
        sold_once(app, &checkout).await;
    })
    .await;
    // The new checkout was first: the old page is closed before anything else.
    api_test(async |app| {
        let basket = world(app).await.basket(app).await;
        let old = basket.checkout("k").await.expect(201);
        let new = basket.checkout("new").await.expect(201);
        assert!(app.sandbox.control().pay(&session_of(&old)).is_err(), "nobody can pay the old page");
        assert_eq!(shelves(app).await, [(5, 1), (5, 1)], "the pieces are held once");
        app.sandbox.control().pay(&session_of(&new)).unwrap();
        told(app).await;
        sold_once(app, &new).await;
    })
    .await;
    // At once: the payment falls between our asking to close the page and its being closed.
    api_test(async |app| {
        let basket = world(app).await.basket(app).await;
        let checkout = basket.checkout("k").await.expect(201);
        let (control, session) = (app.sandbox.control(), session_of(&checkout));
        control.fault(serde_json::from_value(json!({"operation": "expire_session", "kind": "drop_before"})).unwrap());
        control.fault(serde_json::from_value(json!({"operation": "retrieve_session", "kind": "hold"})).unwrap());
        let buyer = async {
            while control.counts().held == 0 {
                tokio::task::yield_now().await;
            }
            control.pay(&session).unwrap();
            control.release_held();
        };
        let (answer, ()) = futures_util::join!(basket.checkout("new"), buyer);
        assert_eq!(answer.problem(503), "payment-provider-unknown", "what was read is older than the payment: nothing is cancelled");
        assert_eq!(basket.checkout("new").await.problem(409), "already-paid");
        told(app).await;
        sold_once(app, &checkout).await;
    })
    .await;
}
