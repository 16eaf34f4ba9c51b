//! The client's calls that move money after the sale: refunds, transfers, the balance.

use stripe_client::*;
use stripe_sandbox::{Exchange, Outcome};

use crate::support::{NOW, World, refund, session, transfer, unique};

#[tokio::test]
async fn refunds_are_partial_until_nothing_is_left_and_may_fail_afterwards() {
    let world = World::new();
    let intent = world.paid().await;
    let first: Refund = world.stripe.send(&refund(&intent, 3_000).prepare(), "r1").await.unwrap();
    let second: Refund = world.stripe.send(&refund(&intent, 7_000).prepare(), "r2").await.unwrap();
    assert_eq!((first.status.as_deref(), first.amount, first.currency.as_str()), (Some("succeeded"), 3_000, "eur"));
    assert_eq!(first.payment_intent.as_ref().unwrap().id(), intent);
    let third = world.stripe.send::<Refund>(&refund(&intent, 1).prepare(), "r3").await.unwrap_err();
    assert!(matches!(third, StripeError::Rejected { code: Some(ref c), .. } if c == "charge_already_refunded"), "{third:?}");
    let listed = world.stripe.refunds_of(&intent, &Page::default()).await.unwrap();
    assert_eq!(listed.data.iter().map(|r| &r.id).collect::<Vec<_>>(), [&second.id, &first.id]);
    let charge = world.stripe.charge(first.charge.unwrap().id()).await.unwrap();
    assert_eq!((charge.amount_refunded, charge.refunded), (10_000, true));
    // Stripe keeps its fee.
    assert_eq!(world.stripe.balance().await.unwrap().available[0], Funds { amount: -175, currency: "eur".into() });

    world.control.settle_refund(&first.id, Outcome::Fails).unwrap();
    let failed = world.stripe.refund(&first.id).await.unwrap();
    assert_eq!(failed.status.as_deref(), Some("failed"));
    assert_eq!(failed.failure_balance_transaction.unwrap().object().unwrap().amount, 3_000);
    assert_eq!(world.stripe.charge(&charge.id).await.unwrap().amount_refunded, 7_000);
    assert_eq!(world.stripe.balance().await.unwrap().available[0].amount, 2_825);
}

#[tokio::test]
async fn a_dispute_takes_the_money_and_a_fee_and_gives_the_money_back_if_it_is_won() {
    let world = World::new();
    let intent = world.paid().await;
    let charge = world.control.all("ch")[0]["id"].as_str().unwrap().to_owned();
    assert!(world.control.dispute(&charge, Some(10_001)).is_err() && world.control.dispute("ch_none", None).is_err());
    let id = world.control.dispute(&charge, None).unwrap();
    let open = world.stripe.dispute(&id).await.unwrap();
    assert_eq!((open.status.as_str(), open.amount, open.currency.as_str()), ("needs_response", 10_000, "eur"));
    assert_eq!((open.payment_intent.unwrap().id(), open.charge.unwrap().id()), (intent.as_str(), charge.as_str()));
    assert_eq!((open.balance_transactions[0].amount, open.balance_transactions[0].fee), (-10_000, 2_000));
    assert!(open.evidence_details.unwrap().due_by.unwrap() > NOW);
    assert!(world.stripe.charge(&charge).await.unwrap().disputed);
    assert_eq!(world.stripe.balance().await.unwrap().available[0].amount, 9_825 - 12_000);
    let refused = world.stripe.send::<Refund>(&refund(&intent, 1).prepare(), "r").await.unwrap_err();
    assert!(matches!(refused, StripeError::Rejected { code: Some(ref c), .. } if c == "charge_disputed"), "{refused:?}");
    assert!(world.control.dispute(&charge, None).is_err(), "once at a time");

    world.control.settle_dispute(&id, Outcome::Succeeds).unwrap();
    assert!(world.control.settle_dispute(&id, Outcome::Fails).is_err(), "decided once");
    let won = world.stripe.dispute(&id).await.unwrap();
    assert_eq!((won.status.as_str(), won.balance_transactions[1].amount, won.balance_transactions[1].fee), ("won", 10_000, 0));
    assert_eq!(world.stripe.balance().await.unwrap().available[0].amount, 9_825 - 2_000);
    let given: Refund = world.stripe.send(&refund(&intent, 1).prepare(), "r2").await.unwrap();
    assert_eq!(given.amount, 1, "what was won may be given back");
    assert!(matches!(world.stripe.dispute("du_none").await, Err(StripeError::NotFound(_))));
}

#[tokio::test]
async fn a_transfer_needs_an_account_that_may_receive_it_and_funds_and_can_be_reversed() {
    let world = World::new();
    let create = CreateAccount { country: "DE".into(), email: Some("coop@example.org".into()), metadata: Metadata::new() };
    let account: Account = world.stripe.send(&create.prepare(), "a").await.unwrap();
    assert!(!account.can_receive_transfers() && !account.details_submitted);
    assert!(!account.requirements.currently_due.unwrap().is_empty());
    let link = CreateAccountLink {
        account: account.id.clone(),
        refresh_url: "https://shop.example/again".into(),
        return_url: "https://shop.example/done".into(),
    };
    let link: AccountLink = world.stripe.send(&link.prepare(), "l").await.unwrap();
    assert!(link.url.contains(&account.id) && link.expires_at > NOW);

    let code = |error: StripeError| match error {
        StripeError::Rejected { code, .. } => code.unwrap_or_default(),
        other => panic!("{other:?}"),
    };
    let attempt = async |amount, key: &str| world.stripe.send::<Transfer>(&transfer(&account.id, amount).prepare(), key).await;
    assert_eq!(code(attempt(5_036, "t0").await.unwrap_err()), "insufficient_capabilities_for_transfer");
    world.control.onboard(&account.id).unwrap();
    assert!(world.stripe.account(&account.id).await.unwrap().can_receive_transfers());
    assert_eq!(code(attempt(5_036, "t1").await.unwrap_err()), "balance_insufficient");
    world.paid().await;
    let sent = attempt(5_036, "t2").await.unwrap();
    assert_eq!((sent.amount, sent.reversed, sent.destination.as_deref()), (5_036, false, Some(account.id.as_str())));
    assert_eq!(world.stripe.balance().await.unwrap().available[0].amount, 9_825 - 5_036);

    let back = CreateReversal { transfer: sent.id.clone(), amount: 36, metadata: Metadata::new() };
    let back: Reversal = world.stripe.send(&back.prepare(), "rev").await.unwrap();
    let seen = world.stripe.transfer(&sent.id).await.unwrap();
    assert_eq!((seen.amount_reversed, seen.reversed, seen.reversals.data.as_slice()), (36, false, [back].as_slice()));
    assert_eq!(world.stripe.balance().await.unwrap().available[0].amount, 9_825 - 5_000);
    let group = world.stripe.transfers_in_group("PO-1", &Page::default()).await.unwrap();
    assert_eq!(group.data.iter().map(|t| &t.id).collect::<Vec<_>>(), [&sent.id]);
    assert!(world.stripe.transfers_in_group("PO-2", &Page::default()).await.unwrap().data.is_empty());
}

#[tokio::test]
async fn balance_transactions_and_events_tell_everything_that_happened() {
    let world = World::new();
    let intent = world.paid().await;
    let account = world.account().await;
    world.stripe.send::<Refund>(&refund(&intent, 1_000).prepare(), "r").await.unwrap();
    world.stripe.send::<Transfer>(&transfer(&account, 2_000).prepare(), "t").await.unwrap();
    let movements = world.stripe.balance_transactions(NOW, NOW, &Page::default()).await.unwrap().data;
    let seen: Vec<_> = movements.iter().map(|m| (m.kind.as_str(), m.net)).collect();
    assert_eq!(seen, [("transfer", -2_000), ("refund", -1_000), ("charge", 9_825)]);
    assert_eq!(world.stripe.balance().await.unwrap().available[0].amount, movements.iter().map(|m| m.net).sum::<i64>());
    assert!(world.stripe.balance_transactions(NOW + 1, NOW + 2, &Page::default()).await.unwrap().data.is_empty());

    let events = world.stripe.events_since(NOW, &Page::default()).await.unwrap().data;
    let kinds: Vec<_> = events.iter().rev().map(|event| event.kind.as_str()).collect();
    let expected = [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "account.updated",
        "refund.created",
        "charge.refunded",
        "transfer.created",
    ];
    assert_eq!(kinds, expected);
    let refunded = &events[1];
    assert_eq!(world.stripe.event(&refunded.id).await.unwrap(), *refunded);
    assert_eq!(refunded.data.object["amount_refunded"], 1_000);
    assert!(refunded.object_id().unwrap().starts_with("ch_"));
}

#[tokio::test]
async fn a_charge_in_another_currency_is_settled_at_its_rate_and_becomes_available_in_time() {
    let world = World::with(|config| {
        config.exchange.push(Exchange { from: "eur".into(), to: "usd".into(), rate_micros: 1_100_000 });
        config.available_after_seconds = 3_600;
    });
    let intent = world.stripe.payment_intent(&world.paid().await).await.unwrap();
    let charge = intent.latest_charge.as_ref().unwrap().object().unwrap();
    let movement = charge.balance_transaction.as_ref().unwrap().object().unwrap();
    assert_eq!((movement.amount, movement.fee, movement.currency.as_str()), (11_000, 190, "usd"));
    assert_eq!(movement.exchange_rate.as_ref().map(ToString::to_string).as_deref(), Some("1.1"));
    assert_eq!((movement.status.as_str(), movement.available_on), ("pending", NOW + 3_600));
    let funds = |amount| vec![Funds { amount, currency: "usd".into() }];
    assert_eq!(world.stripe.balance().await.unwrap().pending, funds(10_810));
    world.advance(3_600);
    let balance = world.stripe.balance().await.unwrap();
    assert_eq!((balance.available, balance.pending), (funds(10_810), funds(0)));
    let session: Session = world.stripe.send(&session(NOW + 3_600).prepare(), &unique("s")).await.unwrap();
    assert_eq!(session.currency.as_deref(), Some("eur"));
}
