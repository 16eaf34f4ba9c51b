DROP TABLE stripe_news;
