CREATE TABLE products (
  coop_id uuid NOT NULL CONSTRAINT products_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT products_id_unique UNIQUE,
  slug text NOT NULL CONSTRAINT products_slug_unique UNIQUE,
  title text NOT NULL,
  body_html text NOT NULL,
  body_text text NOT NULL,
  kind text NOT NULL,
  tags text[] NOT NULL,
  craft_code text CONSTRAINT products_craft_fkey REFERENCES crafts (code),
  tax_category text NOT NULL,
  -- [{name, country, share, local}], share a decimal string; the shares sum to 1
  materials jsonb NOT NULL,
  stock_owner text NOT NULL CONSTRAINT products_stock_owner_known CHECK (stock_owner IN ('cooperative', 'brand')),
  status text NOT NULL CONSTRAINT products_status_known CHECK (status IN ('draft', 'published', 'archived')),
  -- the publish gate's last answer: {result: pass|blocked|undeclared, reasons: [{code, detail}]}
  gate jsonb NOT NULL,
  made_to_order_days integer CONSTRAINT products_lead_time_positive CHECK (made_to_order_days > 0),
  template_id uuid,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  published_at timestamptz,
  search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', fold(title)), 'A') || setweight(to_tsvector('simple', fold(kind)), 'B') ||
    setweight(to_tsvector('simple', fold(body_text)), 'D')) STORED,
  CONSTRAINT products_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT products_published_dated CHECK (status <> 'published' OR published_at IS NOT NULL)
);
CREATE INDEX products_coop_status ON products (coop_id, status, id);
CREATE INDEX products_newest ON products (published_at DESC, id DESC) WHERE status = 'published';
CREATE INDEX products_search ON products USING gin (search) WHERE status = 'published';
CREATE INDEX products_tags ON products USING gin (tags) WHERE status = 'published';

-- A retired slug redirects for ever; a slug in use or retired is never given to another product.
CREATE TABLE product_slugs (
  slug text CONSTRAINT product_slugs_pkey PRIMARY KEY,
  coop_id uuid NOT NULL,
  product_id uuid NOT NULL,
  retired_at timestamptz,
  CONSTRAINT product_slugs_product_fkey FOREIGN KEY (coop_id, product_id) REFERENCES products (coop_id, id)
);
CREATE TABLE product_options (
  coop_id uuid NOT NULL,
  product_id uuid NOT NULL,
  position smallint NOT NULL,
  name text NOT NULL,
  CONSTRAINT product_options_pkey PRIMARY KEY (coop_id, product_id, position),
  CONSTRAINT product_options_product_fkey FOREIGN KEY (coop_id, product_id) REFERENCES products (coop_id, id)
);
CREATE TABLE variants (
  coop_id uuid NOT NULL,
  id uuid NOT NULL CONSTRAINT variants_id_unique UNIQUE,
  product_id uuid NOT NULL,
  title text NOT NULL,
  options text[] NOT NULL,
  sku text,
  barcode text,
  grams integer CONSTRAINT variants_grams_counted CHECK (grams >= 0),
  position smallint NOT NULL,
  active boolean NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT variants_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT variants_options_unique UNIQUE (coop_id, product_id, options),
  CONSTRAINT variants_product_fkey FOREIGN KEY (coop_id, product_id) REFERENCES products (coop_id, id)
);
CREATE TABLE prices (
  coop_id uuid NOT NULL,
  variant_id uuid NOT NULL,
  currency text NOT NULL,
  amount_minor bigint NOT NULL CONSTRAINT prices_amount_positive CHECK (amount_minor > 0),
  compare_at_minor bigint,
  tax_inclusive boolean NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT prices_pkey PRIMARY KEY (coop_id, variant_id, currency),
  CONSTRAINT prices_variant_fkey FOREIGN KEY (coop_id, variant_id) REFERENCES variants (coop_id, id)
);
-- finite: on_hand counts; made_to_order: sold without stock; unknown: never counted, cannot be sold until it is.
CREATE TABLE stock (
  coop_id uuid NOT NULL,
  variant_id uuid NOT NULL,
  policy text NOT NULL CONSTRAINT stock_policy_known CHECK (policy IN ('finite', 'made_to_order', 'unknown')),
  on_hand integer NOT NULL CONSTRAINT stock_on_hand_counted CHECK (on_hand >= 0),
  reserved integer NOT NULL CONSTRAINT stock_reserved_counted CHECK (reserved >= 0),
  CONSTRAINT stock_pkey PRIMARY KEY (coop_id, variant_id),
  CONSTRAINT stock_never_oversold CHECK (policy <> 'finite' OR reserved <= on_hand),
  CONSTRAINT stock_variant_fkey FOREIGN KEY (coop_id, variant_id) REFERENCES variants (coop_id, id)
);
CREATE TABLE collections (
  coop_id uuid NOT NULL CONSTRAINT collections_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT collections_id_unique UNIQUE,
  slug text NOT NULL CONSTRAINT collections_slug_unique UNIQUE,
  title text NOT NULL,
  about text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT collections_pkey PRIMARY KEY (coop_id, id)
);
CREATE TABLE collection_products (
  coop_id uuid NOT NULL,
  collection_id uuid NOT NULL,
  product_id uuid NOT NULL,
  position integer NOT NULL,
  CONSTRAINT collection_products_pkey PRIMARY KEY (coop_id, collection_id, product_id),
  CONSTRAINT collection_products_collection_fkey FOREIGN KEY (coop_id, collection_id) REFERENCES collections (coop_id, id),
  CONSTRAINT collection_products_product_fkey FOREIGN KEY (coop_id, product_id) REFERENCES products (coop_id, id)
);
CREATE INDEX collection_products_product ON collection_products (product_id);

CREATE TABLE media (
  coop_id uuid NOT NULL CONSTRAINT media_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT media_id_unique UNIQUE,
  state text NOT NULL CONSTRAINT media_state_known CHECK (state IN ('queued', 'ready', 'failed')),
  source_url text,
  mime text,
  width integer,
  height integer,
  sha256 bytea,
  perceptual_hash bigint,
  blurhash text,
  last_error text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT media_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT media_ready_whole CHECK (state <> 'ready' OR (mime IS NOT NULL AND sha256 IS NOT NULL AND blurhash IS NOT NULL)),
  CONSTRAINT media_source_unique UNIQUE (coop_id, source_url)
);
CREATE TABLE product_media (
  coop_id uuid NOT NULL,
  product_id uuid NOT NULL,
  media_id uuid NOT NULL,
  variant_id uuid,
  position integer NOT NULL,
  alt text NOT NULL,
  CONSTRAINT product_media_pkey PRIMARY KEY (coop_id, product_id, media_id),
  CONSTRAINT product_media_product_fkey FOREIGN KEY (coop_id, product_id) REFERENCES products (coop_id, id),
  CONSTRAINT product_media_media_fkey FOREIGN KEY (coop_id, media_id) REFERENCES media (coop_id, id),
  CONSTRAINT product_media_variant_fkey FOREIGN KEY (coop_id, variant_id) REFERENCES variants (coop_id, id)
);

-- How the producer part of a price divides. Rows never change: a new division is a new version.
CREATE TABLE price_templates (
  coop_id uuid NOT NULL CONSTRAINT price_templates_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT price_templates_id_unique UNIQUE,
  name text NOT NULL,
  version integer NOT NULL,
  maker_bp integer NOT NULL CONSTRAINT price_templates_maker_range CHECK (maker_bp BETWEEN 0 AND 10000),
  materials_bp integer NOT NULL CONSTRAINT price_templates_materials_range CHECK (materials_bp BETWEEN 0 AND 10000),
  cooperative_bp integer NOT NULL CONSTRAINT price_templates_cooperative_range CHECK (cooperative_bp BETWEEN 0 AND 10000),
  created_by uuid CONSTRAINT price_templates_by_fkey REFERENCES accounts (id),
  created_at timestamptz NOT NULL,
  CONSTRAINT price_templates_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT price_templates_version_unique UNIQUE (coop_id, name, version),
  CONSTRAINT price_templates_whole CHECK (maker_bp + materials_bp + cooperative_bp = 10000)
);
CREATE TRIGGER price_templates_append_only BEFORE UPDATE OR DELETE ON price_templates FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE products ADD CONSTRAINT products_template_fkey FOREIGN KEY (coop_id, template_id) REFERENCES price_templates (coop_id, id);
-- The maker side's acceptance, of a template's version, for the products its filter names (empty filter: all).
CREATE TABLE price_agreements (
  coop_id uuid NOT NULL,
  id uuid NOT NULL CONSTRAINT price_agreements_id_unique UNIQUE,
  template_id uuid NOT NULL,
  filter jsonb NOT NULL,
  agreed_by text NOT NULL,
  method text NOT NULL CONSTRAINT price_agreements_method_known CHECK (method IN ('meeting', 'voice', 'signature')),
  agreed_on date NOT NULL,
  evidence text,
  recorded_by uuid CONSTRAINT price_agreements_by_fkey REFERENCES accounts (id),
  created_at timestamptz NOT NULL,
  CONSTRAINT price_agreements_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT price_agreements_template_fkey FOREIGN KEY (coop_id, template_id) REFERENCES price_templates (coop_id, id)
);
CREATE TRIGGER price_agreements_append_only BEFORE UPDATE OR DELETE ON price_agreements FOR EACH ROW EXECUTE FUNCTION refuse_change();
