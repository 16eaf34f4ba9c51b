DROP VIEW public_makers;
DROP TRIGGER consents_never_emptied ON consents;
DROP TRIGGER consents_append_only ON consents;
DROP INDEX artisans_craft;
ALTER TABLE artisans DROP CONSTRAINT artisans_erased_empty, DROP CONSTRAINT artisans_portrait_fkey, DROP COLUMN erased_at, DROP COLUMN display_name;
