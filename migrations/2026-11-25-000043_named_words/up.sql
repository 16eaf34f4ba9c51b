-- What a product is called, apart from what is said of it: a word that is rare in titles and frequent in descriptions is found by its own index.
ALTER TABLE product_cards ADD COLUMN named tsvector NOT NULL DEFAULT '';
CREATE OR REPLACE VIEW product_card_source AS
SELECT p.coop_id, p.id AS product_id, o.currency, p.slug, p.title, fold(p.title) COLLATE "C" AS title_key, c.name AS cooperative,
       c.slug AS cooperative_slug, p.craft_code, o.price_minor, o.tax_inclusive, p.tax_category, o.in_stock, shown.picture, shown.blurhash, shown.alt,
       p.published_at,
       p.search || setweight(to_tsvector('simple', fold(array_to_string(p.tags, ' '))), 'B')
         || setweight(to_tsvector('simple', fold(coalesce(k.name, '') || ' ' || c.name || ' ' || c.district)), 'C') AS words,
       ts_filter(p.search, '{a,b}') || setweight(to_tsvector('simple', fold(array_to_string(p.tags, ' '))), 'B') AS named
FROM products p
JOIN cooperatives c ON c.id = p.coop_id AND c.state = 'approved'
LEFT JOIN crafts k ON k.code = p.craft_code
JOIN LATERAL (
  SELECT x.currency, min(x.amount_minor) AS price_minor, (array_agg(x.tax_inclusive ORDER BY x.amount_minor, v.position, v.id))[1] AS tax_inclusive,
         bool_or(s.policy = 'made_to_order' OR (s.policy = 'finite' AND s.on_hand > s.reserved)) AS in_stock
  FROM variants v
  JOIN prices x ON x.coop_id = v.coop_id AND x.variant_id = v.id
  JOIN stock s ON s.coop_id = v.coop_id AND s.variant_id = v.id
  WHERE v.coop_id = p.coop_id AND v.product_id = p.id AND v.active
  GROUP BY x.currency) o ON true
LEFT JOIN LATERAL (
  SELECT encode(m.sha256, 'hex') AS picture, m.blurhash, coalesce(nullif(pm.alt, ''), p.title) AS alt
  FROM product_media pm JOIN media m ON m.coop_id = pm.coop_id AND m.id = pm.media_id
  WHERE pm.coop_id = p.coop_id AND pm.product_id = p.id AND m.state = 'ready' ORDER BY pm.position, pm.media_id LIMIT 1) shown ON true
WHERE p.status = 'published';
CREATE OR REPLACE FUNCTION refresh_product_cards(changed uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(cardinality(changed), 0) = 0 THEN
    RETURN;
  END IF;
  PERFORM FROM products p WHERE p.id = ANY (changed) ORDER BY p.id FOR NO KEY UPDATE;
  PERFORM FROM cooperatives c WHERE c.id IN (SELECT p.coop_id FROM products p WHERE p.id = ANY (changed)) ORDER BY c.id FOR SHARE;
  WITH source AS MATERIALIZED (SELECT * FROM product_card_source WHERE product_id = ANY (changed)),
  gone AS (
    DELETE FROM product_cards k USING products p
    WHERE p.id = ANY (changed) AND k.coop_id = p.coop_id AND k.product_id = p.id
      AND NOT EXISTS (SELECT FROM source s WHERE s.product_id = k.product_id AND s.currency = k.currency))
  INSERT INTO product_cards AS k SELECT * FROM source
  ON CONFLICT (coop_id, product_id, currency) DO UPDATE SET
    slug = excluded.slug, title = excluded.title, title_key = excluded.title_key, cooperative = excluded.cooperative,
    cooperative_slug = excluded.cooperative_slug, craft_code = excluded.craft_code, price_minor = excluded.price_minor,
    tax_inclusive = excluded.tax_inclusive, tax_category = excluded.tax_category, in_stock = excluded.in_stock, picture = excluded.picture,
    blurhash = excluded.blurhash, alt = excluded.alt, published_at = excluded.published_at, words = excluded.words,
    named = excluded.named
  WHERE (k.*) IS DISTINCT FROM (excluded.*);
END $$;
DELETE FROM product_cards;
INSERT INTO product_cards SELECT * FROM product_card_source;
ALTER TABLE product_cards ALTER COLUMN named DROP DEFAULT;
CREATE INDEX product_cards_named ON product_cards USING gin (named);
