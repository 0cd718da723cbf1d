-- manage: allow require-concurrent-index-creation because a blog has too few articles for anybody to notice
CREATE INDEX articles_published_at ON articles (published_at);
