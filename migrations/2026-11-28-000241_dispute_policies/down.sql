ALTER TABLE disputes DROP COLUMN consent;
DROP TABLE dispute_policies;
