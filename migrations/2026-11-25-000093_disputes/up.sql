-- A buyer's bank took a payment back, and decides later whose it is. inquiry: it asks, and has taken nothing.
CREATE TABLE disputes (
  id uuid CONSTRAINT disputes_pkey PRIMARY KEY,
  order_id uuid NOT NULL CONSTRAINT disputes_order_fkey REFERENCES orders (id),
  provider_id text NOT NULL CONSTRAINT disputes_provider_unique UNIQUE,
  state text NOT NULL CONSTRAINT disputes_state_known CHECK (state IN ('inquiry', 'open', 'won', 'lost')),
  reason text NOT NULL,
  amount_minor bigint NOT NULL CONSTRAINT disputes_amount_positive CHECK (amount_minor > 0),
  currency text NOT NULL,
  -- until when the bank listens to us
  evidence_due timestamptz,
  opened_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT disputes_currency_code CHECK (currency ~ '^[A-Z]{3}$')
);
CREATE INDEX disputes_order ON disputes (order_id);
-- Nothing of it is sent or given back while it is disputed.
ALTER TABLE orders ADD COLUMN on_hold boolean NOT NULL DEFAULT false;
