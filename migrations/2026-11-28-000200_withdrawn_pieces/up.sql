-- Which pieces were withdrawn: their passports' status is read from the records themselves.
CREATE INDEX leaves_withdrawn ON leaves (subject_id) WHERE type = 'withdrawn';
