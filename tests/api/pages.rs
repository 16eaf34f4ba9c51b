//! The page behind a tag: what a buyer reads, in her language, of the piece, its makers and its price; and who may claim it.
use std::sync::LazyLock;

use haat::clock::Day;
use pictures::{Cloth, Form, Kind, Palette};
use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, api_test,
    builders::{basket, cooperative, platform, session_of, sql},
};

const AT: &str = "/v1/manage/cooperatives/bagru";

/// A piece with all there is to say of it, sold and sent: its manager and its code.
pub struct Piece {
    pub manager: Client,
    pub code: String,
    pub makers: Vec<String>,
    /// The buyer with her order token, and her order.
    pub guest: Client,
    pub order: String,
}

async fn maker(app: &TestApp, reference: &str, alias: &str, story: Option<&str>, portrait: Option<&Value>) -> String {
    let (id, at) = (haat::ids::new_uuid(), app.clock.now());
    let text = |value: Option<&str>| value.map_or("NULL".into(), |v| format!("'{}'", v.replace('\'', "''")));
    let insert = format!(
        "INSERT INTO artisans (coop_id, id, reference, legal_name, display_name, district, craft_code, language, story, portrait_id, version, created_at, updated_at)
         SELECT id, '{id}', '{reference}', 'Legal {reference}', '{alias}', 'Jaipur', 'dabu', 'hi', {}, {}, 1, '{at}', '{at}' FROM cooperatives WHERE slug = 'bagru'",
        text(story),
        text(portrait.and_then(|p| p["id"].as_str()))
    );
    sql(app, &insert).await;
    id.to_string()
}
pub async fn consent(app: &TestApp, maker: &str, purpose: &str, granted: bool) {
    let text = format!(
        "INSERT INTO consents (coop_id, id, artisan_id, purpose, granted, language, medium, at)
         SELECT coop_id, '{}', id, '{purpose}', {granted}, 'hi', 'spoken', '{}' FROM artisans WHERE id = '{maker}'",
        haat::ids::new_uuid(),
        app.clock.now()
    );
    sql(app, &text).await;
}

/// Drawn once, and before a test begins: drawing takes longer than a server keeps an idle connection.
static STOLE: LazyLock<Vec<u8>> = LazyLock::new(|| pictures::generate(7, Kind::Textile(Cloth::BlockPrint, Form::Spread), Palette::Indigo));
static FACE: LazyLock<Vec<u8>> = LazyLock::new(|| pictures::portrait(3, Palette::Madder));

pub async fn piece(app: &TestApp) -> Piece {
    let (drawn, face) = (STOLE.clone(), FACE.clone());
    let manager = cooperative(app, "bagru").await;
    sql(app, "INSERT INTO crafts (code, name, place, country, materials, steps) VALUES ('dabu', 'Dabu mud-resist printing', 'Bagru, Rajasthan', 'IN', '{}', '{}') ON CONFLICT DO NOTHING").await;
    let shares = json!({"name": "standard", "maker_bp": 5500, "materials_bp": 3000, "cooperative_bp": 1500});
    let template = manager.post(&format!("{AT}/price-templates"), shares).await.expect(201);
    let agreement = json!({"template": template["id"], "agreed_by": "Ganga", "method": "meeting", "date": "2026-11-01"});
    manager.post(&format!("{AT}/price-agreements"), agreement).await.expect(201);
    let materials = json!([{"name": "Organic cotton", "country": "IN", "share": "0.94", "local": true}, {"name": "Indigo", "country": "IN", "share": "0.05", "local": true}, {"name": "Polyester thread", "country": "DE", "share": "0.01", "local": false}]);
    let body = json!({"title": "Indigo dabu stole", "description": "Hand printed.", "kind": "stole", "template": template["id"], "craft": "dabu", "materials": materials,
        "variants": [{"prices": [{"amount": 6000, "currency": "EUR"}], "stock": {"policy": "finite", "on_hand": 5}, "grams": 300}]});
    let product = manager.post(&format!("{AT}/products"), body).await.expect(201);
    let (id, variant) = (product["id"].as_str().unwrap(), product["variants"][0].as_str().unwrap());
    manager.post(&format!("{AT}/products/{id}/publish"), json!({})).await.expect(200);
    let picture = manager.upload(&format!("{AT}/media"), "stole.jpg", drawn, &[]).await.expect(201);
    manager
        .put(&format!("{AT}/products/{id}/media"), json!([{"media": picture["id"], "alt": "A stole with indigo flowers, spread out"}]))
        .await
        .expect(204);
    let face = manager.upload(&format!("{AT}/media"), "face.jpg", face, &[]).await.expect(201);
    let story = "My grandmother cut the first of our blocks. I print where she printed.";
    let makers = vec![
        maker(app, "A-1", "Sunita Devi", Some(story), Some(&face)).await,
        maker(app, "A-2", "Rehana", None, None).await,
        maker(app, "A-3", "Kamla Bai", Some("This story is nobody's."), None).await,
    ];
    for purpose in ["name", "portrait", "story"] {
        consent(app, &makers[0], purpose, true).await;
    }
    consent(app, &makers[1], "name", true).await;
    let batch = crate::work::batch(app, variant, 12).await;
    let work = |maker: &str, step: &str, minutes: i32| json!({"artisan": maker, "batch": batch, "step": step, "pieces": 6, "minutes": minutes, "rate": {"amount": 18_000, "currency": "INR"}, "date": "2026-11-20"});
    let register = json!([work(&makers[0], "block printing", 270), work(&makers[1], "indigo dyeing", 240), work(&makers[2], "washing", 60)]);
    manager.post(&format!("{AT}/work"), register).await.expect(201);
    let checkout = basket(app, variant, 1).await.checkout("one").await.expect(201);
    app.sandbox.control().pay(&session_of(&checkout)).unwrap();
    app.sandbox.control().webhooks_settled().await;
    app.run_jobs().await;
    manager.post(&format!("{AT}/fulfilments"), json!({"order": checkout["order"]["id"], "carrier": "India Post"})).await.expect(201);
    let guest = app.visitor().with("X-Order-Token", checkout["order_token"].as_str().unwrap());
    let order = checkout["order"]["id"].as_str().unwrap().to_owned();
    let seen = guest.get(&format!("/v1/store/orders/{order}")).await.expect(200);
    let code = seen["parcels"][0]["lines"][0]["items"][0]["code"].as_str().unwrap().to_owned();
    Piece { manager, code, makers, guest, order }
}
/// The cooperative's only payout, sent and proven by two people.
pub async fn paid_out(app: &TestApp) {
    crate::payouts::destination(app, "bagru", "manual", "INR").await;
    let (one, other) = (platform(app, "operator").await, crate::payouts::second_operator(app).await);
    let run = one.with("Idempotency-Key", "nov").post("/v1/admin/payouts", json!({"cooperative": "bagru"})).await.expect(202);
    let confirm = format!("/v1/admin/payouts/{}/confirm", run["payouts"][0]["id"].as_str().unwrap());
    other.post(&confirm, json!({"reference": "N1", "evidence": "receipts/N1.pdf"})).await.expect(200);
    app.run_jobs().await;
}
/// The claim code of an item, as its tag has it under the fold.
pub async fn claim_code(app: &TestApp, code: &str) -> String {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use haat::schema::items;
    let conn = &mut *app.db.db.conn().await.unwrap();
    let (id, sealed): (haat::ids::ItemId, Vec<u8>) =
        items::table.filter(items::code.eq(code)).select((items::id, items::claim_sealed)).first(conn).await.unwrap();
    String::from_utf8(app.app.keys.open(&format!("items/{id}"), &sealed).unwrap()).unwrap()
}

#[actix_web::test]
async fn the_page_says_what_is_known_and_nothing_of_the_buyer() {
    api_test(async |app| {
        let Piece { code, .. } = piece(app).await;
        let path = format!("/i/{code}");
        let page = app.visitor().get(&format!("{path}?fbclid=1")).await;
        assert_eq!((page.status.as_u16(), page.headers["content-type"].to_str().unwrap()), (200, "text/html; charset=utf-8"));
        // The first view, with the one script that checks it: nothing inline, nothing from elsewhere, and never stale.
        assert_eq!(page.text.matches("<script").count(), 1);
        let script = page.text.split("<script type=\"module\" src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let module = app.visitor().get(script).await;
        assert_eq!(module.headers["content-type"], "text/javascript; charset=utf-8");
        assert_eq!(module.headers["cache-control"], "public, max-age=31536000, immutable");
        assert!(
            module.bytes.len() < 27_000 && page.bytes.len() + module.bytes.len() < 60_000,
            "{} and {} bytes",
            page.bytes.len(),
            module.bytes.len()
        );
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'; connect-src 'self';"));
        assert_eq!(app.visitor().get("/scripts/check-0000000000000000.js").await.problem(404), "not-found");
        // The template writes a slash in a fact as a character reference.
        let page_text = page.text.replace("&#x2f;", "/");
        let said = [
            "Indigo dabu stole",
            "From Cooperative bagru, Jaipur, India",
            "Dabu mud-resist printing",
            "Written on 22 November 2026, unchanged since.",
            "It cannot tell whether this tag was copied.",
            "Sunita Devi",
            "Rehana",
            "And 1 maker who is not named here.",
            "My grandmother cut",
            "This piece cost €60.00, without delivery.",
            "€25.50",
            "that is ₹2,550.00",
            "promised",
            "Work by 3 people",
            "block printing, 45 minutes a piece",
            "Handed to India Post, to go to Germany",
            "Organic cotton, from India",
            "99% of its mass comes from nearby.",
            "Not claimed by an owner yet",
            "haat verify",
            "A stole with indigo flowers",
            "the people and cooperatives in it are invented",
            "/media/",
        ];
        for words in said {
            assert!(page_text.contains(words), "{words:?} is missing from {page_text}");
        }
        for never in ["Asha", "Brandt", "Freiburg", "asha@", "Legal", "Kamla", "nobody's", "HA-", "<script>", "http://fonts"] {
            assert!(!page_text.contains(never), "{never:?} is in the page");
        }
        // A maker's reference by itself; a code may hold the same three characters within it.
        let within = |at: usize| page.text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        assert!(page.text.match_indices("A-1").all(|(at, _)| within(at)), "a maker's reference is in the page");
        let json = app.visitor().with("Accept", "application/json").get(&path).await.expect(200);
        assert_eq!(json, app.visitor().get(&format!("/v1/provenance/items/{}", code.to_lowercase())).await.expect(200));
        let parts: Vec<_> = json["price"]["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (p["part"].as_str().unwrap(), p["amount"]["amount"].as_i64().unwrap()))
            .collect();
        assert_eq!(parts, [("maker", 2550), ("materials", 1391), ("cooperative", 695), ("premium", 464), ("platform", 900)]);
        assert_eq!(
            (&json["verdict"], &json["local_share"], &json["makers"][2]),
            (
                &json!("genuine_unclaimed"),
                &json!("0.99"),
                &json!({"name": null, "portrait": null, "story": null, "craft": "Dabu mud-resist printing"})
            )
        );
        let again = app.visitor().with("If-None-Match", page.headers["etag"].to_str().unwrap()).get(&path).await;
        assert_eq!(again.status, 304);
        // The product may leave the shop: the code answers for ever.
        sql(app, "UPDATE products SET status = 'archived'").await;
        assert_eq!(app.visitor().get(&path).await.status, 200);
        let unknown = app.visitor().get("/i/0000-0000-0000").await;
        assert!(unknown.status == 404 && unknown.text.contains("Look once more at the tag"), "{}", unknown.text);
    })
    .await;
}

#[actix_web::test]
async fn a_consent_withdrawn_holds_from_the_next_request() {
    api_test(async |app| {
        let Piece { code, makers, .. } = piece(app).await;
        let (page, json) = (format!("/i/{code}"), format!("/v1/provenance/items/{code}"));
        let first = app.visitor().get(&page).await;
        assert!(first.text.contains("Sunita Devi") && first.text.contains("My grandmother"));
        let reader = app.visitor().with("If-None-Match", first.headers["etag"].to_str().unwrap());
        assert_eq!(reader.get(&page).await.status, 304);
        for purpose in ["name", "portrait", "story"] {
            consent(app, &makers[0], purpose, false).await;
        }
        let next = reader.get(&page).await;
        assert_eq!(next.status, 200, "what a browser kept is no longer right");
        assert!(
            !next.text.contains("Sunita") && !next.text.contains("My grandmother") && next.text.contains("And 2 makers who are not named here."),
            "{}",
            next.text
        );
        assert!(!app.visitor().get(&json).await.text.contains("Sunita"));
        // Control: the one who did not withdraw is still there, and who agrees again is again.
        assert!(next.text.contains("Rehana"));
        consent(app, &makers[0], "name", true).await;
        let later = app.visitor().get(&page).await.text;
        assert!(later.contains("Sunita Devi") && !later.contains("My grandmother"));
    })
    .await;
}

/// One rule for all who show makers: her latest word on each purpose, asked in each request. Her legal name is in none of them.
#[actix_web::test]
async fn a_withdrawn_consent_disappears_wherever_makers_are_shown() {
    api_test(async |app| {
        let Piece { code, makers, guest, order, .. } = piece(app).await;
        sql(app, &format!("UPDATE artisans SET public_alias = 'Neela' WHERE id = '{}'", makers[0])).await;
        let places = [
            format!("/v1/provenance/items/{code}"),
            format!("/i/{code}"),
            "/v1/store/products/indigo-dabu-stole?currency=EUR&expand=makers".to_owned(),
            format!("/v1/store/orders/{order}"),
            format!("/v1/store/makers/{}", makers[0]),
        ];
        for place in &places {
            let shown = guest.get(place).await.text;
            assert!(shown.contains("Sunita Devi") && shown.contains("My grandmother") && !shown.contains("Neela"), "{place}: {shown}");
            assert!(!shown.contains("Legal") && !shown.contains("Kamla"), "{place}: {shown}");
        }
        for purpose in ["name", "portrait", "story"] {
            consent(app, &makers[0], purpose, false).await;
        }
        for place in &places {
            let shown = guest.get(place).await.text;
            assert!(!shown.contains("Sunita") && !shown.contains("My grandmother") && shown.contains("Neela"), "{place}: {shown}");
            assert!(!shown.contains("Legal"), "{place}: {shown}");
        }
        // Control: who took nothing back is still there.
        for place in &places[..4] {
            assert!(guest.get(place).await.text.contains("Rehana"), "{place}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_price_is_promised_and_then_proven() {
    api_test(async |app| {
        let Piece { code, .. } = piece(app).await;
        let states = async || {
            let item = app.visitor().get(&format!("/v1/provenance/items/{code}")).await.expect(200);
            let state = |p: &Value| (p["part"].as_str().unwrap().to_owned(), p["status"].as_str().unwrap().to_owned());
            item["price"]["parts"].as_array().unwrap().iter().map(state).collect::<Vec<_>>()
        };
        let is = |expected: [(&str, &str); 5]| expected.map(|(part, status)| (part.to_owned(), status.to_owned())).to_vec();
        let sent = [("maker", "promised"), ("materials", "promised"), ("cooperative", "promised"), ("premium", "in_fund"), ("platform", "kept")];
        assert_eq!(states().await, is(sent));
        paid_out(app).await;
        let arrived = "reached_cooperative";
        assert_eq!(
            states().await,
            is([("maker", "reached_makers"), ("materials", arrived), ("cooperative", arrived), ("premium", "in_fund"), ("platform", "kept")])
        );
        let page = app.visitor().get(&format!("/i/{code}")).await.text;
        assert!(page.contains("paid to the makers, 22 November 2026") && page.contains("3 makers were paid for it"), "{page}");
    })
    .await;
}

#[actix_web::test]
async fn the_page_speaks_five_languages() {
    api_test(async |app| {
        let Piece { code, .. } = piece(app).await;
        let path = format!("/i/{code}");
        let day: Day = "2026-11-22".parse().unwrap();
        assert_eq!(app.clock.today(), day);
        let cases = [
            ("en", "22 November 2026"),
            ("hi", "22 नवंबर 2026"),
            ("ne", "२०२६ नोभेम्बर २२"),
            ("es", "22 de noviembre de 2026"),
            ("fr", "22 novembre 2026"),
        ];
        for (lang, written) in cases {
            let asked = app.visitor().get(&format!("{path}?lang={lang}")).await;
            let preferred = app.visitor().with("Accept-Language", format!("de, {lang}-XX;q=0.8")).get(&path).await;
            assert!(asked.text.contains(written) && asked.text.contains(&format!("<html lang=\"{lang}\">")), "{}", asked.text);
            assert_eq!(asked.text, preferred.text);
            assert_eq!(asked.headers["content-language"], lang);
            assert!(!asked.text.contains("{{") && !asked.text.contains("{n}") && asked.bytes.len() < 60_000);
        }
    })
    .await;
}

#[actix_web::test]
async fn the_first_claim_wins_and_wrong_ones_wait() {
    api_test(async |app| {
        let Piece { code, .. } = piece(app).await;
        let at = format!("/v1/provenance/items/{code}/claim");
        let right = claim_code(app, &code).await;
        let body = json!({"claim_code": right.to_lowercase().replace('-', " ")});
        let mistyped = json!({"claim_code": "0000-0000-0000-0000-0000"});
        assert_eq!(app.visitor().post(&at, mistyped.clone()).await.problem(422), "invalid");
        assert_eq!(app.visitor().post(&at, json!({"claim_code": right, "name": "Asha"})).await.problem(422), "invalid");
        assert_eq!(app.visitor().post("/v1/provenance/items/0000-0000-0000/claim", body.clone()).await.problem(404), "not-found");
        // One caller's connections, all opened at once: making a hundred clients takes longer than a server waits for a request.
        let visitor = app.visitor();
        let mut statuses = futures_util::future::join_all((0..100).map(|_| async { visitor.post(&at, body.clone()).await.status.as_u16() })).await;
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (201, [409; 99].as_slice()));
        let item = app.visitor().get(&format!("/v1/provenance/items/{code}")).await.expect(200);
        assert_eq!((&item["verdict"], &item["claimed_on"]), (&json!("genuine_claimed"), &json!("2026-11-22")));
        let page = app.visitor().get(&format!("/i/{code}")).await.text;
        assert!(page.contains("Claimed by its owner on 22 November 2026") && !page.contains("name=\"claim_code\""), "{page}");
        // Wrong codes use up the item's allowance, for the right one too, until a minute has passed.
        for _ in 0..9 {
            assert_eq!(app.visitor().post(&at, mistyped.clone()).await.status, 422);
        }
        assert_eq!(app.visitor().post(&at, body.clone()).await.problem(429), "too-many-requests");
        app.clock.advance(jiff::SignedDuration::from_mins(1));
        assert_eq!(app.visitor().post(&at, body).await.problem(409), "already-claimed");
    })
    .await;
}

#[actix_web::test]
async fn a_claim_on_a_piece_that_was_never_sold_is_suspicious() {
    api_test(async |app| {
        let Piece { code, .. } = piece(app).await;
        let body = json!({"claim_code": claim_code(app, &code).await});
        sql(app, &format!("UPDATE items SET state = 'in_stock', order_line_id = NULL WHERE code = '{code}'")).await;
        let item = async || app.visitor().get(&format!("/v1/provenance/items/{code}")).await.expect(200);
        assert_eq!((&item().await["verdict"], &item().await["price"]), (&json!("genuine_unclaimed"), &Value::Null));
        app.visitor().post(&format!("/v1/provenance/items/{code}/claim"), body).await.expect(201);
        assert_eq!((&item().await["verdict"], &item().await["reasons"]), (&json!("genuine_but_suspicious"), &json!(["claimed_before_sale"])));
        sql(app, &format!("UPDATE items SET state = 'withdrawn' WHERE code = '{code}'")).await;
        assert_eq!(item().await["verdict"], "revoked");
    })
    .await;
}

#[actix_web::test]
async fn a_doubt_reaches_the_operator_and_what_is_upheld_stands_on_the_page() {
    api_test(async |app| {
        let Piece { code, manager, .. } = piece(app).await;
        let at = format!("/v1/provenance/items/{code}/reports");
        let doubt = json!({"reason": "copied_tag", "detail": " The same code hangs on two stoles. "});
        assert_eq!(app.visitor().post(&at, json!({"reason": "dislike"})).await.problem(422), "invalid");
        assert_eq!(app.visitor().post(&at, json!({"reason": "copied_tag", "detail": "x".repeat(1001)})).await.problem(422), "invalid");
        let id = app.visitor().post(&at, doubt.clone()).await.expect(201)["id"].clone();
        assert_eq!(manager.get("/v1/admin/item-reports").await.problem(403), "forbidden");
        let operator = platform(app, "operator").await;
        let queue = operator.get("/v1/admin/item-reports").await.expect(200);
        assert_eq!(
            (queue["data"].as_array().unwrap().len(), &queue["data"][0]["item"], &queue["data"][0]["detail"]),
            (1, &json!(code), &json!("The same code hangs on two stoles."))
        );
        let resolve = format!("/v1/admin/item-reports/{}/resolve", id.as_str().unwrap());
        assert_eq!(operator.post(&resolve, json!({"upheld": true, "resolution": " "})).await.problem(422), "invalid");
        operator.post(&resolve, json!({"upheld": true, "resolution": "Seen at a stall in Pune."})).await.expect(204);
        assert_eq!(operator.post(&resolve, json!({"upheld": false, "resolution": "No."})).await.problem(409), "conflict");
        let page = app.visitor().get(&format!("/i/{code}")).await.text;
        assert!(page.contains("Be careful with this tag") && page.contains("Somebody doubted this tag, and was right."), "{page}");
        assert_eq!(operator.get("/v1/admin/item-reports?state=upheld").await.expect(200)["data"][0]["resolution"], "Seen at a stall in Pune.");
        assert_eq!(operator.get("/v1/admin/item-reports").await.expect(200)["data"], json!([]));
        for _ in 0..4 {
            app.visitor().post(&at, doubt.clone()).await.expect(201);
        }
        assert_eq!(app.visitor().post(&at, doubt).await.problem(429), "too-many-requests");
    })
    .await;
}

#[actix_web::test]
async fn the_forms_of_the_page_need_no_script() {
    api_test(async |app| {
        let Piece { code, .. } = piece(app).await;
        let right = claim_code(app, &code).await;
        let wrong = app.visitor().form(&format!("/i/{code}/claim?lang=es"), "claim_code=0000-0000-0000-0000-0000").await;
        assert!(wrong.status == 422 && wrong.text.contains("Ese no es su código"), "{}", wrong.text);
        let claimed = app.visitor().form(&format!("/i/{code}/claim"), &format!("claim_code={right}")).await;
        assert!(claimed.status == 200 && claimed.text.contains("It is yours.") && claimed.text.contains("Claimed by its owner"), "{}", claimed.text);
        assert_eq!(app.visitor().form(&format!("/i/{code}/claim"), &format!("claim_code={right}")).await.status, 409);
        let told = app.visitor().form(&format!("/i/{code}/report"), "reason=copied_tag&detail=Twice+seen").await;
        assert!(told.status == 200 && told.text.contains("A person will look at it."), "{}", told.text);
        assert_eq!(app.visitor().form("/i/0000-0000-0000/claim", &format!("claim_code={right}")).await.status, 404);
        // What cannot be read is answered by the page too, in the reader's language.
        for (form, body) in [("claim", "code=1"), ("claim", "claim_code=1&more=2"), ("claim", "%%%"), ("report", "reason=boredom"), ("report", "")] {
            let unread = app.visitor().form(&format!("/i/{code}/{form}"), body).await;
            assert_eq!(
                (unread.status.as_u16(), unread.headers["content-type"].to_str().unwrap()),
                (400, "text/html; charset=utf-8"),
                "{form} {body}"
            );
            assert!(unread.text.contains("This form did not arrive whole.") && unread.text.contains("Indigo dabu stole"), "{}", unread.text);
        }
        assert!(app.visitor().form(&format!("/i/{code}/claim?lang=fr"), "x").await.text.contains("pas arrivé entier"));
        assert_eq!(app.visitor().form("/i/0000-0000-0000/claim", "x").await.status, 404);
    })
    .await;
}
