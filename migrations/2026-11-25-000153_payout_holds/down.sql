DROP TABLE payout_holds;
