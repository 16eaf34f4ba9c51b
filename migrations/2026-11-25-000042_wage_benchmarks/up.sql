-- What pay is compared with. An hour of the least that the law allows, where the work was done, on its day.
CREATE TABLE wage_benchmarks (
  code text CONSTRAINT wage_benchmarks_pkey PRIMARY KEY,
  kind text NOT NULL CONSTRAINT wage_benchmarks_kind_known CHECK (kind IN ('legal_minimum_hour', 'living_wage_hour')),
  country text NOT NULL CONSTRAINT wage_benchmarks_country_code CHECK (country ~ '^[A-Z]{2}$'),
  -- ISO 3166-2; null for the whole country
  region text,
  amount_minor bigint NOT NULL CONSTRAINT wage_benchmarks_amount_positive CHECK (amount_minor > 0),
  currency text NOT NULL CONSTRAINT wage_benchmarks_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
  valid_from date NOT NULL,
  source text NOT NULL
);
CREATE INDEX wage_benchmarks_place ON wage_benchmarks (country, kind, valid_from);
-- A floor that was law on its day. Newer rows take its place from theirs on; where none is known nothing is compared.
INSERT INTO wage_benchmarks VALUES
  ('IN-BR-2025-10', 'legal_minimum_hour', 'IN', 'IN-BR', 5350, 'INR', '2025-10-01', 'Bihar, unskilled, INR 428 a day of 8 hours (WageIndicator, 1 October 2025)'),
  ('NP-2021-05', 'legal_minimum_hour', 'NP', NULL, 7700, 'NPR', '2021-05-03', 'Nepal, NPR 77 an hour (Gazette 2078/01/20)');
