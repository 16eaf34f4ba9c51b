//! A price may rise freely; below what the makers agreed to, it needs their word again.
use serde_json::{Value, json};

use crate::{
    payouts::euros,
    support::{
        Client, TestApp, api_test,
        builders::{basket, cooperative, product},
    },
};

const AT: &str = "/v1/manage/cooperatives/bagru";

/// A stole for 60.00, of which 25.50 are the makers'; the shop shows it.
async fn stole(app: &TestApp) -> (Client, String, String) {
    let manager = euros(app, "bagru").await;
    let variant = product(&manager, "bagru", 6000, 5).await;
    let id = manager.get(&format!("{AT}/products")).await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    (manager, id, variant)
}
async fn price(manager: &Client, variant: &str, cents: i64, tax_inclusive: bool) -> crate::support::Answer {
    let price = json!({"amount": cents, "currency": "EUR", "tax_inclusive": tax_inclusive});
    manager.patch(&format!("{AT}/variants/{variant}"), json!({"prices": [price]})).await
}
async fn agree(manager: &Client, product: &str, floors: Value) -> crate::support::Answer {
    let template = manager.get(&format!("{AT}/products/{product}")).await.expect(200)["template"].clone();
    let body = json!({"template": template, "agreed_by": "Ganga", "method": "meeting", "date": "2026-11-22", "floors": floors});
    manager.post(&format!("{AT}/price-agreements"), body).await
}
fn reasons(problem: &Value) -> Vec<&str> {
    problem["gate"]["reasons"].as_array().unwrap().iter().map(|r| r["code"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_price_rises_freely_and_falls_by_agreement() {
    api_test(async |app| {
        let (manager, id, variant) = stole(app).await;
        let order = basket(app, &variant, 1).await.checkout("before").await.expect(201);
        price(&manager, &variant, 9000, false).await.expect(200);
        price(&manager, &variant, 6000, false).await.expect(200);
        let refused = price(&manager, &variant, 5999, false).await.expect(409);
        assert_eq!((&refused["code"], reasons(&refused)), (&json!("publish-blocked"), vec!["maker_part_lowered"]));
        let detail = refused["gate"]["reasons"][0]["detail"].as_str().unwrap();
        assert_eq!(detail, "the price in EUR leaves the makers €25.49, and they agreed to €25.50: it needs a new price agreement");
        assert_eq!(price(&manager, &variant, 6000, true).await.problem(409), "publish-blocked", "tax inside is taken from somebody");
        let shown = app.visitor().get("/v1/store/products?currency=EUR").await.expect(200);
        assert_eq!(shown["data"][0]["price_from"]["amount"], 6000, "a refusal changed nothing: {shown}");

        // The makers agree to 20.00 for this piece: then the price may fall so far, and no further.
        let other = cooperative(app, "pedana").await;
        let foreign = product(&other, "pedana", 100, 1).await;
        let floors = |variant: &str, amount: i64| json!([{"variant": variant, "currency": "EUR", "amount": amount}]);
        assert_eq!(agree(&manager, &id, floors(&foreign, 2000)).await.expect(422)["errors"][0]["pointer"], "/floors/0/variant");
        assert_eq!(agree(&manager, &id, floors(&variant, -1)).await.expect(422)["errors"][0]["pointer"], "/floors/0/amount");
        agree(&manager, &id, floors(&variant, 2000)).await.expect(201);
        price(&manager, &variant, 4706, false).await.expect(200);
        assert_eq!(price(&manager, &variant, 4704, false).await.problem(409), "publish-blocked");
        // An agreement that names no amount covers what it finds.
        price(&manager, &variant, 8000, false).await.expect(200);
        agree(&manager, &id, json!([])).await.expect(201);
        assert_eq!(price(&manager, &variant, 7990, false).await.problem(409), "publish-blocked");
        price(&manager, &variant, 8000, false).await.expect(200);

        // The order that was placed keeps what was frozen with it.
        let guest = app.visitor().with("X-Order-Token", order["order_token"].as_str().unwrap());
        let seen = guest.get(&format!("/v1/store/orders/{}", order["order"]["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(seen["parcels"][0]["lines"][0]["waterfall"]["maker"]["amount"], 2550);
    })
    .await;
}

#[actix_web::test]
async fn no_way_around_leads_below_it() {
    api_test(async |app| {
        let (manager, id, variant) = stole(app).await;
        // Out of the shop it may be changed, and does not come back before they agree.
        manager.post(&format!("{AT}/products/{id}/archive"), json!({})).await;
        manager.post(&format!("{AT}/products/{id}/unarchive"), json!({})).await;
        price(&manager, &variant, 3000, false).await.expect(200);
        let gate = manager.get(&format!("{AT}/products/{id}")).await.expect(200)["gate"].clone();
        assert_eq!(gate["result"], "blocked", "{gate}");
        assert_eq!(reasons(&manager.post(&format!("{AT}/products/{id}/publish"), json!({})).await.expect(409)), ["maker_part_lowered"]);
        // Nor by another tag, nor by taking the price away and setting a lower one.
        manager.patch(&format!("{AT}/variants/{variant}"), json!({"prices": []})).await.expect(200);
        price(&manager, &variant, 3000, false).await.expect(200);
        assert_eq!(manager.post(&format!("{AT}/products/{id}/publish"), json!({})).await.problem(409), "publish-blocked");
        agree(&manager, &id, json!([])).await.expect(201);
        manager.post(&format!("{AT}/products/{id}/publish"), json!({})).await.expect(200);
        // Control: a higher commission leaves the makers less too, and the next look at the product says so.
        crate::support::builders::sql(app, "UPDATE cooperatives SET commission_bp = 3000").await;
        let refused = manager.patch(&format!("{AT}/variants/{variant}"), json!({"sku": "S-1"})).await;
        assert_eq!(refused.problem(409), "publish-blocked");
    })
    .await;
}

/// What a spreadsheet brings in for less leaves the shop until the makers agree; the rest of the sheet is as it says.
#[actix_web::test]
async fn a_sheet_with_a_lower_price_takes_its_product_out_of_the_shop() {
    api_test(async |app| {
        let (manager, id, variant) = stole(app).await;
        let scope = haat::tenancy::Scope::system(coop(app).await);
        let lower = haat::catalog::NewPrice { currency: "EUR".parse().unwrap(), minor: 3000, compare_at_minor: None, tax_inclusive: false };
        let now = app.clock.now();
        let (product, variant): (haat::ids::ProductId, haat::ids::VariantId) = (id.parse().unwrap(), variant.parse().unwrap());
        let brought = app.db.db.transaction(async |tx| {
            haat::catalog::change::set_price(tx, now, scope, variant, &lower).await?;
            haat::catalog::publish_many(tx, now, scope, &[product]).await
        });
        assert!(!brought.await.unwrap()[0].1.lets_through());
        assert_eq!(manager.get(&format!("{AT}/products/{id}")).await.expect(200)["status"], "draft");
        assert_eq!(app.visitor().get("/v1/store/products/indigo-dabu-stole?currency=EUR").await.problem(404), "not-found");
    })
    .await;
}
async fn coop(app: &TestApp) -> haat::ids::CoopId {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use haat::schema::cooperatives;
    cooperatives::table.select(cooperatives::id).first(&mut *app.db.db.conn().await.unwrap()).await.unwrap()
}
