//! Buyers: they fill carts, open pages, and then pay, wait, leave, come back or change their minds.
use std::rc::Rc;

use serde_json::{Value, json};
use stripe_sandbox::Outcome;

use super::town::{Ask, Order, Town};
use crate::support::{
    builders::{checkout_body, session_of},
    dice::Dice,
};

pub async fn buy(town: &Town, dice: &mut Dice) {
    let Some((cart, token, total)) = fill(town, dice).await else { return };
    let Some(order) = check_out(town, dice, &(cart, token), &total).await else { return };
    match dice.below(20) {
        // She pays, and may be back before we know.
        0..10 => pay(town, dice, &order).await,
        10..12 => {
            town.control.decline(&order.session).ok();
            pay(town, dice, &order).await;
        }
        12..14 => {
            town.control.pay_later(&order.session).ok();
            town.did();
        }
        14 => {
            town.control.expire(&order.session).ok();
            town.did();
        }
        // Two tabs: the second page closes the first, while the first is being paid.
        15..18 => {
            let (control, session) = (town.control.clone(), order.session.clone());
            let mut other = Dice::new(dice.roll());
            let first = async {
                tokio::time::sleep(std::time::Duration::from_millis(u64::try_from(dice.below(60)).unwrap())).await;
                control.pay(&session).ok();
                town.did();
            };
            let (second, ()) = futures_util::join!(check_out(town, &mut other, &order.cart, &order.total), first);
            if let Some(second) = second {
                pay(town, &mut other, &second).await;
            }
        }
        // She leaves.
        _ => {}
    }
}

async fn fill(town: &Town, dice: &mut Dice) -> Option<(String, String, Value)> {
    let mut lines: Vec<Value> = Vec::new();
    for _ in 0..=dice.below(3) {
        let shop = dice.of(&town.shops)?;
        let variant = dice.of(&shop.variants)?;
        if !lines.iter().any(|line| line["variant"] == *variant) {
            lines.push(json!({"variant": variant, "quantity": 1 + dice.below(3)}));
        }
    }
    let address = json!({"name": "Asha Brandt", "line1": "Lindenweg 4", "city": "Freiburg", "postal_code": "79100", "country": "DE"});
    let email = format!("buyer{}@buyer.example", dice.below(1_000_000));
    let body = json!({"currency": "EUR", "email": email, "shipping_address": address, "lines": lines});
    let (status, cart) = town.ask(dice, &Ask::post("/v1/store/carts", body)).await?;
    town.did();
    let text = |field: &str| cart[field].as_str().map(ToOwned::to_owned);
    (status == 201).then_some((text("id")?, text("token")?, cart["totals"]["total"].clone()))
}

async fn check_out(town: &Town, dice: &mut Dice, cart: &(String, String), total: &Value) -> Option<Rc<Order>> {
    let key = format!("k{}", dice.roll());
    let ask =
        Ask::post(format!("/v1/store/carts/{}/checkout", cart.0), checkout_body(total)).with("X-Cart-Token", &cart.1).with("Idempotency-Key", key);
    let times = if dice.one_in(6) { 3 } else { 1 };
    let (status, answer) = town.ask_at_once(dice, &ask, times).await?;
    town.did();
    if status != 201 {
        return None;
    }
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    answer["checkout_url"].as_str()?;
    let order = Rc::new(Order {
        id: text(&answer["order"]["id"])?,
        token: text(&answer["order_token"])?,
        session: session_of(&answer),
        cart: cart.clone(),
        total: total.clone(),
    });
    town.orders.borrow_mut().push(order.clone());
    Some(order)
}

async fn pay(town: &Town, dice: &mut Dice, order: &Order) {
    if dice.one_in(5) {
        town.control.delay_balance_transactions(1);
    }
    town.control.pay(&order.session).ok();
    town.did();
    if dice.one_in(3) {
        come_back(town, dice, order).await;
    }
}

/// The browser's return, once or in several tabs.
pub async fn come_back(town: &Town, dice: &mut Dice, order: &Order) {
    let ask = Ask::get(format!("/v1/store/checkout/{}", order.session));
    town.ask(dice, &ask).await;
    town.did();
}

pub async fn return_late(town: &Town, dice: &mut Dice) {
    if let Some(order) = town.any_order(dice) {
        come_back(town, dice, &order).await;
    }
}

/// A debit that takes days arrives, or does not.
pub async fn decide_late(town: &Town, dice: &mut Dice) {
    if let Some(order) = town.any_order(dice) {
        let outcome = if dice.one_in(3) { Outcome::Fails } else { Outcome::Succeeds };
        if town.control.settle_async(&order.session, outcome).is_ok() {
            town.did();
        }
    }
}
