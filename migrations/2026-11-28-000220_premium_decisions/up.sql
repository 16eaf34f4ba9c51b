-- What a payout is out of: what sales earned, or the members' fund.
ALTER TABLE payouts ADD COLUMN kind text NOT NULL DEFAULT 'earnings' CONSTRAINT payouts_kind_known CHECK (kind IN ('earnings', 'premium'));
ALTER TABLE payouts ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE payout_lines DROP CONSTRAINT payout_lines_kind_known;
ALTER TABLE payout_lines ADD CONSTRAINT payout_lines_kind_known CHECK (kind IN ('producer', 'shipping', 'recovery', 'premium'));
ALTER TABLE payout_shares DROP CONSTRAINT payout_shares_purpose_known;
ALTER TABLE payout_shares ADD CONSTRAINT payout_shares_purpose_known
  CHECK (purpose IN ('maker', 'reimbursement', 'materials', 'cooperative', 'shipping', 'premium', 'unallocated'));
-- What the members decided about their fund: written down by one person, confirmed by another, and never changed after that.
CREATE TABLE premium_decisions (
  coop_id uuid NOT NULL CONSTRAINT premium_decisions_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT premium_decisions_id_unique UNIQUE,
  met_on date NOT NULL,
  category text NOT NULL CONSTRAINT premium_decisions_category_known
    CHECK (category IN ('health', 'education', 'equipment', 'water', 'housing', 'training', 'savings', 'relief', 'other')),
  -- read by everyone
  purpose text NOT NULL,
  amount_minor bigint NOT NULL CONSTRAINT premium_decisions_amount_positive CHECK (amount_minor > 0),
  currency text NOT NULL,
  present integer NOT NULL,
  votes_for integer NOT NULL,
  votes_against integer NOT NULL,
  abstained integer NOT NULL,
  -- not public: people are named in minutes
  minutes text NOT NULL,
  minutes_sha256 bytea NOT NULL CONSTRAINT premium_decisions_digest_length CHECK (octet_length(minutes_sha256) = 32),
  state text NOT NULL CONSTRAINT premium_decisions_state_known CHECK (state IN ('recorded', 'confirmed', 'rejected')),
  recorded_by uuid NOT NULL CONSTRAINT premium_decisions_recorded_by_fkey REFERENCES accounts (id),
  recorded_at timestamptz NOT NULL,
  ended_by uuid CONSTRAINT premium_decisions_ended_by_fkey REFERENCES accounts (id),
  ended_at timestamptz,
  -- why it was rejected
  reason text,
  CONSTRAINT premium_decisions_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT premium_decisions_carried CHECK (votes_against >= 0 AND abstained >= 0 AND votes_for > votes_against),
  CONSTRAINT premium_decisions_counted CHECK (votes_for + votes_against + abstained <= present),
  CONSTRAINT premium_decisions_two_people CHECK (state <> 'confirmed' OR ended_by <> recorded_by),
  CONSTRAINT premium_decisions_ended_whole CHECK ((state = 'recorded') = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)),
  CONSTRAINT premium_decisions_reasoned CHECK ((state = 'rejected') = (reason IS NOT NULL))
);
CREATE TRIGGER premium_decisions_ends_once BEFORE UPDATE OR DELETE ON premium_decisions FOR EACH ROW EXECUTE FUNCTION refuse_change_when_ended();
-- What left the fund for a decision, by which payout. One that came back counts no more.
CREATE TABLE premium_spendings (
  coop_id uuid NOT NULL,
  id uuid NOT NULL CONSTRAINT premium_spendings_id_unique UNIQUE,
  decision_id uuid NOT NULL,
  payout_id uuid NOT NULL,
  amount_minor bigint NOT NULL CONSTRAINT premium_spendings_amount_positive CHECK (amount_minor > 0),
  requested_by uuid NOT NULL CONSTRAINT premium_spendings_requested_by_fkey REFERENCES accounts (id),
  created_at timestamptz NOT NULL,
  CONSTRAINT premium_spendings_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT premium_spendings_payout_unique UNIQUE (coop_id, payout_id),
  CONSTRAINT premium_spendings_decision_fkey FOREIGN KEY (coop_id, decision_id) REFERENCES premium_decisions (coop_id, id),
  CONSTRAINT premium_spendings_payout_fkey FOREIGN KEY (coop_id, payout_id) REFERENCES payouts (coop_id, id)
);
CREATE INDEX premium_spendings_decision ON premium_spendings (coop_id, decision_id);
CREATE TRIGGER premium_spendings_append_only BEFORE UPDATE OR DELETE ON premium_spendings FOR EACH ROW EXECUTE FUNCTION refuse_change();
