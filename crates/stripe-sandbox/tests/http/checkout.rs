//! The client's calls up to the sale: sessions, payment intents, charges.

use stripe_client::*;
use stripe_sandbox::Outcome;

use crate::support::{NOW, World, session};

#[tokio::test]
async fn a_session_is_created_paid_and_read_with_its_charge_and_fee() {
    let world = World::new();
    let open: Session = world.stripe.send(&session(NOW).prepare(), "s").await.unwrap();
    assert_eq!((open.status.as_deref(), open.payment_status.as_str()), (Some("open"), "unpaid"));
    assert_eq!((open.amount_total, open.currency.as_deref()), (Some(10_000), Some("eur")));
    assert_eq!((open.client_reference_id.as_deref(), open.expires_at), (Some("order-1"), NOW + 3_600));
    assert!(open.url.as_ref().unwrap().ends_with(&format!("/c/pay/{}", open.id)));
    assert!(open.payment_intent.is_none() && !open.livemode);

    let intent = world.control.pay(&open.id).unwrap();
    let paid = world.stripe.session(&open.id).await.unwrap();
    assert_eq!((paid.status.as_deref(), paid.payment_status.as_str(), &paid.url), (Some("complete"), "paid", &None));
    let payment = paid.payment_intent.as_ref().unwrap();
    assert_eq!(payment.id(), intent);
    let payment = payment.object().unwrap();
    assert_eq!((payment.status.as_str(), payment.amount_received), ("succeeded", 10_000));
    assert_eq!((payment.transfer_group.as_deref(), payment.metadata["order_id"].as_str()), (Some("order-1"), "order-1"));
    let charge = payment.latest_charge.as_ref().unwrap().object().unwrap();
    assert_eq!((charge.status.as_str(), charge.paid, charge.amount_captured), ("succeeded", true, 10_000));
    let movement = charge.balance_transaction.as_ref().unwrap().object().unwrap();
    assert_eq!((movement.amount, movement.fee, movement.net, movement.kind.as_str()), (10_000, 175, 9_825, "charge"));
    assert_eq!(movement.source.as_deref(), Some(charge.id.as_str()));

    assert_eq!(world.stripe.payment_intent(&intent).await.unwrap().latest_charge.unwrap().id(), charge.id);
    assert_eq!(world.stripe.charge(&charge.id).await.unwrap(), *charge);
    assert_eq!(world.stripe.balance_transaction(&movement.id).await.unwrap(), *movement);
}

#[tokio::test]
async fn sessions_are_found_by_the_time_they_were_created() {
    let world = World::new();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.open_session().await.id);
        world.advance(60);
    }
    ids.reverse();
    let listed = |list: &List<Session>| list.data.iter().map(|s| s.id.clone()).collect::<Vec<_>>();
    let all = world.stripe.sessions_created(NOW, NOW + 240, &Page::default()).await.unwrap();
    assert_eq!((listed(&all), all.has_more), (ids.clone(), false));
    let some = world.stripe.sessions_created(NOW + 60, NOW + 120, &Page::default()).await.unwrap();
    assert_eq!(listed(&some), ids[2..4]);
    let first = world.stripe.sessions_created(NOW, NOW + 240, &Page { limit: 2, starting_after: None }).await.unwrap();
    assert_eq!((listed(&first), first.has_more), (ids[..2].to_vec(), true));
    let rest = world.stripe.sessions_created(NOW, NOW + 240, &Page::after(&ids[1])).await.unwrap();
    assert_eq!((listed(&rest), rest.has_more), (ids[2..].to_vec(), false));
}

#[tokio::test]
async fn an_open_session_expires_when_told_and_by_itself_and_a_complete_one_does_not() {
    let world = World::new();
    let told = world.open_session().await;
    let prepared = ExpireSession { session: told.id.clone() }.prepare();
    let expired: Session = world.stripe.send(&prepared, "expire").await.unwrap();
    assert_eq!((expired.status.as_deref(), expired.url), (Some("expired"), None));

    let left = world.open_session().await;
    world.advance(3_599);
    assert_eq!(world.stripe.session(&left.id).await.unwrap().status.as_deref(), Some("open"));
    world.advance(1);
    assert_eq!(world.stripe.session(&left.id).await.unwrap().status.as_deref(), Some("expired"));
    assert!(world.control.pay(&left.id).is_err());

    let paid: Session = world.stripe.send(&session(NOW + 3_600).prepare(), "s2").await.unwrap();
    world.control.pay(&paid.id).unwrap();
    let refused = world.stripe.send::<Session>(&ExpireSession { session: paid.id.clone() }.prepare(), "expire2").await;
    assert!(matches!(refused, Err(StripeError::Rejected { status: 400, .. })), "{refused:?}");
    world.advance(7_200);
    assert_eq!(world.stripe.session(&paid.id).await.unwrap().status.as_deref(), Some("complete"));
}

#[tokio::test]
async fn a_late_payment_is_unpaid_until_it_is_decided() {
    let world = World::new();
    for (outcome, status, paid) in [(Outcome::Succeeds, "succeeded", "paid"), (Outcome::Fails, "requires_payment_method", "unpaid")] {
        let session = world.open_session().await;
        let intent = world.control.pay_later(&session.id).unwrap();
        let waiting = world.stripe.session(&session.id).await.unwrap();
        assert_eq!((waiting.status.as_deref(), waiting.payment_status.as_str()), (Some("complete"), "unpaid"));
        assert_eq!(world.stripe.payment_intent(&intent).await.unwrap().status, "processing");
        world.control.settle_async(&session.id, outcome).unwrap();
        let decided = world.stripe.session(&session.id).await.unwrap();
        assert_eq!(decided.payment_status, paid);
        assert_eq!(world.stripe.payment_intent(&intent).await.unwrap().status, status);
        assert!(world.control.settle_async(&session.id, outcome).is_err(), "decided twice");
    }
}

#[tokio::test]
async fn a_declined_card_leaves_the_session_open() {
    let world = World::new();
    let session = world.open_session().await;
    let intent = world.control.decline(&session.id).unwrap();
    let declined = world.stripe.payment_intent(&intent).await.unwrap();
    assert_eq!(declined.last_payment_error.unwrap().code.as_deref(), Some("card_declined"));
    assert_eq!(world.stripe.session(&session.id).await.unwrap().status.as_deref(), Some("open"));
    assert_eq!(world.control.pay(&session.id).unwrap(), intent, "the same payment, tried again");
    assert_eq!(world.stripe.payment_intent(&intent).await.unwrap().last_payment_error, None);
}
