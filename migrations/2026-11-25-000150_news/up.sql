-- Up to when the provider's own list of its news was read to the end: however long the program was away, it goes on from there.
CREATE TABLE stripe_news (
  one boolean CONSTRAINT stripe_news_pkey PRIMARY KEY CONSTRAINT stripe_news_single CHECK (one),
  read_to timestamptz NOT NULL
);
