ALTER TABLE disclosures DROP CONSTRAINT disclosures_subject_fkey;
ALTER TABLE disclosures ADD CONSTRAINT disclosures_artisan_fkey FOREIGN KEY (coop_id, artisan_id) REFERENCES artisans (coop_id, id);
