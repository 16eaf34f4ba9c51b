UPDATE items SET state = 'returned' WHERE state = 'refunded';
ALTER TABLE items DROP CONSTRAINT items_state_known;
ALTER TABLE items ADD CONSTRAINT items_state_known CHECK (state IN ('in_stock', 'sold', 'shipped', 'returned', 'withdrawn'));

DROP INDEX fulfilment_items_item;
ALTER TABLE fulfilment_items DROP CONSTRAINT fulfilment_items_once_per_sale;
ALTER TABLE fulfilment_items DROP CONSTRAINT fulfilment_items_line_fkey;
ALTER TABLE fulfilment_items DROP COLUMN order_line_id;
ALTER TABLE fulfilment_items ADD CONSTRAINT fulfilment_items_item_unique UNIQUE (item_id);

ALTER TABLE order_lines DROP CONSTRAINT order_lines_refunded_where;
ALTER TABLE order_lines DROP CONSTRAINT order_lines_shipped_bounded;
ALTER TABLE order_lines DROP COLUMN refunded_here;
ALTER TABLE order_lines DROP COLUMN shipped_quantity;

UPDATE order_groups SET state = 'to_ship' WHERE state = 'partially_shipped';
ALTER TABLE order_groups DROP CONSTRAINT order_groups_state_known;
ALTER TABLE order_groups ADD CONSTRAINT order_groups_state_known CHECK
  (state IN ('pending', 'to_ship', 'shipped', 'cancelled', 'refunded'));
