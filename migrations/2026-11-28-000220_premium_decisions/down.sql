DROP TABLE premium_spendings;
DROP TABLE premium_decisions;
ALTER TABLE payout_shares DROP CONSTRAINT payout_shares_purpose_known;
ALTER TABLE payout_shares ADD CONSTRAINT payout_shares_purpose_known
  CHECK (purpose IN ('maker', 'reimbursement', 'materials', 'cooperative', 'shipping', 'unallocated'));
ALTER TABLE payout_lines DROP CONSTRAINT payout_lines_kind_known;
ALTER TABLE payout_lines ADD CONSTRAINT payout_lines_kind_known CHECK (kind IN ('producer', 'shipping', 'recovery'));
ALTER TABLE payouts DROP COLUMN kind;
