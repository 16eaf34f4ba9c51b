DROP TABLE bank_report_lines;
DROP TABLE bank_reports;
