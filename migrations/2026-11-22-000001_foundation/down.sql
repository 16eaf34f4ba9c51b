DROP TABLE fx_rates;
DROP TABLE idempotency_keys;
DROP TABLE jobs;
DROP FUNCTION fold(text);
DROP FUNCTION refuse_change();
DROP EXTENSION unaccent;
DROP EXTENSION pg_trgm;
