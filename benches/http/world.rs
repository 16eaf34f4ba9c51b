//! A catalogue to measure on, made by a handful of statements.
use diesel_async::SimpleAsyncConnection;
use haat::db::Db;

use crate::Failure;

/// How many cooperatives share the catalogue.
pub const COOPERATIVES: usize = 20;

/// Words that titles and descriptions are made of; the first ones are frequent, the last ones rare.
const WORDS: &str = "indigo,cotton,hand,printed,stole,natural,dye,block,woven,silk,scarf,madder,wool,shawl,runner,table,blue,red,brass,lamp,bowl,
basket,grass,toy,lacquer,wood,clay,pottery,felt,bag,bead,quilt,cushion,rug,dhurrie,kantha,ikat,ajrakh,kalamkari,dabu,bagru,bidri,dhokra,pattachitra,
sujini,pashmina,nettle,lokta,paper,copper,bell,bronze,stone,inlay,coir,jute,sabai,bamboo,cane,leather,mojari,puppet,kite,comb,spoon,ladle,tray,vase";

/// `products` published products with three variants each, stock, and prices in two currencies. The same numbers every time.
pub async fn build(db: &Db, products: usize) -> Result<(), Failure> {
    let mut conn = db.conn().await?;
    conn.batch_execute(&format!(
        "BEGIN;
         SELECT setseed(0.42);
         SET LOCAL session_replication_role = replica;
         SET LOCAL synchronous_commit = off;
         CREATE FUNCTION pg_temp.some(n int) RETURNS text LANGUAGE sql VOLATILE AS $$
           SELECT string_agg(('{{{WORDS}}}'::text[])[1 + (power(random(), 2.5) * 67)::int], ' ') FROM generate_series(1, n) $$;
         CREATE FUNCTION pg_temp.said(n int) RETURNS text LANGUAGE sql VOLATILE AS $$
           SELECT string_agg(s[1 + i / 144] || s[1 + i / 12 % 12] || s[1 + i % 12], ' ')
           FROM (SELECT (power(random(), 3) * 1727)::int AS i, '{{ka,ri,mo,ta,ve,lu,shi,pa,no,den,gra,bel}}'::text[] AS s FROM generate_series(1, n)) t $$;
         INSERT INTO cooperatives (id, slug, name, legal_form, about, country, district, currency, locale, state, commission_bp, premium_bp,
             contact_email, version, created_at, updated_at)
           SELECT gen_random_uuid(), 'coop-' || n, 'Cooperative ' || n, 'society', '', 'IN', 'District ' || n, 'INR', 'hi', 'approved', 1500, 1000,
             'coop-' || n || '@coop.example', 1, '2026-01-01', '2026-01-01' FROM generate_series(1, {COOPERATIVES}) AS n;
         INSERT INTO crafts SELECT 'craft-' || n, 'Craft ' || n, 'Somewhere', 'IN', '{{}}', '{{}}', true, 200 FROM generate_series(1, 16) AS n;
         INSERT INTO price_templates (coop_id, id, name, version, maker_bp, materials_bp, cooperative_bp, created_at)
           SELECT id, gen_random_uuid(), 'standard', 1, 5500, 3000, 1500, '2026-01-01' FROM cooperatives;
         INSERT INTO price_agreements (coop_id, id, template_id, filter, agreed_by, method, agreed_on, created_at)
           SELECT coop_id, gen_random_uuid(), id, '{{}}', 'Ganga', 'meeting', '2026-01-01', '2026-01-01' FROM price_templates;
         INSERT INTO delivery_options (coop_id, id, name, countries, currency, base_minor, per_kg_minor, min_days, max_days, active)
           SELECT id, gen_random_uuid(), 'Post', '{{*}}', 'INR', 60000, 0, 7, 21, true FROM cooperatives;
         INSERT INTO fx_rates VALUES ('EUR', 'INR', '2026-01-01', '100.00', 'a benchmark'), ('USD', 'INR', '2026-01-01', '88.00', 'a benchmark');"
    ))
    .await?;
    conn.batch_execute(&catalogue(products)).await?;
    conn.batch_execute(
        "INSERT INTO product_cards SELECT * FROM product_card_source;
         INSERT INTO catalogue_changes VALUES (gen_random_uuid());
         COMMIT;",
    )
    .await?;
    conn.batch_execute("VACUUM ANALYZE").await?;
    conn.batch_execute("CHECKPOINT").await?;
    let wrong = haat::catalog::wrong_cards(&mut conn).await?;
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} cards are wrong").into()) }
}

fn catalogue(products: usize) -> String {
    format!(
        "CREATE TEMP TABLE coop ON COMMIT DROP AS
           SELECT c.id, t.id AS template, (row_number() OVER (ORDER BY c.slug))::int - 1 AS n
           FROM cooperatives c JOIN price_templates t ON t.coop_id = c.id WHERE c.slug LIKE 'coop-%';
         CREATE TEMP TABLE body ON COMMIT DROP AS SELECT n, pg_temp.said(50 + 0 * n) || ' ' || pg_temp.some(5 + 0 * n) AS text FROM generate_series(0, 1999) AS n;
         INSERT INTO products (coop_id, id, slug, title, body_html, body_text, kind, tags, craft_code, tax_category, materials, stock_owner, status,
             gate, template_id, version, created_at, updated_at, published_at)
           SELECT c.id, gen_random_uuid(), 'thing-' || g.n, initcap(pg_temp.some(3 + 0 * g.n)), '<p>' || b.text || '</p>', b.text,
             pg_temp.some(1 + 0 * g.n), ARRAY[pg_temp.some(1 + 0 * g.n), pg_temp.some(1 + 0 * g.n)], 'craft-' || (1 + g.n % 16), 'standard',
             '[{{\"name\": \"cotton\", \"share\": \"1\"}}]', 'cooperative', 'published', '{{\"result\": \"pass\"}}', c.template, 1, g.at, g.at, g.at
           FROM (SELECT n, timestamptz '2026-01-01' + n * interval '3 seconds' AS at FROM generate_series(1, {products}) AS n) g
           JOIN coop c ON c.n = g.n % {COOPERATIVES}
           JOIN body b ON b.n = g.n % 2000;
         INSERT INTO product_slugs (slug, coop_id, product_id) SELECT slug, coop_id, id FROM products WHERE slug LIKE 'thing-%';
         INSERT INTO product_options (coop_id, product_id, position, name) SELECT coop_id, id, 0, 'Size' FROM products WHERE slug LIKE 'thing-%';
         INSERT INTO variants (coop_id, id, product_id, title, options, sku, grams, position, active, created_at, updated_at)
           SELECT p.coop_id, gen_random_uuid(), p.id, v.size, ARRAY[v.size], p.slug || v.size, 300, v.n, true, p.created_at, p.created_at
           FROM products p CROSS JOIN (VALUES ('S', 0), ('M', 1), ('L', 2)) AS v (size, n) WHERE p.slug LIKE 'thing-%';
         INSERT INTO prices (coop_id, variant_id, currency, amount_minor, tax_inclusive, updated_at)
           SELECT v.coop_id, v.id, x.currency, 1000 + ('x' || left(md5(v.product_id::text), 6))::bit(24)::int % 20000 + v.position * 500, false, v.created_at
           FROM variants v CROSS JOIN (VALUES ('EUR'), ('USD')) AS x (currency);
         INSERT INTO stock (coop_id, variant_id, policy, on_hand, reserved)
           SELECT v.coop_id, v.id, 'finite', CASE WHEN ('x' || left(md5(v.id::text), 2))::bit(8)::int < 64 THEN 0 ELSE 100000 END, 0 FROM variants v;"
    )
}

/// A shop program's export of `rows` rows: three variants a product.
pub fn export(rows: usize) -> String {
    let mut csv = String::from(
        "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Status\n",
    );
    for n in 0..rows {
        let (product, size) = (n / 3, ["S", "M", "L"][n % 3]);
        let first = if n % 3 == 0 {
            format!("Imported stole {product},<p>Hand printed with indigo and madder</p>,Bagru Prints,Stole,\"indigo, cotton\",TRUE,Size")
        } else {
            ",,,,,,".to_owned()
        };
        let status = if n % 3 == 0 { "active" } else { "" };
        csv.push_str(&format!("imported-{product},{first},{size},I-{n},310,4,deny,{}.00,{status}\n", 1000 + n % 500));
    }
    csv
}
