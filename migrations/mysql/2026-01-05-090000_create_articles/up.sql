CREATE TABLE articles (
    id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY,
    -- Compared byte by byte, as SQLite and PostgreSQL do: “Hello” and “hello” are two slugs.
    slug VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE,
    title VARCHAR(200) NOT NULL,
    body LONGTEXT NOT NULL,
    -- UTC; nothing for a draft.
    published_at DATETIME NULL,
    source_file TEXT NULL
) DEFAULT CHARACTER SET utf8mb4;
