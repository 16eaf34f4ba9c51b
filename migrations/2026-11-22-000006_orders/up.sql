CREATE TABLE carts (
  id uuid CONSTRAINT carts_pkey PRIMARY KEY,
  token_hash bytea NOT NULL CONSTRAINT carts_token_unique UNIQUE,
  account_id uuid CONSTRAINT carts_account_fkey REFERENCES accounts (id),
  currency text NOT NULL,
  country text,
  locale text NOT NULL,
  email text,
  shipping_address jsonb,
  version bigint NOT NULL,
  live_order_id uuid,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX carts_expiry ON carts (expires_at);
CREATE TABLE cart_lines (
  id uuid CONSTRAINT cart_lines_pkey PRIMARY KEY,
  cart_id uuid NOT NULL CONSTRAINT cart_lines_cart_fkey REFERENCES carts (id) ON DELETE CASCADE,
  coop_id uuid NOT NULL,
  variant_id uuid NOT NULL,
  quantity integer NOT NULL CONSTRAINT cart_lines_quantity_range CHECK (quantity BETWEEN 1 AND 999),
  CONSTRAINT cart_lines_variant_unique UNIQUE (cart_id, variant_id),
  CONSTRAINT cart_lines_variant_fkey FOREIGN KEY (coop_id, variant_id) REFERENCES variants (coop_id, id)
);
CREATE TABLE cart_deliveries (
  cart_id uuid NOT NULL CONSTRAINT cart_deliveries_cart_fkey REFERENCES carts (id) ON DELETE CASCADE,
  coop_id uuid NOT NULL,
  option_id uuid NOT NULL,
  CONSTRAINT cart_deliveries_pkey PRIMARY KEY (cart_id, coop_id),
  CONSTRAINT cart_deliveries_option_fkey FOREIGN KEY (coop_id, option_id) REFERENCES delivery_options (coop_id, id)
);

-- The guest's order token is HMAC(master, id, token_generation), derived when sent.
CREATE TABLE orders (
  id uuid CONSTRAINT orders_pkey PRIMARY KEY,
  number text NOT NULL CONSTRAINT orders_number_unique UNIQUE,
  token_generation integer NOT NULL,
  cart_id uuid CONSTRAINT orders_cart_fkey REFERENCES carts (id) ON DELETE SET NULL,
  account_id uuid CONSTRAINT orders_account_fkey REFERENCES accounts (id),
  state text NOT NULL CONSTRAINT orders_state_known CHECK
    (state IN ('pending_payment', 'payment_processing', 'paid', 'shipped', 'cancelled', 'refunded')),
  currency text NOT NULL,
  country text NOT NULL,
  locale text NOT NULL,
  goods_minor bigint NOT NULL,
  shipping_minor bigint NOT NULL,
  duties_minor bigint NOT NULL,
  tax_minor bigint NOT NULL,
  total_minor bigint NOT NULL CONSTRAINT orders_total_positive CHECK (total_minor > 0),
  refunded_minor bigint NOT NULL,
  tax_reason text NOT NULL,
  placed_at timestamptz NOT NULL,
  paid_at timestamptz,
  updated_at timestamptz NOT NULL,
  -- Inclusive tax is already in goods; tax_added_minor is what comes on top.
  tax_added_minor bigint NOT NULL,
  CONSTRAINT orders_total_sums CHECK (total_minor = goods_minor + shipping_minor + duties_minor + tax_added_minor),
  CONSTRAINT orders_refund_bounded CHECK (refunded_minor BETWEEN 0 AND total_minor),
  CONSTRAINT orders_paid_dated CHECK (state IN ('pending_payment', 'payment_processing', 'cancelled') OR paid_at IS NOT NULL)
);
ALTER TABLE carts ADD CONSTRAINT carts_live_order_fkey FOREIGN KEY (live_order_id) REFERENCES orders (id);
CREATE INDEX orders_cart ON orders (cart_id);
CREATE INDEX orders_account ON orders (account_id, id DESC) WHERE account_id IS NOT NULL;
CREATE INDEX orders_open ON orders (placed_at, id) WHERE state IN ('pending_payment', 'payment_processing');
-- Personal, and so erasable: the order's figures stay.
CREATE TABLE order_contacts (
  order_id uuid CONSTRAINT order_contacts_pkey PRIMARY KEY CONSTRAINT order_contacts_order_fkey REFERENCES orders (id),
  email text NOT NULL,
  shipping_address jsonb NOT NULL
);
CREATE TABLE order_groups (
  coop_id uuid NOT NULL CONSTRAINT order_groups_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT order_groups_id_unique UNIQUE,
  order_id uuid NOT NULL CONSTRAINT order_groups_order_fkey REFERENCES orders (id),
  state text NOT NULL CONSTRAINT order_groups_state_known CHECK
    (state IN ('pending', 'to_ship', 'shipped', 'cancelled', 'refunded')),
  delivery_name text NOT NULL,
  min_days integer NOT NULL,
  max_days integer NOT NULL,
  shipping_minor bigint NOT NULL,
  shipping_tax_minor bigint NOT NULL,
  -- what the courier is owed in the cooperative's own currency, at the order's dated rate
  shipping_own_minor bigint NOT NULL,
  own_currency text NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT order_groups_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT order_groups_one_per_coop UNIQUE (order_id, coop_id)
);
CREATE INDEX order_groups_work ON order_groups (coop_id, state, id);
-- Frozen when the order is placed: rule, rate, base, parts. goods = producer + premium + commission (+ tax when inclusive).
CREATE TABLE order_lines (
  coop_id uuid NOT NULL,
  id uuid NOT NULL CONSTRAINT order_lines_id_unique UNIQUE,
  order_id uuid NOT NULL CONSTRAINT order_lines_order_fkey REFERENCES orders (id),
  group_id uuid NOT NULL,
  position smallint NOT NULL,
  variant_id uuid NOT NULL,
  title text NOT NULL,
  variant_title text NOT NULL,
  quantity integer NOT NULL CONSTRAINT order_lines_quantity_positive CHECK (quantity > 0),
  unit_minor bigint NOT NULL,
  goods_minor bigint NOT NULL,
  tax_minor bigint NOT NULL,
  tax_bp integer NOT NULL,
  tax_inclusive boolean NOT NULL,
  commission_bp integer NOT NULL,
  commission_minor bigint NOT NULL,
  premium_bp integer NOT NULL,
  producer_minor bigint NOT NULL,
  premium_minor bigint NOT NULL,
  -- the maker side's own currency: what is really owed
  own_currency text NOT NULL,
  producer_own_minor bigint NOT NULL,
  premium_own_minor bigint NOT NULL,
  fx_rate text NOT NULL,
  fx_source text NOT NULL,
  fx_day date NOT NULL,
  -- {maker, materials, cooperative} in own_currency minor units, with the template that divided them; null when undeclared
  split jsonb,
  refunded_quantity integer NOT NULL,
  stock_owner text NOT NULL,
  made_to_order_days integer,
  CONSTRAINT order_lines_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT order_lines_group_fkey FOREIGN KEY (coop_id, group_id) REFERENCES order_groups (coop_id, id),
  CONSTRAINT order_lines_variant_fkey FOREIGN KEY (coop_id, variant_id) REFERENCES variants (coop_id, id),
  CONSTRAINT order_lines_parts_sum CHECK
    (goods_minor = producer_minor + premium_minor + commission_minor + CASE WHEN tax_inclusive THEN tax_minor ELSE 0 END),
  CONSTRAINT order_lines_refund_bounded CHECK (refunded_quantity BETWEEN 0 AND quantity)
);
CREATE INDEX order_lines_order ON order_lines (order_id, position);
CREATE INDEX order_lines_group ON order_lines (coop_id, group_id);
CREATE TABLE stock_reservations (
  order_id uuid NOT NULL CONSTRAINT stock_reservations_order_fkey REFERENCES orders (id),
  coop_id uuid NOT NULL,
  variant_id uuid NOT NULL,
  quantity integer NOT NULL CONSTRAINT stock_reservations_quantity_positive CHECK (quantity > 0),
  state text NOT NULL CONSTRAINT stock_reservations_state_known CHECK (state IN ('held', 'committed', 'released')),
  CONSTRAINT stock_reservations_pkey PRIMARY KEY (order_id, variant_id),
  CONSTRAINT stock_reservations_variant_fkey FOREIGN KEY (coop_id, variant_id) REFERENCES variants (coop_id, id)
);
CREATE TABLE order_events (
  id uuid CONSTRAINT order_events_pkey PRIMARY KEY,
  order_id uuid NOT NULL CONSTRAINT order_events_order_fkey REFERENCES orders (id),
  event text NOT NULL,
  from_state text,
  to_state text NOT NULL,
  detail text,
  by_account uuid,
  at timestamptz NOT NULL
);
CREATE INDEX order_events_order ON order_events (order_id, id);
CREATE TRIGGER order_events_append_only BEFORE UPDATE OR DELETE ON order_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE fulfilments (
  coop_id uuid NOT NULL,
  id uuid NOT NULL CONSTRAINT fulfilments_id_unique UNIQUE,
  group_id uuid NOT NULL,
  carrier text NOT NULL,
  tracking text,
  tracking_url text,
  shipped_at timestamptz NOT NULL,
  by_account uuid,
  CONSTRAINT fulfilments_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT fulfilments_group_fkey FOREIGN KEY (coop_id, group_id) REFERENCES order_groups (coop_id, id)
);
CREATE INDEX fulfilments_group ON fulfilments (coop_id, group_id);
CREATE TABLE fulfilment_items (
  coop_id uuid NOT NULL,
  fulfilment_id uuid NOT NULL,
  item_id uuid NOT NULL CONSTRAINT fulfilment_items_item_unique UNIQUE,
  CONSTRAINT fulfilment_items_pkey PRIMARY KEY (coop_id, fulfilment_id, item_id),
  CONSTRAINT fulfilment_items_fulfilment_fkey FOREIGN KEY (coop_id, fulfilment_id) REFERENCES fulfilments (coop_id, id),
  CONSTRAINT fulfilment_items_item_fkey FOREIGN KEY (coop_id, item_id) REFERENCES items (coop_id, id)
);

-- A call to the payment provider: its exact bytes and key are here before the first attempt.
CREATE TABLE payment_operations (
  id uuid CONSTRAINT payment_operations_pkey PRIMARY KEY,
  kind text NOT NULL CONSTRAINT payment_operations_kind_known CHECK (kind IN ('session', 'refund', 'transfer', 'reversal')),
  subject_id uuid NOT NULL,
  request jsonb NOT NULL,
  state text NOT NULL CONSTRAINT payment_operations_state_known CHECK (state IN ('pending', 'unknown', 'succeeded', 'rejected')),
  provider_id text,
  answer jsonb,
  first_attempt_at timestamptz,
  attempts integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX payment_operations_subject ON payment_operations (subject_id);
CREATE INDEX payment_operations_open ON payment_operations (created_at) WHERE state IN ('pending', 'unknown');
CREATE TABLE checkout_sessions (
  id uuid CONSTRAINT checkout_sessions_pkey PRIMARY KEY CONSTRAINT checkout_sessions_operation_fkey REFERENCES payment_operations (id),
  order_id uuid NOT NULL CONSTRAINT checkout_sessions_order_fkey REFERENCES orders (id),
  session_id text CONSTRAINT checkout_sessions_session_unique UNIQUE,
  url text,
  state text NOT NULL CONSTRAINT checkout_sessions_state_known CHECK (state IN ('opening', 'open', 'complete', 'expired')),
  expires_at timestamptz NOT NULL,
  payment_intent text,
  charge text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX checkout_sessions_order ON checkout_sessions (order_id);
CREATE INDEX checkout_sessions_open ON checkout_sessions (expires_at, id) WHERE state IN ('opening', 'open');
CREATE INDEX checkout_sessions_intent ON checkout_sessions (payment_intent) WHERE payment_intent IS NOT NULL;
CREATE TABLE stripe_events (
  id text CONSTRAINT stripe_events_pkey PRIMARY KEY,
  type text NOT NULL,
  object_id text NOT NULL,
  payload jsonb NOT NULL,
  received_at timestamptz NOT NULL,
  processed_at timestamptz,
  outcome text
);
CREATE INDEX stripe_events_undone ON stripe_events (received_at) WHERE processed_at IS NULL;
CREATE TABLE refunds (
  id uuid CONSTRAINT refunds_pkey PRIMARY KEY,
  order_id uuid NOT NULL CONSTRAINT refunds_order_fkey REFERENCES orders (id),
  state text NOT NULL CONSTRAINT refunds_state_known CHECK (state IN ('requested', 'pending', 'succeeded', 'failed')),
  reason text NOT NULL CONSTRAINT refunds_reason_known CHECK (reason IN ('buyer_changed_mind', 'fault', 'not_received', 'cancelled', 'unfulfillable')),
  amount_minor bigint NOT NULL CONSTRAINT refunds_amount_positive CHECK (amount_minor > 0),
  currency text NOT NULL,
  -- [{line, quantity, goods, tax}], shipping part; how much of what is given back
  parts jsonb NOT NULL,
  provider_id text CONSTRAINT refunds_provider_unique UNIQUE,
  requested_by uuid,
  note text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX refunds_order ON refunds (order_id, id);
-- Money that arrived or left and that nothing here explains: an operator's queue, never silence.
CREATE TABLE money_alerts (
  id uuid CONSTRAINT money_alerts_pkey PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  detail text NOT NULL,
  created_at timestamptz NOT NULL,
  resolved_at timestamptz,
  resolved_by uuid,
  resolution text,
  CONSTRAINT money_alerts_once UNIQUE (kind, subject)
);
