ALTER TABLE payout_lines DROP CONSTRAINT payout_lines_kind_known;
ALTER TABLE payout_lines ADD CONSTRAINT payout_lines_kind_known CHECK (kind IN ('producer', 'shipping', 'recovery', 'premium'));
DROP TABLE order_materials;
ALTER TABLE order_lines DROP COLUMN made_to_order;
