-- What the log says in its own name, as entries between the records: DID documents, status lists, and which records are the newest.
CREATE TABLE log_statements (
  id uuid CONSTRAINT log_statements_pkey PRIMARY KEY,
  kind text NOT NULL CONSTRAINT log_statements_kind_known CHECK (kind IN ('did', 'status', 'tips')),
  -- what a newer one replaces an older one of: a DID, a list's number, or nothing
  about text NOT NULL,
  bytes bytea NOT NULL CONSTRAINT log_statements_bytes_bounded CHECK (octet_length(bytes) <= 65535),
  hash bytea NOT NULL CONSTRAINT log_statements_hash_is_one CHECK (octet_length(hash) = 32),
  position bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT log_statements_position_unique UNIQUE,
  at timestamptz NOT NULL
);
CREATE INDEX log_statements_newest ON log_statements (kind, about, position);
CREATE TRIGGER log_statements_append_only BEFORE UPDATE OR DELETE ON log_statements FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_statements_never_emptied BEFORE TRUNCATE ON log_statements FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE log_outbox ALTER COLUMN subject_id DROP NOT NULL, ALTER COLUMN seq DROP NOT NULL,
  ADD COLUMN statement_id uuid CONSTRAINT log_outbox_statement_fkey REFERENCES log_statements (id),
  ADD CONSTRAINT log_outbox_of_one_thing CHECK ((subject_id IS NULL) = (seq IS NULL) AND (subject_id IS NULL) <> (statement_id IS NULL));
ALTER TABLE log_entries ALTER COLUMN subject_id DROP NOT NULL, ALTER COLUMN seq DROP NOT NULL,
  ADD COLUMN statement_id uuid CONSTRAINT log_entries_statement_fkey REFERENCES log_statements (id) CONSTRAINT log_entries_statement_unique UNIQUE,
  ADD CONSTRAINT log_entries_of_one_thing CHECK ((subject_id IS NULL) = (seq IS NULL) AND (subject_id IS NULL) <> (statement_id IS NULL));

-- The chains in the order in which they began in the log, as far as it has counted them, and the tree over their newest records as it was
-- counted last: made of the entries, and written anew with each count.
CREATE TABLE log_chains (
  ordinal bigint CONSTRAINT log_chains_pkey PRIMARY KEY CONSTRAINT log_chains_ordinal_from_zero CHECK (ordinal >= 0),
  subject_id uuid NOT NULL CONSTRAINT log_chains_subject_unique UNIQUE
);
CREATE TABLE log_tip_tiles (
  level smallint NOT NULL,
  index bigint NOT NULL,
  hashes bytea NOT NULL CONSTRAINT log_tip_tiles_of_whole_hashes CHECK (octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0),
  CONSTRAINT log_tip_tiles_pkey PRIMARY KEY (level, index)
);
