DROP INDEX ledger_transfers_occurred;
DROP INDEX checkout_sessions_charge;
DROP TABLE suspense_items;
DROP TABLE reconciliation_answers;
DROP TABLE reconciliation_sums;
DROP TABLE reconciliation_lines;
DROP TABLE reconciliations;
DROP FUNCTION refuse_change_when_ended();
