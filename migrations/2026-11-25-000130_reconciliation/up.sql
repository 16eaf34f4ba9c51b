-- A row about what somebody said is written once, and completed once.
CREATE FUNCTION refuse_change_when_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
-- One comparison of the provider's movements with our books. outcome: whole, or broken off (the provider could not be read to the end).
CREATE TABLE reconciliations (
  id uuid CONSTRAINT reconciliations_pkey PRIMARY KEY,
  from_at timestamptz NOT NULL,
  until_at timestamptz NOT NULL,
  asked_by text NOT NULL CONSTRAINT reconciliations_asked_known CHECK (asked_by IN ('nightly', 'operator', 'command')),
  account_id uuid,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  outcome text CONSTRAINT reconciliations_outcome_known CHECK (outcome IN ('whole', 'broken_off')),
  CONSTRAINT reconciliations_period CHECK (from_at < until_at),
  CONSTRAINT reconciliations_ended_with CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE TRIGGER reconciliations_ends_once BEFORE UPDATE OR DELETE ON reconciliations FOR EACH ROW EXECUTE FUNCTION refuse_change_when_ended();
-- Each movement of the provider's in exactly one bucket; and what only our books have, which adds nothing to the provider's sum.
CREATE TABLE reconciliation_lines (
  run_id uuid NOT NULL CONSTRAINT reconciliation_lines_run_fkey REFERENCES reconciliations (id),
  position integer NOT NULL,
  bucket text NOT NULL CONSTRAINT reconciliation_lines_bucket_known CHECK (bucket IN ('matched', 'explained', 'unexplained')),
  reason text NOT NULL CONSTRAINT reconciliation_lines_reason_known
    CHECK (reason IN ('equal', 'timing', 'fee', 'fx', 'operator', 'unknown_here', 'unknown_there', 'differs')),
  detail text NOT NULL,
  -- the provider's movement; null: only our books have it
  transaction_id text,
  -- what the line is about for as long as it is not settled: the movement's id, or type/id/kind/currency of ours
  subject text NOT NULL,
  kind text NOT NULL,
  object_id text,
  currency text NOT NULL,
  amount_minor bigint NOT NULL,
  fee_minor bigint NOT NULL,
  provider_minor bigint NOT NULL,
  ours_minor bigint NOT NULL,
  happened_at timestamptz NOT NULL,
  CONSTRAINT reconciliation_lines_pkey PRIMARY KEY (run_id, position),
  CONSTRAINT reconciliation_lines_once UNIQUE (run_id, subject),
  CONSTRAINT reconciliation_lines_net CHECK (provider_minor = amount_minor - fee_minor),
  CONSTRAINT reconciliation_lines_ours_alone CHECK (transaction_id IS NOT NULL OR provider_minor = 0)
);
CREATE TRIGGER reconciliation_lines_append_only BEFORE UPDATE OR DELETE ON reconciliation_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- Per currency: the buckets are the provider's sum, or the run does not end.
CREATE TABLE reconciliation_sums (
  run_id uuid NOT NULL CONSTRAINT reconciliation_sums_run_fkey REFERENCES reconciliations (id),
  currency text NOT NULL,
  transactions integer NOT NULL,
  ours_alone integer NOT NULL,
  provider_minor bigint NOT NULL,
  ours_minor bigint NOT NULL,
  matched_lines integer NOT NULL,
  matched_minor bigint NOT NULL,
  explained_lines integer NOT NULL,
  explained_minor bigint NOT NULL,
  unexplained_lines integer NOT NULL,
  unexplained_minor bigint NOT NULL,
  CONSTRAINT reconciliation_sums_pkey PRIMARY KEY (run_id, currency),
  CONSTRAINT reconciliation_sums_whole CHECK (matched_minor + explained_minor + unexplained_minor = provider_minor),
  CONSTRAINT reconciliation_sums_counted CHECK (matched_lines + explained_lines + unexplained_lines = transactions + ours_alone)
);
CREATE TRIGGER reconciliation_sums_append_only BEFORE UPDATE OR DELETE ON reconciliation_sums FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- Which of our postings a movement of the provider's answered, so that no later run takes them for unknown there.
CREATE TABLE reconciliation_answers (
  source_type text NOT NULL,
  source_id uuid NOT NULL,
  kind text NOT NULL,
  transaction_id text NOT NULL,
  CONSTRAINT reconciliation_answers_pkey PRIMARY KEY (source_type, source_id, kind)
);
CREATE TRIGGER reconciliation_answers_append_only BEFORE UPDATE OR DELETE ON reconciliation_answers FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- What nothing explains waits here for two people. settled: a later run found its answer by itself.
CREATE TABLE suspense_items (
  id uuid CONSTRAINT suspense_items_pkey PRIMARY KEY,
  subject text NOT NULL,
  run_id uuid NOT NULL,
  position integer NOT NULL,
  currency text NOT NULL,
  -- the provider's less ours: what our books lack
  difference_minor bigint NOT NULL,
  fee_minor bigint NOT NULL,
  detail text NOT NULL,
  state text NOT NULL CONSTRAINT suspense_items_state_known CHECK (state IN ('open', 'proposed', 'resolved', 'settled')),
  happened_at timestamptz NOT NULL,
  opened_at timestamptz NOT NULL,
  action text CONSTRAINT suspense_items_action_known CHECK (action IN ('post', 'explain', 'match')),
  -- post: where to
  account text,
  -- match: our source
  match_type text,
  match_id uuid,
  match_kind text,
  reason text,
  proposed_by uuid,
  proposed_at timestamptz,
  approved_by uuid,
  resolved_at timestamptz,
  CONSTRAINT suspense_items_line_fkey FOREIGN KEY (run_id, position) REFERENCES reconciliation_lines (run_id, position),
  CONSTRAINT suspense_items_two_people CHECK (approved_by IS NULL OR approved_by <> proposed_by),
  CONSTRAINT suspense_items_proposed_whole CHECK (state IN ('open', 'settled') OR (action IS NOT NULL AND reason IS NOT NULL AND proposed_by IS NOT NULL)),
  CONSTRAINT suspense_items_resolved_whole CHECK (state <> 'resolved' OR (approved_by IS NOT NULL AND resolved_at IS NOT NULL))
);
-- What is left when one was resolved is another item.
CREATE UNIQUE INDEX suspense_items_one_waits ON suspense_items (subject) WHERE state <> 'resolved';
CREATE INDEX suspense_items_resolved ON suspense_items (subject) WHERE state = 'resolved';
CREATE INDEX suspense_items_waiting ON suspense_items (happened_at, id) WHERE state IN ('open', 'proposed');
CREATE INDEX checkout_sessions_charge ON checkout_sessions (charge) WHERE charge IS NOT NULL;
CREATE INDEX ledger_transfers_occurred ON ledger_transfers USING brin (occurred_at);
