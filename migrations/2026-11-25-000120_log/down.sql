ALTER TABLE log_outbox DROP COLUMN position;
DROP TABLE log_checkpoints;
DROP TABLE log_tiles;
DROP FUNCTION refuse_rewriting_tiles;
DROP TABLE log_entries;
