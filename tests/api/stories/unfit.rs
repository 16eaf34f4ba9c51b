//! Authentic money that pays for nothing: it goes back, the books show both ways, and a person is told.
use haat::{
    checkout::{self, Opened, ReturnUrls},
    ids::{OperationId, OrderId},
    money::{Currency, Money},
    orders::{Placed, PlacedLine},
};
use serde_json::Value;

use super::world::{SOLD, all_but_the_books, books, shelves, subjects, told, world};
use crate::support::{
    TestApp, api_test,
    builders::{platform, session_of, sql},
};

fn order_of(checkout: &Value) -> OrderId {
    checkout["order"]["id"].as_str().unwrap().parse().unwrap()
}

/// All of it went back once; what Stripe kept of it is ours to bear; an operator has it in front of her.
async fn all_went_back(app: &TestApp, why: &str) {
    told(app).await;
    assert_eq!(books(app).await, ["stripe_balance EUR -175", "stripe_fees EUR 175"]);
    let refunds: Vec<_> = app.sandbox.control().all("re").iter().map(|r| r["amount"].as_i64().unwrap()).collect();
    assert_eq!(refunds, [10_000]);
    assert_eq!(subjects(app).len(), 1, "the buyer is told of her money and nobody of an order");
    alerted(app, why).await;
}
async fn alerted(app: &TestApp, why: &str) {
    let check = format!("DO $$ BEGIN ASSERT (SELECT array_agg(kind) FROM money_alerts) = ARRAY['{why}'], 'the alert is {why}'; END $$");
    sql(app, &check).await;
}

#[actix_web::test]
async fn authentic_money_that_does_not_fit_goes_back() {
    let amount = "UPDATE orders SET goods_minor = goods_minor + 1, total_minor = total_minor + 1";
    for (change, why) in [(amount, "wrong_amount"), ("UPDATE orders SET currency = 'USD'", "wrong_currency")] {
        api_test(async |app| {
            let checkout = world(app).await.basket(app).await.checkout("k").await.expect(201);
            sql(app, change).await;
            app.sandbox.control().pay(&session_of(&checkout)).unwrap();
            all_went_back(app, why).await;
            assert_eq!(shelves(app).await, [(5, 0), (5, 0)]);
        })
        .await;
    }
    api_test(async |app| {
        let world = world(app).await;
        let (mine, other) = (world.basket(app).await.checkout("a").await.expect(201), world.basket(app).await.checkout("b").await.expect(201));
        // The page of one order is kept as another's.
        let (mine_id, other_id) = (order_of(&mine), order_of(&other));
        sql(app, &format!("UPDATE checkout_sessions SET order_id = '{other_id}' WHERE order_id = '{mine_id}'")).await;
        app.sandbox.control().pay(&session_of(&mine)).unwrap();
        all_went_back(app, "wrong_order").await;
    })
    .await;
}

#[actix_web::test]
async fn money_for_a_cancelled_order_goes_back() {
    api_test(async |app| {
        let checkout = world(app).await.basket(app).await.checkout("k").await.expect(201);
        let (order, now) = (order_of(&checkout), app.clock.now());
        app.db.db.transaction(async |tx| haat::orders::cancel(tx, now, order, "its page expired").await).await.unwrap();
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        all_went_back(app, "too_late").await;
        // Told again, nothing more goes back.
        checkout::settle(&app.app, &session_of(&checkout)).await.unwrap();
        all_went_back(app, "too_late").await;
        assert_eq!(shelves(app).await, [(5, 0), (5, 0)]);
    })
    .await;
}

/// What the order held was given back while its buyer was paying, by a mistake or by hand: nothing is sold that may be another's by now, and
/// the job that heard of the money does not die over it.
#[actix_web::test]
async fn money_for_pieces_that_are_held_no_longer_goes_back() {
    let given_back = "WITH r AS (UPDATE stock_reservations SET state = 'released' WHERE variant_id = '{}' RETURNING *)
        UPDATE stock s SET reserved = s.reserved - r.quantity FROM r WHERE s.variant_id = r.variant_id";
    let forgotten = "WITH r AS (DELETE FROM stock_reservations WHERE variant_id = '{}' RETURNING *)
        UPDATE stock s SET reserved = s.reserved - r.quantity FROM r WHERE s.variant_id = r.variant_id";
    for how in [given_back, forgotten] {
        api_test(async |app| {
            let world = world(app).await;
            let checkout = world.basket(app).await.checkout("k").await.expect(201);
            sql(app, &how.replace("{}", &world.mat)).await;
            assert_eq!(shelves(app).await, [(5, 1), (5, 0)], "one of the two is held still");
            app.sandbox.control().pay(&session_of(&checkout)).unwrap();
            all_went_back(app, "not_held").await;
            assert_eq!(shelves(app).await, [(5, 0), (5, 0)], "what was held is for sale again, and nothing was taken twice");
            let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
            let order = guest.get(&format!("/v1/store/orders/{}", checkout["order"]["id"].as_str().unwrap())).await.expect(200);
            assert_eq!(order["status"], "cancelled");
            // Told again, nothing more goes back.
            checkout::settle(&app.app, &session_of(&checkout)).await.unwrap();
            all_went_back(app, "not_held").await;
        })
        .await;
    }
}

/// One answer to the refund is lost, one is a failure that the provider repeats: the buyer gets her money once.
#[actix_web::test]
async fn a_refund_whose_answer_is_lost_is_asked_again_under_the_same_key() {
    api_test(async |app| {
        let checkout = world(app).await.basket(app).await.checkout("k").await.expect(201);
        let (order, now) = (order_of(&checkout), app.clock.now());
        app.db.db.transaction(async |tx| haat::orders::cancel(tx, now, order, "its page expired").await).await.unwrap();
        let lost = serde_json::json!({"operation": "create_refund", "kind": "drop_after"});
        app.sandbox.control().fault(serde_json::from_value(lost).unwrap());
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        told(app).await;
        let waiting = ["buyer_refundable EUR 10000", "stripe_balance EUR 9825", "stripe_fees EUR 175"];
        assert_eq!(books(app).await, waiting, "what became of it is unknown: it is still owed");
        app.clock.advance(jiff::SignedDuration::from_mins(1));
        all_went_back(app, "too_late").await;
    })
    .await;
}

#[actix_web::test]
async fn two_pages_of_one_order_are_both_paid() {
    api_test(async |app| {
        let checkout = world(app).await.basket(app).await.checkout("k").await.expect(201);
        let (first, second) = (session_of(&checkout), second_page(app, &checkout).await);
        app.sandbox.control().pay(&first).unwrap();
        app.sandbox.control().pay(&second).unwrap();
        told(app).await;
        let mut twice = SOLD.map(str::to_owned);
        twice[7] = "stripe_balance EUR 9650".into();
        twice[8] = "stripe_fees EUR 350".into();
        assert_eq!(books(app).await, twice, "sold once; the second payment went back, its fee is ours");
        let refunds: Vec<_> = app.sandbox.control().all("re").iter().map(|r| r["amount"].as_i64().unwrap()).collect();
        assert_eq!(refunds, [10_000]);
        all_but_the_books(app, &checkout).await;
        alerted(app, "paid_twice").await;
    })
    .await;
}

/// Another page for the same order, as a second tab would have it if nothing kept them apart.
async fn second_page(app: &TestApp, checkout: &Value) -> String {
    let eur = |minor| Money::new(minor, Currency::EUR);
    let placed = Placed {
        id: order_of(checkout),
        number: checkout["order"]["number"].as_str().unwrap().into(),
        token_generation: 1,
        email: "asha@buyer.example".into(),
        locale: "en".into(),
        total: eur(10_000),
        shipping: eur(600),
        duties: eur(0),
        tax_added: eur(1000),
        lines: vec![PlacedLine { name: "all".into(), unit: eur(8400), quantity: 1 }],
    };
    let urls = ReturnUrls { success: "https://shop.example/ok".into(), cancel: "https://shop.example/cart".into() };
    let (operation, now) = (OperationId::new(), app.clock.now());
    app.db.db.transaction(async |tx| checkout::prepare(tx, now, operation, &placed, &urls).await).await.unwrap();
    match checkout::open(&app.app, operation).await.unwrap() {
        Opened::Page(page) => page.session_id.unwrap(),
        Opened::Refused(why) => panic!("{why}"),
    }
}

/// Somebody else's page on the same account at the provider: its money is in the books, apart, with what it cost.
#[actix_web::test]
async fn money_that_nobody_here_asked_for_is_kept_apart() {
    for late in [false, true] {
        api_test(async |app| {
            world(app).await;
            let (control, now) = (app.sandbox.control(), app.clock.now().unix());
            let page = stripe_client::CreateSession {
                currency: "eur".into(),
                lines: vec![stripe_client::LineItem { name: "A lamp".into(), unit_amount: 5000, quantity: 1 }],
                client_reference_id: "lamp".into(),
                metadata: [].into(),
                transfer_group: "lamp".into(),
                payment_metadata: [].into(),
                success_url: "https://lamp.example/ok".into(),
                cancel_url: "https://lamp.example/no".into(),
                expires_at: now + 3600,
                customer_email: None,
                locale: None,
            };
            let page: stripe_client::Session = app.app.stripe.send(&page.prepare(), "lamp").await.unwrap();
            if late {
                control.delay_balance_transactions(1);
            }
            control.pay(&page.id).unwrap();
            told(app).await;
            control.settle_balance_transactions();
            for _ in 0..2 {
                told(app).await;
                checkout::jobs::sweep(&app.app).await.unwrap();
                assert_eq!(books(app).await, ["stripe_balance EUR 4900", "stripe_fees EUR 100", "suspense EUR -5000"]);
            }
            alerted(app, "unknown_session").await;
        })
        .await;
    }
}

/// Somebody charges a card with our key by another program: no page of ours, and no session at all. It is in the books once, apart, with what
/// it cost; what became of it follows it there, and Stripe's movements are ours to the cent.
#[actix_web::test]
async fn a_charge_in_no_session_is_kept_apart() {
    for late in [false, true] {
        api_test(async |app| {
            world(app).await;
            let control = app.sandbox.control();
            if late {
                control.delay_balance_transactions(1);
            }
            let charged = "amount=5000&currency=eur&payment_method_types[]=card&payment_method=pm_card_visa&confirm=true";
            let intent = at_the_provider(app, "/v1/payment_intents", charged).await;
            told(app).await;
            control.settle_balance_transactions();
            let charge = intent["latest_charge"].as_str().unwrap();
            for _ in 0..2 {
                told(app).await;
                checkout::fees(&app.app, charge, false).await.unwrap();
                checkout::jobs::sweep(&app.app).await.unwrap();
                assert_eq!(books(app).await, ["stripe_balance EUR 4900", "stripe_fees EUR 100", "suspense EUR -5000"]);
            }
            alerted(app, "unknown_charge").await;
            at_the_provider(app, "/v1/refunds", &format!("charge={charge}")).await;
            told(app).await;
            assert_eq!(books(app).await, ["stripe_balance EUR -100", "stripe_fees EUR 100"], "given back there, it is nobody's no more");
            equal_to_stripe(app).await;
        })
        .await;
    }
    // Control: a card that was declined is no money.
    api_test(async |app| {
        world(app).await;
        let declined = "amount=5000&currency=eur&payment_method_types[]=card&payment_method=pm_card_chargeDeclined&confirm=true";
        at_the_provider(app, "/v1/payment_intents", declined).await;
        told(app).await;
        assert_eq!(books(app).await, Vec::<String>::new());
        sql(app, "DO $$ BEGIN ASSERT (SELECT count(*) FROM money_alerts) = 0; END $$").await;
    })
    .await;
}

/// Money that came on another's page, and that is in our books apart, is Stripe's movement to the cent.
#[actix_web::test]
async fn what_is_kept_apart_is_found_by_the_comparison() {
    api_test(async |app| {
        let checkout = world(app).await.basket(app).await.checkout("k").await.expect(201);
        sql(app, "DELETE FROM checkout_sessions").await;
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        told(app).await;
        alerted(app, "unknown_session").await;
        equal_to_stripe(app).await;
    })
    .await;
}

/// A call to the provider that is not the program's.
async fn at_the_provider(app: &TestApp, path: &str, form: &str) -> Value {
    let url = format!("{}{path}", app.sandbox.base_url());
    let request = reqwest::Client::new().post(url).bearer_auth("sk_test_elsewhere").header("Content-Type", "application/x-www-form-urlencoded");
    serde_json::from_slice(&request.body(form.to_owned()).send().await.unwrap().bytes().await.unwrap()).unwrap()
}
/// Every movement of the provider's balance is in our books to the cent.
async fn equal_to_stripe(app: &TestApp) {
    let operator = platform(app, "operator").await;
    app.clock.advance(jiff::SignedDuration::from_hours(30));
    let asked = operator.post("/v1/admin/reconciliations", serde_json::json!({})).await.expect(202);
    app.run_jobs().await;
    let found = operator.get(&format!("/v1/admin/reconciliations/{}", asked["id"].as_str().unwrap())).await.expect(200);
    let lines = |bucket: &str| found["sums"][0][bucket]["lines"].as_i64().unwrap();
    assert_eq!((lines("explained"), lines("unexplained")), (0, 0), "{found}");
    assert!(lines("matched") > 0, "{found}");
}
