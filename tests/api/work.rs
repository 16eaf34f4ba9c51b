//! The work register: what was done, by whom where that is known, and what was paid for it.
use haat::{ids::CoopId, provenance, tenancy::Scope};
use serde_json::{Value, json};

use crate::support::{
    TestApp, api_test,
    builders::{basket, cooperative, product, session_of, sql},
};

/// A maker of the cooperative's; her id.
pub async fn artisan(app: &TestApp, slug: &str, reference: &str) -> String {
    let (id, at) = (haat::ids::new_uuid(), app.clock.now());
    let text = format!(
        "INSERT INTO artisans (coop_id, id, reference, legal_name, public_alias, district, language, version, created_at, updated_at)
         SELECT id, '{id}', '{reference}', 'Legal {reference}', 'Alias {reference}', 'Jaipur', 'hi', 1, '{at}', '{at}' FROM cooperatives WHERE slug = '{slug}'"
    );
    sql(app, &text).await;
    id.to_string()
}
/// Pieces in the record; the batch's id.
pub async fn batch(app: &TestApp, variant: &str, quantity: u32) -> String {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use haat::schema::variants;
    let variant: haat::ids::VariantId = variant.parse().unwrap();
    let coop: CoopId =
        variants::table.filter(variants::id.eq(variant)).select(variants::coop_id).first(&mut *app.db.db.conn().await.unwrap()).await.unwrap();
    let new = provenance::NewBatch { variant, quantity, title: "Indigo dabu stole".into(), category: None, craft: None };
    let now = app.clock.now();
    let made = app
        .db
        .db
        .transaction(async |tx| {
            let issuer = provenance::issuer(tx, &app.url, Scope::system(coop)).await?;
            provenance::create_batch(tx, now, &app.app.keys, &issuer, &new).await
        })
        .await;
    made.unwrap().to_string()
}
pub fn entry(artisan: Option<&str>, batch: Option<&str>, step: &str, pieces: i32, rate: i64, currency: &str) -> Value {
    json!({"artisan": artisan, "batch": batch, "step": step, "pieces": pieces, "rate": {"amount": rate, "currency": currency}, "date": "2026-11-20"})
}
fn with(mut entry: Value, field: &str, value: Value) -> Value {
    entry[field] = value;
    entry
}
fn errors(problem: &Value) -> Vec<(String, String)> {
    let text = |e: &Value, field: &str| e[field].as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|e| (text(e, "pointer"), text(e, "code"))).collect()
}

const WORK: &str = "/v1/manage/cooperatives/bagru/work";

#[actix_web::test]
async fn work_is_written_down_and_stands_in_the_record_without_a_name() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let (sunita, batch) = (artisan(app, "bagru", "A-1").await, batch(app, &variant, 10).await);
        let printing = with(entry(Some(&sunita), Some(&batch), " block  printing ", 6, 18_000, "INR"), "minutes", json!(180));
        let washing = entry(None, Some(&batch), "washing", 10, 2_500, "INR");
        let written = manager.post(WORK, json!([printing, washing])).await.expect(201);
        assert_eq!((&written["data"][0]["step"], &written["data"][0]["rate"]["formatted"]), (&json!("block printing"), &json!("₹180.00")));
        manager.post(WORK, entry(None, None, "sweeping", 1, 0, "INR")).await.expect(201);
        let page = manager.get(&format!("{WORK}?limit=2")).await.expect(200);
        assert_eq!((page["data"][0]["step"].as_str(), page["has_more"].as_bool()), (Some("sweeping"), Some(true)));
        let rest = manager.get(&format!("{WORK}?limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).await.expect(200);
        assert_eq!(rest["data"].as_array().unwrap().len(), 1);
        assert_eq!(manager.get(&format!("{WORK}?artisan={sunita}")).await.expect(200)["data"].as_array().unwrap().len(), 1);

        let checkout = basket(app, &variant, 1).await.checkout("k").await.expect(201);
        app.sandbox.control().pay(&session_of(&checkout)).unwrap();
        app.sandbox.control().webhooks_settled().await;
        app.run_jobs().await;
        let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
        let order = guest.get(&format!("/v1/store/orders/{}", checkout["order"]["id"].as_str().unwrap())).await.expect(200);
        let code = order["parcels"][0]["lines"][0]["items"][0]["code"].as_str().unwrap().to_owned();
        let bundle = app.visitor().get(&format!("/v1/provenance/items/{code}/bundle")).await.text;
        assert!(passport::verify_bundle(bundle.as_bytes()).ok());
        let item = app.visitor().get(&format!("/v1/provenance/items/{code}")).await.expect(200);
        let events: Vec<_> = item["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
        assert_eq!(events, ["created", "made", "minted", "sold"]);
        assert!(!item["events"].to_string().contains("A-1") && !item.to_string().contains("Legal"), "no record names anybody: {item}");
    })
    .await;
}

#[actix_web::test]
async fn an_entry_that_cannot_be_is_refused_by_its_field_and_nothing_is_written() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let (mine, hers) = (artisan(app, "bagru", "A-1").await, artisan(app, "pedana", "P-1").await);
        let batch = batch(app, &variant, 10).await;
        let good = entry(Some(&mine), Some(&batch), "printing", 6, 100, "INR");
        let refused = async |body: Value| {
            let answer = manager.post(WORK, body).await;
            assert_eq!(answer.status, 422, "{}", answer.text);
            errors(&serde_json::from_str(&answer.text).unwrap())
        };
        let one = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
        assert_eq!(refused(json!([good, with(good.clone(), "date", json!("2026-11-23"))])).await, one("/1/date", "future"));
        assert_eq!(refused(with(good.clone(), "minutes", json!(961))).await, one("/minutes", "too_long_a_day"));
        assert_eq!(refused(with(good.clone(), "pieces", json!(11))).await, one("/pieces", "more_than_batch"));
        assert_eq!(refused(with(good.clone(), "rate", json!({"amount": 1, "currency": "EUR"}))).await, one("/rate/currency", "currency"));
        assert_eq!(refused(with(good.clone(), "artisan", json!(hers))).await, one("/artisan", "unknown"));
        assert_eq!(refused(json!([with(good.clone(), "batch", json!(haat::ids::new_uuid()))])).await, one("/0/batch", "unknown"));
        assert_eq!(refused(json!([with(good.clone(), "hours", json!(3))])).await, one("/0/hours", "unacceptable"));
        assert_eq!(refused(json!([])).await[0].1, "unacceptable");
        assert_eq!(manager.get(WORK).await.expect(200)["data"], json!([]));
        assert_eq!(other.get(WORK).await.problem(404), "not-found");
        assert_eq!(other.post(WORK, good.clone()).await.problem(404), "not-found");
        // Control: the good one is taken, and after it the batch has no room for six more of the same step, however it is spelt.
        manager.post(WORK, with(good.clone(), "minutes", json!(960))).await.expect(201);
        assert_eq!(refused(with(good.clone(), "step", json!("Printing"))).await, one("/pieces", "more_than_batch"));
        manager.post(WORK, with(good, "step", json!("washing"))).await.expect(201);
    })
    .await;
}

#[actix_web::test]
async fn two_registers_at_once_do_not_pass_together_what_neither_may_alone() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let maker = artisan(app, "bagru", "A-1").await;
        let nine_hours = with(entry(Some(&maker), None, "weaving", 1, 100, "INR"), "minutes", json!(540));
        let (a, b) = futures_util::join!(manager.post(WORK, nine_hours.clone()), manager.post(WORK, nine_hours));
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 422]);
    })
    .await;
}

#[actix_web::test]
async fn a_payment_to_a_maker_is_hers_and_is_never_changed() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let (sunita, rehana) = (artisan(app, "bagru", "A-1").await, artisan(app, "bagru", "A-2").await);
        let work = manager.post(WORK, entry(Some(&sunita), None, "printing", 6, 18_000, "INR")).await.expect(201)["data"][0]["id"].clone();
        let at = "/v1/manage/cooperatives/bagru/maker-payments";
        let body = json!({"artisan": sunita, "work": work, "amount": {"amount": 108_000, "currency": "INR"}, "paid_on": "2026-11-21", "method": "cash", "evidence": "book 3, page 12"});
        let refused = async |body: Value| errors(&manager.post(at, body).await.expect(422))[0].clone();
        assert_eq!(refused(with(body.clone(), "artisan", json!(rehana))).await, ("/work".into(), "other_maker".into()));
        assert_eq!(refused(with(body.clone(), "paid_on", json!("2026-11-23"))).await, ("/paid_on".into(), "future".into()));
        assert_eq!(refused(with(body.clone(), "amount", json!({"amount": 0, "currency": "INR"}))).await.0, "/amount/amount");
        assert_eq!(refused(with(body.clone(), "method", json!("barter"))).await.0, "/method");
        let paid = manager.post(at, body.clone()).await.expect(201);
        assert_eq!(paid["amount"]["formatted"], "₹1,080.00");
        let listed = manager.get(&format!("{at}?artisan={sunita}")).await.expect(200);
        assert_eq!(listed["data"], json!([paid]));
        assert_eq!(manager.get(&format!("{at}?artisan={rehana}")).await.expect(200)["data"], json!([]));
        let other = cooperative(app, "pedana").await;
        assert_eq!(other.get(at).await.problem(404), "not-found");
        assert_eq!(errors(&other.post(&at.replace("bagru", "pedana"), body).await.expect(422))[0].0, "/artisan");
    })
    .await;
}
