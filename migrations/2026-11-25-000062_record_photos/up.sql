-- A photo that a record shows belongs to that record alone: a picture used twice proves neither.
CREATE TABLE record_photos (
  sha256 bytea CONSTRAINT record_photos_pkey PRIMARY KEY,
  coop_id uuid NOT NULL CONSTRAINT record_photos_coop_fkey REFERENCES cooperatives (id),
  subject_id uuid NOT NULL,
  at timestamptz NOT NULL,
  CONSTRAINT record_photos_digest CHECK (octet_length(sha256) = 32)
);
