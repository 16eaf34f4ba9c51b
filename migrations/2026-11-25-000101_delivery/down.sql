ALTER TABLE delivery_options DROP CONSTRAINT delivery_options_countries_some;
ALTER TABLE delivery_options DROP COLUMN version;
