DROP TABLE record_photos;
