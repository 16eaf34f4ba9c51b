ALTER TABLE refunds DROP COLUMN consent;
ALTER TABLE order_groups DROP COLUMN shipping_refunded;
DROP INDEX checkout_sessions_one_pays;
ALTER TABLE checkout_sessions DROP COLUMN pays_order;
