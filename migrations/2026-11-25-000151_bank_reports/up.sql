-- Files that came from a bank. The same bytes are one report, however often they are sent.
CREATE TABLE bank_reports (
  id uuid CONSTRAINT bank_reports_pkey PRIMARY KEY,
  kind text NOT NULL CONSTRAINT bank_reports_kind_known CHECK (kind IN ('camt.053', 'camt.054', 'returns')),
  name text NOT NULL,
  digest bytea NOT NULL CONSTRAINT bank_reports_digest_unique UNIQUE,
  lines integer NOT NULL,
  taken_by uuid NOT NULL CONSTRAINT bank_reports_by_fkey REFERENCES accounts (id),
  taken_at timestamptz NOT NULL
);
-- What each payment in it is, and what it led to. Nothing of it is dropped: what nobody here knows stays visible.
CREATE TABLE bank_report_lines (
  report_id uuid NOT NULL CONSTRAINT bank_report_lines_report_fkey REFERENCES bank_reports (id),
  position integer NOT NULL,
  line bigint NOT NULL,
  movement text NOT NULL CONSTRAINT bank_report_lines_movement_known CHECK (movement IN ('left', 'returned', 'came', 'announced')),
  amount_minor bigint NOT NULL,
  currency text NOT NULL CONSTRAINT bank_report_lines_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
  end_to_end text,
  reference text,
  reason text,
  outcome text NOT NULL CONSTRAINT bank_report_lines_outcome_known CHECK
    (outcome IN ('waiting', 'settled', 'bounced', 'known', 'unknown', 'contradiction', 'announced')),
  note text NOT NULL,
  coop_id uuid,
  payout_id uuid,
  CONSTRAINT bank_report_lines_pkey PRIMARY KEY (report_id, position),
  CONSTRAINT bank_report_lines_payout_fkey FOREIGN KEY (coop_id, payout_id) REFERENCES payouts (coop_id, id)
);
CREATE INDEX bank_report_lines_open ON bank_report_lines (report_id, position) WHERE outcome IN ('waiting', 'unknown', 'contradiction');
