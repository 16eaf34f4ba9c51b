-- Which page paid the order: what is given back goes back through it. Money that came a second time is not its payment.
ALTER TABLE checkout_sessions ADD COLUMN pays_order boolean NOT NULL DEFAULT false;
UPDATE checkout_sessions s SET pays_order = true
  WHERE s.id = (SELECT f.id FROM checkout_sessions f JOIN orders o ON o.id = f.order_id
                WHERE f.order_id = s.order_id AND f.charge IS NOT NULL AND o.paid_at IS NOT NULL ORDER BY f.updated_at, f.id LIMIT 1);
CREATE UNIQUE INDEX checkout_sessions_one_pays ON checkout_sessions (order_id) WHERE pays_order;
-- Delivery is given back whole, and once.
ALTER TABLE order_groups ADD COLUMN shipping_refunded boolean NOT NULL DEFAULT false;
-- {given_by, on, evidence}: without it no refund of something that was sent is the cooperative's to bear.
ALTER TABLE refunds ADD COLUMN consent jsonb CONSTRAINT refunds_consent_for_fault CHECK (consent IS NULL OR reason = 'fault');
