//! Where a cooperative delivers and what that costs: said by its managers, read by every cart.
use serde_json::{Value, json};

use crate::support::{
    Client, api_test,
    builders::{basket, cooperative, product},
};

const MINE: &str = "/v1/manage/cooperatives/bagru/delivery-options";

fn option(name: &str, countries: &[&str], minor: i64) -> Value {
    let price = |amount: i64| json!({"amount": amount, "currency": "INR"});
    json!({"name": name, "countries": countries, "base": price(minor), "per_kg": price(0), "min_days": 3, "max_days": 9})
}
async fn made(manager: &Client, body: Value) -> String {
    manager.post(MINE, body).await.expect(201)["id"].as_str().unwrap().to_owned()
}
/// Name and euro cents of each way that the cart is offered, cheapest first.
fn offered(cart: &Value) -> Vec<(&str, i64)> {
    let options = cart["delivery_groups"][0]["options"].as_array().unwrap();
    options.iter().map(|o| (o["name"].as_str().unwrap(), o["amount"]["amount"].as_i64().unwrap())).collect()
}

#[actix_web::test]
async fn a_cart_is_offered_what_the_manager_wrote() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let basket = basket(app, &variant, 1).await;
        let path = format!("/v1/store/carts/{}", basket.id);
        let cart = async || basket.client.get(&path).await.expect(200);
        assert_eq!(offered(&cart().await), [("Post", 600)]);

        // A nearer zone of the same service, dearer than anywhere else; and another service.
        let near = made(&manager, option("Post", &["DE", "AT"], 90_000)).await;
        let courier = made(&manager, option(" Courier ", &["DE", "DE"], 140_000)).await;
        assert_eq!(offered(&cart().await), [("Post", 900), ("Courier", 1400)], "the zone's price, and not anywhere's lower one");
        let read = manager.get(&format!("{MINE}/{courier}")).await;
        let (tag, read) = (read.headers["etag"].to_str().unwrap().to_owned(), read.expect(200));
        assert_eq!((&read["name"], &read["countries"], &read["archived"]), (&json!("Courier"), &json!(["DE"]), &json!(false)));

        // A change needs the version that was read.
        let change = json!({"base": {"amount": 120_000, "currency": "INR"}, "max_days": 5});
        let one = format!("{MINE}/{courier}");
        assert_eq!(manager.patch(&one, change.clone()).await.problem(428), "precondition-required");
        let changed = manager.with("If-Match", &tag).patch(&one, change.clone()).await.expect(200);
        assert_eq!((&changed["base"]["formatted"], &changed["max_days"], &changed["min_days"]), (&json!("₹1,200.00"), &json!(5), &json!(3)));
        assert_eq!(manager.with("If-Match", &tag).patch(&one, change).await.problem(412), "precondition-failed");
        assert_eq!(offered(&cart().await), [("Post", 900), ("Courier", 1200)]);

        // Archived, it is offered no more, and the zone it took falls back to anywhere's.
        for _ in 0..2 {
            assert_eq!(manager.post(&format!("{MINE}/{near}/archive"), json!({})).await.expect(200)["archived"], true);
        }
        assert_eq!(offered(&cart().await), [("Post", 600), ("Courier", 1200)]);
        let listed = manager.get(MINE).await.expect(200);
        let all: Vec<_> =
            listed["data"].as_array().unwrap().iter().map(|o| (o["name"].as_str().unwrap(), o["archived"].as_bool().unwrap())).collect();
        assert_eq!(all, [("Post", false), ("Courier", false), ("Post", true)]);
        manager.post(&format!("{MINE}/{near}/unarchive"), json!({})).await.expect(200);
        assert_eq!(offered(&cart().await), [("Post", 900), ("Courier", 1200)]);
    })
    .await;
}

#[actix_web::test]
async fn what_was_ordered_is_delivered_as_it_was_ordered() {
    api_test(async |app| {
        let (manager, guest, order) = crate::support::builders::paid_order(app, "bagru").await;
        let before = guest.get(&format!("/v1/store/orders/{order}")).await.expect(200);
        let post = manager.get(MINE).await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
        let dear = json!({"name": "Sea mail", "base": {"amount": 900_000, "currency": "INR"}});
        manager.with("If-Match", "\"1\"").patch(&format!("{MINE}/{post}"), dear).await.expect(200);
        manager.post(&format!("{MINE}/{post}/archive"), json!({})).await.expect(200);
        assert_eq!(guest.get(&format!("/v1/store/orders/{order}")).await.expect(200), before);
    })
    .await;
}

#[actix_web::test]
async fn what_cannot_be_right_is_named() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let told = async |body: Value| -> Vec<(String, String)> {
            let told = manager.post(MINE, body).await.expect(422);
            let errors = told["errors"].as_array().unwrap().clone();
            errors.iter().map(|e| (e["pointer"].as_str().unwrap().to_owned(), e["code"].as_str().unwrap().to_owned())).collect()
        };
        let one = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
        assert_eq!(told(option("Courier", &["DE", "XX"], 1)).await, one("/countries/1", "unknown"));
        assert_eq!(told(option("Courier", &["*", "DE"], 1)).await, one("/countries/0", "contradiction"));
        assert_eq!(told(option("Courier", &[], 1)).await, one("/countries", "length"));
        assert_eq!(told(option("Courier", &["DE"], -1)).await, one("/base/amount", "out_of_range"));
        assert_eq!(told(option("", &["DE"], 1)).await, one("/name", "length"));
        // Anywhere is taken under this name, whatever its letters.
        assert_eq!(told(option("POST", &["*"], 1)).await, one("/countries/0", "overlap"));
        let mut euros = option("Courier", &["DE"], 1);
        euros["base"]["currency"] = json!("EUR");
        assert_eq!(told(euros).await, one("/base/currency", "currency"));
        let mut unknown = option("Courier", &["DE"], 1);
        unknown["base"]["currency"] = json!("ABC");
        assert_eq!(told(unknown).await[0].0, "/base/currency");
        let mut days = option("Courier", &["DE"], 1);
        days["max_days"] = json!(2);
        assert_eq!(told(days).await, one("/max_days", "out_of_range"));
        let mut surplus = option("Courier", &["DE"], 1);
        surplus["active"] = json!(true);
        assert_eq!(told(surplus).await.len(), 1);
        // What came back from the archive, or was changed, is held to the same.
        let near = made(&manager, option("Courier", &["DE"], 1)).await;
        manager.post(&format!("{MINE}/{near}/archive"), json!({})).await.expect(200);
        let other = made(&manager, option("Courier", &["DE", "FR"], 1)).await;
        assert_eq!(manager.post(&format!("{MINE}/{near}/unarchive"), json!({})).await.problem(422), "invalid");
        let renamed = manager.with("If-Match", "\"1\"").patch(&format!("{MINE}/{other}"), json!({"name": "post", "countries": ["*"]})).await;
        assert_eq!(renamed.expect(422)["errors"][0]["code"], "overlap");
        // Control: nothing of all this was written.
        assert_eq!(manager.get(MINE).await.expect(200)["data"].as_array().unwrap().len(), 3);
    })
    .await;
}

#[actix_web::test]
async fn two_managers_at_once_cannot_take_the_same_country() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let all = (0..8).map(|_| manager.post(MINE, option("Courier", &["DE"], 1)));
        let answers = futures_util::future::join_all(all).await;
        assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 1);
        assert_eq!(answers.iter().filter(|a| a.status == 422).count(), 7);
    })
    .await;
}

#[actix_web::test]
async fn nobody_elses_is_seen_or_changed() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        let id = made(&manager, option("Courier", &["DE"], 1)).await;
        let theirs = "/v1/manage/cooperatives/pedana/delivery-options";
        for base in [MINE, theirs] {
            assert_eq!(other.get(&format!("{base}/{id}")).await.problem(404), "not-found");
            assert_eq!(other.post(&format!("{base}/{id}/archive"), json!({})).await.problem(404), "not-found");
            assert_eq!(other.post(&format!("{base}/{id}/unarchive"), json!({})).await.problem(404), "not-found");
            let changed = other.with("If-Match", "\"1\"").patch(&format!("{base}/{id}"), json!({"name": "Mine"})).await;
            assert_eq!(changed.problem(404), "not-found");
        }
        assert_eq!(other.get(MINE).await.problem(404), "not-found");
        assert_eq!(other.post(MINE, option("Courier", &["AT"], 1)).await.problem(404), "not-found");
        assert_eq!(app.visitor().get(MINE).await.problem(401), "unauthenticated");
        // Control: it is there, and its own manager's.
        assert_eq!(manager.get(&format!("{MINE}/{id}")).await.expect(200)["name"], "Courier");
        // Another cooperative may call its own the same.
        other.post(theirs, option("Courier", &["DE"], 1)).await.expect(201);
    })
    .await;
}
