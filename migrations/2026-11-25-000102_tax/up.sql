ALTER TABLE tax_registrations ADD CONSTRAINT tax_registrations_dates CHECK (valid_to IS NULL OR valid_to >= valid_from);
CREATE UNIQUE INDEX tax_registrations_open_unique ON tax_registrations (coop_id, jurisdiction, kind) NULLS NOT DISTINCT WHERE valid_to IS NULL;

-- A rate is what an order was priced by: a new one is another row, from its day on.
CREATE TRIGGER tax_rates_append_only BEFORE UPDATE OR DELETE ON tax_rates FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tax_rates_never_emptied BEFORE TRUNCATE ON tax_rates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Value-added and goods-and-services tax, as it stood in November 2026. The European Union's rates agree with the European Commission's
-- Taxes in Europe Database (TEDB). `valid_from` is the day from which the rate holds, or 2020-01-01 where it is older: nothing was sold
-- here before. A rate below the standard one is written down, as `reduced`, only for countries that have one such rate for goods: where
-- there are several, which one a thing has is a question of what it is, and the operator adds it under a category of its own. Consumers
-- are told prices with tax in all of them. Countries whose tax differs by region (Brazil, Canada, the United States) have no row.
INSERT INTO tax_rates (jurisdiction, category, rate_bp, inclusive, valid_from, source)
SELECT jurisdiction, category, rate_bp, true, valid_from::date, source || ' (written down 2026-11-25)' FROM (VALUES
  ('AT', 'standard', 2000, '2020-01-01', 'UStG 1994 § 10; TEDB'),
  ('BE', 'standard', 2100, '2020-01-01', 'KB nr. 20 of 1970, art. 1; TEDB'),
  ('BG', 'standard', 2000, '2020-01-01', 'ZDDS art. 66; TEDB'),
  ('BG', 'reduced', 900, '2020-01-01', 'ZDDS art. 66a; TEDB'),
  ('CY', 'standard', 1900, '2020-01-01', 'N. 95(I)/2000; TEDB'),
  ('CZ', 'standard', 2100, '2020-01-01', 'Act 235/2004 § 47; TEDB'),
  ('CZ', 'reduced', 1200, '2024-01-01', 'Act 235/2004 § 47 as changed by 349/2023; TEDB'),
  ('DE', 'standard', 1900, '2021-01-01', 'UStG § 12 (1); TEDB'),
  ('DE', 'reduced', 700, '2021-01-01', 'UStG § 12 (2); TEDB'),
  ('DK', 'standard', 2500, '2020-01-01', 'Momsloven § 33; TEDB'),
  ('EE', 'standard', 2000, '2020-01-01', 'KMS § 15'),
  ('EE', 'standard', 2200, '2024-01-01', 'KMS § 15'),
  ('EE', 'standard', 2400, '2025-07-01', 'KMS § 15; TEDB'),
  ('ES', 'standard', 2100, '2020-01-01', 'Ley 37/1992 art. 90; TEDB'),
  ('FI', 'standard', 2400, '2020-01-01', 'AVL 84 §'),
  ('FI', 'standard', 2550, '2024-09-01', 'AVL 84 §; TEDB'),
  ('FR', 'standard', 2000, '2020-01-01', 'CGI art. 278; TEDB'),
  ('GR', 'standard', 2400, '2020-01-01', 'VAT code art. 21; TEDB'),
  ('HR', 'standard', 2500, '2020-01-01', 'Zakon o PDV čl. 38; TEDB'),
  ('HU', 'standard', 2700, '2020-01-01', 'Áfa tv. 82. §; TEDB'),
  ('IE', 'standard', 2300, '2021-03-01', 'VAT Consolidation Act 2010 s. 46; TEDB'),
  ('IT', 'standard', 2200, '2020-01-01', 'DPR 633/1972 art. 16; TEDB'),
  ('LT', 'standard', 2100, '2020-01-01', 'PVMĮ 19 str.; TEDB'),
  ('LU', 'standard', 1700, '2024-01-01', 'Loi TVA art. 39; TEDB'),
  ('LV', 'standard', 2100, '2020-01-01', 'PVN likums 41. pants; TEDB'),
  ('MT', 'standard', 1800, '2020-01-01', 'VAT Act cap. 406; TEDB'),
  ('NL', 'standard', 2100, '2020-01-01', 'Wet OB 1968 art. 9; TEDB'),
  ('NL', 'reduced', 900, '2020-01-01', 'Wet OB 1968 art. 9, tabel I; TEDB'),
  ('PL', 'standard', 2300, '2020-01-01', 'Ustawa o VAT art. 41, 146ef; TEDB'),
  ('PT', 'standard', 2300, '2020-01-01', 'CIVA art. 18, mainland; TEDB'),
  ('RO', 'standard', 1900, '2020-01-01', 'Codul fiscal art. 291'),
  ('RO', 'standard', 2100, '2025-08-01', 'Codul fiscal art. 291 as changed by Legea 141/2025; TEDB'),
  ('RO', 'reduced', 1100, '2025-08-01', 'Codul fiscal art. 291 as changed by Legea 141/2025; TEDB'),
  ('SE', 'standard', 2500, '2020-01-01', 'ML 2023:200 ch. 9; TEDB'),
  ('SI', 'standard', 2200, '2020-01-01', 'ZDDV-1 čl. 41; TEDB'),
  ('SK', 'standard', 2000, '2020-01-01', 'Act 222/2004 § 27'),
  ('SK', 'standard', 2300, '2025-01-01', 'Act 222/2004 § 27 as changed by 278/2024; TEDB'),
  ('CH', 'standard', 810, '2024-01-01', 'MWSTG art. 25'),
  ('CH', 'reduced', 260, '2024-01-01', 'MWSTG art. 25'),
  ('LI', 'standard', 810, '2024-01-01', 'MWSTG art. 25, as in Switzerland'),
  ('LI', 'reduced', 260, '2024-01-01', 'MWSTG art. 25, as in Switzerland'),
  ('GB', 'standard', 2000, '2020-01-01', 'VATA 1994 s. 2'),
  ('GB', 'reduced', 500, '2020-01-01', 'VATA 1994 s. 29A'),
  ('IS', 'standard', 2400, '2020-01-01', 'Lög 50/1988, 14. gr.'),
  ('IS', 'reduced', 1100, '2020-01-01', 'Lög 50/1988, 14. gr.'),
  ('NO', 'standard', 2500, '2020-01-01', 'Stortinget''s yearly decision on VAT § 2'),
  ('IN', 'standard', 1800, '2020-01-01', 'CGST and SGST, or IGST, schedule III'),
  ('IN', 'reduced', 500, '2025-09-22', 'CGST and SGST, or IGST, schedule I, since the 56th GST Council'),
  ('NP', 'standard', 1300, '2020-01-01', 'Value Added Tax Act 2052 s. 7'),
  ('AE', 'standard', 500, '2020-01-01', 'Federal Decree-Law 8 of 2017 art. 3'),
  ('AU', 'standard', 1000, '2020-01-01', 'GST Act 1999 s. 9-70'),
  ('KE', 'standard', 1600, '2021-01-01', 'VAT Act 2013 s. 5'),
  ('KR', 'standard', 1000, '2020-01-01', 'Value-Added Tax Act art. 30'),
  ('NZ', 'standard', 1500, '2020-01-01', 'GST Act 1985 s. 8'),
  ('SG', 'standard', 900, '2024-01-01', 'GST Act 1993 s. 16'),
  ('UG', 'standard', 1800, '2020-01-01', 'VAT Act cap. 349, third schedule'),
  ('ZA', 'standard', 1500, '2020-01-01', 'VAT Act 89 of 1991 s. 7')
) AS known (jurisdiction, category, rate_bp, valid_from, source);
