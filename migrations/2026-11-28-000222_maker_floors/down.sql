ALTER TABLE price_agreements DROP COLUMN floors;
DROP TABLE maker_floors;
