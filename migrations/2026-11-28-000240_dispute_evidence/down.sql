DROP INDEX disputes_due;
DROP TABLE dispute_evidence;
DELETE FROM payment_operations WHERE kind = 'evidence';
ALTER TABLE payment_operations DROP CONSTRAINT payment_operations_kind_known;
ALTER TABLE payment_operations ADD CONSTRAINT payment_operations_kind_known CHECK (kind IN ('session', 'refund', 'transfer', 'reversal'));
