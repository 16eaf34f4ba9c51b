//! Cooperatives: how one comes to sell here, what is said of it, and who decides.
use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, api_test,
    builders::{basket, cooperative, platform, product, sql},
};

fn application() -> Value {
    json!({"name": "Lal Darwaza Mahila Chhapai", "legal_form": "cooperative society", "about": "We print.", "country": "IN",
        "region": "Rajasthan", "district": "Jaipur", "currency": "INR", "locale": "hi", "members": 34, "women": 31,
        "contact_email": "Office@Lal.example"})
}
fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}
async fn applied(app: &TestApp) -> (String, Client) {
    let made = app.visitor().post("/v1/store/applications", application()).await.expect(201);
    (made["id"].as_str().unwrap().to_owned(), app.visitor().with("X-Application-Token", made["token"].as_str().unwrap()))
}
/// Whatever a statement counts.
async fn count(app: &TestApp, of: &str) -> i64 {
    use diesel_async::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let query = diesel::sql_query(format!("SELECT count(*) AS n FROM {of}"));
    query.get_result::<Row>(&mut *app.db.db.conn().await.unwrap()).await.unwrap().n
}

const SLUG: &str = "lal-darwaza-mahila-chhapai";

#[actix_web::test]
async fn a_cooperative_applies_and_is_approved_on_terms() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let (id, applicant) = applied(app).await;
        let told = applicant.get(&format!("/v1/store/applications/{id}")).await.expect(200);
        assert_eq!((&told["slug"], &told["state"], &told["reason"]), (&json!(SLUG), &json!("applied"), &Value::Null));
        // Not theirs, not there: the same. And nobody sees it in the shop.
        assert_eq!(app.visitor().get(&format!("/v1/store/applications/{id}")).await.problem(404), "not-found");
        let forged = app.visitor().with("X-Application-Token", "application_AAAA");
        assert_eq!(forged.get(&format!("/v1/store/applications/{id}")).await.problem(404), "not-found");
        assert_eq!(app.visitor().get(&format!("/v1/store/cooperatives/{SLUG}")).await.problem(404), "not-found");

        let waiting = operator.get("/v1/admin/cooperatives?state=applied&country=IN&q=DARWAZA").await.expect(200);
        assert_eq!(waiting["data"].as_array().unwrap().len(), 1);
        assert_eq!(operator.get("/v1/admin/cooperatives?q=nobody").await.expect(200)["data"], json!([]));
        let approve = format!("/v1/admin/cooperatives/{SLUG}/approve");
        let too_much = operator.post(&approve, json!({"commission_bp": 5001})).await.expect(422);
        assert_eq!(too_much["errors"][0]["pointer"], "/commission_bp");
        let approved = operator.post(&approve, json!({"commission_bp": 1200})).await.expect(200);
        assert_eq!((&approved["state"], &approved["commission_bp"], &approved["premium_bp"]), (&json!("approved"), &json!(1200), &json!(1000)));
        let events: Vec<_> = approved["history"].as_array().unwrap().iter().map(|e| (e["event"].as_str().unwrap(), e["by"].is_null())).collect();
        assert_eq!(events, [("applied", true), ("approved", false)]);
        // Its first manager is invited where it said, once.
        let invited = format!("invitations WHERE coop_id = '{id}' AND role = 'manager' AND email = 'office@lal.example'");
        assert_eq!(count(app, &invited).await, 1);
        assert_eq!(operator.post(&approve, json!({})).await.problem(409), "conflict");
        assert_eq!(count(app, &invited).await, 1);
        assert_eq!(operator.post("/v1/admin/cooperatives/nobody/approve", json!({})).await.problem(404), "not-found");

        let shown = app.visitor().get(&format!("/v1/store/cooperatives/{SLUG}")).await.expect(200);
        assert_eq!(shown["place"], json!({"district": "Jaipur", "region": "Rajasthan", "country": "IN"}));
        for private in ["contact_email", "commission_bp", "state", "currency"] {
            assert!(shown.get(private).is_none(), "{private}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_rejected_cooperative_hears_why_and_applies_again() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let (id, applicant) = applied(app).await;
        let (mine, admin) = (format!("/v1/store/applications/{id}"), format!("/v1/admin/cooperatives/{id}"));
        assert_eq!(applicant.put(&mine, application()).await.problem(409), "conflict");
        let no = operator.post(&format!("{admin}/reject"), json!({"reason": " "})).await.expect(422);
        assert_eq!(no["errors"][0]["pointer"], "/reason");
        operator.post(&format!("{admin}/reject"), json!({"reason": "The register shows another name."})).await.expect(200);
        let told = applicant.get(&mine).await.expect(200);
        assert_eq!((&told["state"], &told["reason"]), (&json!("rejected"), &json!("The register shows another name.")));
        assert_eq!(operator.post(&format!("{admin}/approve"), json!({})).await.problem(409), "conflict");

        let again = with(application(), "name", json!("Lal Darwaza Chhapai Samiti"));
        assert_eq!(app.visitor().put(&mine, again.clone()).await.problem(404), "not-found");
        let told = applicant.put(&mine, again).await.expect(200);
        // The address stays what it was.
        assert_eq!((&told["name"], &told["slug"], &told["state"]), (&json!("Lal Darwaza Chhapai Samiti"), &json!(SLUG), &json!("applied")));
        operator.post(&format!("{admin}/approve"), json!({})).await.expect(200);
        let history = operator.get(&admin).await.expect(200)["history"].as_array().unwrap().len();
        assert_eq!(history, 4);
    })
    .await;
}

#[actix_web::test]
async fn a_suspension_empties_the_shelf_and_is_undone() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let operator = platform(app, "operator").await;
        product(&manager, "bagru", 6000, 5).await;
        let visitor = app.visitor();
        let shelf = || visitor.get("/v1/store/products?currency=EUR");
        let shown = || visitor.get("/v1/store/cooperatives/bagru");
        assert_eq!(shelf().await.expect(200)["data"].as_array().unwrap().len(), 1);
        assert_eq!(shown().await.expect(200)["products"], 1);
        operator.post("/v1/admin/cooperatives/bagru/suspend", json!({"reason": "Parcels arrive empty."})).await.expect(200);
        assert_eq!(shelf().await.expect(200)["data"], json!([]));
        assert_eq!(shown().await.problem(404), "not-found");
        // Orders that are paid must still be sent.
        manager.get("/v1/manage/cooperatives/bagru/orders").await.expect(200);
        assert_eq!(operator.post("/v1/admin/cooperatives/bagru/suspend", json!({"reason": "Twice."})).await.problem(409), "conflict");
        operator.post("/v1/admin/cooperatives/bagru/reinstate", json!({})).await.expect(200);
        assert_eq!(shelf().await.expect(200)["data"].as_array().unwrap().len(), 1);
        let history = operator.get("/v1/admin/cooperatives/bagru").await.expect(200);
        assert_eq!(history["history"][0]["reason"], "Parcels arrive empty.");
    })
    .await;
}

#[actix_web::test]
async fn what_cannot_be_accepted_is_named() {
    api_test(async |app| {
        let visitor = app.visitor();
        let refused = |body: Value| visitor.post("/v1/store/applications", body);
        let wrong = with(with(application(), "women", json!(35)), "locale", json!("Hindi"));
        let errors = refused(wrong).await.expect(422)["errors"].clone();
        assert_eq!((&errors[0]["pointer"], &errors[1]["pointer"]), (&json!("/locale"), &json!("/women")));
        assert_eq!(refused(with(application(), "currency", json!("XXX"))).await.expect(422)["errors"][0]["pointer"], "/currency");
        // Nobody approves herself.
        for (field, value) in [("state", json!("approved")), ("commission_bp", json!(0)), ("slug", json!("mine"))] {
            assert_eq!(refused(with(application(), field, value)).await.problem(422), "invalid", "{field}");
        }
        assert_eq!(count(app, "cooperatives").await, 0);
    })
    .await;
}

#[actix_web::test]
async fn one_address_does_not_fill_the_list() {
    api_test(async |app| {
        for n in 0..10 {
            let made = app.visitor().post("/v1/store/applications", application()).await.expect(201);
            let slug = if n == 0 { SLUG.to_owned() } else { format!("{SLUG}-{}", n + 1) };
            assert_eq!(made["slug"], json!(slug));
        }
        let refused = app.visitor().post("/v1/store/applications", application()).await;
        assert!(refused.headers.contains_key("retry-after"));
        assert_eq!(refused.problem(429), "too-many-requests");
        app.clock.advance(jiff::SignedDuration::from_mins(10));
        app.visitor().post("/v1/store/applications", application()).await.expect(201);
    })
    .await;
}

#[actix_web::test]
async fn a_manager_changes_her_profile_and_no_other() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        const MINE: &str = "/v1/manage/cooperatives/bagru";
        let read = manager.get(MINE).await;
        let etag = read.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(read.expect(200)["contact_email"], "bagru@coop.example");
        let change = json!({"about": " We print with mud. ", "members": 34, "women": 31, "region": "Rajasthan"});
        assert_eq!(manager.patch(MINE, change.clone()).await.problem(428), "precondition-required");
        let fresh = manager.with("If-Match", &etag);
        let changed = fresh.patch(MINE, change.clone()).await.expect(200);
        assert_eq!((&changed["about"], &changed["version"]), (&json!("We print with mud."), &json!(2)));
        assert_eq!(fresh.patch(MINE, change.clone()).await.problem(412), "precondition-failed");
        let now = manager.with("If-Match", "\"2\"");
        assert_eq!(now.patch(MINE, json!({"members": null})).await.expect(422)["errors"][0]["pointer"], "/women");
        assert_eq!(now.patch(MINE, json!({"members": null, "women": null})).await.expect(200)["members"], Value::Null);
        for fixed in ["slug", "currency", "country", "commission_bp", "state"] {
            assert_eq!(manager.with("If-Match", "\"3\"").patch(MINE, json!({fixed: "x"})).await.problem(422), "invalid", "{fixed}");
        }
        assert_eq!(other.get(MINE).await.problem(404), "not-found");
        assert_eq!(other.with("If-Match", "\"3\"").patch(MINE, change).await.problem(404), "not-found");
        assert_eq!(app.visitor().get(MINE).await.problem(401), "unauthenticated");
    })
    .await;
}

#[actix_web::test]
async fn only_the_operator_decides_and_an_auditor_reads() {
    api_test(async |app| {
        let (id, _) = applied(app).await;
        let manager = cooperative(app, "bagru").await;
        let auditor = platform(app, "auditor").await;
        for (path, body) in
            [("approve", json!({})), ("reject", json!({"reason": "No."})), ("suspend", json!({"reason": "No."})), ("reinstate", json!({}))]
        {
            let path = format!("/v1/admin/cooperatives/{id}/{path}");
            assert_eq!(auditor.post(&path, body.clone()).await.problem(403), "forbidden");
            assert_eq!(manager.post(&path, body.clone()).await.problem(403), "forbidden");
            assert_eq!(app.visitor().post(&path, body).await.problem(401), "unauthenticated");
        }
        auditor.get(&format!("/v1/admin/cooperatives/{id}")).await.expect(200);
        assert_eq!(manager.get("/v1/admin/cooperatives").await.problem(403), "forbidden");
        assert_eq!(auditor.get("/v1/admin/cooperatives/nobody").await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn the_public_list_goes_by_name_and_craft() {
    api_test(async |app| {
        for slug in ["c", "a", "b"] {
            cooperative(app, slug).await;
        }
        sql(app, "UPDATE cooperatives SET country = 'NP' WHERE slug = 'b'").await;
        let first = app.visitor().get("/v1/store/cooperatives?limit=2").await.expect(200);
        let slugs = |page: &Value| page["data"].as_array().unwrap().iter().map(|c| c["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!((slugs(&first), &first["has_more"]), (vec!["a".to_owned(), "b".to_owned()], &json!(true)));
        let next = format!("/v1/store/cooperatives?limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
        assert_eq!(slugs(&app.visitor().get(&next).await.expect(200)), ["c"]);
        assert_eq!(slugs(&app.visitor().get("/v1/store/cooperatives?country=NP").await.expect(200)), ["b"]);
        assert_eq!(slugs(&app.visitor().get("/v1/store/cooperatives?craft=bagru_dabu").await.expect(200)), Vec::<String>::new());
        assert_eq!(app.visitor().get("/v1/store/cooperatives?sort=x").await.problem(400), "invalid-query");
    })
    .await;
}

#[actix_web::test]
async fn events_of_a_standing_stay() {
    api_test(async |app| {
        let (id, _) = applied(app).await;
        let mut conn = app.db.db.conn().await.unwrap();
        for change in ["UPDATE cooperative_events SET reason = 'x'", "DELETE FROM cooperative_events"] {
            use diesel_async::SimpleAsyncConnection;
            assert!(conn.batch_execute(&format!("{change} WHERE coop_id = '{id}'")).await.is_err(), "{change}");
        }
    })
    .await;
}

/// An operation is all the demo's world needs: no request, no session.
#[actix_web::test]
async fn a_cooperative_is_made_without_http() {
    use haat::cooperatives::{self, Profile, Terms};
    api_test(async |app| {
        let now = app.clock.now();
        let profile: Profile = Profile {
            name: "Arun Allo Bunai".into(),
            legal_form: "cooperative".into(),
            about: String::new(),
            country: "NP".into(),
            region: None,
            district: "Sankhuwasabha".into(),
            currency: haat::money::Currency::NPR,
            locale: "ne".into(),
            members: Some(41),
            women: Some(39),
            contact_email: "arun@coop.example".into(),
        };
        let made = app.db.db.transaction_retrying(async |tx| {
            let id = cooperatives::apply(tx, now, &profile).await?;
            cooperatives::approve(tx, now, None, id, Terms::default()).await?;
            Ok::<_, cooperatives::Error>(id)
        });
        let id = made.await.unwrap();
        let shown = app.visitor().get("/v1/store/cooperatives/arun-allo-bunai").await.expect(200);
        assert_eq!(shown["id"], json!(id));
    })
    .await;
}

/// A cart's total is asked for again at checkout: a suspended cooperative's goods cannot be bought on a page that is still open.
#[actix_web::test]
async fn an_open_cart_does_not_outlive_a_suspension() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let operator = platform(app, "operator").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let basket = basket(app, &variant, 1).await;
        operator.post("/v1/admin/cooperatives/bagru/suspend", json!({"reason": "Parcels arrive empty."})).await.expect(200);
        let refused = basket.checkout("one").await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
    })
    .await;
}
