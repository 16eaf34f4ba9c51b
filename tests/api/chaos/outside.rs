//! What the outside world does: banks that take back, refunds that fail, a dashboard that somebody uses, news that is lost, doubled,
//! shuffled and late, and answers that never arrive.
use serde_json::json;
use stripe_sandbox::{Order, Outcome};

use super::town::Town;
use crate::support::dice::Dice;

pub fn dispute(town: &Town, dice: &mut Dice) {
    let Some((_, charge)) = town.any_order(dice).and_then(|order| town.payment_of(&order.session)) else { return };
    let amount = if dice.one_in(3) { Some(100) } else { None };
    // A bank asks first, or takes it at once, or it is settled before anybody is asked.
    let begun = match dice.below(8) {
        0 | 1 => town.control.inquire(&charge),
        2 => town.control.prevent_dispute(&charge),
        _ => town.control.dispute(&charge, amount),
    };
    if let Ok(dispute) = begun {
        town.disputes.borrow_mut().push(dispute);
        town.did();
    }
}

pub fn decide_dispute(town: &Town, dice: &mut Dice) {
    let Some(dispute) = dice.of(&town.disputes.borrow()).cloned() else { return };
    let decided = if dice.one_in(4) { town.control.escalate_dispute(&dispute) } else { town.control.settle_dispute(&dispute, outcome(dice)) };
    if decided.is_ok() {
        town.did();
    }
}
fn outcome(dice: &mut Dice) -> Outcome {
    if dice.one_in(2) { Outcome::Succeeds } else { Outcome::Fails }
}

/// A refund that was pending is decided, or one that succeeded fails after all.
pub fn decide_refund(town: &Town, dice: &mut Dice) {
    let all = town.control.all("re");
    let Some(refund) = dice.of(&all) else { return };
    let outcome = if refund["status"] == "pending" { outcome(dice) } else { Outcome::Fails };
    if town.control.settle_refund(refund["id"].as_str().unwrap(), outcome).is_ok() {
        town.did();
    }
}

/// Somebody charges a card, or takes back a little of a transfer, with our key and by another program.
async fn by_another_program(town: &Town, dice: &mut Dice) {
    if dice.one_in(2) {
        let form = format!("amount={}&currency=eur&payment_method_types[]=card&payment_method=pm_card_visa&confirm=true", 100 + dice.below(5000));
        town.at_the_provider("/v1/payment_intents", &form).await;
    } else if let Some(transfer) = dice.of(&town.control.all("tr")) {
        let form = format!("amount={}", 1 + dice.below(20));
        town.at_the_provider(&format!("/v1/transfers/{}/reversals", transfer["id"].as_str().unwrap()), &form).await;
    }
}

/// Somebody refunds a little, or all that is left, where nobody here sees it.
pub async fn at_the_dashboard(town: &Town, dice: &mut Dice) {
    if dice.one_in(3) {
        by_another_program(town, dice).await;
        return town.did();
    }
    let Some((intent, _)) = town.any_order(dice).and_then(|order| town.payment_of(&order.session)) else { return };
    let form = if dice.one_in(3) { format!("payment_intent={intent}") } else { format!("payment_intent={intent}&amount={}", 50 + dice.below(200)) };
    town.at_the_provider("/v1/refunds", &form).await;
    town.did();
}

/// News comes again, out of any order, up to three times at once.
pub fn tell_again(town: &Town, dice: &mut Dice) {
    if town.events.borrow().is_empty() || dice.one_in(100) {
        let ids = town.control.all("evt").iter().rev().take(2000).filter_map(|event| event["id"].as_str().map(ToOwned::to_owned)).collect();
        *town.events.borrow_mut() = ids;
    }
    let Some(event) = dice.of(&town.events.borrow()).cloned() else { return };
    town.control.redeliver(&event, 1 + dice.below(3));
    town.did();
}

/// What was withheld is told in another order, or never (the sweep has to find it).
pub fn tell_withheld(town: &Town, dice: &mut Dice) {
    let order = if dice.one_in(2) { Order::Reversed } else { Order::Shuffled { seed: dice.roll() } };
    town.control.deliver_withheld(order);
    town.did();
}

pub fn disturb_news(town: &Town, dice: &mut Dice) {
    let kind = match dice.below(4) {
        0 => json!("doubled"),
        1 => json!({"shuffled": {"seed": dice.roll()}}),
        2 => json!({"late": {"milliseconds": 20 + dice.below(800)}}),
        _ => json!("withheld"),
    };
    let fault = json!({"event": "*", "kind": kind, "times": 1 + dice.below(4)});
    town.control.webhook_fault(serde_json::from_value(fault).unwrap());
    town.did();
}

const ASKED: [&str; 7] =
    ["create_session", "create_session", "create_refund", "create_transfer", "retrieve_session", "expire_session", "update_dispute"];

pub fn disturb_answers(town: &Town, dice: &mut Dice) {
    let operation = *dice.of(&ASKED).unwrap();
    let kind = match dice.below(7) {
        0 => json!("drop_before"),
        1 | 2 => json!("drop_after"),
        3 => json!("server_error_before"),
        4 => json!("server_error_after"),
        5 => json!({"rate_limited": {"retry_after_seconds": 1}}),
        _ => json!({"delay": {"milliseconds": 20 + dice.below(300)}}),
    };
    if operation == "create_refund" && dice.one_in(4) {
        town.fault(operation, json!("refund_pending"));
    }
    town.fault(operation, kind);
    town.did();
}

pub fn settle_balances(town: &Town) {
    town.control.settle_balance_transactions();
    town.did();
}

/// Everything outside comes to its end: nothing stays undecided, and what was withheld is lost.
pub fn come_to_rest(town: &Town, dice: &mut Dice) {
    town.control.clear_faults();
    for session in town.control.all("cs") {
        town.control.settle_async(session["id"].as_str().unwrap(), outcome(dice)).ok();
    }
    for dispute in town.disputes.borrow().iter() {
        // What was only asked about is let go; the others are decided.
        if town.control.settle_dispute(dispute, outcome(dice)).is_err() {
            town.control.settle_dispute(dispute, Outcome::Succeeds).ok();
        }
    }
    for refund in town.control.all("re").iter().filter(|refund| refund["status"] == "pending") {
        town.control.settle_refund(refund["id"].as_str().unwrap(), outcome(dice)).ok();
    }
    town.control.settle_balance_transactions();
}
