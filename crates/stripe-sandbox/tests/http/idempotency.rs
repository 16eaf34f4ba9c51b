//! Keys: the first result is given again; other parameters are refused; what was never begun leaves the key free.

use stripe_client::*;
use stripe_sandbox::{FaultKind, Operation};

use crate::support::{KEY, NOW, World, refund, session, transfer};

#[tokio::test]
async fn the_same_bytes_under_the_same_key_are_one_payment() {
    let world = World::new();
    let stored = serde_json::to_string(&session(NOW).prepare()).unwrap();
    let prepared: Prepared = serde_json::from_str(&stored).unwrap();
    let first: Session = world.stripe.send(&prepared, "op-1").await.unwrap();
    world.advance(3_000);
    let again: Session = world.stripe.send(&prepared, "op-1").await.unwrap();
    assert_eq!(first, again);
    assert_eq!((world.control.all("cs").len(), world.control.counts().replays), (1, 1));
    let other: Session = world.stripe.send(&session(NOW + 3_000).prepare(), "op-2").await.unwrap();
    assert_ne!(other.id, first.id, "another key is another payment");
}

#[tokio::test]
async fn a_replay_says_so_and_has_the_same_bytes() {
    let world = World::new();
    let account = world.account().await;
    world.paid().await;
    let body = transfer(&account, 100).prepare().body;
    let headers = [("Authorization", &*format!("Bearer {KEY}")), ("Idempotency-Key", "k")];
    let (status, head, first) = world.raw("POST", "/v1/transfers", &headers, &body);
    assert!(status == 200 && !head.contains("idempotent-replayed"), "{head}");
    let (status, head, again) = world.raw("POST", "/v1/transfers", &headers, &body);
    assert!(status == 200 && head.contains("idempotent-replayed: true"), "{head}");
    assert_eq!(first, again);
    assert_eq!(world.control.all("tr").len(), 1);
}

#[tokio::test]
async fn other_parameters_or_another_path_are_refused() {
    let world = World::new();
    let intent = world.paid().await;
    world.stripe.send::<Refund>(&refund(&intent, 100).prepare(), "k").await.unwrap();
    let changed = world.stripe.send::<Refund>(&refund(&intent, 101).prepare(), "k").await;
    assert!(matches!(changed, Err(StripeError::KeyReused(_))), "{changed:?}");
    let elsewhere = world.stripe.send::<Session>(&session(NOW).prepare(), "k").await;
    assert!(matches!(elsewhere, Err(StripeError::KeyReused(_))), "{elsewhere:?}");
    assert_eq!(world.control.all("re").len(), 1);
}

#[tokio::test]
async fn a_refusal_is_kept_once_execution_began_and_not_when_validation_failed() {
    let world = World::new();
    let account = world.account().await;
    let prepared = transfer(&account, 100).prepare();
    let rejected = |result: Result<Transfer, StripeError>| matches!(result, Err(StripeError::Rejected { .. }));
    assert!(rejected(world.stripe.send(&prepared, "no-funds").await));
    world.control.top_up(1_000, "eur");
    assert!(rejected(world.stripe.send(&prepared, "no-funds").await), "the first answer is the answer");
    assert!(world.stripe.send::<Transfer>(&prepared, "funds").await.is_ok());

    let late = CreateSession { expires_at: NOW + 60, ..session(NOW) };
    assert!(world.stripe.send::<Session>(&late.prepare(), "s").await.is_err());
    assert!(world.stripe.send::<Session>(&session(NOW).prepare(), "s").await.is_ok(), "the key was never used");
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let world = World::new();
    let intent = world.paid().await;
    let prepared = refund(&intent, 100).prepare();
    let first: Refund = world.stripe.send(&prepared, "k").await.unwrap();
    world.advance(24 * 3_600 - 1);
    assert_eq!(world.stripe.send::<Refund>(&prepared, "k").await.unwrap().id, first.id);
    world.advance(1);
    assert_ne!(world.stripe.send::<Refund>(&prepared, "k").await.unwrap().id, first.id);
}

#[tokio::test]
async fn a_key_whose_answer_is_under_way_is_locked() {
    let world = World::new();
    world.fault(Operation::CreateSession, FaultKind::Hold);
    let prepared = session(NOW).prepare();
    let (stripe, bytes) = (world.stripe.clone(), prepared.clone());
    let first = tokio::spawn(async move { stripe.send::<Session>(&bytes, "k").await });
    while world.control.counts().held == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let second = world.stripe.send::<Session>(&prepared, "k").await;
    assert!(matches!(second, Err(StripeError::Unknown(_))), "{second:?}");
    assert_eq!(world.control.release_held(), 1);
    let first = first.await.unwrap().unwrap();
    assert_eq!(world.stripe.send::<Session>(&prepared, "k").await.unwrap().id, first.id);
}
