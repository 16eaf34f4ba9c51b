//! Carts: what they cost is what is charged, what cannot be charged is said early, and nobody's address is kept for ever.
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{
    api_test,
    builders::{balance, basket, checkout_body, cooperative, platform, product, session_of, sql},
};

#[actix_web::test]
async fn a_changed_total_comes_with_the_cart_as_it_is_now() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let basket = basket(app, &variant, 1).await;
        sql(app, "UPDATE prices SET amount_minor = 6500").await;
        let refused = basket.checkout("k").await.expect(409);
        assert_eq!((refused["code"].as_str(), refused["cart"]["totals"]["total"]["amount"].as_i64()), (Some("total-changed"), Some(7100)));
        assert!(refused["cart"].get("token").is_none(), "its token is told once, when it is made");
        // The fresh total is accepted, under the same key.
        let path = format!("/v1/store/carts/{}/checkout", basket.id);
        basket.client.with("Idempotency-Key", "k").post(&path, checkout_body(&refused["cart"]["totals"]["total"])).await.expect(201);
    })
    .await;
}

#[actix_web::test]
async fn a_registered_seller_without_a_rate_sells_nothing_there() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let basket = basket(app, &variant, 1).await;
        let path = format!("/v1/store/carts/{}", basket.id);
        let address =
            json!({"name": "Asha Brandt", "line1": "4 Lime Street", "city": "Albany", "region": "NY", "postal_code": "12207", "country": "US"});
        let cart = basket.client.patch(&path, json!({"shipping_address": address})).await.expect(200);
        assert_eq!((&cart["totals"]["tax_reason"], &cart["totals"]["missing"]), (&json!("seller_not_registered"), &json!([])));
        let id = haat::ids::new_uuid();
        sql(
            app,
            &format!("INSERT INTO tax_registrations (id, jurisdiction, kind, number, valid_from) VALUES ('{id}', 'US', 'vat', 'NY-1', '2026-01-01')"),
        )
        .await;
        let cart = basket.client.get(&path).await.expect(200);
        assert_eq!(
            cart["totals"]["missing"],
            json!([{"code": "tax_rate", "cooperative": "Cooperative bagru"}]),
            "once, though goods and delivery lack it"
        );
        assert_eq!(cart["totals"]["tax_reason"], "rate_not_known", "the zero that is shown is nobody's decision, and no price of it is shown");
        let product = app.visitor().get("/v1/store/products/indigo-dabu-stole?currency=EUR&country=US").await.expect(200);
        assert_eq!(product["variants"][0].get("price_at_destination"), None, "{product:#}");
        assert_eq!((&cart["totals"]["complete"], basket.checkout("k").await.problem(422)), (&json!(false), "cart-incomplete".to_owned()));
        // Control: with the rate it can be sold, and the rate counts for delivery too.
        sql(app, "INSERT INTO tax_rates VALUES ('US', 'standard', 1900, false, '2026-01-01', 'a test')").await;
        let product = app.visitor().get("/v1/store/products/indigo-dabu-stole?currency=EUR&country=US").await.expect(200);
        assert_eq!(product["variants"][0]["price_at_destination"]["amount"], 7140);
        let cart = basket.client.get(&path).await.expect(200);
        assert_eq!((cart["totals"]["tax"]["amount"].as_i64(), cart["totals"]["complete"].as_bool()), (Some(1140 + 114), Some(true)));
        assert_eq!(cart["totals"]["tax_reason"], "destination_rate");
    })
    .await;
}

#[actix_web::test]
async fn a_cart_that_nobody_came_back_to_is_forgotten_and_its_order_stays() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let (old, young) = (basket(app, &variant, 1).await, basket(app, &variant, 1).await);
        let checkout = old.checkout("k").await.expect(201);
        app.clock.advance(SignedDuration::from_hours(24 * 29));
        young.client.patch(&format!("/v1/store/carts/{}", young.id), json!({"email": "other@buyer.example"})).await.expect(200);
        app.clock.advance(SignedDuration::from_hours(24));
        let (now, day) = (app.clock.now(), app.clock.today());
        let job = haat::orders::jobs::ForgetCarts { day };
        app.db.db.transaction(async |tx| haat::jobs::enqueue(tx, now, &job).await).await.unwrap();
        app.run_jobs().await;
        assert_eq!(old.client.get(&format!("/v1/store/carts/{}", old.id)).await.problem(404), "not-found");
        young.client.get(&format!("/v1/store/carts/{}", young.id)).await.expect(200);
        let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
        guest.get(&format!("/v1/store/orders/{}", checkout["order"]["id"].as_str().unwrap())).await.expect(200);
    })
    .await;
}

/// Of a dinar's thousandth only tens can be asked for: what is computed (tax, a delivery that is converted) is rounded to that, once, and
/// the books are what was paid. So is what goes back, piece by piece: up, at the platform's cost, until the last piece makes it even.
#[actix_web::test]
async fn three_decimals_are_paid_in_tens() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let setting = format!(
            "INSERT INTO fx_rates VALUES ('KWD', 'INR', '2026-11-20', '280.00', 'a test');
             INSERT INTO prices (coop_id, variant_id, currency, amount_minor, tax_inclusive, updated_at)
               SELECT coop_id, id, 'KWD', 12330, false, '2026-11-22' FROM variants WHERE id = '{variant}';
             INSERT INTO tax_registrations (id, jurisdiction, kind, number, valid_from) VALUES ('{}', 'KW', 'vat', 'KW1', '2026-01-01');
             INSERT INTO tax_rates VALUES ('KW', 'standard', 500, false, '2026-01-01', 'a test')",
            haat::ids::new_uuid()
        );
        sql(app, &setting).await;
        let address = json!({"name": "Asha", "line1": "Block 1", "city": "Kuwait", "country": "KW"});
        let lines = json!([{"variant": variant, "quantity": 3}]);
        let body = json!({"currency": "KWD", "email": "asha@buyer.example", "shipping_address": address, "lines": lines});
        let cart = app.visitor().post("/v1/store/carts", body).await.expect(201);
        let totals = |name: &str| cart["totals"][name]["amount"].as_i64().unwrap();
        // 1849.5 fils of tax on the goods; 600.00 rupees are 2.142857 dinars, and 107.5 fils of tax on them.
        assert_eq!((totals("goods"), totals("shipping"), totals("tax"), totals("total")), (36_990, 2_150, 1_850 + 110, 36_990 + 2_150 + 1_960));
        let client = app.visitor().with("X-Cart-Token", cart["token"].as_str().unwrap()).with("Idempotency-Key", "k");
        let path = format!("/v1/store/carts/{}/checkout", cart["id"].as_str().unwrap());
        let checkout = client.post(&path, checkout_body(&cart["totals"]["total"])).await.expect(201);
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        let kept = balance(app, "stripe_balance", "KWD").await + balance(app, "stripe_fees", "KWD").await;
        assert_eq!((kept, balance(app, "tax_payable:", "KWD").await), (totals("total"), 1_960));

        let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
        let order = checkout["order"]["id"].as_str().unwrap();
        let line = guest.get(&format!("/v1/store/orders/{order}")).await.expect(200)["parcels"][0]["lines"][0]["id"].clone();
        let operator = platform(app, "operator").await;
        let give_back = async |key: &str, mut body: Value| {
            body["reason"] = json!("unfulfillable");
            let refund = operator.with("Idempotency-Key", key).post(&format!("/v1/admin/orders/{order}/refunds"), body).await.expect(202);
            for _ in 0..2 {
                app.run_jobs().await;
                app.sandbox.control().webhooks_settled().await;
            }
            refund["amount"]["amount"].as_i64().unwrap()
        };
        let mut given = Vec::new();
        for key in ["a", "b"] {
            given.push(give_back(key, json!({"lines": [{"line": line, "quantity": 1}]})).await);
        }
        assert!(given.iter().all(|fils| fils % 10 == 0 && (12_946..12_960).contains(fils)), "{given:?}");
        assert!(balance(app, "refund_losses", "KWD").await > 0, "control: a third of it cannot be paid exactly");
        given.push(give_back("c", json!({"everything": true})).await);
        assert_eq!((given.iter().sum::<i64>(), balance(app, "refund_losses", "KWD").await), (totals("total"), 0));
        let kept = balance(app, "stripe_balance", "KWD").await + balance(app, "stripe_fees", "KWD").await;
        assert_eq!((kept, balance(app, "buyer_refundable", "KWD").await, balance(app, "coop_pending:", "INR").await), (0, 0, 0));
    })
    .await;
}
