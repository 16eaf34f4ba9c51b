-- Only a log without statements can go back: one that has some is another tree without them, and that is refused here.
DROP TABLE log_tip_tiles;
DROP TABLE log_chains;
ALTER TABLE log_entries DROP CONSTRAINT log_entries_of_one_thing, DROP COLUMN statement_id,
  ALTER COLUMN subject_id SET NOT NULL, ALTER COLUMN seq SET NOT NULL;
ALTER TABLE log_outbox DROP CONSTRAINT log_outbox_of_one_thing, DROP COLUMN statement_id,
  ALTER COLUMN subject_id SET NOT NULL, ALTER COLUMN seq SET NOT NULL;
DROP TABLE log_statements;
