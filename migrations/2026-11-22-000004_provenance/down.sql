DROP TABLE maker_payments;
DROP TABLE work_entries;
DROP TABLE log_outbox;
DROP TABLE disclosures;
DROP TABLE leaves;
DROP TABLE items;
DROP TABLE batches;
DROP TABLE signing_keys;
