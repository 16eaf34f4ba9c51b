-- What is in use stays: it is named by people and products.
DELETE FROM crafts c WHERE c.code IN ('kalamkari_block', 'bagru_dabu', 'sujini', 'mithila_paint', 'dhokra', 'golden_grass', 'channapatna', 'ajrakh', 'kutch_embroidery', 'blue_pottery', 'bandha_ikat', 'allo', 'dhaka', 'lokta', 'felt', 'solar_lamp')
  AND NOT EXISTS (SELECT FROM products p WHERE p.craft_code = c.code) AND NOT EXISTS (SELECT FROM artisans a WHERE a.craft_code = c.code);
