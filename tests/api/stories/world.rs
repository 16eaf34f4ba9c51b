//! The canonical order of two cooperatives, and what must be true of it in the end.
use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use haat::{
    ids::CoopId,
    ledger,
    schema::{cooperatives, stock},
};
use serde_json::{Value, json};

use crate::support::{
    Client, TestApp,
    builders::{Basket, cooperative, product, sql},
};

/// Two cooperatives that are owed euros, five pieces each, tax at 11.12 % where the parcels go.
pub struct World {
    pub stole: String,
    pub mat: String,
}

/// A cooperative that is owed euros and delivers for `delivery` cents; its manager and a piece for `cents`.
pub async fn euros(app: &TestApp, slug: &str, delivery: i64, cents: i64, on_hand: i32) -> (Client, String) {
    let manager = cooperative(app, slug).await;
    let change = format!(
        "UPDATE cooperatives SET currency = 'EUR' WHERE slug = '{slug}';
         UPDATE delivery_options d SET currency = 'EUR', base_minor = {delivery} FROM cooperatives c WHERE c.id = d.coop_id AND c.slug = '{slug}'"
    );
    sql(app, &change).await;
    let variant = product(&manager, slug, cents, on_hand).await;
    (manager, variant)
}

pub async fn world(app: &TestApp) -> World {
    let (_, stole) = euros(app, "bagru", 400, 6000, 5).await;
    let (_, mat) = euros(app, "pedana", 200, 2400, 5).await;
    let tax = format!(
        "INSERT INTO tax_registrations (id, jurisdiction, kind, number, valid_from) VALUES ('{}', 'DE', 'vat', 'DE123456789', '2026-01-01');
         INSERT INTO tax_rates VALUES ('DE', 'standard', 1112, false, '2026-01-01', 'a test')",
        haat::ids::new_uuid()
    );
    sql(app, &tax).await;
    World { stole, mat }
}

pub async fn basket_of(app: &TestApp, variants: &[&str]) -> Basket {
    let address = json!({"name": "Asha Brandt", "line1": "Lindenweg 4", "city": "Freiburg", "postal_code": "79100", "country": "DE"});
    let lines: Vec<Value> = variants.iter().map(|v| json!({"variant": v, "quantity": 1})).collect();
    let body = json!({"currency": "EUR", "email": "asha@buyer.example", "shipping_address": address, "lines": lines});
    let cart = app.visitor().post("/v1/store/carts", body).await.expect(201);
    let client = app.visitor().with("X-Cart-Token", cart["token"].as_str().unwrap());
    Basket { client, id: cart["id"].as_str().unwrap().to_owned(), total: cart["totals"]["total"].clone() }
}

impl World {
    /// One piece of each cooperative: 100.00 euros.
    pub async fn basket(&self, app: &TestApp) -> Basket {
        let basket = basket_of(app, &[&self.stole, &self.mat]).await;
        assert_eq!(basket.total["amount"], 10_000);
        basket
    }
}

/// Every account that holds something, cooperatives by their names.
pub async fn books(app: &TestApp) -> Vec<String> {
    let conn = &mut *app.db.db.conn().await.unwrap();
    let coops: Vec<(CoopId, String)> = cooperatives::table.select((cooperatives::id, cooperatives::slug)).load(conn).await.unwrap();
    let slugs: BTreeMap<String, String> = coops.into_iter().map(|(id, slug)| (id.to_string(), slug)).collect();
    let named = |account: String| match account.split_once(':') {
        Some((kind, id)) => format!("{kind}:{}", slugs.get(id).map_or(id, String::as_str)),
        None => account,
    };
    let held = ledger::balances(conn, "").await.unwrap().into_iter().filter(|(_, money)| money.minor != 0);
    let mut books: Vec<String> = held.map(|(account, money)| format!("{} {} {}", named(account), money.currency, money.minor)).collect();
    books.sort();
    books
}

/// (on the shelf, held for orders) of every variant, in the order they were made.
pub async fn shelves(app: &TestApp) -> Vec<(i32, i32)> {
    let conn = &mut *app.db.db.conn().await.unwrap();
    stock::table.order(stock::variant_id).select((stock::on_hand, stock::reserved)).load(conn).await.unwrap()
}

/// What was said since the order was placed; that it was placed is said before any money moves.
pub fn subjects(app: &TestApp) -> Vec<String> {
    let kept = app.app.mailer.kept().into_iter().filter(|mail| mail.kind != "order_received");
    let mut subjects: Vec<_> = kept.map(|mail| mail.subject.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect();
    subjects.sort();
    subjects
}

/// The canonical order's postings, and 1.75 that Stripe kept.
pub const SOLD: [&str; 10] = [
    "commission EUR 1260",
    "coop_pending:bagru EUR 4636",
    "coop_pending:pedana EUR 1855",
    "premium_pending:bagru EUR 464",
    "premium_pending:pedana EUR 185",
    "shipping_payable:bagru EUR 400",
    "shipping_payable:pedana EUR 200",
    "stripe_balance EUR 9825",
    "stripe_fees EUR 175",
    "tax_payable:DE EUR 1000",
];

/// All of it happened, each part once: books, shelves, order, mails, records.
pub async fn sold_once(app: &TestApp, checkout: &Value) {
    app.run_jobs().await;
    assert_eq!(books(app).await, SOLD);
    all_but_the_books(app, checkout).await;
}
pub async fn all_but_the_books(app: &TestApp, checkout: &Value) {
    assert_eq!(shelves(app).await, [(4, 0), (4, 0)]);
    let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
    let order = guest.get(&format!("/v1/store/orders/{}", checkout["order"]["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(order["status"], "paid");
    let part = |name: &str| order["waterfall"][name]["amount"].as_i64().unwrap();
    let names = ["maker", "materials", "cooperative", "undeclared", "brand", "premium", "platform", "shipping", "tax"];
    let parts = names.map(part);
    assert_eq!(parts.iter().sum::<i64>(), order["total"]["amount"].as_i64().unwrap(), "the parts are what was paid");
    assert_eq!((parts[0] + parts[1] + parts[2], parts[5], parts[6], parts[7], parts[8]), (6491, 649, 1260, 600, 1000));
    for parcel in order["parcels"].as_array().unwrap() {
        assert_eq!(parcel["status"], "to_ship");
        let items = parcel["lines"][0]["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "one piece of each");
        let item = app.visitor().get(&format!("/v1/provenance/items/{}", items[0]["code"].as_str().unwrap())).await.expect(200);
        let events: Vec<_> = item["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
        assert_eq!(events, ["created", "minted", "sold"]);
    }
    let told: Vec<_> = subjects(app).into_iter().filter(|s| !s.starts_with('€')).collect();
    assert_eq!(told, ["New order", "New order", "Your order"]);
}

/// None of it happened: nothing in the books, everything for sale, nobody told.
pub async fn nothing_happened(app: &TestApp) {
    app.run_jobs().await;
    assert_eq!(books(app).await, Vec::<String>::new());
    assert_eq!(shelves(app).await, [(5, 0), (5, 0)]);
    assert_eq!(subjects(app), Vec::<String>::new());
}

/// Lets all webhooks arrive and all that they cause be done.
pub async fn told(app: &TestApp) {
    app.sandbox.control().webhooks_settled().await;
    app.run_jobs().await;
}
