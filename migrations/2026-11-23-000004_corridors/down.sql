DELETE FROM payout_corridors;
