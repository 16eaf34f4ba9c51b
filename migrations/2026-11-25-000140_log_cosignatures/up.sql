-- What witnesses signed beside the log: the line that stands under a checkpoint's note. Nobody's word is taken back.
CREATE TABLE log_cosignatures (
  size bigint NOT NULL CONSTRAINT log_cosignatures_size_fkey REFERENCES log_checkpoints (size),
  witness text NOT NULL,
  line text NOT NULL,
  at timestamptz NOT NULL,
  CONSTRAINT log_cosignatures_pkey PRIMARY KEY (witness, size)
);
CREATE INDEX log_cosignatures_size_idx ON log_cosignatures (size);
CREATE TRIGGER log_cosignatures_append_only BEFORE UPDATE OR DELETE ON log_cosignatures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_cosignatures_never_emptied BEFORE TRUNCATE ON log_cosignatures FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
