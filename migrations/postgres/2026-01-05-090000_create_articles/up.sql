CREATE TABLE articles (
    id SERIAL PRIMARY KEY,
    slug VARCHAR(200) NOT NULL UNIQUE,
    title VARCHAR(200) NOT NULL,
    body TEXT NOT NULL,
    -- UTC; nothing for a draft.
    published_at TIMESTAMP,
    source_file TEXT
);
