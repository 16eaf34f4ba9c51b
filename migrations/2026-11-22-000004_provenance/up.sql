-- A cooperative's Ed25519 keys; the private half sealed by the master key.
CREATE TABLE signing_keys (
  id text CONSTRAINT signing_keys_pkey PRIMARY KEY,
  coop_id uuid NOT NULL CONSTRAINT signing_keys_coop_fkey REFERENCES cooperatives (id),
  public bytea NOT NULL CONSTRAINT signing_keys_public_unique UNIQUE,
  -- the key's id is a hash over these too: a renamed cooperative's old records keep its old name
  did text NOT NULL,
  name text NOT NULL,
  sealed bytea NOT NULL,
  created_at timestamptz NOT NULL,
  retired_at timestamptz
);
CREATE UNIQUE INDEX signing_keys_one_live ON signing_keys (coop_id) WHERE retired_at IS NULL;

CREATE TABLE batches (
  coop_id uuid NOT NULL,
  id uuid NOT NULL CONSTRAINT batches_id_unique UNIQUE,
  variant_id uuid NOT NULL,
  code text NOT NULL CONSTRAINT batches_code_unique UNIQUE,
  quantity integer NOT NULL CONSTRAINT batches_quantity_positive CHECK (quantity > 0),
  minted integer NOT NULL CONSTRAINT batches_minted_counted CHECK (minted >= 0),
  next_seq integer NOT NULL,
  head bytea,
  last_day date,
  created_at timestamptz NOT NULL,
  CONSTRAINT batches_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT batches_never_overdrawn CHECK (minted <= quantity),
  CONSTRAINT batches_head_with_leaf CHECK ((next_seq = 0) = (head IS NULL)),
  CONSTRAINT batches_variant_fkey FOREIGN KEY (coop_id, variant_id) REFERENCES variants (coop_id, id)
);
CREATE INDEX batches_variant ON batches (coop_id, variant_id, id);

-- One sold or taggable piece. `claim_digest` is committed in its first leaf; `claim_sealed` lets its tag be printed.
CREATE TABLE items (
  coop_id uuid NOT NULL,
  id uuid NOT NULL CONSTRAINT items_id_unique UNIQUE,
  variant_id uuid NOT NULL,
  batch_id uuid,
  code text NOT NULL CONSTRAINT items_code_unique UNIQUE,
  claim_digest bytea NOT NULL,
  claim_sealed bytea NOT NULL,
  state text NOT NULL CONSTRAINT items_state_known CHECK (state IN ('in_stock', 'sold', 'shipped', 'returned', 'withdrawn')),
  order_line_id uuid,
  next_seq integer NOT NULL,
  head bytea,
  last_day date,
  created_at timestamptz NOT NULL,
  CONSTRAINT items_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT items_head_with_leaf CHECK ((next_seq = 0) = (head IS NULL)),
  CONSTRAINT items_batch_fkey FOREIGN KEY (coop_id, batch_id) REFERENCES batches (coop_id, id),
  CONSTRAINT items_variant_fkey FOREIGN KEY (coop_id, variant_id) REFERENCES variants (coop_id, id)
);
CREATE INDEX items_in_stock ON items (coop_id, variant_id, id) WHERE state = 'in_stock';
CREATE INDEX items_order_line ON items (order_line_id) WHERE order_line_id IS NOT NULL;
CREATE INDEX items_batch ON items (coop_id, batch_id);

-- The chain of an item or of a batch. bytes = RFC 8785; nothing personal in them.
CREATE TABLE leaves (
  subject_id uuid NOT NULL,
  seq integer NOT NULL,
  coop_id uuid NOT NULL,
  subject text NOT NULL CONSTRAINT leaves_subject_known CHECK (subject IN ('item', 'batch')),
  type text NOT NULL,
  event_id uuid NOT NULL,
  bytes bytea NOT NULL CONSTRAINT leaves_bytes_bounded CHECK (octet_length(bytes) <= 65535),
  hash bytea NOT NULL CONSTRAINT leaves_hash_unique UNIQUE,
  signature bytea NOT NULL,
  key_id text NOT NULL CONSTRAINT leaves_key_fkey REFERENCES signing_keys (id),
  at timestamptz NOT NULL,
  CONSTRAINT leaves_pkey PRIMARY KEY (subject_id, seq)
);
CREATE INDEX leaves_event ON leaves (event_id);
CREATE TRIGGER leaves_append_only BEFORE UPDATE OR DELETE ON leaves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER leaves_never_emptied BEFORE TRUNCATE ON leaves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- The cleartext behind a leaf's salted digests: erasable, unlike the leaf.
CREATE TABLE disclosures (
  coop_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  seq integer NOT NULL,
  position integer NOT NULL,
  artisan_id uuid NOT NULL,
  purpose text NOT NULL,
  field text NOT NULL,
  value jsonb NOT NULL,
  CONSTRAINT disclosures_pkey PRIMARY KEY (subject_id, seq, position),
  CONSTRAINT disclosures_leaf_fkey FOREIGN KEY (subject_id, seq) REFERENCES leaves (subject_id, seq),
  CONSTRAINT disclosures_artisan_fkey FOREIGN KEY (coop_id, artisan_id) REFERENCES artisans (coop_id, id)
);
CREATE INDEX disclosures_artisan ON disclosures (coop_id, artisan_id);
-- What the public log will append, in order: fed in the transaction that wrote the leaf.
CREATE TABLE log_outbox (
  id uuid CONSTRAINT log_outbox_pkey PRIMARY KEY,
  subject_id uuid NOT NULL,
  seq integer NOT NULL,
  CONSTRAINT log_outbox_leaf_unique UNIQUE (subject_id, seq),
  CONSTRAINT log_outbox_leaf_fkey FOREIGN KEY (subject_id, seq) REFERENCES leaves (subject_id, seq)
);

-- The work register: how makers are paid. artisan_id null: work whose maker is not known, never guessed.
CREATE TABLE work_entries (
  coop_id uuid NOT NULL CONSTRAINT work_entries_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT work_entries_id_unique UNIQUE,
  artisan_id uuid,
  batch_id uuid,
  step text NOT NULL,
  pieces integer NOT NULL CONSTRAINT work_entries_pieces_positive CHECK (pieces > 0),
  minutes integer CONSTRAINT work_entries_minutes_positive CHECK (minutes > 0),
  rate_minor bigint NOT NULL CONSTRAINT work_entries_rate_positive CHECK (rate_minor >= 0),
  currency text NOT NULL,
  worked_on date NOT NULL,
  import_key text,
  recorded_by uuid CONSTRAINT work_entries_by_fkey REFERENCES accounts (id),
  created_at timestamptz NOT NULL,
  CONSTRAINT work_entries_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT work_entries_import_unique UNIQUE (coop_id, import_key),
  CONSTRAINT work_entries_artisan_fkey FOREIGN KEY (coop_id, artisan_id) REFERENCES artisans (coop_id, id),
  CONSTRAINT work_entries_batch_fkey FOREIGN KEY (coop_id, batch_id) REFERENCES batches (coop_id, id)
);
CREATE INDEX work_entries_batch ON work_entries (coop_id, batch_id);
CREATE INDEX work_entries_artisan ON work_entries (coop_id, artisan_id, worked_on);
CREATE TABLE maker_payments (
  coop_id uuid NOT NULL,
  id uuid NOT NULL CONSTRAINT maker_payments_id_unique UNIQUE,
  artisan_id uuid NOT NULL,
  work_id uuid,
  amount_minor bigint NOT NULL CONSTRAINT maker_payments_amount_positive CHECK (amount_minor > 0),
  currency text NOT NULL,
  paid_on date NOT NULL,
  method text NOT NULL CONSTRAINT maker_payments_method_known CHECK (method IN ('cash', 'bank', 'upi')),
  evidence text,
  recorded_by uuid CONSTRAINT maker_payments_by_fkey REFERENCES accounts (id),
  created_at timestamptz NOT NULL,
  CONSTRAINT maker_payments_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT maker_payments_artisan_fkey FOREIGN KEY (coop_id, artisan_id) REFERENCES artisans (coop_id, id),
  CONSTRAINT maker_payments_work_fkey FOREIGN KEY (coop_id, work_id) REFERENCES work_entries (coop_id, id)
);
CREATE INDEX maker_payments_artisan ON maker_payments (coop_id, artisan_id, paid_on);
CREATE TRIGGER maker_payments_append_only BEFORE UPDATE OR DELETE ON maker_payments FOR EACH ROW EXECUTE FUNCTION refuse_change();
