//! Actors and things that many tests begin with.
use diesel_async::SimpleAsyncConnection;
use haat::{ledger, money::Currency};
use serde_json::{Value, json};

use super::{Answer, Client, TestApp};

/// A cooperative that is approved, with a manager who is signed in, a way to deliver, and a rate from euros.
pub async fn cooperative(app: &TestApp, slug: &str) -> Client {
    let (coop, account, session) = (haat::ids::new_uuid(), haat::ids::new_uuid(), haat::ids::new_uuid());
    let token = haat::secrets::Token::parse(&format!("session_{slug}"));
    let hash: String = token.hash().iter().map(|b| format!("{b:02x}")).collect();
    let at = app.clock.now();
    let sql = format!(
        "INSERT INTO cooperatives (id, slug, name, legal_form, about, country, district, currency, locale, state, commission_bp, premium_bp, contact_email, version, created_at, updated_at)
         VALUES ('{coop}', '{slug}', 'Cooperative {slug}', 'society', '', 'IN', 'Jaipur', 'INR', 'en', 'approved', 1500, 1000, '{slug}@coop.example', 1, '{at}', '{at}');
         INSERT INTO accounts (id, email, name, locale, created_at, updated_at) VALUES ('{account}', '{slug}@people.example', 'M', 'hi', '{at}', '{at}');
         INSERT INTO memberships (id, account_id, coop_id, role, created_at) VALUES ('{}', '{account}', '{coop}', 'manager', '{at}');
         INSERT INTO sessions (id, account_id, token_hash, created_at, expires_at) VALUES ('{session}', '{account}', '\\x{hash}', '{at}', '2027-01-01');
         INSERT INTO delivery_options (coop_id, id, name, countries, currency, base_minor, per_kg_minor, min_days, max_days, active)
         VALUES ('{coop}', '{}', 'Post', '{{*}}', 'INR', 60000, 0, 7, 21, true);
         INSERT INTO fx_rates VALUES ('EUR', 'INR', '2026-11-20', '100.00', 'a test') ON CONFLICT DO NOTHING;",
        haat::ids::new_uuid(),
        haat::ids::new_uuid()
    );
    app.db.db.conn().await.unwrap().batch_execute(&sql).await.unwrap();
    app.visitor().bearer(token.reveal())
}

/// A published product with one variant; the variant's id.
pub async fn product(manager: &Client, coop: &str, cents: i64, on_hand: i32) -> String {
    let at = |path: &str| format!("/v1/manage/cooperatives/{coop}/{path}");
    let template = manager
        .post(&at("price-templates"), json!({"name": "standard", "maker_bp": 5500, "materials_bp": 3000, "cooperative_bp": 1500}))
        .await
        .expect(201);
    let agreement = json!({"template": template["id"], "agreed_by": "Ganga", "method": "meeting", "date": "2026-11-01"});
    manager.post(&at("price-agreements"), agreement).await.expect(201);
    let body = json!({"title": "Indigo dabu stole", "description": "Hand printed.", "kind": "stole", "template": template["id"],
        "variants": [{"prices": [{"amount": cents, "currency": "EUR"}], "stock": {"policy": "finite", "on_hand": on_hand}, "grams": 300}]});
    let made = manager.post(&at("products"), body).await.expect(201);
    let gate = manager.post(&at(&format!("products/{}/publish", made["id"].as_str().unwrap())), json!({})).await.expect(200);
    assert_eq!(gate["gate"]["result"], "undeclared", "nobody wrote down yet how long it took");
    made["variants"][0].as_str().unwrap().to_owned()
}

pub struct Basket {
    pub client: Client,
    pub id: String,
    pub total: Value,
}
impl Basket {
    pub async fn checkout(&self, key: &str) -> Answer {
        self.client.with("Idempotency-Key", key).post(&format!("/v1/store/carts/{}/checkout", self.id), checkout_body(&self.total)).await
    }
}
pub async fn basket(app: &TestApp, variant: &str, quantity: i32) -> Basket {
    let address = json!({"name": "Asha Brandt", "line1": "Lindenweg 4", "city": "Freiburg", "postal_code": "79100", "country": "DE"});
    let body =
        json!({"currency": "EUR", "email": "asha@buyer.example", "shipping_address": address, "lines": [{"variant": variant, "quantity": quantity}]});
    let cart = app.visitor().post("/v1/store/carts", body).await.expect(201);
    let client = app.visitor().with("X-Cart-Token", cart["token"].as_str().unwrap());
    Basket { client, id: cart["id"].as_str().unwrap().to_owned(), total: cart["totals"]["total"].clone() }
}
pub fn checkout_body(total: &Value) -> Value {
    json!({"expected_total": total, "success_url": "https://shop.example/ok?s={CHECKOUT_SESSION_ID}", "cancel_url": "https://shop.example/cart"})
}
/// The session that a checkout opened at the provider.
pub fn session_of(checkout: &Value) -> String {
    let url = checkout["checkout_url"].as_str().unwrap();
    url.rsplit('/').next().unwrap().split(['?', '#']).next().unwrap().to_owned()
}
/// The sum of the balances whose account name begins with `name`.
pub async fn balance(app: &TestApp, name: &str, currency: &str) -> i64 {
    let all = ledger::balances(&mut *app.db.db.conn().await.unwrap(), name).await.unwrap();
    let currency: Currency = currency.parse().unwrap();
    all.iter().filter(|(_, m)| m.currency == currency).map(|(_, m)| m.minor).sum()
}

/// Statements that no endpoint offers.
pub async fn sql(app: &TestApp, text: &str) {
    app.db.db.conn().await.unwrap().batch_execute(text).await.unwrap();
}

/// A cooperative `slug`, one of its pieces sold for 60.00 euros and paid: its manager, the buyer with her order token, the order's id.
pub async fn paid_order(app: &TestApp, slug: &str) -> (Client, Client, String) {
    let manager = cooperative(app, slug).await;
    let variant = product(&manager, slug, 6000, 5).await;
    let checkout = basket(app, &variant, 1).await.checkout("one").await.expect(201);
    app.sandbox.control().pay(&session_of(&checkout)).unwrap();
    app.sandbox.control().webhooks_settled().await;
    app.run_jobs().await;
    let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
    (manager, guest, checkout["order"]["id"].as_str().unwrap().to_owned())
}
/// Somebody with a role of the platform ("operator", "auditor"), signed in.
pub async fn platform(app: &TestApp, role: &str) -> Client {
    let (account, session) = (haat::ids::new_uuid(), haat::ids::new_uuid());
    let token = haat::secrets::Token::parse(&format!("session_{role}"));
    let hash: String = token.hash().iter().map(|b| format!("{b:02x}")).collect();
    let at = app.clock.now();
    let text = format!(
        "INSERT INTO accounts (id, email, name, locale, created_at, updated_at) VALUES ('{account}', '{role}@haat.example', 'P', 'en', '{at}', '{at}');
         INSERT INTO memberships (id, account_id, role, created_at, ends_at) VALUES ('{}', '{account}', '{role}', '{at}', '2027-01-01');
         INSERT INTO sessions (id, account_id, token_hash, created_at, expires_at) VALUES ('{session}', '{account}', '\\x{hash}', '{at}', '2027-01-01');",
        haat::ids::new_uuid()
    );
    sql(app, &text).await;
    app.visitor().bearer(token.reveal())
}
