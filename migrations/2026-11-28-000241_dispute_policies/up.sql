-- Who bears a dispute that is lost over pieces that were sent, by the bank's reason; '*' is every other. Without a row of its own, and without
-- the cooperative's consent to the dispute itself, it is the platform.
CREATE TABLE dispute_policies (
  reason text CONSTRAINT dispute_policies_pkey PRIMARY KEY CONSTRAINT dispute_policies_reason_word CHECK (reason = '*' OR reason ~ '^[a-z_]{1,60}$'),
  bearer text NOT NULL CONSTRAINT dispute_policies_bearer_known CHECK (bearer IN ('platform', 'cooperative_with_consent')),
  note text NOT NULL,
  -- null: it was so from the start
  decided_by uuid CONSTRAINT dispute_policies_decided_by_fkey REFERENCES accounts (id),
  decided_at timestamptz NOT NULL
);
INSERT INTO dispute_policies (reason, bearer, note, decided_at)
VALUES ('*', 'platform', 'A chargeback reaches no maker, no cooperative and no fund.', '2026-11-28T00:00:00Z');
-- That the cooperative found at fault agreed to bear it: by whom, when, and where that is kept.
ALTER TABLE disputes ADD COLUMN consent jsonb;
