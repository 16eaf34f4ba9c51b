-- Where money can go, before an operator changes it. '*' is any country or currency.
-- Limits of zero knowledge are wide: a bank's own lower limit is the operator's to enter.
INSERT INTO payout_corridors (rail, country, currency, min_minor, max_minor, fee_minor, enabled, source)
SELECT 'stripe_transfer', country, currency, 100, 99999999999, 0, true,
       'Stripe Connect, cross-border payouts: self-serve platforms reach US, UK, EEA, CA and CH (docs.stripe.com/connect/cross-border-payouts); the minimum is ours'
FROM (VALUES ('US', 'USD'), ('GB', 'GBP'), ('CA', 'CAD'), ('CH', 'CHF'), ('LI', 'CHF'),
             ('AT', 'EUR'), ('BE', 'EUR'), ('BG', 'EUR'), ('HR', 'EUR'), ('CY', 'EUR'), ('CZ', 'EUR'), ('DK', 'EUR'), ('EE', 'EUR'),
             ('FI', 'EUR'), ('FR', 'EUR'), ('DE', 'EUR'), ('GR', 'EUR'), ('HU', 'EUR'), ('IE', 'EUR'), ('IT', 'EUR'), ('LV', 'EUR'),
             ('LT', 'EUR'), ('LU', 'EUR'), ('MT', 'EUR'), ('NL', 'EUR'), ('NO', 'EUR'), ('PL', 'EUR'), ('PT', 'EUR'), ('RO', 'EUR'),
             ('SK', 'EUR'), ('SI', 'EUR'), ('ES', 'EUR'), ('SE', 'EUR'), ('LI', 'EUR'), ('CH', 'EUR'),
             ('CZ', 'CZK'), ('DK', 'DKK'), ('HU', 'HUF'), ('NO', 'NOK'), ('PL', 'PLN'), ('RO', 'RON'), ('SE', 'SEK')) AS reached (country, currency);
INSERT INTO payout_corridors (rail, country, currency, min_minor, max_minor, fee_minor, enabled, source) VALUES
  ('bank_file', 'IN', 'INR', 100, 99999999999, 0, true,
   'Reserve Bank of India, NEFT questions and answers: no lower and no upper limit; the minimum of one rupee is ours'),
  ('bank_file', 'NP', 'NPR', 100, 99999999999, 0, true, 'a Nepali bank''s bulk upload; the limits are ours until the bank''s are entered'),
  ('manual', '*', '*', 1, 99999999999, 0, true, 'by hand, with two people and a receipt');
