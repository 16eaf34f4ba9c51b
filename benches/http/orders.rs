//! Buyers: a cart that grows, and an order from the empty cart to paid.
use serde_json::{Value, json};

use crate::{
    Failure,
    load::{Client, Wire, get, get_with, post},
};

async fn call(wire: &mut Wire, request: &[u8], status: u16) -> Result<Value, Failure> {
    let reply = wire.send(request).await?;
    if reply.status != status {
        return Err(format!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body)).into());
    }
    Ok(serde_json::from_slice(&reply.body)?)
}
fn text(value: &Value) -> Result<&str, Failure> {
    value.as_str().ok_or_else(|| format!("not a text: {value}").into())
}

/// How many lines a cart gets before a new one is begun.
const LINES: usize = 8;

/// Adds a line to a cart; each ninth step begins a new cart with its first line.
pub struct Shopper {
    pub variants: Vec<String>,
    pub at: usize,
    pub cart: Option<(String, String)>,
}
impl Client for Shopper {
    async fn step(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        self.at += 1;
        let line = json!({"variant": self.variants[self.at % self.variants.len()], "quantity": 1});
        if self.at.is_multiple_of(LINES + 1) {
            self.cart = None;
        }
        match &self.cart {
            Some((id, token)) => {
                let request = post(&format!("/v1/store/carts/{id}/lines"), &format!("X-Cart-Token: {token}\r\n"), &line.to_string());
                call(wire, &request, 200).await?;
            }
            None => {
                let body = json!({"currency": "EUR", "country": "DE", "lines": [line]}).to_string();
                let cart = call(wire, &post("/v1/store/carts", "", &body), 201).await?;
                self.cart = Some((text(&cart["id"])?.into(), text(&cart["token"])?.into()));
            }
        }
        Ok(())
    }
}

/// Buys one piece in three calls and one click on the payment page.
pub struct Buyer {
    pub variants: Vec<String>,
    pub at: usize,
    pub name: String,
    pub control: stripe_sandbox::Control,
    /// Orders that are paid, with their tokens: (id, token).
    pub bought: std::sync::Arc<std::sync::Mutex<Vec<(String, String)>>>,
}
impl Client for Buyer {
    async fn step(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        self.at += 1;
        let address = json!({"name": "Asha Brandt", "line1": "Lindenweg 4", "city": "Freiburg", "postal_code": "79100", "country": "DE"});
        let line = json!({"variant": self.variants[self.at % self.variants.len()], "quantity": 1});
        let email = format!("{}-{}@buyer.example", self.name, self.at);
        let body = json!({"currency": "EUR", "email": email, "shipping_address": address, "lines": [line]}).to_string();
        let cart = call(wire, &post("/v1/store/carts", "", &body), 201).await?;
        let headers = format!("X-Cart-Token: {}\r\nIdempotency-Key: {}-{}\r\n", text(&cart["token"])?, self.name, self.at);
        let expected = &cart["totals"]["total"];
        let body = json!({"expected_total": {"amount": expected["amount"], "currency": expected["currency"]},
            "success_url": "https://shop.example/ok", "cancel_url": "https://shop.example/cart"});
        let path = format!("/v1/store/carts/{}/checkout", text(&cart["id"])?);
        let checkout = call(wire, &post(&path, &headers, &body.to_string()), 201).await?;
        let url = text(&checkout["checkout_url"])?;
        let session = url.rsplit('/').next().unwrap_or_default().split(['?', '#']).next().unwrap_or_default().to_owned();
        self.control.pay(&session).map_err(|e| e.to_string())?;
        let state = call(wire, &get(&format!("/v1/store/checkout/{session}")), 200).await?;
        if state["state"] != "paid" {
            return Err(format!("not paid: {state}").into());
        }
        let order = (text(&checkout["order"]["id"])?.to_owned(), text(&checkout["order_token"])?.to_owned());
        self.bought.lock().map_err(|_| "a buyer panicked")?.push(order);
        Ok(())
    }
}

/// The order's page, as the buyer's own.
pub struct Looker {
    pub orders: Vec<(String, String)>,
    pub at: usize,
}
impl Client for Looker {
    async fn step(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        self.at += 1;
        look(wire, &self.orders[self.at % self.orders.len()]).await.map(drop)
    }
}
async fn look(wire: &mut Wire, (id, token): &(String, String)) -> Result<Value, Failure> {
    call(wire, &get_with(&format!("/v1/store/orders/{id}"), &format!("X-Order-Token: {token}\r\n")), 200).await
}

/// The codes of the pieces of an order.
pub async fn codes(wire: &mut Wire, order: &(String, String)) -> Result<Vec<String>, Failure> {
    let order = look(wire, order).await?;
    let items = order["parcels"].as_array().into_iter().flatten().flat_map(|p| p["lines"].as_array().into_iter().flatten());
    let codes = items.flat_map(|l| l["items"].as_array().into_iter().flatten()).filter_map(|i| i["code"].as_str().map(str::to_owned));
    Ok(codes.collect())
}
