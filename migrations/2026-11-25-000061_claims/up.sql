-- The first who shows a piece's claim code has it. Nothing about who that was.
CREATE TABLE item_claims (
  item_id uuid CONSTRAINT item_claims_pkey PRIMARY KEY,
  coop_id uuid NOT NULL,
  claimed_at timestamptz NOT NULL,
  CONSTRAINT item_claims_item_fkey FOREIGN KEY (coop_id, item_id) REFERENCES items (coop_id, id)
);
-- Somebody doubts that a piece is what its tag says: an operator's queue.
CREATE TABLE item_reports (
  id uuid CONSTRAINT item_reports_pkey PRIMARY KEY,
  coop_id uuid NOT NULL,
  item_id uuid NOT NULL,
  reason text NOT NULL CONSTRAINT item_reports_reason_known CHECK (reason IN ('copied_tag', 'other_product', 'not_sold_by_them', 'already_claimed', 'something_else')),
  detail text NOT NULL,
  state text NOT NULL CONSTRAINT item_reports_state_known CHECK (state IN ('open', 'dismissed', 'upheld')),
  resolution text,
  resolved_by uuid CONSTRAINT item_reports_by_fkey REFERENCES accounts (id),
  created_at timestamptz NOT NULL,
  resolved_at timestamptz,
  CONSTRAINT item_reports_item_fkey FOREIGN KEY (coop_id, item_id) REFERENCES items (coop_id, id),
  CONSTRAINT item_reports_resolved_dated CHECK ((state = 'open') = (resolved_at IS NULL))
);
CREATE INDEX item_reports_open ON item_reports (id) WHERE state = 'open';
CREATE INDEX item_reports_upheld ON item_reports (item_id) WHERE state = 'upheld';
-- Whether a line was paid out, from the line.
CREATE INDEX payout_lines_order_line ON payout_lines (coop_id, order_line_id) WHERE order_line_id IS NOT NULL;
