//! Who is registered where, at which rate, and what a buyer is told of it.
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};

use crate::support::{
    api_test,
    builders::{basket, cooperative, platform, product, sql},
};

const MINE: &str = "/v1/manage/cooperatives/bagru/tax-registrations";
const PLATFORM: &str = "/v1/admin/tax-registrations";
const RATES: &str = "/v1/admin/tax-rates";

fn german(from: &str) -> Value {
    json!({"jurisdiction": "DE", "kind": "vat", "number": "DE 136 695 976", "valid_from": from})
}
fn rate(country: &str, bp: i64, from: &str) -> Value {
    json!({"jurisdiction": country, "category": "standard", "rate_bp": bp, "inclusive": true, "valid_from": from, "source": "a test"})
}

#[actix_web::test]
async fn a_registration_collects_from_its_day_to_its_last() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let basket = basket(app, &variant, 1).await;
        let taxed = async || {
            let cart = basket.client.get(&format!("/v1/store/carts/{}", basket.id)).await.expect(200);
            assert_eq!(cart["totals"]["complete"], true, "{cart:#}");
            (cart["totals"]["tax"]["amount"].as_i64().unwrap(), cart["totals"]["tax_reason"].as_str().unwrap().to_owned())
        };
        let none = (0, "seller_not_registered".to_owned());
        assert_eq!(taxed().await, none);
        let made = manager.post(MINE, german("2026-11-23")).await.expect(201);
        assert_eq!((&made["number"], &made["collects"], &made["valid_to"]), (&json!("DE136695976"), &json!(true), &Value::Null));
        assert_eq!(made["cooperative"], manager.get("/v1/manage/cooperatives/bagru").await.expect(200)["id"]);
        assert_eq!(taxed().await, none, "it begins tomorrow");
        app.clock.advance(jiff::SignedDuration::from_hours(24));
        // 19 % of the goods and of delivery.
        assert_eq!(taxed().await, (1140 + 114, "destination_rate".to_owned()));
        let end = format!("{MINE}/{}/end", made["id"].as_str().unwrap());
        assert_eq!(manager.post(&end, json!({"valid_to": "2026-11-22"})).await.expect(422)["errors"][0]["pointer"], "/valid_to");
        assert_eq!(manager.post(&end, json!({"valid_to": "2026-11-24"})).await.expect(200)["valid_to"], "2026-11-24");
        assert_eq!(manager.post(&end, json!({"valid_to": "2026-11-30"})).await.problem(409), "conflict");
        app.clock.advance(jiff::SignedDuration::from_hours(24));
        assert_eq!(taxed().await.0, 1254, "its last day");
        app.clock.advance(jiff::SignedDuration::from_hours(24));
        assert_eq!(taxed().await, none);
        // The next one begins after it.
        assert_eq!(manager.post(MINE, german("2026-11-24")).await.expect(422)["errors"][0]["code"], "overlap");
        manager.post(MINE, german("2026-11-25")).await.expect(201);
        assert_eq!(manager.post(MINE, german("2026-12-25")).await.problem(409), "conflict");
        assert_eq!(taxed().await.0, 1254);
        assert_eq!(manager.get(MINE).await.expect(200)["data"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[actix_web::test]
async fn a_number_for_customs_or_income_collects_nothing() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let basket = basket(app, &variant, 1).await;
        let customs = json!({"jurisdiction": "DE", "kind": "eori", "number": "DE1234567", "valid_from": "2026-01-01"});
        assert_eq!(manager.post(MINE, customs).await.expect(201)["collects"], false);
        let pan = json!({"jurisdiction": "IN", "kind": "pan", "number": "AAPFU0939F", "valid_from": "2026-01-01"});
        manager.post(MINE, pan).await.expect(201);
        let totals = async || basket.client.get(&format!("/v1/store/carts/{}", basket.id)).await.expect(200)["totals"].clone();
        assert_eq!((&totals().await["tax"]["amount"], &totals().await["tax_reason"]), (&json!(0), &json!("seller_not_registered")));
        // Control: beside it, the one for sales does.
        manager.post(MINE, german("2026-01-01")).await.expect(201);
        assert_eq!(totals().await["tax_reason"], "destination_rate");
        for (body, pointer) in [
            (json!({"jurisdiction": "DE", "kind": "vat", "number": "DE136695977", "valid_from": "2026-01-01"}), "/number"),
            (json!({"jurisdiction": "IN", "kind": "vat", "number": "27AAPFU0939F1ZV", "valid_from": "2026-01-01"}), "/kind"),
            (json!({"jurisdiction": "IN", "kind": "gstin", "number": "27AAPFU0939F1ZW", "valid_from": "2026-01-01"}), "/number"),
            (json!({"jurisdiction": "QQ", "kind": "vat", "number": "QQ123456", "valid_from": "2026-01-01"}), "/jurisdiction"),
        ] {
            assert_eq!(manager.post(MINE, body).await.expect(422)["errors"][0]["pointer"], pointer);
        }
    })
    .await;
}

/// The reason is that of the sellers in the cart, whoever else is registered.
#[actix_web::test]
async fn a_mixed_cart_says_that_only_some_collect() {
    api_test(async |app| {
        let (bagru, pedana) = (cooperative(app, "bagru").await, cooperative(app, "pedana").await);
        let (stole, mat) = (product(&bagru, "bagru", 6000, 5).await, product(&pedana, "pedana", 2400, 5).await);
        bagru.post(MINE, german("2026-01-01")).await.expect(201);
        let reason = async |variants: &[&str]| {
            let lines: Vec<Value> = variants.iter().map(|v| json!({"variant": v, "quantity": 1})).collect();
            let cart = app.visitor().post("/v1/store/carts", json!({"currency": "EUR", "country": "DE", "lines": lines})).await.expect(201);
            cart["totals"]["tax_reason"].as_str().unwrap().to_owned()
        };
        assert_eq!(reason(&[&stole]).await, "destination_rate");
        assert_eq!(reason(&[&mat]).await, "seller_not_registered");
        assert_eq!(reason(&[&stole, &mat]).await, "some_sellers_not_registered");
        assert_eq!(reason(&[]).await, "nothing_sold");
        let nowhere = app.visitor().post("/v1/store/carts", json!({"currency": "EUR", "lines": [{"variant": stole, "quantity": 1}]})).await;
        assert_eq!(nowhere.expect(201)["totals"]["tax_reason"], "destination_not_known");
        // The platform's own registration covers everybody.
        let operator = platform(app, "operator").await;
        let made = operator.post(PLATFORM, german("2026-01-01")).await.expect(201);
        assert_eq!(made["cooperative"], Value::Null);
        assert_eq!(reason(&[&stole, &mat]).await, "destination_rate");
        let listed = operator.get(PLATFORM).await.expect(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), 2, "{listed:#}");
    })
    .await;
}

#[actix_web::test]
async fn a_rate_is_added_and_never_changed() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let of = async |country: &str| {
            let page = operator.get(&format!("{RATES}?jurisdiction={country}&limit=100")).await.expect(200);
            let rows = page["data"].as_array().unwrap().clone();
            rows.iter().map(|r| (r["category"].as_str().unwrap().to_owned(), r["rate_bp"].as_i64().unwrap())).collect::<Vec<_>>()
        };
        // What the migration wrote down: every country of the European Union, and its newest rate is the one of 2026.
        for country in haat::tax::model::EUROPEAN_UNION {
            assert!(of(country).await.iter().any(|(category, bp)| category == "standard" && (1700..=2700).contains(bp)), "{country}");
        }
        assert_eq!(of("EE").await.last(), Some(&("standard".to_owned(), 2400)));
        operator.post(RATES, rate("DE", 2000, "2027-01-01")).await.expect(201);
        assert_eq!(of("DE").await, [("reduced".to_owned(), 700), ("standard".to_owned(), 1900), ("standard".to_owned(), 2000)]);
        assert_eq!(operator.post(RATES, rate("DE", 2100, "2027-01-01")).await.problem(409), "conflict");
        for (body, pointer) in [
            (rate("XX", 1900, "2027-01-01"), "/jurisdiction"),
            (rate("DE", 19_000, "2027-01-01"), "/rate_bp"),
            (rate("DE", 1900, "2127-01-01"), "/valid_from"),
        ] {
            assert_eq!(operator.post(RATES, body).await.expect(422)["errors"][0]["pointer"], pointer);
        }
        // The table refuses it too, for everyone.
        for change in ["UPDATE tax_rates SET rate_bp = 0", "DELETE FROM tax_rates", "TRUNCATE tax_rates"] {
            let refused = app.db.db.conn().await.unwrap().batch_execute(change).await.unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{change}: {refused}");
        }
        // Every page of the list, once each.
        let (mut seen, mut next) = (0, String::new());
        loop {
            let page = operator.get(&format!("{RATES}?limit=20{next}")).await.expect(200);
            seen += page["data"].as_array().unwrap().len();
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        assert!(seen > 50, "{seen}");
    })
    .await;
}

#[actix_web::test]
async fn a_new_rate_holds_from_its_day() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let basket = basket(app, &variant, 1).await;
        manager.post(MINE, german("2026-01-01")).await.expect(201);
        let operator = platform(app, "operator").await;
        operator.post(RATES, rate("DE", 2000, "2026-11-24")).await.expect(201);
        let tax = async || basket.client.get(&format!("/v1/store/carts/{}", basket.id)).await.expect(200)["totals"]["tax"]["amount"].clone();
        assert_eq!(tax().await, 1140 + 114);
        app.clock.advance(jiff::SignedDuration::from_hours(48));
        assert_eq!(tax().await, 1200 + 120);
    })
    .await;
}

#[actix_web::test]
async fn only_the_seller_and_the_operator_say_so_and_it_is_written_down() {
    api_test(async |app| {
        let (manager, other) = (cooperative(app, "bagru").await, cooperative(app, "pedana").await);
        let operator = platform(app, "operator").await;
        let auditor = platform(app, "auditor").await;
        let id = manager.post(MINE, german("2026-01-01")).await.expect(201)["id"].as_str().unwrap().to_owned();
        for base in [MINE, "/v1/manage/cooperatives/pedana/tax-registrations"] {
            assert_eq!(other.post(&format!("{base}/{id}/end"), json!({"valid_to": "2026-11-30"})).await.problem(404), "not-found");
        }
        assert_eq!(other.get(MINE).await.problem(404), "not-found");
        assert_eq!(operator.post(&format!("{PLATFORM}/{id}/end"), json!({"valid_to": "2026-11-30"})).await.problem(404), "not-found");
        for who in [&manager, &auditor] {
            assert_eq!(who.post(PLATFORM, german("2026-01-01")).await.problem(403), "forbidden");
            assert_eq!(who.post(RATES, rate("DE", 2000, "2027-01-01")).await.problem(403), "forbidden");
        }
        assert_eq!(manager.get(RATES).await.problem(403), "forbidden");
        auditor.get(RATES).await.expect(200);
        let platforms = operator.post(PLATFORM, german("2026-01-01")).await.expect(201)["id"].as_str().unwrap().to_owned();
        assert_eq!(manager.post(&format!("{MINE}/{platforms}/end"), json!({"valid_to": "2026-11-30"})).await.problem(404), "not-found");
        operator.post(&format!("{PLATFORM}/{platforms}/end"), json!({"valid_to": "2026-11-30"})).await.expect(200);
        operator.post(RATES, rate("DE", 2000, "2027-01-01")).await.expect(201);
        let log = auditor.get("/v1/admin/audit").await.expect(200);
        let acts: Vec<_> =
            log["data"].as_array().unwrap().iter().map(|a| (a["action"].as_str().unwrap(), a["actor_role"].as_str().unwrap())).collect();
        let expected = [
            ("tax_rate.create", "operator"),
            ("tax_registration.end", "operator"),
            ("tax_registration.create", "operator"),
            ("tax_registration.create", "manager"),
        ];
        assert_eq!(acts[..4], expected);
        assert_eq!(log["data"][0]["subject"], "DE standard 2027-01-01");
    })
    .await;
}

/// Negative control of the constraint behind the operation: two that began at once.
#[actix_web::test]
async fn control_the_table_itself_takes_one_open_registration() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let both = (0..4).map(|_| manager.post(MINE, german("2026-01-01")));
        let answers = futures_util::future::join_all(both).await;
        assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 1);
        assert_eq!(answers.iter().filter(|a| a.status == 409).count(), 3);
        sql(app, "UPDATE tax_registrations SET valid_to = valid_from").await;
        manager.post(MINE, german("2026-01-02")).await.expect(201);
    })
    .await;
}
