//! What the publish gate asks, and when it is asked again.
use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, api_test,
    builders::{cooperative, sql},
};

const PRODUCTS: &str = "/v1/manage/cooperatives/bagru/products";

async fn made(manager: &Client, more: Value) -> Value {
    let mut body =
        json!({"title": "Stole", "variants": [{"prices": [{"amount": 6000, "currency": "EUR"}], "stock": {"policy": "finite", "on_hand": 3}}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    manager.post(PRODUCTS, body).await.expect(201)
}
/// What the gate said last, by the codes of its reasons.
async fn said(manager: &Client, product: &Value) -> (String, Vec<String>) {
    let gate = manager.get(&format!("{PRODUCTS}/{}", product["id"].as_str().unwrap())).await.expect(200)["gate"].clone();
    let codes = gate["reasons"].as_array().into_iter().flatten().map(|r| r["code"].as_str().unwrap().to_owned()).collect();
    (gate["result"].as_str().unwrap().to_owned(), codes)
}
async fn publish(manager: &Client, product: &Value) -> crate::support::Answer {
    manager.post(&format!("{PRODUCTS}/{}/publish", product["id"].as_str().unwrap()), json!({})).await
}
async fn template(manager: &Client) -> Value {
    let body = json!({"name": "standard", "maker_bp": 5500, "materials_bp": 3000, "cooperative_bp": 1500});
    manager.post("/v1/manage/cooperatives/bagru/price-templates", body).await.expect(201)["id"].clone()
}
async fn agree(manager: &Client, template: &Value, more: Value) -> crate::support::Answer {
    let mut body = json!({"template": template, "agreed_by": "Ganga", "method": "meeting", "date": "2026-11-01"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    manager.post("/v1/manage/cooperatives/bagru/price-agreements", body).await
}

#[actix_web::test]
async fn an_agreement_asks_again_about_the_products_that_waited_for_it() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let template = template(&manager).await;
        let (stole, lamp) = (
            made(&manager, json!({"template": template, "kind": "stole"})).await,
            made(&manager, json!({"template": template, "kind": "lamp"})).await,
        );
        assert_eq!(said(&manager, &stole).await.0, "blocked");
        assert_eq!(agree(&manager, &template, json!({"agreed_by": " "})).await.expect(422)["errors"][0]["pointer"], "/agreed_by");
        assert_eq!(agree(&manager, &template, json!({"evidence": "x".repeat(2001)})).await.expect(422)["errors"][0]["pointer"], "/evidence");
        agree(&manager, &template, json!({"filter": {"kinds": ["stole"]}})).await.expect(201);
        assert_eq!(said(&manager, &stole).await, ("undeclared".into(), vec!["piece_rate_unknown".into()]));
        assert_eq!(said(&manager, &lamp).await.0, "blocked", "control: nobody agreed to this one");
    })
    .await;
}

#[actix_web::test]
async fn a_price_must_be_one_that_the_makers_can_be_paid_from() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let priced = |currency: &str, amount: i64| json!({"variants": [{"prices": [{"amount": amount, "currency": currency}], "stock": {"policy": "made_to_order"}}]});
        let yen = made(&manager, priced("JPY", 5000)).await;
        assert_eq!(said(&manager, &yen).await.1[0], "no_price");
        assert_eq!(publish(&manager, &yen).await.problem(409), "publish-blocked");
        for (currency, amount) in [("EUR", 5000), ("INR", 500_000)] {
            publish(&manager, &made(&manager, priced(currency, amount)).await).await.expect(200);
        }
        sql(app, "INSERT INTO fx_rates VALUES ('JPY', 'INR', '2026-11-20', '0.58', 'a test')").await;
        publish(&manager, &yen).await.expect(200);
        let mut body = json!({"title": "x"});
        body["variants"] = priced("KWD", 1234)["variants"].clone();
        let refused = manager.post(PRODUCTS, body).await.expect(422);
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!("/variants/0/prices/0/amount"), &json!("unpayable")));
    })
    .await;
}

/// One piece of printing on the product's batch: this many paise for a quarter of an hour.
async fn worked(app: &TestApp, product: &Value, paise: i64) {
    let text = format!(
        "INSERT INTO batches (coop_id, id, variant_id, code, quantity, minted, next_seq, created_at)
         SELECT coop_id, id, id, id::text, 5, 0, 0, created_at FROM variants WHERE id = '{variant}' ON CONFLICT DO NOTHING;
         INSERT INTO work_entries (coop_id, id, batch_id, step, pieces, minutes, rate_minor, currency, worked_on, created_at)
         SELECT coop_id, gen_random_uuid(), id, 'print', 1, 15, {paise}, 'INR', '2026-11-10', created_at FROM batches WHERE id = '{variant}'",
        variant = product["variants"][0].as_str().unwrap()
    );
    sql(app, &text).await;
}

#[actix_web::test]
async fn pay_below_the_law_blocks_and_pay_that_is_not_known_is_said_to_be() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let template = template(&manager).await;
        agree(&manager, &template, json!({})).await.expect(201);
        let (fair, poor) = (made(&manager, json!({"template": template})).await, made(&manager, json!({"template": template})).await);
        assert_eq!(said(&manager, &fair).await, ("undeclared".into(), vec!["piece_rate_unknown".into()]));
        worked(app, &fair, 2000).await;
        worked(app, &poor, 1999).await;
        publish(&manager, &poor).await.expect(200);
        // No minimum was known until now. 80 rupees an hour is 20 a quarter.
        sql(app, "INSERT INTO wage_benchmarks VALUES ('x', 'legal_minimum_hour', 'IN', NULL, 8000, 'INR', '2026-01-01', 'a test')").await;
        let gate = publish(&manager, &fair).await.expect(200)["gate"].clone();
        assert_eq!(gate["result"], "pass", "{gate}");
        let refused = publish(&manager, &poor).await.expect(409);
        assert_eq!((&refused["code"], &refused["gate"]["reasons"][0]["code"]), (&json!("publish-blocked"), &json!("below_legal_minimum")));
        // What was law later says nothing about that day.
        sql(app, "UPDATE wage_benchmarks SET valid_from = '2026-11-11' WHERE code = 'x'").await;
        publish(&manager, &poor).await.expect(200);
    })
    .await;
}

/// Publishing and archiving one product in the same moment, many times: it is never in the shop when archiving came last.
#[actix_web::test]
async fn publishing_does_not_undo_archiving() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let product = made(&manager, json!({})).await;
        let path = format!("{PRODUCTS}/{}", product["id"].as_str().unwrap());
        let (archive, publish_all) = (format!("{path}/archive"), format!("{PRODUCTS}/publish"));
        for _ in 0..8 {
            let (archived, published, all) = futures_util::join!(
                manager.post(&archive, json!({})),
                publish(&manager, &product),
                manager.post(&publish_all, json!({"filter": {"all": true}})),
            );
            archived.expect(200);
            all.expect(200);
            assert!(matches!(published.status.as_u16(), 200 | 409), "{}", published.text);
            assert_eq!(manager.get(&path).await.expect(200)["status"], "archived");
            manager.post(&format!("{path}/unarchive"), json!({})).await.expect(200);
        }
    })
    .await;
}

/// An import takes prices as they are typed. One that no buyer could be asked for keeps its product a draft, and says why.
#[actix_web::test]
async fn a_price_that_nobody_can_pay_is_not_listed() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        sql(app, "INSERT INTO fx_rates VALUES ('KWD', 'INR', '2026-11-20', '280.00', 'a test')").await;
        let prices = json!([{"amount": 6000, "currency": "EUR"}, {"amount": 1230, "currency": "KWD"}]);
        let dear = made(&manager, json!({"variants": [{"prices": prices, "stock": {"policy": "finite", "on_hand": 3}}]})).await;
        sql(app, "UPDATE prices SET amount_minor = 1234 WHERE currency = 'KWD'").await;
        let refused = publish(&manager, &dear).await.expect(409);
        assert!(refused.to_string().contains("unpayable_price") && refused.to_string().contains("multiple of 10"), "{refused}");
        // Control: a fils less and less, and it is listed.
        sql(app, "UPDATE prices SET amount_minor = 1230 WHERE currency = 'KWD'").await;
        publish(&manager, &dear).await.expect(200);
    })
    .await;
}
