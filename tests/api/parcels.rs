//! A cooperative's part of an order leaves in several parcels: each piece once, and its earnings with it, to the last minor unit. What comes
//! back is seen by whoever has it in hand, and by no refund.
use serde_json::{Value, json};

use crate::{
    payouts::{destination, second_operator},
    support::{
        Client, TestApp, api_test,
        builders::{balance, basket, checkout_body, cooperative, paid_order, platform, product, session_of},
    },
    work::{artisan, batch, entry},
};

const PARCELS: &str = "/v1/manage/cooperatives/bagru/fulfilments";
const RETURNS: &str = "/v1/manage/cooperatives/bagru/returns";

struct Sold {
    manager: Client,
    guest: Client,
    order: String,
    line: Value,
}
impl Sold {
    async fn seen(&self) -> Value {
        self.guest.get(&format!("/v1/store/orders/{}", self.order)).await.expect(200)
    }
    async fn parcel(&self) -> Value {
        self.seen().await["parcels"][0].clone()
    }
    async fn codes(&self) -> Vec<String> {
        codes(&self.parcel().await["lines"][0]["items"])
    }
    fn body(&self, items: Value) -> Value {
        json!({"order": self.order, "carrier": "India Post", "items": items})
    }
    async fn send(&self, items: Value) {
        self.manager.post(PARCELS, self.body(items)).await.expect(201);
    }
    async fn refused(&self, items: Value) -> (String, String) {
        errors(&self.manager.post(PARCELS, self.body(items)).await.expect(422))
    }
}
fn codes(items: &Value) -> Vec<String> {
    items.as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}
fn errors(problem: &Value) -> (String, String) {
    let first = &problem["errors"][0];
    (first["pointer"].as_str().unwrap().into(), first["code"].as_str().unwrap().into())
}

/// `quantity` pieces at a price no third of which is whole, made by two people of whom one was paid at work; sold and paid.
async fn sold(app: &TestApp, quantity: i32) -> Sold {
    let manager = cooperative(app, "bagru").await;
    let variant = product(&manager, "bagru", 3333, 9).await;
    let pieces = batch(app, &variant, 9).await;
    let (sunita, rehana) = (artisan(app, "bagru", "A-1").await, artisan(app, "bagru", "A-2").await);
    let register =
        json!([entry(Some(&sunita), Some(&pieces), "printing", 9, 18_000, "INR"), entry(Some(&rehana), Some(&pieces), "washing", 9, 9_000, "INR"),]);
    let work = manager.post("/v1/manage/cooperatives/bagru/work", register).await.expect(201);
    let at_work = json!({"artisan": sunita, "work": work["data"][0]["id"], "amount": {"amount": 100_000, "currency": "INR"},
        "paid_on": "2026-11-21", "method": "cash", "evidence": "book 3"});
    manager.post("/v1/manage/cooperatives/bagru/maker-payments", at_work).await.expect(201);
    let checkout = basket(app, &variant, quantity).await.checkout("k").await.expect(201);
    app.sandbox.control().pay(&session_of(&checkout)).unwrap();
    app.sandbox.control().webhooks_settled().await;
    app.run_jobs().await;
    let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
    let mut sold = Sold { manager, guest, order: checkout["order"]["id"].as_str().unwrap().to_owned(), line: Value::Null };
    sold.line = sold.parcel().await["lines"][0]["id"].clone();
    sold
}
async fn rupees(app: &TestApp, name: &str) -> i64 {
    balance(app, name, "INR").await
}
async fn events(app: &TestApp, code: &str) -> Vec<String> {
    let item = app.visitor().get(&format!("/v1/provenance/items/{code}")).await.expect(200);
    item["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap().to_owned()).collect()
}
/// What each mail about a parcel says is in it.
fn mails(app: &TestApp) -> Vec<String> {
    let kept = app.app.mailer.kept().into_iter().filter(|mail| mail.kind == "shipped");
    kept.map(|mail| mail.text.lines().filter(|line| line.contains(" × ")).collect::<Vec<_>>().join("; ")).collect()
}

#[actix_web::test]
async fn each_piece_leaves_once_and_is_earned_once() {
    api_test(async |app| {
        let sold = sold(app, 3).await;
        let (pending, premium) = (rupees(app, "coop_pending:").await, rupees(app, "premium_pending:").await);
        let all = sold.codes().await;

        let piece = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
        assert_eq!(sold.refused(json!([])).await, piece("/items", "length"));
        assert_eq!(sold.refused(json!([{"line": sold.line}])).await, piece("/items/0", "choose"));
        assert_eq!(sold.refused(json!([{"line": sold.line, "quantity": 4}])).await, piece("/items/0/quantity", "out_of_range"));
        assert_eq!(sold.refused(json!([{"line": haat::ids::new_uuid(), "quantity": 1}])).await, piece("/items/0/line", "unknown"));
        assert_eq!(sold.refused(json!([{"item": "0000-0000-0000"}])).await, piece("/items/0/item", "unknown"));
        assert_eq!(sold.refused(json!([{"item": all[0]}, {"item": all[0]}])).await, piece("/items/1/item", "duplicate"));
        assert_eq!(rupees(app, "coop_available:").await, 0, "a refusal releases nothing");

        sold.send(json!([{"item": all[1]}])).await;
        let parcel = sold.parcel().await;
        assert_eq!((&parcel["status"], &parcel["lines"][0]["shipped"]), (&json!("partially_shipped"), &json!(1)));
        assert_eq!((sold.seen().await["status"].as_str(), codes(&parcel["shipments"][0]["items"])), (Some("paid"), vec![all[1].clone()]));
        assert_eq!(rupees(app, "coop_available:").await + rupees(app, "coop_pending:").await, pending + 60_000);
        assert_eq!(rupees(app, "premium_fund:").await + rupees(app, "premium_pending:").await, premium);
        assert!(rupees(app, "premium_fund:").await > 0 && rupees(app, "shipping_payable:").await == 0);
        assert_eq!((events(app, &all[1]).await.last().unwrap().as_str(), events(app, &all[0]).await.last().unwrap().as_str()), ("shipped", "sold"));
        assert_eq!(sold.refused(json!([{"item": all[1]}])).await, piece("/items/0/item", "not_here"));
        assert_eq!(sold.refused(json!([{"line": sold.line, "quantity": 3}])).await, piece("/items/0/quantity", "out_of_range"));
        let open = sold.manager.get("/v1/manage/cooperatives/bagru/orders?status=partially_shipped").await.expect(200);
        assert_eq!(open["data"][0]["order"], json!(sold.order));

        sold.send(json!([{"line": sold.line, "quantity": 1}])).await;
        sold.manager.post(PARCELS, json!({"order": sold.order, "carrier": "by hand"})).await.expect(201);
        assert_eq!((rupees(app, "coop_pending:").await, rupees(app, "premium_pending:").await), (0, 0), "exactly all of it");
        assert_eq!((rupees(app, "coop_available:").await, rupees(app, "premium_fund:").await), (pending + 60_000, premium));
        let (seen, parcel) = (sold.seen().await, sold.parcel().await);
        assert_eq!((&seen["status"], &parcel["status"], parcel["shipments"].as_array().unwrap().len()), (&json!("shipped"), &json!("shipped"), 3));
        for code in &all {
            assert_eq!(events(app, code).await.iter().filter(|e| *e == "shipped").count(), 1, "{code}");
        }
        assert_eq!(sold.manager.post(PARCELS, json!({"order": sold.order, "carrier": "by hand"})).await.problem(409), "conflict");
        app.run_jobs().await;
        assert_eq!(mails(app), ["1 × Indigo dabu stole"; 3], "one for each parcel, about what is in it and nothing else");
    })
    .await;
}

/// Statements are a budget that no machine blurs: two lines in three parcels cost no more than one line in one.
#[actix_web::test]
async fn an_order_s_page_costs_the_same_however_much_is_in_it() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variants = [product(&manager, "bagru", 6000, 9).await, product(&manager, "bagru", 2000, 9).await];
        let cost = async |variants: &[String]| {
            let address = json!({"name": "Asha", "line1": "Lindenweg 4", "city": "Freiburg", "country": "DE"});
            let lines: Vec<Value> = variants.iter().map(|v| json!({"variant": v, "quantity": 2})).collect();
            let body = json!({"currency": "EUR", "email": "asha@buyer.example", "shipping_address": address, "lines": lines});
            let cart = app.visitor().post("/v1/store/carts", body).await.expect(201);
            let buyer = app.visitor().with("X-Cart-Token", cart["token"].as_str().unwrap()).with("Idempotency-Key", "k");
            let path = format!("/v1/store/carts/{}/checkout", cart["id"].as_str().unwrap());
            let checkout = buyer.post(&path, checkout_body(&cart["totals"]["total"])).await.expect(201);
            app.sandbox.control().pay(&session_of(&checkout)).unwrap();
            app.sandbox.control().webhooks_settled().await;
            app.run_jobs().await;
            let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
            let at = format!("/v1/store/orders/{}", checkout["order"]["id"].as_str().unwrap());
            for line in guest.get(&at).await.expect(200)["parcels"][0]["lines"].as_array().unwrap() {
                let items = json!([{"line": line["id"], "quantity": 1}]);
                let parcel = json!({"order": checkout["order"]["id"], "carrier": "India Post", "items": items});
                manager.post(PARCELS, parcel).await.expect(201);
            }
            app.run_jobs().await;
            let before = app.app.db.statements();
            guest.get(&at).await.expect(200);
            app.app.db.statements() - before
        };
        let (one, two) = (cost(&variants[..1]).await, cost(&variants).await);
        assert_eq!((one, one <= 8), (two, true), "{one} and {two}");
    })
    .await;
}

/// Two payouts pay for one line: each opens its own pieces, each piece's makers were paid once, and a payout that bounced and was made
/// again says nothing twice.
#[actix_web::test]
async fn a_line_in_two_payouts_is_paid_for_once() {
    api_test(async |app| {
        let sold = sold(app, 3).await;
        destination(app, "bagru", "manual", "INR").await;
        let (one, other) = (platform(app, "operator").await, second_operator(app).await);
        let pay = async |key: &str| {
            let run = one.with("Idempotency-Key", key).post("/v1/admin/payouts", json!({"cooperative": "bagru"})).await.expect(202);
            let payout = run["payouts"][0].clone();
            let at = format!("/v1/admin/payouts/{}", payout["id"].as_str().unwrap());
            other.post(&format!("{at}/confirm"), json!({"reference": key, "evidence": "receipt"})).await.expect(200);
            app.run_jobs().await;
            payout
        };
        let statement = async |payout: &Value| {
            let at = format!("/v1/manage/cooperatives/bagru/payouts/{}/statement", payout["id"].as_str().unwrap());
            let statement = sold.manager.get(&at).await.expect(200);
            let line = &statement["lines"][0];
            (line["quantity"].as_i64().unwrap(), line["items"].as_array().unwrap().len())
        };
        let all = sold.codes().await;
        let paid = async || {
            let mut said = Vec::new();
            for code in &all {
                said.push(events(app, code).await.iter().filter(|e| *e == "paid").count());
            }
            said
        };
        sold.send(json!([{"item": all[0]}])).await;
        let first = pay("one").await;
        assert_eq!((paid().await, statement(&first).await), (vec![1, 0, 0], (1, 1)), "only what was sent was paid for");
        sold.send(json!([{"line": sold.line, "quantity": 2}])).await;
        let second = pay("two").await;
        assert_eq!((paid().await, statement(&second).await), (vec![1, 1, 1], (2, 2)));
        let bounce = format!("/v1/admin/payouts/{}/bounce", second["id"].as_str().unwrap());
        other.post(&bounce, json!({"reason": "account closed"})).await.expect(200);
        assert_eq!(pay("three").await["amount"], second["amount"]);
        assert_eq!(paid().await, [1, 1, 1], "once, however often it was tried");
        assert_eq!((rupees(app, "coop_available:").await, rupees(app, "coop_paying:").await), (0, 0));
    })
    .await;
}

/// One of three has left. What is asked back is of those that left or of those that did not, as the reason says.
#[actix_web::test]
async fn a_refund_between_parcels_takes_each_piece_from_where_it_is() {
    api_test(async |app| {
        let sold = sold(app, 3).await;
        sold.send(json!([{"line": sold.line, "quantity": 1}])).await;
        let operator = platform(app, "operator").await;
        let ask = async |key: &str, reason: &str, quantity: i32| {
            let body = json!({"reason": reason, "lines": [{"line": sold.line, "quantity": quantity}]});
            let at = format!("/v1/admin/orders/{}/refunds", sold.order);
            let refund = operator.with("Idempotency-Key", key).post(&at, body).await.expect(202);
            for _ in 0..2 {
                app.run_jobs().await;
                app.sandbox.control().webhooks_settled().await;
            }
            refund["lines"].as_array().unwrap().iter().map(|l| l["bearer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let earned = rupees(app, "coop_available:").await;
        assert_eq!(ask("a", "not_received", 1).await, ["platform"], "the one that left");
        assert_eq!(ask("b", "buyer_changed_mind", 1).await, ["pending"], "one that did not");
        assert_eq!(rupees(app, "coop_available:").await, earned, "what she earned is hers");
        assert_eq!(sold.parcel().await["status"], "partially_shipped");
        // The last goes back too: nothing is left to send, and nothing is pending, to the last minor unit.
        assert_eq!(ask("c", "fault", 1).await, ["pending"]);
        assert_eq!((rupees(app, "coop_pending:").await, rupees(app, "premium_pending:").await), (0, 0));
        let seen = sold.seen().await;
        assert_eq!((&seen["parcels"][0]["status"], &seen["status"]), (&json!("shipped"), &json!("shipped")));
        assert_eq!(sold.manager.post(PARCELS, json!({"order": sold.order, "carrier": "x"})).await.problem(409), "conflict");
        let goods = seen["parcels"][0]["lines"][0]["goods"]["amount"].as_i64().unwrap();
        assert_eq!(seen["refunded"]["amount"], goods, "three thirds are the whole; delivery was earned");
        assert_eq!(balance(app, "fx_clearing", "EUR").await.signum(), -1, "the rest is what the first parcel released");
    })
    .await;
}

/// In one refund, a piece that left and two that did not.
#[actix_web::test]
async fn one_refund_of_all_holds_pieces_of_both_kinds() {
    api_test(async |app| {
        let sold = sold(app, 3).await;
        sold.send(json!([{"line": sold.line, "quantity": 1}])).await;
        let operator = platform(app, "operator").await.with("Idempotency-Key", "k");
        let everything = json!({"reason": "not_received", "everything": true});
        let refund = operator.post(&format!("/v1/admin/orders/{}/refunds", sold.order), everything).await.expect(202);
        app.run_jobs().await;
        let total = sold.seen().await["total"]["amount"].clone();
        assert_eq!((&refund["amount"]["amount"], refund["lines"].as_array().unwrap().len()), (&total, 2));
        assert_eq!((rupees(app, "coop_pending:").await, rupees(app, "premium_pending:").await), (0, 0));
        let seen = sold.seen().await;
        assert_eq!((&seen["status"], &seen["parcels"][0]["status"]), (&json!("refunded"), &json!("shipped")));
    })
    .await;
}

#[actix_web::test]
async fn a_refund_does_not_say_that_a_piece_came_back() {
    api_test(async |app| {
        let (manager, guest, order) = paid_order(app, "bagru").await;
        let seen = guest.get(&format!("/v1/store/orders/{order}")).await.expect(200);
        let code = codes(&seen["parcels"][0]["lines"][0]["items"])[0].clone();
        let operator = platform(app, "operator").await;
        let state = async || manager.get("/v1/manage/cooperatives/bagru/items").await.expect(200)["data"][0]["state"].clone();
        let body = |restock: bool| json!({"order": order, "items": [code], "restock": restock});
        let refused = async |restock: bool| errors(&manager.post(RETURNS, body(restock)).await.expect(422)).1;

        assert_eq!(refused(false).await, "not_away", "it never left");
        manager.post(PARCELS, json!({"order": order, "carrier": "India Post"})).await.expect(201);
        assert_eq!(refused(true).await, "not_refunded", "it is its buyer's");
        let everything = json!({"reason": "buyer_changed_mind", "everything": true});
        operator.with("Idempotency-Key", "k").post(&format!("/v1/admin/orders/{order}/refunds"), everything).await.expect(202);
        app.run_jobs().await;
        assert_eq!((state().await, on_hand(app).await), (json!("refunded"), 4), "where it is nobody has said");
        assert_eq!(events(app, &code).await.last().unwrap(), "sale_undone");

        let other = cooperative(app, "pedana").await;
        assert_eq!(other.post(RETURNS, body(false)).await.problem(404), "not-found");
        let hers = RETURNS.replace("bagru", "pedana");
        assert_eq!(other.post(&hers, body(false)).await.problem(404), "not-found");
        assert_eq!(refused(true).await, "paid_for", "its cooperative was paid for it, and would be again");
        manager.post(RETURNS, body(false)).await.expect(204);
        assert_eq!((state().await, on_hand(app).await), (json!("returned"), 4));
        assert_eq!(refused(false).await, "not_away", "it is back already");
        let item = app.visitor().get(&format!("/v1/provenance/items/{code}")).await.expect(200);
        let undone: Vec<_> =
            item["events"].as_array().unwrap().iter().filter(|e| e["type"] == "sale_undone").map(|e| e["facts"]["reason"].clone()).collect();
        assert_eq!(undone, ["refunded", "returned"]);
    })
    .await;
}
async fn on_hand(app: &TestApp) -> i32 {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    haat::schema::stock::table.select(haat::schema::stock::on_hand).first(&mut *app.db.db.conn().await.unwrap()).await.unwrap()
}

/// It came back before the money went back, and its cooperative, at fault, bore it: the same piece is sold and sent again.
#[actix_web::test]
async fn a_piece_that_came_back_is_sold_again() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 1).await;
        let buy = async |key: &str| {
            let checkout = basket(app, &variant, 1).await.checkout(key).await.expect(201);
            app.sandbox.control().pay(&session_of(&checkout)).unwrap();
            app.sandbox.control().webhooks_settled().await;
            app.run_jobs().await;
            let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
            let order = checkout["order"]["id"].as_str().unwrap().to_owned();
            let seen = guest.get(&format!("/v1/store/orders/{order}")).await.expect(200);
            manager.post(PARCELS, json!({"order": order, "carrier": "India Post"})).await.expect(201);
            (order, codes(&seen["parcels"][0]["lines"][0]["items"])[0].clone(), guest)
        };
        let (order, code, guest) = buy("first").await;
        manager.post(RETURNS, json!({"order": order, "items": [code]})).await.expect(204);
        let consent = json!({"given_by": "Ganga Devi", "on": "2026-11-20", "evidence": "minutes"});
        let operator = platform(app, "operator").await.with("Idempotency-Key", "k");
        let fault = json!({"reason": "fault", "everything": true, "consent": consent});
        operator.post(&format!("/v1/admin/orders/{order}/refunds"), fault).await.expect(202);
        app.run_jobs().await;
        let undone = events(app, &code).await.iter().filter(|e| *e == "sale_undone").count();
        assert_eq!((undone, on_hand(app).await), (1, 0), "one sale is undone once");
        manager.post(RETURNS, json!({"order": order, "items": [code], "restock": true})).await.expect(204);
        assert_eq!(on_hand(app).await, 1);
        let (_, again, _) = buy("second").await;
        assert_eq!((&again, on_hand(app).await), (&code, 0), "the same piece");
        let seen = guest.get(&format!("/v1/store/orders/{order}")).await.expect(200);
        assert_eq!(codes(&seen["parcels"][0]["shipments"][0]["items"]), [code], "the first order still tells what was in its parcel");
    })
    .await;
}
