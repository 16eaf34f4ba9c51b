-- The public log: every leaf of every chain in one order, for ever. A log of its own key signs what is in it.
CREATE TABLE log_entries (
  index bigint CONSTRAINT log_entries_pkey PRIMARY KEY CONSTRAINT log_entries_index_from_zero CHECK (index >= 0),
  subject_id uuid NOT NULL,
  seq integer NOT NULL,
  CONSTRAINT log_entries_leaf_unique UNIQUE (subject_id, seq),
  CONSTRAINT log_entries_leaf_fkey FOREIGN KEY (subject_id, seq) REFERENCES leaves (subject_id, seq)
);
CREATE TRIGGER log_entries_append_only BEFORE UPDATE OR DELETE ON log_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_entries_never_emptied BEFORE TRUNCATE ON log_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Hashes of complete subtrees of 256^level leaves, up to 256 a row. A tile grows at its end and is otherwise never changed.
CREATE TABLE log_tiles (
  level smallint NOT NULL,
  index bigint NOT NULL,
  hashes bytea NOT NULL CONSTRAINT log_tiles_of_whole_hashes CHECK (octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0),
  CONSTRAINT log_tiles_pkey PRIMARY KEY (level, index)
);
CREATE FUNCTION refuse_rewriting_tiles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.level, OLD.index) IS DISTINCT FROM (NEW.level, NEW.index) OR substring(NEW.hashes FOR octet_length(OLD.hashes)) IS DISTINCT FROM OLD.hashes THEN
    RAISE EXCEPTION 'a tile only grows' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER log_tiles_grow BEFORE UPDATE ON log_tiles FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_tiles();
CREATE TRIGGER log_tiles_kept BEFORE DELETE ON log_tiles FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_tiles_never_emptied BEFORE TRUNCATE ON log_tiles FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- In which order leaves were queued. A chain's leaves are queued under its lock, so a later one never has a smaller number.
ALTER TABLE log_outbox ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT log_outbox_position_unique UNIQUE;

-- What the log's key signed. One root for a size: a second one cannot be written down.
CREATE TABLE log_checkpoints (
  size bigint CONSTRAINT log_checkpoints_pkey PRIMARY KEY CONSTRAINT log_checkpoints_size_from_zero CHECK (size >= 0),
  root bytea NOT NULL CONSTRAINT log_checkpoints_root_is_a_hash CHECK (octet_length(root) = 32),
  note text NOT NULL,
  at timestamptz NOT NULL
);
CREATE TRIGGER log_checkpoints_append_only BEFORE UPDATE OR DELETE ON log_checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_checkpoints_never_emptied BEFORE TRUNCATE ON log_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
