//! Faults in answering, each beside what happens without it.

use stripe_client::*;
use stripe_sandbox::{FaultKind, Operation, Outcome};

use crate::support::{NOW, World, refund, session, transfer};

/// Whether the outcome was reported as not known.
fn unknown<T>(result: Result<T, StripeError>) -> bool {
    matches!(result, Err(StripeError::Unknown(_)))
}

#[tokio::test]
async fn a_connection_lost_after_the_commit_hides_a_payment_that_the_replay_finds() {
    let world = World::new();
    let prepared = session(NOW).prepare();
    world.fault(Operation::CreateSession, FaultKind::DropAfter);
    assert!(unknown(world.stripe.send::<Session>(&prepared, "k").await));
    let made = world.control.all("cs");
    assert_eq!(made.len(), 1);
    let found: Session = world.stripe.send(&prepared, "k").await.unwrap();
    assert_eq!(found.id, made[0]["id"]);
    assert_eq!(world.control.all("cs").len(), 1);
}

#[tokio::test]
async fn a_connection_lost_before_leaves_nothing() {
    let world = World::new();
    let prepared = session(NOW).prepare();
    world.fault(Operation::CreateSession, FaultKind::DropBefore);
    assert!(unknown(world.stripe.send::<Session>(&prepared, "k").await));
    assert!(world.control.all("cs").is_empty());
    assert!(world.stripe.send::<Session>(&prepared, "k").await.is_ok());
}

#[tokio::test]
async fn a_server_error_is_kept_under_the_key_whether_or_not_the_work_was_done() {
    let world = World::new();
    let account = world.account().await;
    world.paid().await;
    for (kind, done) in [(FaultKind::ServerErrorAfter, 1), (FaultKind::ServerErrorBefore, 0)] {
        let before = world.control.all("tr").len();
        let (prepared, key) = (transfer(&account, 100).prepare(), format!("{kind:?}"));
        world.fault(Operation::CreateTransfer, kind);
        assert!(unknown(world.stripe.send::<Transfer>(&prepared, &key).await));
        assert!(unknown(world.stripe.send::<Transfer>(&prepared, &key).await), "replayed");
        assert_eq!(world.control.all("tr").len() - before, done);
        let looked_up = world.stripe.transfers_in_group("PO-1", &Page::default()).await.unwrap();
        assert_eq!(looked_up.data.len() - before, done, "what a caller can still find out");
    }
}

#[tokio::test]
async fn a_limited_or_refused_request_does_nothing() {
    let world = World::new();
    let intent = world.paid().await;
    let prepared = refund(&intent, 100).prepare();
    world.fault(Operation::CreateRefund, FaultKind::RateLimited { retry_after_seconds: 1 });
    assert!(matches!(world.stripe.send::<Refund>(&prepared, "k").await, Err(StripeError::RateLimited { .. })));
    assert!(world.control.all("re").is_empty());
    assert!(world.stripe.send::<Refund>(&prepared, "k").await.is_ok(), "the key was not used up");

    let refusal = FaultKind::Refused { status: 400, code: "x".into(), message: "no".into() };
    world.fault(Operation::CreateRefund, refusal);
    let refused = |result| matches!(result, Err(StripeError::Rejected { status: 400, .. }));
    assert!(refused(world.stripe.send::<Refund>(&prepared, "k2").await));
    assert!(refused(world.stripe.send::<Refund>(&prepared, "k2").await), "kept");
    assert_eq!(world.control.all("re").len(), 1);
}

#[tokio::test]
async fn a_held_answer_waits_while_the_buyer_already_pays() {
    let world = World::new();
    world.fault(Operation::CreateSession, FaultKind::Hold);
    let stripe = world.stripe.clone();
    let creating = tokio::spawn(async move { stripe.send::<Session>(&session(NOW).prepare(), "k").await });
    while world.control.counts().held == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let id = world.control.all("cs")[0]["id"].as_str().unwrap().to_owned();
    world.control.pay(&id).unwrap();
    assert!(!creating.is_finished());
    world.control.release_held();
    assert_eq!(creating.await.unwrap().unwrap().status.as_deref(), Some("open"), "the answer is as old as the commit");
    assert_eq!(world.stripe.session(&id).await.unwrap().payment_status, "paid");
}

#[tokio::test]
async fn a_late_balance_transaction_is_null_until_it_is_settled() {
    let world = World::new();
    world.control.delay_balance_transactions(1);
    let late = world.stripe.payment_intent(&world.paid().await).await.unwrap().latest_charge.unwrap();
    assert_eq!(late.object().unwrap().balance_transaction, None);
    let prompt = world.stripe.payment_intent(&world.paid().await).await.unwrap().latest_charge.unwrap();
    assert!(prompt.object().unwrap().balance_transaction.is_some(), "without the fault");
    assert_eq!(world.stripe.balance().await.unwrap().available[0].amount, 9_825);

    assert_eq!(world.control.settle_balance_transactions(), [late.id()]);
    assert!(world.stripe.charge(late.id()).await.unwrap().balance_transaction.is_some());
    assert_eq!(world.stripe.balance().await.unwrap().available[0].amount, 2 * 9_825);
    let newest = &world.stripe.events_since(NOW, &Page::default()).await.unwrap().data[0];
    assert_eq!((newest.kind.as_str(), newest.object_id()), ("charge.updated", Some(late.id())));
}

#[tokio::test]
async fn a_pending_refund_is_decided_later() {
    let world = World::new();
    let intent = world.paid().await;
    for (outcome, status) in [(Outcome::Succeeds, "succeeded"), (Outcome::Fails, "failed")] {
        world.fault(Operation::CreateRefund, FaultKind::RefundPending);
        let key = format!("{outcome:?}");
        let pending: Refund = world.stripe.send(&refund(&intent, 100).prepare(), &key).await.unwrap();
        assert_eq!(pending.status.as_deref(), Some("pending"));
        world.control.settle_refund(&pending.id, outcome).unwrap();
        assert_eq!(world.stripe.refund(&pending.id).await.unwrap().status.as_deref(), Some(status));
    }
}

#[tokio::test]
async fn faults_can_be_asked_for_over_http() {
    let world = World::new();
    let ask = |method: &str, path: &str, body: &str| world.raw(method, path, &[("Content-Type", "application/json")], body).0;
    let fault = r#"{"operations":[{"operation":"retrieve_balance","kind":"drop_before"}]}"#;
    assert_eq!(ask("POST", "/sandbox/faults", fault), 204);
    assert!(unknown(world.stripe.balance().await));
    assert_eq!(ask("POST", "/sandbox/faults", fault), 204);
    assert_eq!(ask("DELETE", "/sandbox/faults", ""), 204);
    assert!(world.stripe.balance().await.is_ok());
    assert_eq!(ask("POST", "/sandbox/faults", r#"{"operations":[{"operation":"x","kind":"hold"}]}"#), 400);
    assert_eq!(ask("POST", "/sandbox/release", ""), 200);
    assert_eq!(ask("GET", "/sandbox/counts", ""), 200);
}
