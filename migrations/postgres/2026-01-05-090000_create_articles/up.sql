-- The numbers and texts are small, as in Diesel's guide.
-- squawk-ignore-file prefer-bigint-over-int, prefer-identity, prefer-text-field, prefer-timestamp-tz
CREATE TABLE articles (
    id SERIAL PRIMARY KEY,
    slug VARCHAR(200) NOT NULL UNIQUE,
    title VARCHAR(200) NOT NULL,
    body TEXT NOT NULL,
    -- UTC; nothing for a draft.
    published_at TIMESTAMP,
    source_file TEXT
);
