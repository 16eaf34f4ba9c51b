//! The main job as one thread: a cooperative lists, a buyer pays, the books and the record agree, the parcel leaves.
use passport::verify_bundle;
use serde_json::json;

use crate::support::{
    TestApp, api_test,
    builders::{balance, basket, checkout_body, cooperative, product, session_of, sql},
};

#[actix_web::test]
async fn a_sale_from_listing_to_parcel() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let listed = app.visitor().get("/v1/store/products?currency=EUR&q=indig").await.expect(200);
        assert_eq!(listed["data"][0]["price_from"]["formatted"], "€60.00");
        let detail = app.visitor().get("/v1/store/products/indigo-dabu-stole?currency=EUR").await.expect(200);
        let parts = &detail["variants"][0]["price_breakdown"];
        assert_eq!(
            (parts["producer"]["amount"].as_i64(), parts["premium"]["amount"].as_i64(), parts["platform"]["amount"].as_i64()),
            (Some(4636), Some(464), Some(900))
        );

        let basket = basket(app, &variant, 1).await;
        assert_eq!(basket.total["amount"], 6600, "60.00 and delivery of INR 600 at 100");
        let buyer = basket.client.with("Idempotency-Key", "one");
        let path = format!("/v1/store/carts/{}/checkout", basket.id);
        let checkout = buyer.post(&path, checkout_body(&basket.total)).await.expect(201);
        let again = buyer.post(&path, checkout_body(&basket.total)).await.expect(201);
        assert_eq!(checkout, again, "the same key is the same answer");
        let held = format!(
            "DO $$ BEGIN ASSERT (SELECT count(*) FROM idempotency_keys WHERE answer::text LIKE '%{}%') = 1, 'the answer is kept';
             ASSERT (SELECT count(*) FROM idempotency_keys WHERE answer::text LIKE '%{}%') = 0, 'and its token is not'; END $$",
            checkout["order"]["number"].as_str().unwrap(),
            checkout["order_token"].as_str().unwrap()
        );
        sql(app, &held).await;
        assert_eq!(checkout["order"]["status"], "pending_payment");

        let session = session_of(&checkout);
        app.sandbox.control().pay(&session).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        let (id, token) = (checkout["order"]["id"].as_str().unwrap(), checkout["order_token"].as_str().unwrap());
        let guest = app.visitor().with("X-Order-Token", token);
        let order = guest.get(&format!("/v1/store/orders/{id}")).await.expect(200);
        assert_eq!(order["status"], "paid");
        // The buyer's return settles again: nothing more happens.
        let state = app.visitor().get(&format!("/v1/store/checkout/{session}")).await.expect(200);
        assert_eq!(state["state"], "paid");

        assert_eq!(balance(app, "coop_pending:", "INR").await, 463_636, "51.00 at 100 is 5,100.00, of which ten elevenths");
        assert_eq!(balance(app, "premium_pending:", "INR").await, 46_364);
        assert_eq!(balance(app, "commission", "EUR").await, 900);
        assert_eq!(balance(app, "shipping_payable:", "INR").await, 60_000);
        assert_eq!(balance(app, "stripe_balance", "EUR").await, 6600 - balance(app, "stripe_fees", "EUR").await);
        assert!(balance(app, "stripe_fees", "EUR").await > 0);

        let code = order["parcels"][0]["lines"][0]["items"][0]["code"].as_str().unwrap().to_owned();
        manager.post("/v1/manage/cooperatives/bagru/fulfilments", json!({"order": id, "carrier": "India Post", "tracking": "EE1"})).await.expect(201);
        let twice = manager.post("/v1/manage/cooperatives/bagru/fulfilments", json!({"order": id, "carrier": "India Post"})).await.problem(409);
        assert_eq!(twice, "conflict");
        assert_eq!(balance(app, "coop_available:", "INR").await, 463_636 + 60_000);
        assert_eq!(balance(app, "premium_fund:", "INR").await, 46_364);
        assert_eq!(guest.get(&format!("/v1/store/orders/{id}")).await.expect(200)["status"], "shipped");

        let item = app.visitor().get(&format!("/v1/provenance/items/{}", code.to_lowercase())).await.expect(200);
        let events: Vec<_> = item["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
        assert_eq!(events, ["created", "minted", "sold", "packed", "shipped"]);
        let bundle = app.visitor().get(&format!("/v1/provenance/items/{code}/bundle")).await;
        assert!(verify_bundle(bundle.text.as_bytes()).ok());
        let tampered = bundle.text.replacen("haat-item-bundle-v1", "haat-item-bundle-v2", 1);
        assert!(!verify_bundle(tampered.as_bytes()).ok());

        app.run_jobs().await;
        let mails = app.app.mailer.kept();
        let mut kinds: Vec<_> = mails.iter().map(|m| m.kind).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["new_order", "order_paid", "order_received", "shipped"]);
        assert!(mails.iter().any(|m| m.kind == "order_paid" && m.text.contains(&code) && m.html.contains(&code)), "the buyer's mail links her piece");
    })
    .await;
}

#[actix_web::test]
async fn an_event_delivered_five_times_is_one_sale() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let basket = basket(app, &variant, 2).await;
        let checkout = basket.checkout("k").await.expect(201);
        let session = session_of(&checkout);
        app.sandbox.control().pay(&session).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        let settle = || haat::checkout::settle(&app.app, &session);
        let outcomes = futures_util::join!(settle(), settle(), settle(), settle(), settle());
        for outcome in [outcomes.0, outcomes.1, outcomes.2, outcomes.3, outcomes.4] {
            assert_eq!(outcome.unwrap(), haat::checkout::Settled::Paid);
        }
        assert_eq!(balance(app, "commission", "EUR").await, 1800);
    })
    .await;
}

#[actix_web::test]
async fn a_wrong_signature_rings_no_bell() {
    api_test(async |app| {
        let event = json!({"id": "evt_1", "type": "checkout.session.completed", "created": 1, "livemode": false, "data": {"object": {"id": "cs_1"}}});
        let at = app.clock.now().unix();
        let signed = |secret: &str| stripe_client::sign(event.to_string().as_bytes(), secret, at).unwrap();
        let refused = app.visitor().with("Stripe-Signature", signed("whsec_other")).post("/webhooks/stripe", event.clone()).await;
        assert_eq!(refused.problem(400), "invalid-body");
        // Control: the right secret is heard.
        let heard = app.visitor().with("Stripe-Signature", signed("whsec_test")).post("/webhooks/stripe", event.clone()).await;
        assert_eq!(heard.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn an_abandoned_page_gives_the_stock_back_and_only_then() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 1).await;
        let first = basket(app, &variant, 1).await;
        let second = basket(app, &variant, 1).await;
        let checkout = first.checkout("a").await.expect(201);
        assert_eq!(second.checkout("b").await.problem(409), "out-of-stock");
        app.sandbox.control().expire(&session_of(&checkout)).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        second.checkout("c").await.expect(201);
    })
    .await;
}

/// No webhook comes at all: the sweep reads the provider's news and settles. Control: before it, nothing is known.
#[actix_web::test]
async fn a_webhook_that_never_comes_is_made_up_for() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 1).await;
        let basket = basket(app, &variant, 1).await;
        let checkout = basket.checkout("k").await.expect(201);
        app.sandbox.control().set_webhook_url(None);
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.run_jobs().await;
        assert_eq!(balance(app, "commission", "EUR").await, 0);
        haat::checkout::jobs::sweep(&app.app).await.unwrap();
        app.run_jobs().await;
        assert_eq!(balance(app, "commission", "EUR").await, 900);
        haat::checkout::jobs::sweep(&app.app).await.unwrap();
        app.run_jobs().await;
        assert_eq!(balance(app, "commission", "EUR").await, 900, "a second sweep changes nothing");
    })
    .await;
}

/// What `serve` and `worker` keep running beside the queue: one sweep a minute, however often and by however many it is written, and one
/// forgetting of carts a day. The sweep settles what no webhook told of.
#[actix_web::test]
async fn a_sweep_is_written_each_minute_and_settles_what_nobody_told_of() {
    use diesel_async::RunQueryDsl;
    use haat::checkout::jobs::keep_sweeping_each;
    api_test(async |app| {
        let written = async |kind: &str| {
            let text = format!("SELECT count(*) AS n FROM jobs WHERE kind = '{kind}'");
            diesel::sql_query(text).get_result::<crate::database::Count>(&mut *app.db.db.conn().await.unwrap()).await.unwrap().n
        };
        let until = async |sweeps: i64| {
            let tick = std::time::Duration::from_millis(10);
            let both = async { futures_util::join!(keep_sweeping_each(&app.app, tick), keep_sweeping_each(&app.app, tick)) };
            let seen = async {
                while written("sweep_checkouts").await < sweeps {
                    tokio::time::sleep(tick).await;
                }
                tokio::time::sleep(tick * 10).await;
            };
            tokio::select! { _ = both => {}, () = seen => {} }
            written("sweep_checkouts").await
        };
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 1).await;
        let checkout = basket(app, &variant, 1).await.checkout("k").await.expect(201);
        app.sandbox.control().set_webhook_url(None);
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.run_jobs().await;
        assert_eq!(balance(app, "commission", "EUR").await, 0, "control: nobody told of it");
        assert_eq!(until(1).await, 1, "two who write it write it once");
        app.run_jobs().await;
        assert_eq!(balance(app, "commission", "EUR").await, 900);
        app.clock.advance(jiff::SignedDuration::from_mins(1));
        assert_eq!((until(2).await, written("forget_carts").await), (2, 1));
        app.clock.advance(jiff::SignedDuration::from_hours(24));
        assert_eq!((until(3).await, written("forget_carts").await), (3, 2));
        app.run_jobs().await;
        assert_eq!(balance(app, "commission", "EUR").await, 900, "and once it is settled");
    })
    .await;
}

#[actix_web::test]
async fn a_lost_answer_is_resumed_by_the_same_key() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 1).await;
        let basket = basket(app, &variant, 1).await;
        let path = format!("/v1/store/carts/{}/checkout", basket.id);
        app.sandbox.control().fault(drop_after());
        let buyer = basket.client.with("Idempotency-Key", "k");
        assert_eq!(buyer.post(&path, checkout_body(&basket.total)).await.problem(503), "payment-provider-unknown");
        let resumed = buyer.post(&path, checkout_body(&basket.total)).await.expect(201);
        assert_eq!(app.sandbox.control().all("cs").len(), 1, "one page, however often it was asked for");
        let wrong = json!({"expected_total": {"amount": 1, "currency": "EUR"}, "success_url": "https://shop.example/", "cancel_url": "https://shop.example/"});
        assert_eq!(buyer.post(&path, wrong).await.problem(422), "idempotency-key-reused");
        assert!(resumed["checkout_url"].is_string());
    })
    .await;
}
fn drop_after() -> stripe_sandbox::Fault {
    serde_json::from_value(json!({"operation": "create_session", "kind": "drop_after", "times": 1})).unwrap()
}

#[actix_web::test]
async fn what_is_not_yours_is_not_there() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        let variant = product(&manager, "bagru", 6000, 1).await;
        assert_eq!(other.get("/v1/manage/cooperatives/bagru/orders").await.problem(404), "not-found");
        assert_eq!(app.visitor().get("/v1/manage/cooperatives/bagru/orders").await.problem(401), "unauthenticated");
        manager.get("/v1/manage/cooperatives/bagru/orders").await.expect(200);
        let basket = basket(app, &variant, 1).await;
        let thief = app.visitor().with("X-Cart-Token", "cart_guess");
        assert_eq!(thief.get(&format!("/v1/store/carts/{}", basket.id)).await.problem(404), "not-found");
        basket.client.get(&format!("/v1/store/carts/{}", basket.id)).await.expect(200);
        let mass = json!({"lines": [{"variant": variant, "quantity": 1, "price_minor": 1}]});
        assert_eq!(basket.client.patch(&format!("/v1/store/carts/{}", basket.id), mass).await.problem(422), "invalid");
        let negative = json!({"lines": [{"variant": variant, "quantity": -1}]});
        assert_eq!(basket.client.patch(&format!("/v1/store/carts/{}", basket.id), negative).await.problem(422), "invalid");
        assert_eq!(app.visitor().get("/v1/store/products?currency=EUR&colour=red").await.problem(400), "invalid-query");
    })
    .await;
}

#[actix_web::test]
async fn a_cart_is_priced_for_where_its_parcel_goes() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let basket = basket(app, &variant, 1).await;
        let path = format!("/v1/store/carts/{}", basket.id);
        assert_eq!(basket.client.patch(&path, json!({"country": "US"})).await.problem(422), "invalid");
        assert_eq!(basket.client.get(&path).await.expect(200)["country"], "DE", "a refused change leaves nothing behind");
        let moved = json!({"name": "Asha Brandt", "line1": "Rue 4", "city": "Lyon", "country": "FR"});
        assert_eq!(basket.client.patch(&path, json!({"country": "DE", "shipping_address": moved})).await.problem(422), "invalid");
        // Control: the address itself may move, and takes the country with it.
        assert_eq!(basket.client.patch(&path, json!({"shipping_address": moved})).await.expect(200)["country"], "FR");
    })
    .await;
}

#[actix_web::test]
async fn a_line_grows_to_its_bound_and_no_further() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let basket = basket(app, &variant, 1).await;
        let path = format!("/v1/store/carts/{}/lines", basket.id);
        let add = |quantity: i32| json!({"variant": variant, "quantity": quantity});
        basket.client.post(&path, add(998)).await.expect(200);
        assert_eq!(basket.client.post(&path, add(1)).await.problem(422), "invalid");
        let twice = json!({"lines": [add(999), add(999)]});
        assert_eq!(basket.client.patch(&format!("/v1/store/carts/{}", basket.id), twice).await.problem(422), "invalid");
    })
    .await;
}

#[actix_web::test]
async fn an_address_is_shown_to_its_sender_and_only_when_paid() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 1).await;
        let basket = basket(app, &variant, 1).await;
        let checkout = basket.checkout("k").await.expect(201);
        let order = format!("/v1/manage/cooperatives/bagru/orders/{}", checkout["order"]["id"].as_str().unwrap());
        assert_eq!(manager.get(&order).await.problem(404), "not-found");
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        let shown = manager.get(&order).await.expect(200);
        assert_eq!(shown["ship_to"]["city"], "Freiburg");
        assert!(shown.get("total").is_none() && shown.get("order").is_none(), "no totals of others: {shown}");
        let other = cooperative(app, "pedana").await;
        assert_eq!(other.get(&order.replace("bagru", "pedana")).await.problem(404), "not-found");
    })
    .await;
}

/// What holds when money came that pays for nothing: it went back, the books show both ways, the pieces are for sale, a person is told.
async fn money_went_back(app: &TestApp, variant: &str, cents: i64) {
    app.run_jobs().await;
    assert_eq!(balance(app, "buyer_refundable", "EUR").await, 0);
    assert_eq!(balance(app, "commission", "EUR").await, 0);
    assert_eq!(balance(app, "coop_pending:", "INR").await, 0);
    let refunds = app.sandbox.control().all("re");
    assert_eq!(refunds.iter().map(|r| r["amount"].as_i64().unwrap()).collect::<Vec<_>>(), [cents], "once, all of it");
    let mails: Vec<_> = app.app.mailer.kept().into_iter().filter(|m| m.kind != "order_received").map(|m| m.subject).collect();
    assert!(mails.len() == 1 && mails[0].contains("on its way back"), "{mails:?}");
    basket(app, variant, 1).await.checkout("after").await.expect(201);
}

#[actix_web::test]
async fn authentic_money_of_a_wrong_amount_goes_back_and_frees_the_stock() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 1).await;
        let checkout = basket(app, &variant, 1).await.checkout("k").await.expect(201);
        sql(app, "UPDATE orders SET goods_minor = goods_minor + 1, total_minor = total_minor + 1").await;
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        money_went_back(app, &variant, 6600).await;
    })
    .await;
}

#[actix_web::test]
async fn money_for_a_cancelled_order_goes_back() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 1).await;
        let checkout = basket(app, &variant, 1).await.checkout("k").await.expect(201);
        let (order, now) = (checkout["order"]["id"].as_str().unwrap().parse().unwrap(), app.clock.now());
        app.db.db.transaction(async |tx| haat::orders::cancel(tx, now, order, "a test").await).await.unwrap();
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        // Told again, nothing more goes back.
        haat::checkout::settle(&app.app, &session_of(&checkout)).await.unwrap();
        money_went_back(app, &variant, 6600).await;
    })
    .await;
}

#[actix_web::test]
async fn a_product_page_is_not_modified_until_it_is() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 2).await;
        let path = "/v1/store/products/indigo-dabu-stole?currency=EUR";
        let first = app.visitor().get(path).await;
        let returning = app.visitor().with("If-None-Match", first.headers["etag"].to_str().unwrap());
        assert_eq!(returning.get(path).await.status, 304);
        basket(app, &variant, 1).await.checkout("k").await.expect(201);
        assert_eq!(returning.get(path).await.status, 200, "a piece fewer is another page");
    })
    .await;
}

#[actix_web::test]
async fn a_tag_leads_to_a_page() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 1).await;
        let checkout = basket(app, &variant, 1).await.checkout("k").await.expect(201);
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
        let order = guest.get(&format!("/v1/store/orders/{}", checkout["order"]["id"].as_str().unwrap())).await.expect(200);
        let item = &order["parcels"][0]["lines"][0]["items"][0];
        let path = item["url"].as_str().unwrap().strip_prefix(&app.url).unwrap();
        let page = app.visitor().get(&format!("{path}?fbclid=1")).await;
        assert_eq!((page.status.as_u16(), page.headers["content-type"].to_str().unwrap()), (200, "text/html; charset=utf-8"));
        assert!(page.text.contains("Indigo dabu stole") && page.text.contains("Cooperative bagru") && page.text.len() < 60_000);
        assert!(!page.text.contains("Asha") && page.text.matches("<script").count() == 1, "no buyer, and no script but what checks the record");
        let json = app.visitor().with("Accept", "application/json").get(path).await.expect(200);
        assert_eq!(json["code"], item["code"]);
        let unknown = app.visitor().get("/i/0000-0000-0000").await;
        assert!(unknown.status == 404 && unknown.text.contains("Look once more at the tag"), "{}", unknown.text);
        // The product may leave the shop: the code answers for ever.
        sql(app, "UPDATE products SET status = 'archived'").await;
        assert_eq!(app.visitor().get(path).await.status, 200);
    })
    .await;
}
