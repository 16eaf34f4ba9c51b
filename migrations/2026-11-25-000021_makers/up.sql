ALTER TABLE artisans
  -- what she is called in public if she agreed to her name; the legal name never is
  ADD COLUMN display_name text,
  -- since then nothing of her is left here but her ids
  ADD COLUMN erased_at timestamptz,
  ADD CONSTRAINT artisans_portrait_fkey FOREIGN KEY (coop_id, portrait_id) REFERENCES media (coop_id, id),
  ADD CONSTRAINT artisans_erased_empty CHECK (erased_at IS NULL OR (legal_name = '' AND display_name IS NULL AND public_alias IS NULL
    AND village IS NULL AND phone IS NULL AND birth_year IS NULL AND story IS NULL AND portrait_id IS NULL));
CREATE INDEX artisans_craft ON artisans (coop_id, craft_code);

CREATE TRIGGER consents_append_only BEFORE UPDATE OR DELETE ON consents FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consents_never_emptied BEFORE TRUNCATE ON consents FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What anybody may see of a maker, by her latest word on each purpose: the one rule, wherever makers are shown. Without her consent to
-- her name she is her alias; without one, her craft and her district.
CREATE VIEW public_makers AS
  SELECT a.coop_id, a.id,
    CASE WHEN agreed.name THEN coalesce(a.display_name, a.public_alias) ELSE a.public_alias END AS name,
    CASE WHEN agreed.village THEN a.village END AS village, a.district, a.craft_code,
    CASE WHEN agreed.story THEN a.story END AS story,
    CASE WHEN agreed.portrait THEN a.portrait_id END AS portrait_id,
    agreed.pay, agreed.voice
  FROM artisans a CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(l.granted) FILTER (WHERE l.purpose = 'name'), false) AS name,
      coalesce(bool_or(l.granted) FILTER (WHERE l.purpose = 'village'), false) AS village,
      coalesce(bool_or(l.granted) FILTER (WHERE l.purpose = 'story'), false) AS story,
      coalesce(bool_or(l.granted) FILTER (WHERE l.purpose = 'portrait'), false) AS portrait,
      coalesce(bool_or(l.granted) FILTER (WHERE l.purpose = 'pay'), false) AS pay,
      coalesce(bool_or(l.granted) FILTER (WHERE l.purpose = 'voice'), false) AS voice
    FROM (SELECT DISTINCT ON (c.purpose) c.purpose, c.granted FROM consents c
          WHERE c.coop_id = a.coop_id AND c.artisan_id = a.id ORDER BY c.purpose, c.id DESC) l) agreed;
