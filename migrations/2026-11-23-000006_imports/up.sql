-- A file somebody sent. `bytes` is emptied once it is of no more use where the file is about people.
CREATE TABLE imports (
  coop_id uuid NOT NULL CONSTRAINT imports_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT imports_id_unique UNIQUE,
  file_name text NOT NULL,
  sha256 bytea NOT NULL,
  bytes bytea NOT NULL,
  settings jsonb NOT NULL,
  -- what was read, and what committing it would do
  report jsonb NOT NULL,
  state text NOT NULL CONSTRAINT imports_state_known CHECK (state IN ('read', 'queued', 'done', 'failed')),
  done integer NOT NULL,
  total integer NOT NULL,
  -- what committing it did
  outcome jsonb,
  failure text,
  created_by uuid CONSTRAINT imports_by_fkey REFERENCES accounts (id),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT imports_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT imports_progress CHECK (done BETWEEN 0 AND total),
  CONSTRAINT imports_done_told CHECK ((state = 'done') = (outcome IS NOT NULL)),
  CONSTRAINT imports_failure_told CHECK ((state = 'failed') = (failure IS NOT NULL))
);

-- What an entity of a file became here, and its cells when it was last imported. The key is long; its digest is the identity.
CREATE TABLE import_entities (
  coop_id uuid NOT NULL CONSTRAINT import_entities_coop_fkey REFERENCES cooperatives (id),
  key_hash bytea NOT NULL CONSTRAINT import_entities_key_digest CHECK (octet_length(key_hash) = 32),
  key text NOT NULL,
  entity text NOT NULL CONSTRAINT import_entities_entity_known CHECK (entity IN ('product', 'variant', 'artisan', 'work')),
  target_id uuid NOT NULL,
  cells jsonb NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT import_entities_pkey PRIMARY KEY (coop_id, key_hash)
);
CREATE INDEX import_entities_target ON import_entities (coop_id, target_id);

-- What a column means, confirmed once by a person, by the file's own headers.
CREATE TABLE import_mappings (
  coop_id uuid NOT NULL CONSTRAINT import_mappings_coop_fkey REFERENCES cooperatives (id),
  format text NOT NULL,
  kind text NOT NULL,
  mapping jsonb NOT NULL,
  confirmed_by uuid CONSTRAINT import_mappings_by_fkey REFERENCES accounts (id),
  updated_at timestamptz NOT NULL,
  CONSTRAINT import_mappings_pkey PRIMARY KEY (coop_id, format, kind)
);
