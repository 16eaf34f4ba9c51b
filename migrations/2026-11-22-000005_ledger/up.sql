-- Balances are in the account's natural direction: debit − credit for assets and expenses, credit − debit for the rest.
CREATE TABLE ledger_accounts (
  id uuid CONSTRAINT ledger_accounts_pkey PRIMARY KEY,
  name text NOT NULL,
  currency text NOT NULL CONSTRAINT ledger_accounts_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
  class text NOT NULL CONSTRAINT ledger_accounts_class_known CHECK (class IN ('asset', 'liability', 'income', 'expense')),
  never_negative boolean NOT NULL,
  slots smallint NOT NULL CONSTRAINT ledger_accounts_slots_range CHECK (slots BETWEEN 1 AND 16),
  created_at timestamptz NOT NULL,
  CONSTRAINT ledger_accounts_name_unique UNIQUE (name, currency),
  CONSTRAINT ledger_accounts_guarded_single CHECK (NOT never_negative OR slots = 1)
);
-- One row is balanced by construction; rows are never changed. UNIQUE (source…, kind, leg) makes posting exactly once.
CREATE TABLE ledger_transfers (
  id uuid CONSTRAINT ledger_transfers_pkey PRIMARY KEY,
  debit_account uuid NOT NULL CONSTRAINT ledger_transfers_debit_fkey REFERENCES ledger_accounts (id),
  credit_account uuid NOT NULL CONSTRAINT ledger_transfers_credit_fkey REFERENCES ledger_accounts (id),
  amount_minor bigint NOT NULL CONSTRAINT ledger_transfers_amount_positive CHECK (amount_minor > 0),
  currency text NOT NULL,
  kind text NOT NULL,
  source_type text NOT NULL,
  source_id uuid NOT NULL,
  leg text NOT NULL,
  order_line_id uuid,
  pending boolean NOT NULL,
  resolves uuid CONSTRAINT ledger_transfers_resolves_fkey REFERENCES ledger_transfers (id)
    CONSTRAINT ledger_transfers_resolved_once UNIQUE,
  transfer_group text NOT NULL,
  occurred_at timestamptz NOT NULL,
  posted_at timestamptz NOT NULL,
  memo text NOT NULL,
  CONSTRAINT ledger_transfers_two_accounts CHECK (debit_account <> credit_account),
  CONSTRAINT ledger_transfers_once UNIQUE (source_type, source_id, kind, leg)
);
CREATE INDEX ledger_transfers_debit ON ledger_transfers (debit_account, id);
CREATE INDEX ledger_transfers_credit ON ledger_transfers (credit_account, id);
CREATE INDEX ledger_transfers_line ON ledger_transfers (order_line_id) WHERE order_line_id IS NOT NULL;
CREATE INDEX ledger_transfers_group ON ledger_transfers (transfer_group);
CREATE TRIGGER ledger_transfers_append_only BEFORE UPDATE OR DELETE ON ledger_transfers FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_transfers_never_emptied BEFORE TRUNCATE ON ledger_transfers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- Re-provable by SUM over the transfers. Busy platform accounts spread over slots, summed on read.
CREATE TABLE ledger_balances (
  account_id uuid NOT NULL CONSTRAINT ledger_balances_account_fkey REFERENCES ledger_accounts (id),
  slot smallint NOT NULL,
  never_negative boolean NOT NULL,
  balance_minor bigint NOT NULL,
  CONSTRAINT ledger_balances_pkey PRIMARY KEY (account_id, slot),
  CONSTRAINT ledger_balances_never_negative CHECK (NOT never_negative OR balance_minor >= 0)
);
