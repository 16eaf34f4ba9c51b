DROP INDEX payout_lines_order_line;
DROP TABLE item_reports;
DROP TABLE item_claims;
