//! What Stripe's own tools ask for: payments by request, test cards, prices, pages confirmed by request, disputes with their evidence.

use serde_json::Value;
use stripe_client::*;
use stripe_sandbox::Outcome;

use crate::support::{NOW, World, session};

const INTENT: &str = "amount=2000&currency=usd&payment_method_types[]=card&confirm=true&payment_method=";

fn ok(world: &World, path: &str, body: &str) -> Value {
    let (status, answer) = world.raw_json("POST", path, body);
    assert_eq!(status, 200, "{path} {body}: {answer}");
    answer
}
fn refused(world: &World, path: &str, body: &str) -> (u16, String) {
    let (status, answer) = world.raw_json("POST", path, body);
    assert_ne!(status, 200, "{path} {body}: {answer}");
    let error = &answer["error"];
    (status, error["code"].as_str().or(error["message"].as_str()).unwrap_or_default().to_owned())
}
fn kinds(world: &World) -> Vec<String> {
    world.control.all("evt").iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_payment_by_request_is_what_its_test_card_is_for() {
    let world = World::new();
    let paid = ok(&world, "/v1/payment_intents", &format!("{INTENT}pm_card_visa&metadata[a]=b"));
    assert_eq!((&paid["status"], &paid["amount_received"]), (&"succeeded".into(), &2000.into()));
    assert!(paid["payment_method"].as_str().unwrap().starts_with("pm_"), "a method of its own, not the test card's name");
    let (status, declined) = world.raw_json("POST", "/v1/payment_intents", &format!("{INTENT}pm_card_chargeDeclined"));
    assert_eq!((status, &declined["error"]["type"], &declined["error"]["decline_code"]), (402, &"card_error".into(), &"generic_decline".into()));
    let tried = declined["error"]["payment_intent"]["id"].as_str().unwrap();
    let again = ok(&world, &format!("/v1/payment_intents/{tried}/confirm"), "payment_method=pm_card_mastercard");
    assert_eq!(again["status"], "succeeded", "the same payment with another card");
    assert_eq!(refused(&world, &format!("/v1/payment_intents/{tried}/confirm"), "payment_method=pm_card_visa").0, 400);
    let waiting = ok(&world, "/v1/payment_intents", "amount=2000&currency=usd");
    assert_eq!((&waiting["status"], world.control.all("ch").len()), (&"requires_payment_method".into(), 3));
    for (body, code) in [
        ("amount=2000&currency=usd&confirm=true", "payment_intent_unexpected_state"),
        ("amount=2000&currency=usd&confirm=true&payment_method=pm_card_nobodys", "resource_missing"),
        ("amount=49&currency=usd", "amount_too_small"),
        ("amount=2000&currency=usd&capture_method=manual", "parameter_unknown"),
    ] {
        assert_eq!(refused(&world, "/v1/payment_intents", body).1, code, "{body}");
    }
}

#[tokio::test]
async fn a_page_of_prices_is_confirmed_by_request_with_a_card_or_a_debit() {
    let world = World::new();
    let product = ok(&world, "/v1/products", "name=Scarf");
    let price = |currency: &str| {
        ok(&world, "/v1/prices", &format!("product={}&unit_amount=1500&currency={currency}", product["id"].as_str().unwrap()))["id"].clone()
    };
    let page = |price: &Value| {
        let lines = format!("line_items[0][price]={}&line_items[0][quantity]=2", price.as_str().unwrap());
        ok(&world, "/v1/checkout/sessions", &format!("mode=payment&success_url=https://shop.example&{lines}"))["id"].as_str().unwrap().to_owned()
    };
    let (card, arrives, fails) = ("type=card&card[token]=tok_visa", "AT611904300234573201", "AT861904300235473202");
    let debit = |iban: &str| format!("type=sepa_debit&sepa_debit[iban]={iban}&billing_details[email]=b%40example.org&billing_details[name]=B");
    for (method, currency, status, told) in [
        (card.to_owned(), "usd", "paid", "checkout.session.completed"),
        (debit(arrives), "eur", "paid", "checkout.session.async_payment_succeeded"),
        (debit(fails), "eur", "unpaid", "checkout.session.async_payment_failed"),
    ] {
        let session = page(&price(currency));
        let method = ok(&world, "/v1/payment_methods", &method)["id"].as_str().unwrap().to_owned();
        let confirm = format!("/v1/payment_pages/{session}/confirm");
        assert!(refused(&world, &confirm, &format!("payment_method={method}&expected_amount=1")).1.contains("another amount"));
        ok(&world, &confirm, &format!("payment_method={method}&expected_amount=3000"));
        assert_eq!(world.stripe.session(&session).await.unwrap().payment_status, status);
        assert!(kinds(&world).iter().any(|kind| kind == told), "{told}");
        assert!(refused(&world, &confirm, &format!("payment_method={method}")).1.contains("no longer open"));
    }
    assert_eq!(refused(&world, "/v1/payment_methods", &debit("DE00123")).1, "invalid_bank_account_iban");
    assert_eq!(refused(&world, "/v1/prices", "product=prod_none&unit_amount=1&currency=eur").1, "resource_missing");
}

/// A disputed payment of 20.00; its dispute.
fn disputed(world: &World, card: &str) -> String {
    ok(world, "/v1/payment_intents", &format!("{INTENT}{card}"));
    world.control.all("du").last().unwrap()["id"].as_str().unwrap().to_owned()
}
fn evidence(dispute: &str, fields: &[(&str, &str)], submit: bool) -> Prepared {
    let fields = fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    UpdateDispute { dispute: dispute.to_owned(), evidence: fields, submit }.prepare()
}

#[tokio::test]
async fn evidence_is_a_draft_until_it_is_submitted_and_then_final() {
    let world = World::new();
    let id = disputed(&world, "pm_card_createDispute");
    let send = async |fields: &[(&str, &str)], submit, key: &str| world.stripe.send::<Dispute>(&evidence(&id, fields, submit), key).await;
    let draft = send(&[("shipping_carrier", "India Post"), ("shipping_tracking_number", "RX1")], false, "a").await.unwrap();
    let details = draft.evidence_details.unwrap();
    assert_eq!((draft.status.as_str(), details.has_evidence, details.submission_count), ("needs_response", true, 0));
    // Written by hand: the client is held to what Stripe's document allows.
    let at = format!("/v1/disputes/{id}");
    let long = format!("evidence[uncategorized_text]={}&submit=false", "x".repeat(20_001));
    assert_eq!(refused(&world, &at, &long).1, "parameter_invalid_string_length");
    assert_eq!(refused(&world, &at, "evidence[colour]=blue").1, "parameter_unknown");
    assert!(matches!(send(&[("receipt", "file_1")], false, "c").await, Err(StripeError::NotFound(_))), "the sandbox takes no files");
    let sent = send(&[("uncategorized_text", "It was delivered.")], true, "e").await.unwrap();
    let details = sent.evidence_details.unwrap();
    assert_eq!((sent.status.as_str(), details.submission_count), ("under_review", 1));
    let (_, seen) = world.raw_json("GET", &format!("/v1/disputes/{id}"), "");
    assert_eq!(seen["evidence"]["shipping_tracking_number"], "RX1", "the draft is part of it");
    assert!(matches!(send(&[("uncategorized_text", "More.")], true, "f").await, Err(StripeError::Rejected { status: 400, .. })));
    world.control.settle_dispute(&id, Outcome::Succeeds).unwrap();
    assert_eq!(world.stripe.dispute(&id).await.unwrap().status, "won");

    let late = disputed(&world, "pm_card_createDispute");
    world.advance(18 * 24 * 3600);
    assert_eq!(world.raw_json("GET", &format!("/v1/disputes/{late}"), "").1["evidence_details"]["past_due"], true);
    let refused = world.stripe.send::<Dispute>(&evidence(&late, &[("uncategorized_text", "x")], true), "g").await;
    assert!(matches!(refused, Err(StripeError::Rejected { status: 400, .. })), "{refused:?}");
}

#[tokio::test]
async fn an_inquiry_takes_nothing_until_it_becomes_a_dispute() {
    let world = World::new();
    let id = disputed(&world, "pm_card_createDisputeInquiry");
    let asked = world.stripe.dispute(&id).await.unwrap();
    assert_eq!((asked.status.as_str(), asked.balance_transactions.len()), ("warning_needs_response", 0));
    let answered: Dispute = world.stripe.send(&evidence(&id, &[("uncategorized_text", "It is on its way.")], true), "a").await.unwrap();
    assert_eq!(answered.status, "warning_under_review");
    assert!(world.control.settle_dispute(&id, Outcome::Fails).is_err(), "what was only asked about is not lost");
    world.control.escalate_dispute(&id).unwrap();
    let taken = world.stripe.dispute(&id).await.unwrap();
    assert_eq!((taken.status.as_str(), taken.balance_transactions[0].net), ("needs_response", -4000));
    assert!(world.control.escalate_dispute(&id).is_err());
    let other = disputed(&world, "pm_card_createDisputeInquiry");
    assert_eq!(ok(&world, &format!("/v1/disputes/{other}/close"), "")["status"], "warning_closed");
    assert!(world.raw_json("POST", &format!("/v1/disputes/{other}/close"), "").0 == 400, "closed once");
}

#[tokio::test]
async fn what_is_prevented_takes_the_money_and_no_fee_and_waits_for_nothing() {
    let world = World::new();
    world.paid().await;
    let charge = world.control.all("ch")[0]["id"].as_str().unwrap().to_owned();
    let id = world.control.prevent_dispute(&charge).unwrap();
    let seen = world.stripe.dispute(&id).await.unwrap();
    assert_eq!((seen.status.as_str(), seen.balance_transactions[0].net), ("prevented", -10_000));
    assert!(world.control.settle_dispute(&id, Outcome::Succeeds).is_err());
    let refused = world.stripe.send::<Dispute>(&evidence(&id, &[("uncategorized_text", "x")], true), "a").await;
    assert!(matches!(refused, Err(StripeError::Rejected { status: 400, .. })));
}

#[tokio::test]
async fn all_reversals_of_a_transfer_are_listed_with_what_they_moved() {
    let world = World::new();
    world.paid().await;
    let account = world.account().await;
    let sent: Transfer = world.stripe.send(&crate::support::transfer(&account, 5_000).prepare(), "t").await.unwrap();
    for n in 0..12 {
        let back = CreateReversal { transfer: sent.id.clone(), amount: 10, metadata: Metadata::new() };
        world.stripe.send::<Reversal>(&back.prepare(), &format!("r{n}")).await.unwrap();
    }
    let first = world.stripe.reversals_of(&sent.id, &Page { limit: 7, starting_after: None }).await.unwrap();
    let rest = world.stripe.reversals_of(&sent.id, &Page::after(&first.data[6].id)).await.unwrap();
    assert_eq!((first.data.len(), first.has_more, rest.data.len(), rest.has_more), (7, true, 5, false));
    assert_eq!(rest.data[0].balance_transaction.as_ref().unwrap().object().unwrap().net, 10);
    assert_eq!(world.stripe.transfer(&sent.id).await.unwrap().reversals.data.len(), 10, "the transfer itself shows ten");
}

#[tokio::test]
async fn a_session_with_everything_the_client_can_ask_for_fits() {
    let world = World::new();
    let made: Session = world.stripe.send(&session(NOW).prepare(), "s").await.unwrap();
    assert_eq!(world.stripe.sessions_of("pi_none").await.unwrap().data, []);
    world.control.pay(&made.id).unwrap();
    let intent = world.stripe.session(&made.id).await.unwrap().payment_intent.unwrap().id().to_owned();
    assert_eq!(world.stripe.sessions_of(&intent).await.unwrap().data[0].id, made.id);
}
