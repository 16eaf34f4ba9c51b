-- Who audits does so for a while.
ALTER TABLE memberships ADD COLUMN ends_at timestamptz;
UPDATE memberships SET ends_at = created_at + interval '30 days' WHERE role = 'auditor';
ALTER TABLE memberships ADD CONSTRAINT memberships_auditor_ends CHECK (role <> 'auditor' OR ends_at IS NOT NULL);
-- What an auditor looked at: a row before each answer.
CREATE TABLE auditor_reads (
  id uuid CONSTRAINT auditor_reads_pkey PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT auditor_reads_account_fkey REFERENCES accounts (id),
  address text NOT NULL,
  at timestamptz NOT NULL
);
CREATE TRIGGER auditor_reads_append_only BEFORE UPDATE OR DELETE ON auditor_reads FOR EACH ROW EXECUTE FUNCTION refuse_change();
