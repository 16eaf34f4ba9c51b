//! Webhooks: signed, retried, and disturbed on demand.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use stripe_client::{Refund, SIGNATURE_TOLERANCE_SECONDS, verify_signature};
use stripe_sandbox::{FaultKind, Operation, Order, WebhookFault, WebhookFaultKind};

use crate::support::{NOW, Receiver, SECRET, World, refund};

const OF_A_PAYMENT: [&str; 4] = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"];

fn world_with_receiver() -> (World, Receiver) {
    let (world, receiver) = (World::new(), Receiver::start());
    world.control.set_webhook_url(Some(&receiver.url));
    (world, receiver)
}

fn disturb(world: &World, event: &str, kind: WebhookFaultKind, times: u32) {
    world.control.webhook_fault(WebhookFault { event: event.to_owned(), kind, times });
}

#[tokio::test]
async fn a_payment_is_told_of_with_signatures_that_the_client_believes() {
    let (world, receiver) = world_with_receiver();
    world.paid().await;
    world.control.webhooks_settled().await;
    assert_eq!(receiver.kinds(), OF_A_PAYMENT);
    for webhook in receiver.taken() {
        let check = |body: &[u8], secret| verify_signature(body, &webhook.signature, &[secret], NOW, SIGNATURE_TOLERANCE_SECONDS);
        assert_eq!(check(&webhook.body, SECRET), Ok(()));
        assert!(check(&webhook.body, "whsec_other").is_err());
        assert!(check(&webhook.body[1..], SECRET).is_err());
    }
    assert!(world.control.all("evt").iter().all(|event| event["pending_webhooks"] == 0));
}

#[tokio::test]
async fn what_the_receiver_does_not_take_is_sent_again() {
    let (world, receiver) = world_with_receiver();
    receiver.status.store(500, Ordering::SeqCst);
    world.paid().await;
    while receiver.taken().len() < OF_A_PAYMENT.len() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(world.control.counts().webhooks_taken, 0);
    receiver.status.store(200, Ordering::SeqCst);
    world.control.webhooks_settled().await;
    assert_eq!(world.control.counts().webhooks_taken, 4);
    assert!(receiver.taken().len() >= 8);
}

#[tokio::test]
async fn an_early_webhook_arrives_before_the_answer_and_an_ordinary_one_after_it() {
    let (world, receiver) = world_with_receiver();
    let intent = world.paid().await;
    world.control.webhooks_settled().await;
    for early in [true, false] {
        let before = receiver.taken().len();
        if early {
            world.fault(Operation::CreateRefund, FaultKind::WebhookEarly);
        }
        world.stripe.send::<Refund>(&refund(&intent, 100).prepare(), &format!("{early}")).await.unwrap();
        let answered = Instant::now();
        world.control.webhooks_settled().await;
        let told = receiver.taken();
        assert_eq!(told[before..].iter().map(|w| w.event().kind).collect::<Vec<_>>(), ["refund.created", "charge.refunded"]);
        assert!(told[before..].iter().all(|webhook| (webhook.at < answered) == early), "early: {early}");
    }
}

#[tokio::test]
async fn a_webhook_can_be_doubled_and_late() {
    let (world, receiver) = world_with_receiver();
    disturb(&world, "checkout.session.completed", WebhookFaultKind::Doubled, 1);
    disturb(&world, "charge.succeeded", WebhookFaultKind::Late { milliseconds: 150 }, 1);
    let started = Instant::now();
    world.paid().await;
    world.control.webhooks_settled().await;
    let taken = receiver.taken();
    assert_eq!(taken.len(), 5);
    assert_eq!(taken[3].event().id, taken[4].event().id);
    assert!(taken[1].at - started >= Duration::from_millis(150));
    world.paid().await;
    world.control.webhooks_settled().await;
    assert_eq!(receiver.kinds()[5..], OF_A_PAYMENT, "the faults are used up");
}

#[tokio::test]
async fn webhooks_can_be_shuffled() {
    let (world, receiver) = world_with_receiver();
    disturb(&world, "checkout.session.completed", WebhookFaultKind::Shuffled { seed: 7 }, 1);
    world.paid().await;
    world.control.webhooks_settled().await;
    let mut kinds = receiver.kinds();
    assert_ne!(kinds, OF_A_PAYMENT);
    kinds.sort();
    let mut all = OF_A_PAYMENT.to_vec();
    all.sort();
    assert_eq!(kinds, all, "none is lost");
}

#[tokio::test]
async fn webhooks_can_be_withheld_and_released_in_another_order() {
    let (world, receiver) = world_with_receiver();
    disturb(&world, "*", WebhookFaultKind::Withheld, 4);
    world.paid().await;
    world.control.webhooks_settled().await;
    assert!(receiver.taken().is_empty());
    assert_eq!(world.control.deliver_withheld(Order::Reversed), 4);
    world.control.webhooks_settled().await;
    assert_eq!(receiver.kinds(), OF_A_PAYMENT.iter().rev().copied().collect::<Vec<_>>());
    assert_eq!(world.control.deliver_withheld(Order::AsCreated), 0);
}

#[tokio::test]
async fn an_event_can_be_delivered_many_times_at_once() {
    let (world, receiver) = world_with_receiver();
    world.paid().await;
    world.control.webhooks_settled().await;
    let event = receiver.taken()[3].event();
    world.control.redeliver(&event.id, 5);
    world.control.webhooks_settled().await;
    assert_eq!(receiver.taken().iter().filter(|webhook| webhook.event().id == event.id).count(), 6);
}

#[tokio::test]
async fn without_an_address_nothing_is_sent() {
    let world = World::new();
    world.paid().await;
    world.control.webhooks_settled().await;
    assert_eq!(world.control.counts().webhooks_sent, 0);
    assert_eq!(world.control.all("evt").len(), 4);
}
