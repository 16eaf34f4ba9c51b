-- What a record hides of a person goes with her key: erasing it erases every clear text behind a digest.
ALTER TABLE disclosures DROP CONSTRAINT disclosures_artisan_fkey;
ALTER TABLE disclosures ADD CONSTRAINT disclosures_subject_fkey
  FOREIGN KEY (coop_id, artisan_id) REFERENCES subject_keys (coop_id, artisan_id) ON DELETE CASCADE;
