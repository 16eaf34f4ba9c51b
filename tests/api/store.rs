//! What buyers see: lists, searches, facets, pages, and what they cost.
use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, api_test,
    builders::{basket, cooperative, product, sql},
};

const PRODUCTS: &str = "/v1/manage/cooperatives/bagru/products";

async fn sell(manager: &Client, coop: &str, body: Value) -> String {
    let path = format!("/v1/manage/cooperatives/{coop}/products");
    let id = manager.post(&path, body).await.expect(201)["id"].as_str().unwrap().to_owned();
    manager.post(&format!("{path}/{id}/publish"), json!({})).await.expect(200);
    id
}
fn thing(title: &str, cents: i64, on_hand: i32) -> Value {
    json!({"title": title, "variants": [{"prices": [{"amount": cents, "currency": "EUR"}], "stock": {"policy": "finite", "on_hand": on_hand}}]})
}
fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}
async fn shop(app: &TestApp, query: &str) -> Value {
    app.visitor().get(&format!("/v1/store/products?currency=EUR{query}")).await.expect(200)
}
fn titles(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|p| p["title"].as_str().unwrap().to_owned()).collect()
}
async fn found(app: &TestApp, query: &str) -> Vec<String> {
    titles(&shop(app, query).await)
}

/// Every order, page by page, is the same as all at once; nothing twice, nothing left out, though all share a price or a minute.
#[actix_web::test]
async fn every_order_goes_on_where_the_page_ended() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        for (title, cents) in [("Óma", 300), ("alpha", 300), ("Beta", 100), ("beta", 300), ("Zed", 200)] {
            sell(&manager, "bagru", with(thing(title, cents, 1), json!({"kind": "stole"}))).await;
        }
        let newest = ["Zed", "beta", "Beta", "alpha", "Óma"];
        for (sort, expected) in [
            ("newest", newest),
            ("price", ["Beta", "Zed", "Óma", "alpha", "beta"]),
            ("-price", ["beta", "alpha", "Óma", "Zed", "Beta"]),
            ("title", ["alpha", "Beta", "beta", "Óma", "Zed"]),
            ("relevance&q=stole", newest),
        ] {
            assert_eq!(found(app, &format!("&sort={sort}")).await, expected, "{sort}");
            let (mut seen, mut path) = (Vec::new(), format!("/v1/store/products?currency=EUR&sort={sort}&limit=2"));
            loop {
                let answer = app.visitor().get(&path).await;
                let link = answer.headers.get("link").map(|l| l.to_str().unwrap().to_owned());
                let page = answer.expect(200);
                seen.extend(titles(&page));
                assert_eq!((page["has_more"].as_bool(), link.is_some()), (Some(page["next_cursor"].is_string()), page["next_cursor"].is_string()));
                let Some(link) = link else { break };
                let next = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
                assert!(next.contains(page["next_cursor"].as_str().unwrap()), "{next}");
                path = next;
            }
            assert_eq!(seen, expected, "{sort}, by pages");
        }
        let cursor = shop(app, "&sort=price&limit=1").await["next_cursor"].as_str().unwrap().to_owned();
        let other = app.visitor().get(&format!("/v1/store/products?currency=EUR&sort=-price&cursor={cursor}")).await;
        assert_eq!(other.problem(400), "invalid-cursor", "a cursor of another order");
    })
    .await;
}

#[actix_web::test]
async fn a_search_knows_accents_beginnings_and_scripts() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        sql(app, "INSERT INTO crafts VALUES ('dabu', 'Dabu mud-resist print', 'Bagru', 'IN', '{}', '{}', true, 210)").await;
        let things = [
            thing("Shawl", 100, 1),
            with(thing("Plain cloth", 100, 1), json!({"description": "Goes well with a shawl."})),
            with(thing("Table runner", 100, 1), json!({"tags": ["café", "gift"], "craft": "dabu"})),
            thing("ढाका टोपी", 100, 1),
            thing("Матрёшка", 100, 1),
            thing("பட்டு சேலை", 100, 1),
            thing("سجادة يدوية", 100, 1),
            thing("½ metre", 100, 1),
        ];
        for body in things {
            sell(&manager, "bagru", body).await;
        }
        assert_eq!(found(app, "&q=SHAW").await, ["Shawl", "Plain cloth"], "what is called so comes before what speaks of it, though it is older");
        assert_eq!(found(app, "&q=shawl&sort=newest").await, ["Plain cloth", "Shawl"]);
        assert_eq!(found(app, "&q=CAFE").await, ["Table runner"]);
        assert_eq!(found(app, "&q=caf%C3%A9%20runn").await, ["Table runner"], "each word begins a word of it");
        assert_eq!(found(app, "&q=cloth%20runner").await, [""; 0]);
        assert_eq!(found(app, "&q=dabu").await, ["Table runner"], "by its craft");
        assert_eq!(found(app, "&q=bagru").await.len(), 8, "by its cooperative");
        for (q, title) in [("ढाका", "ढाका टोपी"), ("टो", "ढाका टोपी"), ("матр", "Матрёшка"), ("சேலை", "பட்டு சேலை"), ("سجادة", "سجادة يدوية")]
        {
            let q: String = q.bytes().map(|b| format!("%{b:02X}")).collect();
            assert_eq!(found(app, &format!("&q={q}")).await, [title]);
        }
        for harmless in ["%27%20%7C%20!%3A*%28", "%5C%27", "%C5%89", "%C2%BD"] {
            shop(app, &format!("&q={harmless}")).await;
        }
        let long = "x".repeat(201);
        for wrong in ["&sort=relevance", &format!("&q={long}"), "&sort=best", "&price_min=5&price_max=4", "&country=XX", "&limit=0", "&currency2=EUR"]
        {
            let refused = app.visitor().get(&format!("/v1/store/products?currency=EUR{wrong}")).await;
            assert_eq!(refused.problem(400), "invalid-query", "{wrong}");
        }
    })
    .await;
}

#[actix_web::test]
async fn filters_narrow_and_facets_tell_what_they_would_leave() {
    api_test(async |app| {
        let (manager, other) = (cooperative(app, "bagru").await, cooperative(app, "pedana").await);
        sql(app, "INSERT INTO crafts VALUES ('dabu', 'Dabu', 'Bagru', 'IN', '{}', '{}', true, 210)").await;
        for (n, cents) in [1000, 2000, 3000, 4000, 5000].into_iter().enumerate() {
            let on_hand = i32::from(n != 4);
            sell(&manager, "bagru", with(thing(&format!("Stole {n}"), cents, on_hand), json!({"craft": if n < 2 { Some("dabu") } else { None }})))
                .await;
        }
        sell(&other, "pedana", thing("Lamp", 2500, 1)).await;
        let all = shop(app, "&facets=true&include_total=true").await;
        assert_eq!(all["total"], json!({"count": 6, "exact": true}));
        let facets = &all["facets"];
        assert_eq!(facets["counted"], json!({"count": 6, "exact": true}));
        assert_eq!(facets["crafts"], json!([{"value": "dabu", "label": "Dabu", "count": 2}]));
        assert_eq!(
            facets["cooperatives"],
            json!([{"value": "bagru", "label": "Cooperative bagru", "count": 5}, {"value": "pedana", "label": "Cooperative pedana", "count": 1}])
        );
        assert_eq!(facets["in_stock"], 5);
        let sum: i64 = facets["prices"].as_array().unwrap().iter().map(|r| r["count"].as_i64().unwrap()).sum();
        assert_eq!(sum, 6);
        // A range that a facet names holds as many as it said.
        for range in facets["prices"].as_array().unwrap() {
            let max = range["max"]["amount"].as_i64().map(|max| format!("&price_max={max}")).unwrap_or_default();
            let inside = found(app, &format!("&price_min={}{max}", range["min"]["amount"])).await;
            assert_eq!(inside.len() as i64, range["count"].as_i64().unwrap(), "{range}");
        }
        assert_eq!(found(app, "&craft=dabu").await, ["Stole 1", "Stole 0"]);
        assert_eq!(found(app, "&coop=pedana").await, ["Lamp"]);
        assert_eq!(found(app, "&in_stock=true&sort=-price").await, ["Stole 3", "Stole 2", "Lamp", "Stole 1", "Stole 0"]);
        let both = shop(app, "&q=stole&coop=bagru&price_max=3000&facets=true").await;
        assert_eq!((titles(&both).len(), &both["facets"]["counted"]["count"]), (3, &json!(3)));
        assert_eq!(shop(app, "").await.get("facets"), None);
        assert_eq!(app.visitor().get("/v1/store/products?currency=USD").await.expect(200)["data"], json!([]), "none has a price in it");
    })
    .await;
}

#[actix_web::test]
async fn a_list_is_not_modified_until_it_is() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let id = sell(&manager, "bagru", thing("Stole", 6000, 1)).await;
        let path = "/v1/store/products?currency=EUR";
        let first = app.visitor().get(path).await;
        assert_eq!(first.headers["cache-control"], "public, max-age=30");
        let returning = app.visitor().with("If-None-Match", first.headers["etag"].to_str().unwrap());
        let same = returning.get(path).await;
        assert_eq!((same.status.as_u16(), same.text.as_str(), &same.headers["etag"]), (304, "", &first.headers["etag"]));
        assert_eq!(app.visitor().with("If-None-Match", "\"other\"").get(path).await.status, 200, "control: another tag");
        // What a manager does is there in the next request, though the answer was kept.
        manager.post(&format!("{PRODUCTS}/{id}/archive"), json!({})).await.expect(200);
        assert_eq!(returning.get(path).await.expect(200)["data"], json!([]));
        // What changes the database without this program is seen a moment later.
        sql(app, "UPDATE products SET status = 'published'").await;
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        assert_eq!(found(app, "").await, ["Stole"]);
    })
    .await;
}

/// The last piece leaves the list of what is there, and comes back when its order does not come to be.
#[actix_web::test]
async fn the_last_piece_moves_the_lists() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 2).await;
        let one = basket(app, &variant, 1).await.checkout("a").await.expect(201);
        assert_eq!(found(app, "&in_stock=true").await.len(), 1);
        basket(app, &variant, 1).await.checkout("b").await.expect(201);
        assert_eq!(found(app, "&in_stock=true").await.len(), 0);
        assert_eq!(shop(app, "").await["data"][0]["in_stock"], false);
        let (order, now) = (one["order"]["id"].as_str().unwrap().parse().unwrap(), app.clock.now());
        app.db.db.transaction(async |tx| haat::orders::cancel(tx, now, order, "a test").await).await.unwrap();
        assert_eq!(found(app, "&in_stock=true").await.len(), 1);
    })
    .await;
}

/// Whatever writes, the cards follow; `finish` compares every one of them with the tables after every test.
#[actix_web::test]
async fn cards_follow_whatever_writes() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let id = sell(&manager, "bagru", thing("Stole", 6000, 1)).await;
        let wrong = async || haat::catalog::wrong_cards(&mut *app.app.db.conn().await.unwrap()).await.unwrap();
        let media = haat::ids::new_uuid();
        for change in [
            "UPDATE products SET title = 'Étole', tags = '{a}'".to_owned(),
            "UPDATE prices SET amount_minor = 5000".into(),
            "INSERT INTO prices SELECT coop_id, variant_id, 'USD', 5500, NULL, true, updated_at FROM prices".into(),
            "UPDATE stock SET on_hand = 0".into(),
            "UPDATE stock SET policy = 'made_to_order'".into(),
            format!("INSERT INTO media (coop_id, id, state, created_at, updated_at) SELECT id, '{media}', 'queued', created_at, updated_at FROM cooperatives"),
            format!("INSERT INTO product_media SELECT coop_id, id, '{media}', NULL, 0, '' FROM products"),
            "UPDATE media SET state = 'ready', mime = 'image/jpeg', sha256 = '\\x00', blurhash = 'b'".into(),
            "UPDATE cooperatives SET name = 'Renamed'".into(),
            "UPDATE cooperatives SET state = 'suspended'".into(),
            "UPDATE cooperatives SET state = 'approved'".into(),
            "DELETE FROM product_media".into(),
            "DELETE FROM prices WHERE currency = 'USD'".into(),
            "UPDATE variants SET active = false".into(),
            "UPDATE variants SET active = true".into(),
        ] {
            sql(app, &change).await;
            assert_eq!(wrong().await, 0, "{change}");
        }
        // Control: a card that is not as it must be is found.
        sql(app, "UPDATE product_cards SET price_minor = 1").await;
        assert_eq!(wrong().await, 2, "the card that is there, and the one that must be");
        manager.patch(&format!("/v1/manage/cooperatives/bagru/variants/{}", variant_of(&manager, &id).await), json!({"sku": "S"})).await.expect(200);
        assert_eq!(wrong().await, 0);
    })
    .await;
}
async fn variant_of(manager: &Client, product: &str) -> String {
    manager.get(&format!("{PRODUCTS}/{product}")).await.expect(200)["variants"][0]["id"].as_str().unwrap().to_owned()
}

/// Two transactions change two parts of one product: the card has both. Without the product's row as the lock, the later one would
/// write what it read before the other was done.
#[actix_web::test]
async fn two_changes_at_once_are_both_on_the_card() {
    api_test(async |app| {
        use diesel_async::SimpleAsyncConnection;
        let manager = cooperative(app, "bagru").await;
        sell(&manager, "bagru", thing("Stole", 6000, 1)).await;
        let db = &app.db.db;
        let (reached, go) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
        let first = db.transaction(async |tx| {
            tx.batch_execute("UPDATE prices SET amount_minor = 7000").await?;
            reached.notify_one();
            go.notified().await;
            Ok::<_, haat::db::DbError>(())
        });
        let second = async {
            reached.notified().await;
            let write = db.transaction(async |tx| Ok::<_, haat::db::DbError>(tx.batch_execute("UPDATE stock SET on_hand = 0").await?));
            let later = async {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                go.notify_one();
            };
            futures_util::join!(write, later).0
        };
        let (first, second) = futures_util::join!(first, second);
        first.unwrap();
        second.unwrap();
        let card = shop(app, "").await["data"][0].clone();
        assert_eq!((&card["price_from"]["amount"], &card["in_stock"]), (&json!(7000), &json!(false)));
    })
    .await;
}

#[actix_web::test]
async fn a_page_shows_its_makers_as_they_agreed_and_where_it_comes_from() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let path = "/v1/store/products/indigo-dabu-stole?currency=EUR&expand=makers,provenance";
        let plain = app.visitor().get("/v1/store/products/indigo-dabu-stole?currency=EUR").await.expect(200);
        assert_eq!((plain.get("makers"), plain.get("provenance")), (None, None));
        let worked = format!(
            "INSERT INTO artisans (coop_id, id, reference, legal_name, display_name, public_alias, district, village, language, story, version, created_at, updated_at)
             SELECT c.id, a.id, a.reference, 'never public', a.name, a.alias, 'Jaipur', 'Bagru', 'hi', 'Her story', 1, created_at, created_at
             FROM cooperatives c, (VALUES ('019b0000-0000-7000-8000-000000000001'::uuid, 'a', 'Parvati Devi', NULL),
                                        ('019b0000-0000-7000-8000-000000000002', 'b', 'Ganga Bai', 'Neel')) AS a (id, reference, name, alias);
             INSERT INTO batches (coop_id, id, variant_id, code, quantity, minted, next_seq, created_at)
             SELECT coop_id, '019b0000-0000-7000-8000-000000000003', id, 'B-1', 5, 0, 0, created_at FROM variants WHERE id = '{variant}';
             INSERT INTO work_entries (coop_id, id, artisan_id, batch_id, step, pieces, rate_minor, currency, worked_on, created_at)
             SELECT coop_id, gen_random_uuid(), id, '019b0000-0000-7000-8000-000000000003', 'print', 3, 100, 'INR', '2026-11-01', created_at FROM artisans"
        );
        sql(app, &worked).await;
        let consent = async |n: u32, purpose: &str, granted: bool| {
            let text = format!(
                "INSERT INTO consents (coop_id, id, artisan_id, purpose, granted, language, medium, at)
                 SELECT coop_id, '019b0000-0000-7000-8000-0000000001{n:02}', id, '{purpose}', {granted}, 'hi', 'spoken', created_at FROM artisans WHERE reference = 'a'"
            );
            sql(app, &text).await;
        };
        let seen = app.visitor().get(path).await.expect(200);
        let names = |page: &Value| page["makers"].as_array().unwrap().iter().map(|m| m["name"].clone()).collect::<Vec<_>>();
        assert_eq!(names(&seen), [json!(null), json!("Neel")], "no consent, no name; an alias is hers to show");
        assert_eq!((&seen["makers"][0]["story"], &seen["makers"][0]["village"]), (&json!(null), &json!(null)));
        assert_eq!(seen["provenance"][0], json!({"code": "B-1", "recorded_on": "2026-11-22", "pieces": 5, "with_code": 0}));
        consent(1, "name", true).await;
        consent(2, "village", true).await;
        let answer = app.visitor().get(path).await;
        assert_eq!(answer.headers["cache-control"], "no-cache");
        let returning = app.visitor().with("If-None-Match", answer.headers["etag"].to_str().unwrap());
        let seen = answer.expect(200);
        assert_eq!((names(&seen)[0].as_str(), seen["makers"][0]["village"].as_str()), (Some("Parvati Devi"), Some("Bagru")));
        assert_eq!(returning.get(path).await.status, 304);
        consent(3, "name", false).await;
        let after = returning.get(path).await.expect(200);
        assert_eq!(names(&after)[0], json!(null), "withdrawn from the next request");
        assert_eq!(app.visitor().get("/v1/store/products/indigo-dabu-stole?currency=EUR&expand=pay").await.problem(400), "invalid-query");
    })
    .await;
}

#[actix_web::test]
async fn tax_is_shown_as_the_destination_pays_it() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let mut inclusive = thing("With tax", 11_900, 1);
        inclusive["variants"][0]["prices"][0]["tax_inclusive"] = json!(true);
        sell(&manager, "bagru", inclusive).await;
        sell(&manager, "bagru", thing("Without", 10_000, 1)).await;
        let paid = async |query: &str| {
            let page = shop(app, query).await;
            page["data"].as_array().unwrap().iter().map(|p| p["price_at_destination"]["amount"].as_i64()).collect::<Vec<_>>()
        };
        assert_eq!(paid("").await, [None, None]);
        assert_eq!(paid("&country=DE").await, [Some(10_000), Some(11_900)], "nobody is registered there");
        sql(app, "INSERT INTO tax_registrations VALUES (gen_random_uuid(), NULL, 'DE', 'vat', 'DE1', '2021-01-01', NULL)").await;
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        assert_eq!(paid("&country=DE").await, [Some(11_900), Some(11_900)]);
        let net = async |query: &str| {
            let page = app.visitor().get(&format!("/v1/store/products/with-tax?currency=EUR{query}")).await.expect(200);
            page["variants"][0]["price_breakdown"]["platform"]["amount"].as_i64()
        };
        assert_eq!((net("").await, net("&country=DE").await), (None, Some(1500)), "15 % of 100.00");
    })
    .await;
}

#[actix_web::test]
async fn collections_are_shelves_in_the_managers_order() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let mut ids = Vec::new();
        for title in ["One", "Two", "Three"] {
            ids.push(sell(&manager, "bagru", thing(title, 100, 1)).await);
        }
        let collections = "/v1/manage/cooperatives/bagru/collections";
        let table = manager.post(collections, json!({"title": "For the table", "about": "Plates"})).await.expect(201);
        manager.post(collections, json!({"title": "Empty"})).await.expect(201);
        let products = format!("{collections}/{}/products", table["id"].as_str().unwrap());
        manager.put(&products, json!([ids[1], ids[0], ids[2]])).await.expect(200);
        let shelf = "&collection=for-the-table";
        assert_eq!(found(app, shelf).await, ["Two", "One", "Three"]);
        assert_eq!(found(app, &format!("{shelf}&sort=title")).await, ["One", "Three", "Two"]);
        let page = shop(app, &format!("{shelf}&limit=2")).await;
        let next = shop(app, &format!("{shelf}&limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).await;
        assert_eq!((titles(&page), titles(&next)), (vec!["Two".into(), "One".into()], vec!["Three".to_owned()]));
        manager.put(&products, json!([ids[2], ids[0]])).await.expect(200);
        assert_eq!(found(app, shelf).await, ["Three", "One"], "at once");
        assert_eq!(found(app, "&collection=none").await, [""; 0]);
        let shown = app.visitor().get("/v1/store/collections").await.expect(200);
        assert_eq!(shown["data"].as_array().unwrap().len(), 1, "an empty one is not shown");
        let one = app.visitor().get("/v1/store/collections/for-the-table").await;
        let etag = one.headers["etag"].to_str().unwrap().to_owned();
        let view = one.expect(200);
        assert_eq!((&view["products"], &view["about"], &view["cooperative"]["slug"]), (&json!(2), &json!("Plates"), &json!("bagru")));
        assert_eq!(app.visitor().with("If-None-Match", etag).get("/v1/store/collections/for-the-table").await.status, 304);
        assert_eq!(app.visitor().get("/v1/store/collections/none").await.problem(404), "not-found");
        assert_eq!(app.visitor().get("/v1/store/collections?cursor=%25").await.problem(400), "invalid-cursor");
    })
    .await;
}

#[actix_web::test]
async fn countries_say_how_their_addresses_are_written() {
    api_test(async |app| {
        let countries = app.visitor().get("/v1/store/countries").await.expect(200);
        let of = |code: &str| countries["data"].as_array().unwrap().iter().find(|c| c["code"] == code).unwrap().clone();
        assert_eq!(of("IN")["required"], json!(["name", "line1", "city", "country", "postal_code", "region"]));
        assert_eq!((&of("IN")["region"], &of("NP")["postal_code_pattern"]), (&json!("state"), &json!("^[0-9][0-9][0-9][0-9][0-9]$")));
        assert_eq!(of("HK")["required"], json!(["name", "line1", "city", "country"]));
    })
    .await;
}

/// Statements per request: a budget that no machine blurs.
#[actix_web::test]
async fn pages_cost_few_statements() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        for n in 0..30 {
            sell(&manager, "bagru", with(thing(&format!("Stole {n}"), 100 + n, 1), json!({"kind": "stole"}))).await;
        }
        let cost = async |path: &str| {
            let before = app.app.db.statements();
            app.visitor().get(path).await.expect(200);
            app.app.db.statements() - before
        };
        for (path, budget) in [
            ("/v1/store/products?currency=EUR", 3),
            ("/v1/store/products?currency=EUR&country=DE&include_total=true", 4),
            ("/v1/store/products?currency=EUR&q=stole&in_stock=true", 3),
            ("/v1/store/products?currency=EUR&q=stole&facets=true", 3),
            ("/v1/store/products?currency=EUR&sort=price&limit=100", 3),
            ("/v1/store/products/indigo-dabu-stole?currency=EUR", 1),
            ("/v1/store/products/indigo-dabu-stole?currency=EUR&country=DE&expand=makers,provenance", 4),
            ("/v1/store/collections", 1),
        ] {
            let spent = cost(path).await;
            assert!((1..=budget).contains(&spent), "{path}: {spent} statements, {budget} are allowed");
        }
        assert!(cost("/v1/store/products?currency=EUR").await <= 1, "the answer is kept: at most its version is asked");
        // Control: a statement more is noticed, and one variant more is not a statement more.
        let before = app.app.db.statements();
        sql(app, "SELECT 1").await;
        assert_eq!(app.app.db.statements() - before, 1);
        let page = cost(&format!("/v1/store/products/{}?currency=EUR", "indigo-dabu-stole")).await;
        manager.patch(&format!("/v1/manage/cooperatives/bagru/variants/{variant}"), json!({"sku": "S"})).await.expect(200);
        assert_eq!(cost("/v1/store/products/indigo-dabu-stole?currency=EUR").await, page);
    })
    .await;
}
