-- Frozen with the line: it is made after it is sold.
ALTER TABLE order_lines ADD COLUMN made_to_order boolean NOT NULL DEFAULT false;
UPDATE order_lines SET made_to_order = true WHERE made_to_order_days IS NOT NULL;
ALTER TABLE order_lines ALTER COLUMN made_to_order DROP DEFAULT;
-- Material that was bought or cut for a line that is made to order, and is of no use for another.
CREATE TABLE order_materials (
  coop_id uuid NOT NULL,
  id uuid NOT NULL CONSTRAINT order_materials_id_unique UNIQUE,
  order_line_id uuid NOT NULL,
  what text NOT NULL,
  amount_minor bigint NOT NULL CONSTRAINT order_materials_amount_positive CHECK (amount_minor > 0),
  currency text NOT NULL,
  committed_on date NOT NULL,
  evidence text NOT NULL,
  recorded_by uuid NOT NULL CONSTRAINT order_materials_recorded_by_fkey REFERENCES accounts (id),
  created_at timestamptz NOT NULL,
  CONSTRAINT order_materials_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT order_materials_line_fkey FOREIGN KEY (coop_id, order_line_id) REFERENCES order_lines (coop_id, id)
);
CREATE INDEX order_materials_line ON order_materials (coop_id, order_line_id);
CREATE TRIGGER order_materials_append_only BEFORE UPDATE OR DELETE ON order_materials FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- What a cancellation owes for work and material is paid out as such.
ALTER TABLE payout_lines DROP CONSTRAINT payout_lines_kind_known;
ALTER TABLE payout_lines ADD CONSTRAINT payout_lines_kind_known
  CHECK (kind IN ('producer', 'shipping', 'recovery', 'premium', 'labour', 'material'));
