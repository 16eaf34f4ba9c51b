-- What we say to the bank about a dispute: a draft until it is submitted, which happens once.
CREATE TABLE dispute_evidence (
  dispute_id uuid CONSTRAINT dispute_evidence_pkey PRIMARY KEY CONSTRAINT dispute_evidence_dispute_fkey REFERENCES disputes (id),
  state text NOT NULL CONSTRAINT dispute_evidence_state_known CHECK (state IN ('draft', 'submitting', 'submitted', 'refused')),
  -- what somebody wrote; the rest is gathered from the order when it is submitted
  said jsonb NOT NULL,
  operation_id uuid CONSTRAINT dispute_evidence_operation_unique UNIQUE CONSTRAINT dispute_evidence_operation_fkey REFERENCES payment_operations (id),
  saved_by uuid NOT NULL CONSTRAINT dispute_evidence_saved_by_fkey REFERENCES accounts (id),
  saved_at timestamptz NOT NULL,
  submitted_at timestamptz,
  CONSTRAINT dispute_evidence_operation_of_submission CHECK (state = 'draft' OR operation_id IS NOT NULL),
  CONSTRAINT dispute_evidence_submission_dated CHECK ((state = 'submitted') = (submitted_at IS NOT NULL))
);
ALTER TABLE payment_operations DROP CONSTRAINT payment_operations_kind_known;
ALTER TABLE payment_operations ADD CONSTRAINT payment_operations_kind_known CHECK (kind IN ('session', 'refund', 'transfer', 'reversal', 'evidence'));
CREATE INDEX disputes_due ON disputes (evidence_due) WHERE state IN ('inquiry', 'open');
