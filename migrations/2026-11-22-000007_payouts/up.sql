-- Which rail reaches which country, with its limits; data, not code.
CREATE TABLE payout_corridors (
  rail text NOT NULL CONSTRAINT payout_corridors_rail_known CHECK (rail IN ('stripe_transfer', 'bank_file', 'manual')),
  country text NOT NULL,
  currency text NOT NULL,
  min_minor bigint NOT NULL,
  max_minor bigint NOT NULL,
  fee_minor bigint NOT NULL,
  enabled boolean NOT NULL,
  source text NOT NULL,
  CONSTRAINT payout_corridors_pkey PRIMARY KEY (rail, country, currency)
);
CREATE TABLE payouts (
  coop_id uuid NOT NULL CONSTRAINT payouts_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT payouts_id_unique UNIQUE,
  number text NOT NULL CONSTRAINT payouts_number_unique UNIQUE,
  state text NOT NULL CONSTRAINT payouts_state_known CHECK (state IN ('created', 'submitted', 'unknown', 'sent', 'settled', 'failed', 'bounced')),
  rail text NOT NULL CONSTRAINT payouts_rail_known CHECK (rail IN ('stripe_transfer', 'bank_file', 'manual')),
  destination_id uuid NOT NULL,
  destination_hint text NOT NULL,
  amount_minor bigint NOT NULL CONSTRAINT payouts_amount_positive CHECK (amount_minor > 0),
  currency text NOT NULL,
  reference text,
  evidence text,
  file_id uuid,
  created_by uuid,
  confirmed_by uuid,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  settled_at timestamptz,
  CONSTRAINT payouts_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT payouts_reference_unique UNIQUE (rail, reference),
  CONSTRAINT payouts_destination_fkey FOREIGN KEY (coop_id, destination_id) REFERENCES payout_destinations (coop_id, id)
);
CREATE INDEX payouts_coop ON payouts (coop_id, id DESC);
CREATE INDEX payouts_open ON payouts (state, id) WHERE state IN ('created', 'submitted', 'unknown', 'sent');
-- What a payout is made of: every released amount it pays out, opened to its order line.
CREATE TABLE payout_lines (
  coop_id uuid NOT NULL,
  payout_id uuid NOT NULL,
  position integer NOT NULL,
  kind text NOT NULL CONSTRAINT payout_lines_kind_known CHECK (kind IN ('producer', 'shipping', 'recovery')),
  order_line_id uuid,
  group_id uuid,
  -- the ledger transfer that released it; once in a payout that stands
  transfer_id uuid NOT NULL CONSTRAINT payout_lines_transfer_fkey REFERENCES ledger_transfers (id),
  amount_minor bigint NOT NULL,
  live boolean NOT NULL,
  CONSTRAINT payout_lines_pkey PRIMARY KEY (coop_id, payout_id, position),
  CONSTRAINT payout_lines_payout_fkey FOREIGN KEY (coop_id, payout_id) REFERENCES payouts (coop_id, id)
);
CREATE UNIQUE INDEX payout_lines_paid_once ON payout_lines (transfer_id) WHERE live;
-- How a payout divides among makers. artisan_id null: work without a maker, unallocated, never guessed.
CREATE TABLE payout_shares (
  coop_id uuid NOT NULL,
  payout_id uuid NOT NULL,
  position integer NOT NULL,
  artisan_id uuid,
  purpose text NOT NULL CONSTRAINT payout_shares_purpose_known CHECK (purpose IN ('maker', 'reimbursement', 'materials', 'cooperative', 'shipping', 'unallocated')),
  pieces integer NOT NULL,
  amount_minor bigint NOT NULL,
  CONSTRAINT payout_shares_pkey PRIMARY KEY (coop_id, payout_id, position),
  CONSTRAINT payout_shares_payout_fkey FOREIGN KEY (coop_id, payout_id) REFERENCES payouts (coop_id, id),
  CONSTRAINT payout_shares_artisan_fkey FOREIGN KEY (coop_id, artisan_id) REFERENCES artisans (coop_id, id)
);
CREATE TABLE payout_files (
  id uuid CONSTRAINT payout_files_pkey PRIMARY KEY,
  layout text NOT NULL,
  name text NOT NULL CONSTRAINT payout_files_name_unique UNIQUE,
  -- sealed: it holds account numbers
  sealed bytea NOT NULL,
  payouts integer NOT NULL,
  total_minor bigint NOT NULL,
  currency text NOT NULL,
  created_by uuid,
  created_at timestamptz NOT NULL
);
ALTER TABLE payouts ADD CONSTRAINT payouts_file_fkey FOREIGN KEY (file_id) REFERENCES payout_files (id);
CREATE TABLE payout_events (
  id uuid CONSTRAINT payout_events_pkey PRIMARY KEY,
  coop_id uuid NOT NULL,
  payout_id uuid NOT NULL,
  event text NOT NULL,
  from_state text,
  to_state text NOT NULL,
  detail text,
  by_account uuid,
  at timestamptz NOT NULL,
  CONSTRAINT payout_events_payout_fkey FOREIGN KEY (coop_id, payout_id) REFERENCES payouts (coop_id, id)
);
CREATE INDEX payout_events_payout ON payout_events (payout_id, id);
CREATE TRIGGER payout_events_append_only BEFORE UPDATE OR DELETE ON payout_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
