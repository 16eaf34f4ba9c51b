-- Every key that the log ever had, as it is published: what was signed long ago stays verifiable.
CREATE TABLE log_keys (
  key text CONSTRAINT log_keys_pkey PRIMARY KEY,
  since timestamptz NOT NULL
);
CREATE TRIGGER log_keys_append_only BEFORE UPDATE OR DELETE ON log_keys FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_keys_never_emptied BEFORE TRUNCATE ON log_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
