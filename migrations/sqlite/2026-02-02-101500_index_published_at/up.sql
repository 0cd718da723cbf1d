CREATE INDEX articles_published_at ON articles (published_at);
