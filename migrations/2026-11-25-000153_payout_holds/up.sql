-- No hidden reserve: a cooperative that is not paid is told why and until when, and can object.
CREATE TABLE payout_holds (
  coop_id uuid NOT NULL CONSTRAINT payout_holds_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT payout_holds_id_unique UNIQUE,
  code text NOT NULL CONSTRAINT payout_holds_code_known CHECK (code IN ('details_doubtful', 'fraud_suspected', 'legal_order', 'fault_open', 'asked_for')),
  reason text NOT NULL,
  -- payouts go on with this day, whoever does nothing
  release_on date NOT NULL,
  placed_by uuid NOT NULL CONSTRAINT payout_holds_placed_by_fkey REFERENCES accounts (id),
  placed_at timestamptz NOT NULL,
  appeal text,
  appealed_by uuid CONSTRAINT payout_holds_appealed_by_fkey REFERENCES accounts (id),
  appealed_at timestamptz,
  answer text,
  released_by uuid CONSTRAINT payout_holds_released_by_fkey REFERENCES accounts (id),
  released_at timestamptz,
  CONSTRAINT payout_holds_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT payout_holds_appeal_whole CHECK ((appeal IS NULL) = (appealed_at IS NULL)),
  CONSTRAINT payout_holds_release_whole CHECK ((released_by IS NULL) = (released_at IS NULL))
);
CREATE INDEX payout_holds_open ON payout_holds (coop_id, release_on) WHERE released_at IS NULL;
