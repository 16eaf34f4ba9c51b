CREATE EXTENSION pg_trgm;
CREATE EXTENSION unaccent;

-- Append-only tables refuse change for every role, the owner included.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- What search compares: lower case, without accents. IMMUTABLE because the dictionary is named.
CREATE FUNCTION fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN lower(public.unaccent('public.unaccent'::regdictionary, value));

CREATE TABLE jobs (
  id uuid CONSTRAINT jobs_pkey PRIMARY KEY,
  kind text NOT NULL,
  key text CONSTRAINT jobs_key_unique UNIQUE,
  payload jsonb NOT NULL,
  state text NOT NULL CONSTRAINT jobs_state_known CHECK (state IN ('due', 'done', 'dead')),
  run_at timestamptz NOT NULL,
  attempts integer NOT NULL CONSTRAINT jobs_attempts_counted CHECK (attempts >= 0),
  max_attempts integer NOT NULL,
  locked_until timestamptz,
  locked_by uuid,
  last_error text,
  created_at timestamptz NOT NULL,
  done_at timestamptz
);
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE state = 'due';
CREATE INDEX jobs_dead ON jobs (created_at, id) WHERE state = 'dead';

CREATE TABLE idempotency_keys (
  principal text NOT NULL,
  key text NOT NULL,
  operation text NOT NULL,
  operation_id uuid NOT NULL CONSTRAINT idempotency_keys_operation_unique UNIQUE,
  body_hash bytea NOT NULL,
  locked_until timestamptz NOT NULL,
  status smallint,
  answer jsonb,
  created_at timestamptz NOT NULL,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (principal, key),
  CONSTRAINT idempotency_keys_answer_whole CHECK ((status IS NULL) = (answer IS NULL))
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- One unit of `base` is `rate` units of `quote` on `day`. A decimal as text, so that nothing rounds it.
CREATE TABLE fx_rates (
  base text NOT NULL,
  quote text NOT NULL,
  day date NOT NULL,
  rate text NOT NULL CONSTRAINT fx_rates_rate_decimal CHECK (rate ~ '^[0-9]{1,12}(\.[0-9]{1,12})?$' AND rate::numeric > 0),
  source text NOT NULL,
  CONSTRAINT fx_rates_pkey PRIMARY KEY (base, quote, day),
  CONSTRAINT fx_rates_pair CHECK (base <> quote)
);
