DROP TABLE import_mappings;
DROP TABLE import_entities;
DROP TABLE imports;
