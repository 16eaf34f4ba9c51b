-- One row per thing that is counted (an identifier, an address), under a hash of its name. `full_at` is when its whole allowance is back:
-- the generic cell rate algorithm in one statement. Unlogged: a crash gives everybody a fresh start, and that is all.
CREATE UNLOGGED TABLE throttles (
  key bytea CONSTRAINT throttles_pkey PRIMARY KEY,
  full_at timestamptz NOT NULL
);
CREATE INDEX throttles_age ON throttles (full_at);
