DROP TABLE auditor_reads;
ALTER TABLE memberships DROP CONSTRAINT memberships_auditor_ends;
ALTER TABLE memberships DROP COLUMN ends_at;
