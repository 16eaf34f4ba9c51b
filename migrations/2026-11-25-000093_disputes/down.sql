ALTER TABLE orders DROP COLUMN on_hold;
DROP TABLE disputes;
