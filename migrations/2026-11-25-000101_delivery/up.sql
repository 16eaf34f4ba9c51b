-- A change names the version that was read. Options are not deleted: carts and orders name them.
ALTER TABLE delivery_options ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE delivery_options ADD CONSTRAINT delivery_options_countries_some CHECK (cardinality(countries) > 0);
