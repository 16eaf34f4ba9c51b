//! A manager's products, and the shop's shelves.
use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, api_test,
    builders::{basket, cooperative, product},
};

const PRODUCTS: &str = "/v1/manage/cooperatives/bagru/products";

fn draft(title: &str, cents: i64) -> Value {
    json!({"title": title, "kind": "stole", "tags": ["indigo"], "variants": [{"prices": [{"amount": cents, "currency": "EUR"}],
        "stock": {"policy": "finite", "on_hand": 3}, "grams": 300}]})
}
async fn drafted(manager: &Client, body: Value) -> String {
    manager.post(PRODUCTS, body).await.expect(201)["id"].as_str().unwrap().to_owned()
}
async fn published(manager: &Client, body: Value) -> String {
    let id = drafted(manager, body).await;
    manager.post(&format!("{PRODUCTS}/{id}/publish"), json!({})).await.expect(200);
    id
}
async fn look(manager: &Client, id: &str) -> Value {
    manager.get(&format!("{PRODUCTS}/{id}")).await.expect(200)
}
fn at(manager: &Client, version: &Value) -> Client {
    manager.with("If-Match", format!("\"{version}\""))
}
fn titles(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|p| p["title"].as_str().unwrap()).collect()
}
async fn shop(app: &TestApp, query: &str) -> Value {
    app.visitor().get(&format!("/v1/store/products?currency=EUR{query}")).await.expect(200)
}

#[actix_web::test]
async fn a_product_changes_only_in_the_version_that_was_read() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let id = drafted(&manager, draft("Indigo stole", 6000)).await;
        let path = format!("{PRODUCTS}/{id}");
        let first = manager.get(&path).await;
        let etag = first.headers["etag"].to_str().unwrap().to_owned();
        let read = first.expect(200);
        assert_eq!(etag, format!("\"{}\"", read["version"]));
        assert_eq!(manager.patch(&path, json!({"title": "x"})).await.problem(428), "precondition-required");
        assert_eq!(manager.with("If-Match", "*").patch(&path, json!({"title": "x"})).await.problem(412), "precondition-failed");
        let change = json!({"title": "Indigo shawl", "body_html": "<p onclick='x()'>Soft</p><script>y()</script>", "tags": ["blue"],
            "materials": [{"name": "cotton", "country": "IN", "share": "0.9"}, {"name": "silk", "share": "0.1"}], "made_to_order_days": 30});
        let changed = at(&manager, &read["version"]).patch(&path, change).await.expect(200);
        assert_eq!((changed["title"].as_str(), changed["body_html"].as_str()), (Some("Indigo shawl"), Some("<p>Soft</p>")));
        assert_eq!((&changed["tags"], &changed["kind"], &changed["made_to_order_days"]), (&json!(["blue"]), &json!("stole"), &json!(30)));
        assert!(changed["version"].as_i64() > read["version"].as_i64());
        assert_eq!(at(&manager, &read["version"]).patch(&path, json!({"title": "late"})).await.problem(412), "precondition-failed");
        let emptied = at(&manager, &changed["version"]).patch(&path, json!({"made_to_order_days": null})).await.expect(200);
        assert_eq!((&emptied["made_to_order_days"], &emptied["title"]), (&json!(null), &json!("Indigo shawl")));
        let other = cooperative(app, "pedana").await;
        assert_eq!(other.get(&path.replace("bagru", "pedana")).await.problem(404), "not-found");
        assert_eq!(at(&other, &emptied["version"]).patch(&path.replace("bagru", "pedana"), json!({})).await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn what_cannot_be_accepted_is_named() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let id = drafted(&manager, draft("Indigo stole", 6000)).await;
        let version = look(&manager, &id).await["version"].clone();
        let cases = [
            (json!({"craft": "no-such-craft"}), "/craft"),
            (json!({"template": id}), "/template"),
            (json!({"materials": [{"name": "cotton", "share": "0.9"}]}), "/materials"),
            (json!({"slug": "Not A Slug"}), "/slug"),
            (json!({"title": " "}), "/title"),
            (json!({"made_to_order_days": 0}), "/made_to_order_days"),
            (json!({"description": "a", "body_html": "b"}), "/body_html"),
            (json!({"price": 1}), "/price"),
        ];
        for (wrong, pointer) in cases {
            let refused = at(&manager, &version).patch(&format!("{PRODUCTS}/{id}"), wrong.clone()).await.expect(422);
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{wrong}");
        }
        let mut news = draft("x", 1);
        news["craft"] = json!("no-such-craft");
        news["template"] = json!(id);
        let refused = manager.post(PRODUCTS, news).await.expect(422);
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][1]["pointer"]), (&json!("/craft"), &json!("/template")));
        assert_eq!(look(&manager, &id).await["version"], version, "nothing changed");
    })
    .await;
}

#[actix_web::test]
async fn a_slug_that_is_given_up_leads_to_the_product_for_ever() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let id = published(&manager, draft("Indigo stole", 6000)).await;
        let other = published(&manager, draft("Madder stole", 6000)).await;
        let path = format!("{PRODUCTS}/{id}");
        let slug = async |slug: &str| at(&manager, &look(&manager, &id).await["version"]).patch(&path, json!({"slug": slug})).await;
        assert_eq!(slug("blue-stole").await.expect(200)["retired_slugs"], json!(["indigo-stole"]));
        let old = app.visitor().get("/v1/store/products/indigo-stole?currency=EUR").await;
        assert_eq!((old.status.as_u16(), &old.headers["location"]), (301, &"/v1/store/products/blue-stole?currency=EUR".parse().unwrap()));
        app.visitor().get("/v1/store/products/blue-stole?currency=EUR").await.expect(200);
        let theirs = at(&manager, &look(&manager, &other).await["version"]);
        let taken = theirs.patch(&format!("{PRODUCTS}/{other}"), json!({"slug": "indigo-stole"})).await;
        assert_eq!(taken.expect(422)["errors"][0]["pointer"], "/slug", "retired, and never another's");
        let back = slug("indigo-stole").await.expect(200);
        assert_eq!((&back["slug"], &back["retired_slugs"]), (&json!("indigo-stole"), &json!(["blue-stole"])));
        app.visitor().get("/v1/store/products/indigo-stole?currency=EUR").await.expect(200);
    })
    .await;
}

#[actix_web::test]
async fn a_published_product_never_becomes_one_that_the_gate_blocks() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let id = published(&manager, draft("Indigo stole", 6000)).await;
        let before = look(&manager, &id).await;
        let variant = format!("/v1/manage/cooperatives/bagru/variants/{}", before["variants"][0]["id"].as_str().unwrap());
        let refused = manager.patch(&variant, json!({"prices": []})).await.expect(409);
        assert_eq!((&refused["code"], &refused["gate"]["reasons"][0]["code"]), (&json!("publish-blocked"), &json!("no_price")));
        assert_eq!(manager.patch(&variant, json!({"active": false})).await.problem(409), "publish-blocked");
        let unagreed = json!({"name": "standard", "maker_bp": 5500, "materials_bp": 3000, "cooperative_bp": 1500});
        let template = manager.post("/v1/manage/cooperatives/bagru/price-templates", unagreed).await.expect(201);
        let edit = json!({"title": "Shawl", "template": template["id"]});
        let path = format!("{PRODUCTS}/{id}");
        assert_eq!(at(&manager, &before["version"]).patch(&path, edit.clone()).await.problem(409), "publish-blocked");
        assert_eq!(look(&manager, &id).await, before, "it stayed as it was");
        // Control: a draft may be anything.
        manager.post(&format!("{path}/archive"), json!({})).await.expect(200);
        let draft = manager.post(&format!("{path}/unarchive"), json!({})).await.expect(200);
        let changed = at(&manager, &draft["version"]).patch(&path, edit).await.expect(200);
        assert_eq!((&changed["title"], &changed["gate"]["result"]), (&json!("Shawl"), &json!("blocked")));
        manager.patch(&variant, json!({"prices": []})).await.expect(200);
    })
    .await;
}

#[actix_web::test]
async fn an_archived_product_leaves_the_shop_and_comes_back_as_a_draft() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let id = published(&manager, draft("Indigo stole", 6000)).await;
        let path = |what: &str| format!("{PRODUCTS}/{id}/{what}");
        assert_eq!(manager.post(&path("unarchive"), json!({})).await.problem(409), "conflict");
        assert_eq!(manager.post(&path("archive"), json!({})).await.expect(200)["status"], "archived");
        assert_eq!(titles(&shop(app, "").await), [""; 0]);
        assert_eq!(manager.post(&path("publish"), json!({})).await.problem(409), "conflict");
        assert_eq!(manager.post(&path("unarchive"), json!({})).await.expect(200)["status"], "draft");
        manager.post(&path("publish"), json!({})).await.expect(200);
        assert_eq!(titles(&shop(app, "").await), ["Indigo stole"]);
    })
    .await;
}

#[actix_web::test]
async fn a_variant_is_added_and_changed_and_keeps_what_orders_hold() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        basket(app, &variant, 2).await.checkout("k").await.expect(201);
        let path = format!("/v1/manage/cooperatives/bagru/variants/{variant}");
        let refused = manager.patch(&path, json!({"stock": {"policy": "finite", "on_hand": 1}})).await.expect(409);
        assert_eq!((&refused["code"], &refused["reserved"], &refused["variant"]), (&json!("stock-reserved"), &json!(2), &json!(variant)));
        let change = json!({"stock": {"policy": "finite", "on_hand": 2}, "sku": "DS-1", "grams": null,
            "prices": [{"amount": 7000, "currency": "EUR", "compare_at": 8000}, {"amount": 600_000, "currency": "INR", "tax_inclusive": true}]});
        let changed = manager.patch(&path, change).await.expect(200);
        let shown = &changed["variants"][0];
        assert_eq!(
            (&shown["sku"], &shown["grams"], &shown["stock"]),
            (&json!("DS-1"), &json!(null), &json!({"policy": "finite", "on_hand": 2, "reserved": 2}))
        );
        assert_eq!((&shown["prices"][0]["price"]["amount"], &shown["prices"][1]["tax_inclusive"]), (&json!(7000), &json!(true)));
        assert_eq!(shop(app, "").await["data"][0]["in_stock"], false);
        let twice = json!({"prices": [{"amount": 1, "currency": "EUR"}, {"amount": 2, "currency": "EUR"}]});
        assert_eq!(manager.patch(&path, twice).await.expect(422)["errors"][0]["pointer"], "/prices/1/currency");
        assert_eq!(manager.patch(&path, json!({"grams": -1})).await.expect(422)["errors"][0]["pointer"], "/grams");
        let other = cooperative(app, "pedana").await;
        assert_eq!(other.patch(&path.replace("bagru", "pedana"), json!({})).await.problem(404), "not-found");

        let mut body = draft("Ring", 900);
        body["options"] = json!(["Size"]);
        body["variants"][0]["options"] = json!(["S"]);
        let ring = published(&manager, body).await;
        let add = |size: &[&str]| json!({"options": size, "prices": [{"amount": 950, "currency": "EUR"}], "stock": {"policy": "made_to_order"}});
        let variants = format!("{PRODUCTS}/{ring}/variants");
        assert_eq!(manager.post(&variants, add(&[])).await.expect(422)["errors"][0]["pointer"], "/options");
        assert_eq!(manager.post(&variants, add(&["S"])).await.expect(422)["errors"][0]["code"], "duplicate");
        let added = manager.post(&variants, add(&["M"])).await.expect(201);
        assert_eq!(added["variants"][1]["options"], json!(["M"]));
        let unpriced = json!({"options": ["L"], "prices": [], "stock": {"policy": "unknown"}});
        assert_eq!(manager.post(&variants, unpriced).await.problem(409), "publish-blocked");
    })
    .await;
}

#[actix_web::test]
async fn managers_find_their_products_with_what_the_gate_said() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        for title in ["Indigo stólé", "Madder stole", "Brass ½ lamp"] {
            drafted(&manager, draft(title, 6000)).await;
        }
        let id = drafted(&manager, json!({"title": "Unpriced", "variants": [{"prices": [], "stock": {"policy": "unknown"}}]})).await;
        let page = manager.get(&format!("{PRODUCTS}?limit=3")).await.expect(200);
        assert_eq!(titles(&page), ["Unpriced", "Brass ½ lamp", "Madder stole"]);
        assert_eq!((&page["data"][0]["gate"]["result"], &page["data"][0]["stock"]["uncounted"]), (&json!("blocked"), &json!(1)));
        assert_eq!((&page["data"][1]["prices_from"][0]["formatted"], &page["data"][1]["stock"]["on_hand"]), (&json!("€60.00"), &json!(3)));
        let next = manager.get(&format!("{PRODUCTS}?cursor={}", page["next_cursor"].as_str().unwrap())).await.expect(200);
        assert_eq!(titles(&next), ["Indigo stólé"]);
        let found = async |query: &str| manager.get(&format!("{PRODUCTS}?{query}")).await.expect(200)["data"].as_array().unwrap().len();
        assert_eq!((found("q=MADDER").await, found("q=st%C3%B3l%C3%A9%20ind").await, found("q=LAMP%20brass").await), (1, 1, 1));
        assert_eq!((found("q=%27%20%7C%20!%3A*").await, found("q=%C2%BD").await), (4, 1), "what folds into signs breaks nothing, and is found");
        manager.post(&format!("{PRODUCTS}/{id}/archive"), json!({})).await.expect(200);
        assert_eq!((found("status=archived").await, found("status=draft").await, found("status=published").await), (1, 3, 0));
        assert_eq!(manager.get(&format!("{PRODUCTS}?status=lost")).await.problem(400), "invalid-query");
        let other = cooperative(app, "pedana").await;
        assert_eq!(titles(&other.get("/v1/manage/cooperatives/pedana/products").await.expect(200)), [""; 0]);
    })
    .await;
}

#[actix_web::test]
async fn drafts_are_published_together_and_the_rest_says_why() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let publish = format!("{PRODUCTS}/publish");
        assert_eq!(manager.post(&publish, json!({"filter": {}})).await.expect(422)["errors"][0]["pointer"], "/filter");
        for n in 0..3 {
            drafted(&manager, draft(&format!("Stole {n}"), 6000)).await;
        }
        let mut lamp = draft("Lamp", 9000);
        lamp["kind"] = json!("lamp");
        lamp["tags"] = json!(["brass"]);
        let lamp = drafted(&manager, lamp).await;
        let bare =
            drafted(&manager, json!({"title": "Unpriced", "kind": "stole", "variants": [{"prices": [], "stock": {"policy": "unknown"}}]})).await;
        let gone = drafted(&manager, draft("Gone", 6000)).await;
        manager.post(&format!("{PRODUCTS}/{gone}/archive"), json!({})).await.expect(200);
        let stoles = manager.post(&publish, json!({"filter": {"kinds": ["stole"]}})).await.expect(200);
        assert_eq!((&stoles["published"], &stoles["undeclared"], &stoles["blocked_total"]), (&json!(3), &json!(3), &json!(1)));
        assert_eq!((&stoles["blocked"][0]["product"], &stoles["blocked"][0]["reasons"][0]["code"]), (&json!(bare), &json!("no_price")));
        assert_eq!(titles(&shop(app, "").await).len(), 3, "the lamp was not asked for");
        let other = cooperative(app, "pedana").await;
        let theirs = other.post("/v1/manage/cooperatives/pedana/products/publish", json!({"filter": {"products": [lamp]}})).await.expect(200);
        assert_eq!(theirs["published"], 0);
        let all = manager.post(&publish, json!({"filter": {"all": true}})).await.expect(200);
        assert_eq!((&all["published"], &all["blocked_total"]), (&json!(1), &json!(1)), "only drafts: neither the archived nor the published");
        assert_eq!(look(&manager, &gone).await["status"], "archived");
    })
    .await;
}

/// Both want the same slug in the same moment: neither fails.
#[actix_web::test]
async fn equal_titles_at_once_get_slugs_of_their_own() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let make = || manager.post(PRODUCTS, draft("Indigo stole", 6000));
        let made = futures_util::join!(make(), make(), make(), make());
        for answer in [made.0, made.1, made.2, made.3] {
            answer.expect(201);
        }
        let all = manager.get(PRODUCTS).await.expect(200);
        let slugs: std::collections::BTreeSet<_> = all["data"].as_array().unwrap().iter().map(|p| p["slug"].as_str().unwrap().to_owned()).collect();
        assert_eq!(slugs.len(), 4, "{slugs:?}");
    })
    .await;
}

#[actix_web::test]
async fn collections_hold_products_in_an_order_and_shelves_show_them() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let (one, two, three) = (
            published(&manager, draft("One", 100)).await,
            published(&manager, draft("Two", 200)).await,
            published(&manager, draft("Three", 300)).await,
        );
        let collections = "/v1/manage/cooperatives/bagru/collections";
        let table = manager.post(collections, json!({"title": "For the table"})).await.expect(201);
        assert_eq!((&table["slug"], &table["products"]), (&json!("for-the-table"), &json!([])));
        assert_eq!(manager.post(collections, json!({"title": "For the table"})).await.expect(201)["slug"], "for-the-table-2");
        let path = format!("{collections}/{}", table["id"].as_str().unwrap());
        let put = manager.put(&format!("{path}/products"), json!([two, one])).await.expect(200);
        assert_eq!(put["products"], json!([two, one]));
        assert_eq!(manager.put(&format!("{path}/products"), json!([one, one])).await.expect(422)["errors"][0]["pointer"], "/1");
        let other = cooperative(app, "pedana").await;
        assert_eq!(other.put(&format!("{}/products", path.replace("bagru", "pedana")), json!([])).await.problem(404), "not-found");
        let theirs = other.post("/v1/manage/cooperatives/pedana/collections", json!({"title": "x"})).await.expect(201);
        let stolen = format!("/v1/manage/cooperatives/pedana/collections/{}/products", theirs["id"].as_str().unwrap());
        assert_eq!(other.put(&stolen, json!([three])).await.expect(422)["errors"][0]["pointer"], "/0");
        assert_eq!(manager.patch(&path, json!({"title": " "})).await.expect(422)["errors"][0]["pointer"], "/title");
        assert_eq!(manager.patch(&path, json!({"about": "Plates"})).await.expect(200)["about"], "Plates");
        assert_eq!(manager.get(&path).await.expect(200)["products"], json!([two, one]));
        assert_eq!(manager.get(&format!("{collections}?limit=1")).await.expect(200)["has_more"], true);
        manager.delete(&path).await.expect(204);
        assert_eq!(manager.get(&path).await.problem(404), "not-found");
        assert_eq!(titles(&shop(app, "").await).len(), 3, "its products stay");
    })
    .await;
}
