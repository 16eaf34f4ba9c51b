-- What of a price the makers agreed to as theirs, for one piece: set by an agreement, and by no change of a price.
CREATE TABLE maker_floors (
  coop_id uuid NOT NULL,
  variant_id uuid NOT NULL,
  currency text NOT NULL,
  maker_minor bigint NOT NULL CONSTRAINT maker_floors_maker_range CHECK (maker_minor >= 0),
  tax_inclusive boolean NOT NULL,
  agreement_id uuid NOT NULL,
  set_at timestamptz NOT NULL,
  CONSTRAINT maker_floors_pkey PRIMARY KEY (coop_id, variant_id, currency),
  CONSTRAINT maker_floors_variant_fkey FOREIGN KEY (coop_id, variant_id) REFERENCES variants (coop_id, id),
  CONSTRAINT maker_floors_agreement_fkey FOREIGN KEY (coop_id, agreement_id) REFERENCES price_agreements (coop_id, id)
);
-- What the maker side accepts as its part, where that is not what the prices of the day say: [{variant, currency, amount}].
ALTER TABLE price_agreements ADD COLUMN floors jsonb;
