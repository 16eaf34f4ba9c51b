-- A month whose books are closed. comparison proves it against the provider; left_open is what was left so by decision.
CREATE TABLE ledger_periods (
  month date CONSTRAINT ledger_periods_pkey PRIMARY KEY,
  until_at timestamptz NOT NULL CONSTRAINT ledger_periods_until_unique UNIQUE,
  left_open jsonb NOT NULL,
  comparison uuid NOT NULL,
  closed_at timestamptz NOT NULL,
  CONSTRAINT ledger_periods_first_day CHECK (extract(day FROM month) = 1),
  CONSTRAINT ledger_periods_over CHECK (closed_at >= until_at)
);
CREATE TRIGGER ledger_periods_append_only BEFORE UPDATE OR DELETE ON ledger_periods FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- Once per statement, not per row: a sale posts a dozen rows.
CREATE FUNCTION refuse_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  closed timestamptz := (SELECT max(until_at) FROM ledger_periods);
BEGIN
  IF closed IS NOT NULL AND EXISTS (SELECT 1 FROM fresh WHERE occurred_at < closed) THEN
    RAISE EXCEPTION 'the books are closed until %', closed USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transfers_period_open';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_transfers_period_open AFTER INSERT ON ledger_transfers REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_period();
