DROP TRIGGER ledger_transfers_period_open ON ledger_transfers;
DROP FUNCTION refuse_closed_period();
DROP TABLE ledger_periods;
