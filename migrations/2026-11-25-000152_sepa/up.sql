-- Euros by credit transfer, in a file for a bank or for Wise: the countries of the Single Euro Payments Area that an IBAN of theirs reaches.
INSERT INTO payout_corridors (rail, country, currency, min_minor, max_minor, fee_minor, enabled, source)
SELECT 'bank_file', country, 'EUR', 100, 99999999999, 0, true,
       'European Payments Council, list of SEPA scheme countries (EPC409-09); a SEPA credit transfer has no lower limit and its upper one is the scheme''s; the minimum is ours'
FROM unnest(ARRAY['AT', 'BE', 'BG', 'CH', 'CY', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI', 'FR', 'GB', 'GR', 'HR', 'HU', 'IE', 'IS', 'IT', 'LI', 'LT',
                  'LU', 'LV', 'MC', 'MT', 'NL', 'NO', 'PL', 'PT', 'RO', 'SE', 'SI', 'SK', 'SM']) AS reached (country);
