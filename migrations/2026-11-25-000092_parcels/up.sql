-- A cooperative's part of an order may leave in several parcels.
ALTER TABLE order_groups DROP CONSTRAINT order_groups_state_known;
ALTER TABLE order_groups ADD CONSTRAINT order_groups_state_known CHECK
  (state IN ('pending', 'to_ship', 'partially_shipped', 'shipped', 'cancelled', 'refunded'));

-- Of a line's pieces: those that left, and, of those given back, the ones that had not.
ALTER TABLE order_lines ADD COLUMN shipped_quantity integer NOT NULL DEFAULT 0;
ALTER TABLE order_lines ADD COLUMN refunded_here integer NOT NULL DEFAULT 0;
UPDATE order_lines l SET refunded_here = CASE WHEN g.state <> 'shipped' THEN l.refunded_quantity ELSE
    (SELECT coalesce(sum((p->>'quantity')::integer), 0) FROM refunds r CROSS JOIN LATERAL jsonb_array_elements(r.parts->'lines') p
     WHERE r.order_id = l.order_id AND p->>'line' = l.id::text AND p->>'bearer' = 'pending') END
  FROM order_groups g WHERE g.coop_id = l.coop_id AND g.id = l.group_id AND l.refunded_quantity > 0;
UPDATE order_lines l SET shipped_quantity = l.quantity - l.refunded_here
  FROM order_groups g WHERE g.coop_id = l.coop_id AND g.id = l.group_id AND g.state = 'shipped';
ALTER TABLE order_lines
  ADD CONSTRAINT order_lines_shipped_bounded CHECK (shipped_quantity >= 0 AND refunded_here >= 0 AND shipped_quantity + refunded_here <= quantity),
  ADD CONSTRAINT order_lines_refunded_where CHECK (refunded_quantity - refunded_here BETWEEN 0 AND shipped_quantity);

-- A piece leaves once for each sale of it: what came back may be sold again.
ALTER TABLE fulfilment_items ADD COLUMN order_line_id uuid;
UPDATE fulfilment_items f SET order_line_id = i.order_line_id FROM items i WHERE i.coop_id = f.coop_id AND i.id = f.item_id;
ALTER TABLE fulfilment_items ALTER COLUMN order_line_id SET NOT NULL;
ALTER TABLE fulfilment_items ADD CONSTRAINT fulfilment_items_line_fkey FOREIGN KEY (coop_id, order_line_id) REFERENCES order_lines (coop_id, id);
ALTER TABLE fulfilment_items DROP CONSTRAINT fulfilment_items_item_unique;
ALTER TABLE fulfilment_items ADD CONSTRAINT fulfilment_items_once_per_sale UNIQUE (order_line_id, item_id);
CREATE INDEX fulfilment_items_item ON fulfilment_items (item_id);

-- refunded: it left, its sale was undone, and nobody has seen it come back. returned: somebody has.
ALTER TABLE items DROP CONSTRAINT items_state_known;
ALTER TABLE items ADD CONSTRAINT items_state_known CHECK (state IN ('in_stock', 'sold', 'shipped', 'refunded', 'returned', 'withdrawn'));
