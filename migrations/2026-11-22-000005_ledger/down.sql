DROP TABLE ledger_balances;
DROP TABLE ledger_transfers;
DROP TABLE ledger_accounts;
