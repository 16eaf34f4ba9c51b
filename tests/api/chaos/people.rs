//! Sellers who send and take back, operators who give back and pay out.
use serde_json::{Value, json};

use super::town::{Ask, Order, Shop, Town};
use crate::support::dice::Dice;

async fn look(town: &Town, dice: &mut Dice, order: &Order) -> Option<Value> {
    let ask = Ask::get(format!("/v1/store/orders/{}", order.id)).with("X-Order-Token", &order.token);
    let (status, seen) = town.ask(dice, &ask).await?;
    (status == 200).then_some(seen)
}
fn shop_of<'a>(town: &'a Town, parcel: &Value) -> Option<&'a Shop> {
    let name = parcel["cooperative"].as_str()?;
    town.shops.iter().find(|shop| name.ends_with(&shop.slug))
}
/// A parcel of an order, with whoever sends it.
async fn parcel<'a>(town: &'a Town, dice: &mut Dice) -> Option<(std::rc::Rc<Order>, Value, &'a Shop)> {
    let order = town.any_order(dice)?;
    let seen = look(town, dice, &order).await?;
    let parcel = dice.of(seen["parcels"].as_array()?)?.clone();
    let shop = shop_of(town, &parcel)?;
    Some((order, parcel, shop))
}
fn codes(items: &Value) -> Vec<String> {
    items.as_array().into_iter().flatten().filter_map(|item| item["code"].as_str().map(ToOwned::to_owned)).collect()
}

/// All of a parcel, or one piece, or one line's piece; sometimes twice at once.
pub async fn send(town: &Town, dice: &mut Dice) {
    let Some((order, parcel, shop)) = parcel(town, dice).await else { return };
    let line = dice.of(parcel["lines"].as_array().map_or(&[][..], |lines| lines)).cloned().unwrap_or_default();
    let mut body = json!({"order": order.id, "carrier": "India Post"});
    match (dice.below(4), dice.of(&codes(&line["items"]))) {
        (0, _) => body["items"] = json!([{"line": line["id"], "quantity": 1}]),
        (1, Some(code)) => body["items"] = json!([{"item": code}]),
        _ => {}
    }
    let ask = Ask::post(format!("/v1/manage/cooperatives/{}/fulfilments", shop.slug), body).by(&shop.token);
    if dice.one_in(5) {
        let mut other = Dice::new(dice.roll());
        futures_util::join!(town.ask(dice, &ask), town.ask(&mut other, &ask));
    } else {
        town.ask(dice, &ask).await;
    }
    town.did();
}

pub async fn take_back(town: &Town, dice: &mut Dice) {
    let Some((order, parcel, shop)) = parcel(town, dice).await else { return };
    let sent: Vec<String> = parcel["shipments"].as_array().into_iter().flatten().flat_map(|shipment| codes(&shipment["items"])).collect();
    let Some(code) = dice.of(&sent) else { return };
    let body = json!({"order": order.id, "items": [code], "restock": dice.one_in(2)});
    let ask = Ask::post(format!("/v1/manage/cooperatives/{}/returns", shop.slug), body).by(&shop.token);
    town.ask(dice, &ask).await;
    town.did();
}

const REASONS: [&str; 5] = ["buyer_changed_mind", "fault", "not_received", "cancelled", "unfulfillable"];

pub async fn give_back(town: &Town, dice: &mut Dice) {
    let Some((order, parcel, _)) = parcel(town, dice).await else { return };
    let reason = *dice.of(&REASONS).unwrap();
    let mut body = json!({"reason": reason});
    match dice.below(5) {
        0 | 1 => body["everything"] = json!(true),
        2 => body["shipping"] = json!([parcel["id"]]),
        _ => {
            let line = dice.of(parcel["lines"].as_array().map_or(&[][..], |lines| lines)).cloned().unwrap_or_default();
            body["lines"] = json!([{"line": line["id"], "quantity": 1 + dice.below(2)}]);
        }
    }
    if reason == "fault" && dice.one_in(2) {
        body["consent"] = json!({"given_by": "Ganga Devi", "on": "2026-11-20", "evidence": "minutes"});
    }
    let key = format!("r{}", dice.roll());
    let ask = Ask::post(format!("/v1/admin/orders/{}/refunds", order.id), body).by(&town.operators[0]).with("Idempotency-Key", key);
    let times = if dice.one_in(4) { 4 } else { 1 };
    if let Some((202, refund)) = town.ask_at_once(dice, &ask, times).await {
        let id = refund["id"].as_str().unwrap().to_owned();
        town.refunds.borrow_mut().push((order.id.clone(), id));
    }
    town.did();
}

/// Sends again a refund that failed; most did not, and are refused.
pub async fn give_back_again(town: &Town, dice: &mut Dice) {
    let Some((order, refund)) = dice.of(&town.refunds.borrow()).cloned() else { return };
    let key = format!("a{}", dice.roll());
    let ask = Ask::post(format!("/v1/admin/orders/{order}/refunds/{refund}/retry"), Value::Null).by(&town.operators[1]).with("Idempotency-Key", key);
    town.ask(dice, &ask).await;
    town.did();
}

/// Evidence for a dispute that is open, as a draft or submitted, by several hands at once now and then.
pub async fn answer_dispute(town: &Town, dice: &mut Dice) {
    let list = Ask::get("/v1/admin/disputes?status=open&limit=100").by(&town.operators[0]);
    let Some((200, open)) = town.ask(dice, &list).await else { return };
    let Some(dispute) = dice.of(open["data"].as_array().map_or(&[][..], |all| all)).cloned() else { return };
    let at = format!("/v1/admin/disputes/{}/evidence", dispute["id"].as_str().unwrap());
    let body = json!({"evidence": {"statement": format!("It was sent. {}", dice.roll())}, "submit": !dice.one_in(3)});
    let ask = Ask::post(at, body).by(&town.operators[1]).with("Idempotency-Key", format!("e{}", dice.roll()));
    let times = if dice.one_in(3) { 3 } else { 1 };
    town.ask_at_once(dice, &ask, times).await;
    town.did();
}

/// Everybody, or one cooperative, is paid; sometimes the button is pressed several times.
pub async fn pay_out(town: &Town, dice: &mut Dice) {
    let body = if dice.one_in(2) { json!({"run": true}) } else { json!({"cooperative": dice.of(&town.shops).unwrap().slug}) };
    let key = format!("p{}", dice.roll());
    let ask = Ask::post("/v1/admin/payouts", body).by(&town.operators[0]).with("Idempotency-Key", key);
    let times = if dice.one_in(3) { 3 } else { 1 };
    if let Some((202, run)) = town.ask_at_once(dice, &ask, times).await {
        let made = run["payouts"].as_array().into_iter().flatten().filter_map(|payout| payout["id"].as_str().map(ToOwned::to_owned));
        town.payouts.borrow_mut().extend(made);
    }
    town.did();
}

/// Members decide about their fund, somebody confirms it or not, and their manager spends of it, sometimes more than there is.
pub async fn decide(town: &Town, dice: &mut Dice) {
    let shop = dice.of(&town.shops).unwrap();
    let currency = if shop.slug == "pedana" { "INR" } else { "EUR" };
    let at = format!("/v1/manage/cooperatives/{}/premium-decisions", shop.slug);
    let amount = |minor: usize| json!({"amount": minor, "currency": currency});
    let votes = json!({"present": 20, "for": 15, "against": 2, "abstained": 3});
    let body = json!({"met_on": "2026-11-20", "category": "health", "purpose": "Glasses", "amount": amount(400 + dice.below(2000)), "votes": votes, "minutes": "Point 3."});
    if let Some((201, made)) = town.ask(dice, &Ask::post(&at, body).by(&shop.token)).await {
        let id = made["id"].as_str().unwrap().to_owned();
        if !dice.one_in(4) {
            town.ask(dice, &Ask::post(format!("/v1/admin/premium-decisions/{id}/confirm"), json!({})).by(&town.operators[1])).await;
        }
        for _ in 0..2 {
            let key = format!("s{}", dice.roll());
            let body = json!({"amount": amount(1 + dice.below(900))});
            let ask = Ask::post(format!("{at}/{id}/spendings"), body).by(&shop.token).with("Idempotency-Key", key);
            let times = if dice.one_in(3) { 3 } else { 1 };
            if let Some((202, spending)) = town.ask_at_once(dice, &ask, times).await {
                town.payouts.borrow_mut().push(spending["payout"].as_str().unwrap().to_owned());
            }
        }
    }
    town.did();
}

/// The second person says that it was paid, twice now and then; or it came back; or the wrong thing is tried.
pub async fn after_payout(town: &Town, dice: &mut Dice) {
    let Some(payout) = dice.of(&town.payouts.borrow()).cloned() else { return };
    let at = |what: &str| format!("/v1/admin/payouts/{payout}/{what}");
    let (path, body) = match dice.below(6) {
        0 => (at("bounce"), json!({"reason": "account closed"})),
        1 => (at("settle"), json!({"reference": format!("S-{payout}")})),
        _ => (at("confirm"), json!({"reference": format!("R-{payout}"), "evidence": "receipt"})),
    };
    let ask = Ask::post(path, body).by(&town.operators[1]);
    if dice.one_in(4) {
        let mut other = Dice::new(dice.roll());
        futures_util::join!(town.ask(dice, &ask), town.ask(&mut other, &ask));
    } else {
        town.ask(dice, &ask).await;
    }
    town.did();
}
