//! A search finds the same whichever way its statement goes: by a short walk, a long one, or the index of the words.
use diesel::{QueryableByName, sql_types::Text};
use diesel_async::RunQueryDsl;

use crate::support::{
    TestApp, api_test,
    builders::{cooperative, sql},
};

/// More than the longest walk, so that each way is gone. Of each thing, one in so many: `common` fills a page within the first walk, `some`
/// within the second, `few` by the index alone; the newest hundred have none of the words at all.
const THINGS: &str = "
    INSERT INTO products (coop_id, id, slug, title, body_html, body_text, kind, tags, tax_category, materials, stock_owner, status, gate, version,
        created_at, updated_at, published_at)
      SELECT c.id, gen_random_uuid(), 'thing-' || n,
        'Thing' || CASE WHEN n > 3600 THEN '' ELSE CASE WHEN n % 3 = 0 THEN ' common' ELSE '' END || CASE WHEN n % 60 = 0 THEN ' some' ELSE '' END
          || CASE WHEN n % 400 = 0 THEN ' few' ELSE '' END END,
        '', CASE WHEN n > 3600 THEN '' ELSE CASE WHEN n % 4 = 0 THEN ' spoken' ELSE '' END || CASE WHEN n % 90 = 1 THEN ' few' ELSE '' END
          || CASE WHEN n % 3 = 1 THEN ' common' ELSE '' END || CASE WHEN n % 1000 = 7 THEN ' seldom' ELSE '' END END,
        '', '{}', 'standard', '[]', 'cooperative', 'published', '{\"result\": \"pass\"}', 1, at, at, at
      FROM (SELECT n, timestamptz '2026-01-01' + n / 2 * interval '1 second' AS at FROM generate_series(1, 3700) AS n) g, cooperatives c;
    INSERT INTO variants (coop_id, id, product_id, title, options, sku, grams, position, active, created_at, updated_at)
      SELECT coop_id, gen_random_uuid(), id, '', '{}', slug, 300, 0, true, created_at, created_at FROM products;
    INSERT INTO prices (coop_id, variant_id, currency, amount_minor, tax_inclusive, updated_at)
      SELECT v.coop_id, v.id, x.currency, 1000 + substr(v.sku, 7)::int * 7919 % 5000, false, v.created_at
      FROM variants v, (VALUES ('EUR'), ('USD')) AS x (currency);
    INSERT INTO stock (coop_id, variant_id, policy, on_hand, reserved)
      SELECT coop_id, id, 'finite', substr(sku, 7)::int % 5, 0 FROM variants;
    ANALYZE";

#[derive(QueryableByName)]
struct Slug {
    #[diesel(sql_type = Text)]
    slug: String,
}
/// What must be found, said in the plainest way: every card is looked at.
async fn expected(app: &TestApp, condition: &str, order: &str) -> Vec<String> {
    let text = format!("SELECT slug FROM product_cards WHERE currency = 'EUR' AND {condition} ORDER BY {order}");
    let rows: Vec<Slug> = diesel::sql_query(text).load(&mut *app.db.db.conn().await.unwrap()).await.unwrap();
    rows.into_iter().map(|row| row.slug).collect()
}
/// Page after page, and what the facets counted.
async fn found(app: &TestApp, query: &str, limit: usize, pages: usize) -> (Vec<String>, i64) {
    let (mut slugs, mut cursor, mut counted) = (Vec::new(), String::new(), 0);
    for page in 0..pages {
        let path = format!("/v1/store/products?currency=EUR&facets=true&limit={limit}&{query}{cursor}");
        let answer = app.visitor().get(&path).await.expect(200);
        slugs.extend(answer["data"].as_array().unwrap().iter().map(|p| p["slug"].as_str().unwrap().to_owned()));
        if page == 0 {
            counted = answer["facets"]["counted"]["count"].as_i64().unwrap();
        }
        let Some(next) = answer["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    (slugs, counted)
}

#[actix_web::test]
async fn a_search_is_complete_whichever_way_it_goes() {
    const NEWEST: &str = "published_at DESC, product_id DESC";
    api_test(async |app| {
        cooperative(app, "bagru").await;
        sql(app, THINGS).await;
        let words = |words: &str| format!("words @@ to_tsquery('simple', '{words}')");
        let called = |words: &str| format!("(words @@ to_tsquery('simple', '{}')) DESC, {NEWEST}", words.replace(":*", ":*AB"));
        let mut lengths = Vec::new();
        for (query, condition, order) in [
            ("q=common", words("common:*"), called("common:*")),
            ("q=some", words("some:*"), called("some:*")),
            ("q=few", words("few:*"), called("few:*")),
            ("q=fe", words("fe:*"), called("fe:*")),
            ("q=spok", words("spok:*"), called("spok:*")),
            ("q=seldom", words("seldom:*"), called("seldom:*")),
            ("q=some+few", words("some:* & few:*"), called("some:* & few:*")),
            ("q=common+spoken", words("common:* & spoken:*"), called("common:* & spoken:*")),
            ("q=nothing", words("nothing:*"), called("nothing:*")),
            (
                "q=few&in_stock=true&price_min=2000&price_max=4000",
                words("few:*") + " AND in_stock AND price_minor BETWEEN 2000 AND 4000",
                called("few:*"),
            ),
            ("q=few&sort=price", words("few:*"), "price_minor, product_id".into()),
            ("q=common&sort=-price", words("common:*"), "price_minor DESC, product_id DESC".into()),
            ("q=some&sort=title&coop=bagru", words("some:*"), "title_key, product_id".into()),
            ("q=seldom&sort=newest", words("seldom:*"), NEWEST.into()),
            ("price_min=5990", "price_minor >= 5990".into(), NEWEST.into()),
            ("price_min=3000&price_max=3100", "price_minor BETWEEN 3000 AND 3100".into(), NEWEST.into()),
            ("price_max=3000", "price_minor <= 3000".into(), NEWEST.into()),
            ("price_min=3000&price_max=3100&sort=price", "price_minor BETWEEN 3000 AND 3100".into(), "price_minor, product_id".into()),
        ] {
            let all = expected(app, &condition, &order).await;
            for (limit, pages) in [(20, 4), (7, 3), (100, 20)] {
                let (got, counted) = found(app, query, limit, pages).await;
                assert_eq!(got, all[..all.len().min(limit * pages)], "{query}, by {limit}");
                assert_eq!(counted, all.len().min(1000) as i64, "{query}");
            }
            lengths.push(all.len());
        }
        // Control: the words were as frequent as this test needs them, from everywhere to nowhere.
        assert_eq!(lengths, [2400, 60, 49, 49, 900, 4, 3, 600, 0, 16, 49, 2400, 60, 4, 7, 73, 1483, 73]);
    })
    .await;
}
