//! API keys: what they open, what they do not, and how they end.
use serde_json::{Value, json};

use crate::support::{
    TestApp, api_test,
    builders::{basket, cooperative, platform, product},
};

const MANAGE: &str = "/v1/manage/cooperatives/bagru";

fn secret(scopes: &[&str]) -> Value {
    json!({"kind": "secret", "name": "back end", "scopes": scopes})
}
fn bearer(app: &TestApp, key: &Value) -> crate::support::Client {
    app.visitor().bearer(key["token"].as_str().unwrap())
}

#[actix_web::test]
async fn a_secret_key_does_what_its_scopes_say_and_no_more() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        cooperative(app, "pedana").await;
        let made = manager.post(&format!("{MANAGE}/api-keys"), secret(&["orders:read"])).await.expect(201);
        let key = bearer(app, &made);
        key.get(&format!("{MANAGE}/orders")).await.expect(200);
        let refused = key.get(&format!("{MANAGE}/products")).await.expect(403);
        assert_eq!((&refused["code"], &refused["scope"]), (&json!("forbidden"), &json!("products:read")));
        let write = json!({"order": haat::ids::new_uuid(), "carrier": "India Post"});
        assert_eq!(key.post(&format!("{MANAGE}/fulfilments"), write).await.expect(403)["scope"], "orders:write");
        // Another cooperative's is unknown, and keys make no keys and no people.
        assert_eq!(key.get("/v1/manage/cooperatives/pedana/orders").await.problem(404), "not-found");
        assert_eq!(key.post(&format!("{MANAGE}/api-keys"), secret(&["orders:read"])).await.problem(403), "forbidden");
        assert_eq!(key.get(&format!("{MANAGE}/members")).await.problem(403), "forbidden");
        assert_eq!(key.get("/v1/auth/me").await.problem(401), "unauthenticated");
        assert_eq!(key.get("/v1/admin/audit").await.problem(403), "forbidden");
        // Control: with the scope it may.
        let wide = bearer(app, &manager.post(&format!("{MANAGE}/api-keys"), secret(&["products:read", "products:write"])).await.expect(201));
        wide.get(&format!("{MANAGE}/products")).await.expect(200);
        // Listed without its token; gone on the next request.
        let list = manager.get(&format!("{MANAGE}/api-keys")).await;
        assert!(!list.text.contains(made["token"].as_str().unwrap()), "{}", list.text);
        let hint = list.expect(200)["data"][1]["hint"].as_str().unwrap().to_owned();
        assert!(made["token"].as_str().unwrap().ends_with(hint.rsplit('…').next().unwrap()));
        manager.delete(&format!("{MANAGE}/api-keys/{}", made["id"].as_str().unwrap())).await.expect(204);
        assert_eq!(key.get(&format!("{MANAGE}/orders")).await.problem(401), "unauthenticated");
        assert_eq!(manager.delete(&format!("{MANAGE}/api-keys/{}", haat::ids::new_uuid())).await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn a_key_is_asked_for_whole() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let operator = platform(app, "operator").await;
        let at = format!("{MANAGE}/api-keys");
        let pointer = async |body: Value| manager.post(&at, body).await.expect(422)["errors"][0]["pointer"].as_str().unwrap().to_owned();
        assert_eq!(pointer(secret(&[])).await, "/scopes");
        assert_eq!(pointer(secret(&["orders:read", "platform:read"])).await, "/scopes/1");
        assert_eq!(pointer(json!({"kind": "secret", "name": " ", "scopes": ["orders:read"]})).await, "/name");
        assert_eq!(pointer(json!({"kind": "publishable", "name": "shop"})).await, "/allowed_origins");
        let trailing = json!({"kind": "publishable", "name": "shop", "allowed_origins": ["https://shop.example/"]});
        assert_eq!(pointer(trailing).await, "/allowed_origins/0");
        let auditing = bearer(app, &operator.post("/v1/admin/api-keys", secret(&["platform:read"])).await.expect(201));
        auditing.get("/v1/admin/audit").await.expect(200);
        assert_eq!(auditing.get("/v1/admin/api-keys").await.problem(401), "unauthenticated");
    })
    .await;
}

#[actix_web::test]
async fn return_addresses_are_on_the_origins_of_the_key() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let body = json!({"kind": "publishable", "name": "shop", "allowed_origins": ["https://other.example"]});
        let made = manager.post(&format!("{MANAGE}/api-keys"), body).await.expect(201);
        let basket = basket(app, &variant, 1).await;
        let at = format!("/v1/store/carts/{}/checkout", basket.id);
        let urls = json!({"expected_total": basket.total, "success_url": "https://other.example/ok", "cancel_url": "https://other.example/cart"});
        let client = basket.client.with("Idempotency-Key", "one");
        assert_eq!(client.post(&at, urls.clone()).await.expect(422)["errors"][0]["pointer"], "/success_url");
        assert_eq!(client.with("X-Api-Key", "pk_forged").post(&at, urls.clone()).await.problem(403), "forbidden");
        client.with("X-Api-Key", made["token"].as_str().unwrap()).post(&at, urls).await.expect(201);
    })
    .await;
}
