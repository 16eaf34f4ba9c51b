DROP TABLE payout_events;
ALTER TABLE payouts DROP CONSTRAINT payouts_file_fkey;
DROP TABLE payout_files;
DROP TABLE payout_shares;
DROP TABLE payout_lines;
DROP TABLE payouts;
DROP TABLE payout_corridors;
