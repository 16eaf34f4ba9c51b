//! Every class of error, as the client tells it.

use std::time::Duration;

use stripe_client::*;
use stripe_sandbox::{FaultKind, Operation};

use crate::support::{NOW, World, refund, session};

#[tokio::test]
async fn a_server_error_and_a_lost_connection_are_unknown() {
    let world = World::new();
    for fault in [FaultKind::ServerErrorBefore, FaultKind::DropBefore] {
        world.fault(Operation::RetrieveBalance, fault);
        let error = world.stripe.balance().await.unwrap_err();
        assert!(matches!(error, StripeError::Unknown(_)), "{error:?}");
        assert!(world.stripe.balance().await.is_ok(), "without the fault it answers");
    }
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_unknown() {
    let world = World::new();
    world.fault(Operation::RetrieveBalance, FaultKind::Delay { milliseconds: 2_000 });
    let impatient = world.stripe.clone().with_timeout(Duration::from_millis(100));
    assert!(matches!(impatient.balance().await, Err(StripeError::Unknown(_))));
    assert!(impatient.with_timeout(Duration::from_secs(5)).balance().await.is_ok());
}

#[tokio::test]
async fn nobody_listening_is_unknown() {
    let world = World::new();
    let stripe = world.stripe.clone();
    world.sandbox.stop();
    assert!(matches!(stripe.balance().await, Err(StripeError::Unknown(_))));
}

#[tokio::test]
async fn too_many_requests_say_when_to_come_back() {
    let world = World::new();
    world.fault(Operation::RetrieveBalance, FaultKind::RateLimited { retry_after_seconds: 7 });
    let error = world.stripe.balance().await.unwrap_err();
    assert_eq!(error, StripeError::RateLimited { retry_after: Some(Duration::from_secs(7)) });
}

#[tokio::test]
async fn a_decline_and_a_refusal_carry_stripes_words() {
    let world = World::new();
    let intent = world.paid().await;
    let message = "Your card was declined.".to_owned();
    world.fault(Operation::CreateRefund, FaultKind::Refused { status: 402, code: "card_declined".into(), message: message.clone() });
    let error = world.stripe.send::<Refund>(&refund(&intent, 1).prepare(), "r").await.unwrap_err();
    let (kind, code) = ("card_error".to_owned(), Some("card_declined".to_owned()));
    assert_eq!(error, StripeError::Rejected { status: 402, kind, code, message, param: None });

    let error = world.stripe.send::<Refund>(&refund(&intent, 10_001).prepare(), "r2").await.unwrap_err();
    assert!(matches!(error, StripeError::Rejected { status: 400, param: Some(ref p), .. } if p == "amount"), "{error:?}");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new();
    assert!(matches!(world.stripe.session("cs_test_none").await, Err(StripeError::NotFound(_))));
    assert!(matches!(world.stripe.refund("../balance").await, Err(StripeError::NotFound(_))), "an id cannot reach another path");
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_a_live_one_too() {
    let world = World::new();
    let request = |authorization: &str| world.raw("GET", "/v1/balance", &[("Authorization", authorization)], "").0;
    assert_eq!(request("Bearer sk_test_x"), 200);
    assert_eq!(request("Basic c2tfdGVzdF8xOg=="), 200);
    assert_eq!(request("Bearer sk_live_x"), 401);
    assert_eq!(request("nonsense"), 401);
    assert_eq!(world.raw("GET", "/v1/balance", &[], "").0, 401);
}

#[tokio::test]
async fn an_answer_that_is_not_what_was_asked_for_cannot_be_decoded() {
    let world = World::new();
    let decoded = world.stripe.send::<Transfer>(&session(NOW).prepare(), "s").await;
    assert!(matches!(decoded, Err(StripeError::Decode(_))), "{decoded:?}");
}

#[tokio::test]
async fn a_key_that_is_none_is_not_sent() {
    let world = World::new();
    for key in ["", "two words", &"k".repeat(256)] {
        let error = world.stripe.send::<Session>(&session(NOW).prepare(), key).await.unwrap_err();
        assert!(matches!(error, StripeError::Invalid(_)), "{error:?}");
    }
    assert!(world.control.counts().requests.is_empty());
}
