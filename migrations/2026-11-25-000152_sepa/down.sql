DELETE FROM payout_corridors WHERE rail = 'bank_file' AND currency = 'EUR';
