-- What lists and searches show: one row per product and currency, kept by the database itself, in the transaction that changes whatever
-- a row is made of, so that no writer can forget it. `product_card_source` is what the rows must be; nothing else writes them.
CREATE TABLE product_cards (
  coop_id uuid NOT NULL,
  product_id uuid NOT NULL,
  currency text NOT NULL,
  slug text NOT NULL,
  title text NOT NULL,
  -- folded, and ordered by code point: no change of the system's locale data moves it
  title_key text COLLATE "C" NOT NULL,
  cooperative text NOT NULL,
  cooperative_slug text NOT NULL,
  craft_code text,
  -- the lowest of its variants'
  price_minor bigint NOT NULL,
  tax_inclusive boolean NOT NULL,
  tax_category text NOT NULL,
  in_stock boolean NOT NULL,
  picture text,
  blurhash text,
  alt text,
  published_at timestamptz NOT NULL,
  -- A: title; B: kind, tags; C: craft, cooperative, district; D: description
  words tsvector NOT NULL,
  -- what it is called, apart from what is said of it: a word that is rare in titles and frequent in descriptions is found by its own index
  named tsvector NOT NULL,
  CONSTRAINT product_cards_pkey PRIMARY KEY (coop_id, product_id, currency),
  CONSTRAINT product_cards_product_fkey FOREIGN KEY (coop_id, product_id) REFERENCES products (coop_id, id)
);
-- Each order that a list can have, with and without what is out of stock: a filter never makes a page dearer.
CREATE INDEX product_cards_newest ON product_cards (currency, published_at DESC, product_id DESC);
CREATE INDEX product_cards_price ON product_cards (currency, price_minor, product_id);
CREATE INDEX product_cards_title ON product_cards (currency, title_key, product_id);
CREATE INDEX product_cards_newest_here ON product_cards (currency, published_at DESC, product_id DESC) WHERE in_stock;
CREATE INDEX product_cards_price_here ON product_cards (currency, price_minor, product_id) WHERE in_stock;
CREATE INDEX product_cards_title_here ON product_cards (currency, title_key, product_id) WHERE in_stock;
CREATE INDEX product_cards_coop ON product_cards (currency, cooperative_slug, published_at DESC, product_id DESC);
CREATE INDEX product_cards_craft ON product_cards (currency, craft_code, published_at DESC, product_id DESC);
CREATE INDEX product_cards_words ON product_cards USING gin (words);
CREATE INDEX product_cards_named ON product_cards USING gin (named);
CREATE INDEX product_media_media ON product_media (coop_id, media_id);
-- Their work is done by the cards.
DROP INDEX products_newest, products_search, products_tags;

CREATE VIEW product_card_source AS
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

-- The products' rows are the lock: of two transactions that change parts of one product, the second sees what the first committed
-- (each statement of a function sees what was committed before it began). The cooperative's row is shared for the same reason.
CREATE FUNCTION refresh_product_cards(changed uuid[]) RETURNS void LANGUAGE plpgsql AS $$
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

-- Statement triggers: one refresh per statement, however many rows it wrote. `changed` and `before` are the rows it wrote.
CREATE FUNCTION cards_follow_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_product_cards(ARRAY(
    SELECT n.id FROM changed n
    WHERE n.status = 'published' OR EXISTS (SELECT FROM product_cards k WHERE k.coop_id = n.coop_id AND k.product_id = n.id)));
  RETURN NULL;
END $$;
CREATE FUNCTION cards_follow_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_product_cards(ARRAY(SELECT DISTINCT n.product_id FROM changed n));
  RETURN NULL;
END $$;
CREATE FUNCTION cards_follow_variants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_product_cards(ARRAY(
    SELECT DISTINCT v.product_id FROM changed n JOIN variants v ON v.coop_id = n.coop_id AND v.id = n.variant_id));
  RETURN NULL;
END $$;
-- Most sales leave something on the shelf: those change no card and take no lock.
CREATE FUNCTION cards_follow_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_product_cards(ARRAY(
    SELECT DISTINCT v.product_id
    FROM changed n JOIN before o ON o.coop_id = n.coop_id AND o.variant_id = n.variant_id
    JOIN variants v ON v.coop_id = n.coop_id AND v.id = n.variant_id
    WHERE (n.policy = 'made_to_order' OR (n.policy = 'finite' AND n.on_hand > n.reserved))
       <> (o.policy = 'made_to_order' OR (o.policy = 'finite' AND o.on_hand > o.reserved))));
  RETURN NULL;
END $$;
CREATE FUNCTION cards_follow_media() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_product_cards(ARRAY(
    SELECT DISTINCT pm.product_id FROM changed n JOIN product_media pm ON pm.coop_id = n.coop_id AND pm.media_id = n.id));
  RETURN NULL;
END $$;
CREATE FUNCTION cards_follow_cooperatives() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_product_cards(ARRAY(
    SELECT p.id FROM changed n JOIN before o ON o.id = n.id JOIN products p ON p.coop_id = n.id
    WHERE p.status = 'published' AND (n.name, n.slug, n.state, n.district) IS DISTINCT FROM (o.name, o.slug, o.state, o.district)));
  RETURN NULL;
END $$;
CREATE FUNCTION cards_follow_crafts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_product_cards(ARRAY(
    SELECT p.id FROM changed n JOIN products p ON p.craft_code = n.code WHERE p.status = 'published'));
  RETURN NULL;
END $$;

CREATE TRIGGER products_inserted_cards AFTER INSERT ON products REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_products();
CREATE TRIGGER products_updated_cards AFTER UPDATE ON products REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_products();
CREATE TRIGGER variants_inserted_cards AFTER INSERT ON variants REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_parts();
CREATE TRIGGER variants_updated_cards AFTER UPDATE ON variants REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_parts();
CREATE TRIGGER variants_deleted_cards AFTER DELETE ON variants REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_parts();
CREATE TRIGGER prices_inserted_cards AFTER INSERT ON prices REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_variants();
CREATE TRIGGER prices_updated_cards AFTER UPDATE ON prices REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_variants();
CREATE TRIGGER prices_deleted_cards AFTER DELETE ON prices REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_variants();
CREATE TRIGGER stock_inserted_cards AFTER INSERT ON stock REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_variants();
CREATE TRIGGER stock_updated_cards AFTER UPDATE ON stock REFERENCING NEW TABLE AS changed OLD TABLE AS before
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_stock();
CREATE TRIGGER product_media_inserted_cards AFTER INSERT ON product_media REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_parts();
CREATE TRIGGER product_media_updated_cards AFTER UPDATE ON product_media REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_parts();
CREATE TRIGGER product_media_deleted_cards AFTER DELETE ON product_media REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_parts();
CREATE TRIGGER media_updated_cards AFTER UPDATE ON media REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_media();
CREATE TRIGGER cooperatives_updated_cards AFTER UPDATE ON cooperatives REFERENCING NEW TABLE AS changed OLD TABLE AS before
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_cooperatives();
CREATE TRIGGER crafts_updated_cards AFTER UPDATE ON crafts REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_follow_crafts();

-- What lists showed has changed: a row per change, none ever waited for (one counter would make every writer wait for the longest). The
-- rows together are the catalogue's version: the newest committed change is always among them, so no set of rows comes twice.
CREATE TABLE catalogue_changes (
  id uuid CONSTRAINT catalogue_changes_pkey PRIMARY KEY
);
CREATE FUNCTION note_catalogue_change() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  mine uuid := gen_random_uuid();
BEGIN
  INSERT INTO catalogue_changes VALUES (mine);
  -- A handful is kept. What another transaction is clearing away is left to it.
  IF get_byte(uuid_send(mine), 0) < 16 THEN
    DELETE FROM catalogue_changes d USING (SELECT id FROM catalogue_changes WHERE id <> mine LIMIT 64 FOR UPDATE SKIP LOCKED) old WHERE d.id = old.id;
  END IF;
END $$;
CREATE FUNCTION cards_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM changed) THEN
    PERFORM note_catalogue_change();
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER product_cards_inserted AFTER INSERT ON product_cards REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_changed();
CREATE TRIGGER product_cards_updated AFTER UPDATE ON product_cards REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_changed();
CREATE TRIGGER product_cards_deleted AFTER DELETE ON product_cards REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION cards_changed();
CREATE FUNCTION catalogue_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_catalogue_change();
  RETURN NULL;
END $$;
CREATE TRIGGER collections_changed AFTER INSERT OR UPDATE OR DELETE ON collections FOR EACH STATEMENT EXECUTE FUNCTION catalogue_changed();
CREATE TRIGGER collection_products_changed AFTER INSERT OR UPDATE OR DELETE ON collection_products
  FOR EACH STATEMENT EXECUTE FUNCTION catalogue_changed();
CREATE TRIGGER tax_rates_changed AFTER INSERT OR UPDATE OR DELETE ON tax_rates FOR EACH STATEMENT EXECUTE FUNCTION catalogue_changed();
CREATE TRIGGER tax_registrations_changed AFTER INSERT OR UPDATE OR DELETE ON tax_registrations
  FOR EACH STATEMENT EXECUTE FUNCTION catalogue_changed();

-- Products that are there already.
INSERT INTO product_cards SELECT * FROM product_card_source;
