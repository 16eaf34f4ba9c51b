//! What was promised of a price beside what was really paid: on the order, on the piece's page, and in front of an operator where they differ.
use serde_json::{Value, json};

use crate::{
    payouts::{destination, euros, second_operator},
    support::{
        Client, TestApp, api_test,
        builders::{basket, cooperative, platform, product, session_of, sql},
    },
};

struct Sold {
    manager: Client,
    guest: Client,
    at: String,
    order: Value,
}
/// One order of `quantity` pieces of 60.00 each, paid.
async fn sold(app: &TestApp, currency: &str, quantity: i32) -> Sold {
    let manager = if currency == "EUR" { euros(app, "bagru").await } else { cooperative(app, "bagru").await };
    let variant = product(&manager, "bagru", 6000, 9).await;
    let checkout = basket(app, &variant, quantity).await.checkout("one").await.expect(201);
    app.sandbox.control().pay(&session_of(&checkout)).unwrap();
    app.sandbox.control().webhooks_settled().await;
    app.run_jobs().await;
    destination(app, "bagru", "manual", currency).await;
    let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
    let at = format!("/v1/store/orders/{}", checkout["order"]["id"].as_str().unwrap());
    Sold { manager, guest, at, order: checkout["order"]["id"].clone() }
}
impl Sold {
    async fn seen(&self) -> Value {
        self.guest.get(&self.at).await.expect(200)
    }
    async fn send(&self, pieces: i32) {
        let line = self.seen().await["parcels"][0]["lines"][0]["id"].clone();
        let parcel = json!({"order": self.order, "carrier": "India Post", "items": [{"line": line, "quantity": pieces}]});
        self.manager.post("/v1/manage/cooperatives/bagru/fulfilments", parcel).await.expect(201);
    }
    fn page(order: &Value) -> String {
        format!("/v1/provenance/items/{}", order["parcels"][0]["lines"][0]["items"][0]["code"].as_str().unwrap())
    }
}
async fn pay_out(app: &TestApp, one: &Client, other: &Client, key: &str, cost: Value) {
    let run = one.with("Idempotency-Key", key).post("/v1/admin/payouts", json!({"run": true})).await.expect(202);
    let receipt = json!({"reference": key, "evidence": "receipt", "cost": cost});
    other.post(&format!("/v1/admin/payouts/{}/confirm", run["payouts"][0]["id"].as_str().unwrap()), receipt).await.expect(200);
    app.run_jobs().await;
}
fn amounts<const N: usize>(of: &Value, names: [&str; N]) -> [i64; N] {
    names.map(|name| of[name]["amount"].as_i64().unwrap_or_else(|| panic!("{name} of {of}")))
}
fn tilt(realised: &Value) -> Vec<(String, i64, Value)> {
    let one = |t: &Value| (t["party"].as_str().unwrap().to_owned(), t["difference"].as_i64().unwrap(), t["basis_points"].clone());
    realised["tilt"].as_array().unwrap().iter().map(one).collect()
}
/// Parts, fee, rate, refunds and what is open are the total: whoever adds them up finds nothing missing.
fn adds_up(order: &Value) {
    let parts = ["maker", "materials", "cooperative", "undeclared", "brand", "premium", "platform", "rate", "shipping", "tax", "refunded", "open"];
    let sum: i64 = amounts(&order["realised"], parts).iter().sum::<i64>() + order["realised"]["payment"]["amount"].as_i64().unwrap_or(0);
    assert_eq!(sum, order["total"]["amount"].as_i64().unwrap(), "{order}");
}

#[actix_web::test]
async fn a_promise_stands_beside_what_was_paid() {
    api_test(async |app| {
        let sold = sold(app, "EUR", 2).await;
        let (one, other) = (platform(app, "operator").await, second_operator(app).await);
        let parts = ["maker", "materials", "cooperative", "premium", "open"];
        let before = sold.seen().await;
        adds_up(&before);
        assert_eq!(amounts(&before["realised"], parts), [0, 0, 0, 0, 9273 + 927 + 400], "all of it is open but what the platform has");
        assert_eq!((&before["realised"]["complete"], &before["realised"]["maker_share"]["realised"]), (&json!(false), &Value::Null));

        sold.send(1).await;
        pay_out(app, &one, &other, "first", Value::Null).await;
        let half = sold.seen().await;
        adds_up(&half);
        assert_eq!(amounts(&half["realised"], parts), [2550, 1391, 695, 463, 4637 + 464]);
        assert_eq!(tilt(&half["realised"])[..2], [("maker_side".into(), 0, json!(0)), ("fund".into(), 0, json!(0))], "what waits is no tilt");
        let line = &half["parcels"][0]["lines"][0]["waterfall"]["realised"];
        assert_eq!(amounts(line, ["promised", "released", "paid", "paid_to_makers", "fund"]), [4636, 4636, 4636, 2550, 463]);
        assert_eq!(line["difference"], 0);

        sold.send(1).await;
        pay_out(app, &one, &other, "second", Value::Null).await;
        let whole = sold.seen().await;
        adds_up(&whole);
        let fee = whole["realised"]["payment"]["amount"].as_i64().unwrap();
        assert!(fee > 0 && whole["realised"]["complete"] == true, "{whole}");
        assert_eq!(amounts(&whole["realised"], parts), [5100, 2782, 1391, 927, 0]);
        assert_eq!(whole["realised"]["maker_share"], json!({"promised": 4250, "realised": 4250}));
        let platform_bears = (-fee, json!(-fee * 10_000 / 1800));
        assert_eq!(
            tilt(&whole["realised"]),
            [("maker_side".into(), 0, json!(0)), ("fund".into(), 0, json!(0)), ("platform".into(), platform_bears.0, platform_bears.1)]
        );
        // The same for the operator; of her own part for the manager, who sees no totals; nothing for anybody else.
        let id = sold.order.as_str().unwrap();
        assert_eq!(one.get(&format!("/v1/admin/orders/{id}")).await.expect(200)["realised"], whole["realised"]);
        let managed = sold.manager.get(&format!("/v1/manage/cooperatives/bagru/orders/{id}")).await.expect(200);
        assert_eq!(managed["parcel"]["lines"][0]["waterfall"]["realised"]["paid"]["amount"], 9273);
        assert!(managed.get("realised").is_none(), "{managed}");
        assert_eq!(sold.manager.get(&format!("/v1/admin/orders/{id}")).await.problem(403), "forbidden");
        assert_eq!(one.get(&format!("/v1/admin/orders/{}", haat::ids::new_uuid())).await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn a_rate_and_a_refund_tilt_to_the_platform_alone() {
    api_test(async |app| {
        let sold = sold(app, "INR", 1).await;
        let (one, other) = (platform(app, "operator").await, second_operator(app).await);
        sold.send(1).await;
        // 4,636.36 + 600.00 of delivery were put into clearing as 52.36; they cost 53.00.
        pay_out(app, &one, &other, "first", json!({"amount": 5300, "currency": "EUR"})).await;
        let paid = sold.seen().await;
        adds_up(&paid);
        let line = &paid["parcels"][0]["lines"][0]["waterfall"]["realised"];
        assert_eq!((amounts(line, ["promised", "paid", "fund"]), &line["paid"]["currency"]), ([463_636, 463_636, 46_364], &json!("INR")));
        assert_eq!(
            amounts(&paid["realised"], ["maker", "materials", "cooperative", "premium", "rate"]),
            [2550, 1391, 695, 464, 57],
            "0.57 of 0.64 are the goods'"
        );
        assert_eq!(tilt(&paid["realised"])[0].1, 0);
        let refund = json!({"reason": "buyer_changed_mind", "everything": true});
        one.with("Idempotency-Key", "r").post(&format!("/v1/admin/orders/{}/refunds", sold.order.as_str().unwrap()), refund).await.expect(202);
        app.run_jobs().await;
        let back = sold.seen().await;
        adds_up(&back);
        assert_eq!(
            amounts(&back["realised"], ["maker", "premium", "losses", "refunded"]),
            [2550, 464, 5100, 6600],
            "it never reaches a maker or the fund"
        );
        let platform = back["realised"]["platform"]["amount"].as_i64().unwrap();
        assert!(platform < -5100, "the fee and the rate on top: {platform}");
        assert_eq!(tilt(&back["realised"])[..2], [("maker_side".into(), 0, json!(0)), ("fund".into(), 0, json!(0))]);
    })
    .await;
}

/// Only where the cooperative agreed to bear a fault does it get less than was promised; its makers still do not.
#[actix_web::test]
async fn a_fault_that_is_borne_by_consent_is_the_cooperatives_alone() {
    api_test(async |app| {
        let sold = sold(app, "EUR", 1).await;
        let (one, other) = (platform(app, "operator").await, second_operator(app).await);
        sold.send(1).await;
        pay_out(app, &one, &other, "first", Value::Null).await;
        let consent = json!({"given_by": "Ganga Devi", "on": "2026-11-20", "evidence": "minutes"});
        let refund = json!({"reason": "fault", "everything": true, "consent": consent});
        one.with("Idempotency-Key", "r").post(&format!("/v1/admin/orders/{}/refunds", sold.order.as_str().unwrap()), refund).await.expect(202);
        app.run_jobs().await;
        let back = sold.seen().await;
        adds_up(&back);
        assert_eq!(amounts(&back["realised"], ["maker", "materials", "cooperative", "premium"]), [2550, 1391, 695 - 4636, 464]);
        assert_eq!(tilt(&back["realised"])[..2], [("maker_side".into(), -4636, json!(-10_000)), ("fund".into(), 0, json!(0))]);
        assert_eq!(drifts(&one).await, Vec::<String>::new(), "it was agreed to");
    })
    .await;
}

async fn drifts(operator: &Client) -> Vec<String> {
    let list = operator.get("/v1/admin/stuck-operations").await.expect(200);
    let found = list["data"].as_array().unwrap().iter().filter(|s| s["kind"] == "waterfall_drift");
    found.map(|s| s["what"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn what_drifts_is_told_and_taken_back_when_it_is_right_again() {
    api_test(async |app| {
        let sold = sold(app, "EUR", 2).await;
        let (one, other) = (platform(app, "operator").await, second_operator(app).await);
        let measures = app.metrics();
        sold.send(1).await;
        // Somebody changed what was promised, and the books know nothing of it.
        sql(app, "UPDATE order_lines SET producer_own_minor = producer_own_minor + 200").await;
        pay_out(app, &one, &other, "first", Value::Null).await;
        let number = sold.seen().await["number"].as_str().unwrap().to_owned();
        let expected = format!("order {number}: the cooperative's part of what left was promised as €47.36 and released as €46.36");
        assert_eq!(drifts(&one).await, [expected]);
        let order = sold.seen().await;
        let line = &order["parcels"][0]["lines"][0]["waterfall"]["realised"];
        assert_eq!((&line["difference"], &line["basis_points"]), (&json!(-100), &json!(-192)));
        assert!(tilt(&order["realised"])[0].1 < 0, "{order}");
        let item = app.visitor().get(&Sold::page(&order)).await.expect(200);
        assert_eq!(item["price"]["tilt"]["difference"], -100);
        let html = app.visitor().with("Accept", "text/html").get(&Sold::page(&order).replace("/v1/provenance/items/", "/i/")).await;
        assert!(html.text.contains("It has been reported") || html.text.contains("it has been reported"), "{}", html.text);
        assert!(app.visitor().elsewhere(&measures).await.contains("haat_waterfall_drifts_total"), "it is counted");
        // Put right, the next payout of the line takes the word back.
        sql(app, "UPDATE order_lines SET producer_own_minor = producer_own_minor - 200").await;
        sold.send(1).await;
        pay_out(app, &one, &other, "second", Value::Null).await;
        assert_eq!(drifts(&one).await, Vec::<String>::new());
        let item = app.visitor().get(&Sold::page(&sold.seen().await)).await.expect(200);
        assert_eq!((&item["price"]["tilt"]["difference"], &item["price"]["maker_share"]), (&json!(0), &json!({"promised": 4250, "realised": 4250})));
        let parts: Vec<_> =
            item["price"]["parts"].as_array().unwrap().iter().map(|p| (p["part"].as_str().unwrap(), p["realised"]["amount"].as_i64())).collect();
        assert_eq!(parts, [("maker", Some(2550)), ("materials", Some(1391)), ("cooperative", Some(696)), ("premium", Some(463)), ("platform", None)]);
        let html = app.visitor().with("Accept", "text/html").get(&Sold::page(&sold.seen().await).replace("/v1/provenance/items/", "/i/")).await;
        assert!(html.text.contains("42.5% was promised to the makers, and 42.5% was paid out"), "{}", html.text);
    })
    .await;
}

/// The page of a piece costs what it did, the page of an order one statement more.
#[actix_web::test]
async fn to_look_at_it_costs_one_statement_at_most() {
    api_test(async |app| {
        let sold = sold(app, "EUR", 2).await;
        let (one, other) = (platform(app, "operator").await, second_operator(app).await);
        let cost = async |client: &Client, path: &str| {
            let before = app.app.db.statements();
            client.get(path).await.expect(200);
            app.app.db.statements() - before
        };
        let page = Sold::page(&sold.seen().await);
        let fresh = (cost(&sold.guest, &sold.at).await, cost(&app.visitor(), &page).await);
        sold.send(2).await;
        pay_out(app, &one, &other, "all", Value::Null).await;
        let paid = (cost(&sold.guest, &sold.at).await, cost(&app.visitor(), &page).await);
        assert_eq!((fresh, paid), ((8, 3), (8, 3)), "seven and three before this was shown");
    })
    .await;
}
