CREATE TABLE all_types (
    id INTEGER PRIMARY KEY,
    flag BOOLEAN NOT NULL DEFAULT 0,
    other_flag bool,
    tiny TINYINT,
    small SMALLINT,
    small2 INT2,
    number INTEGER NOT NULL,
    number4 INT4,
    medium MEDIUMINT,
    big BIGINT,
    big8 INT8,
    big_unsigned UNSIGNED BIG INT,
    fixed CHARACTER(20),
    limited VARCHAR(255),
    native NATIVE CHARACTER(70),
    plain TEXT,
    large CLOB,
    bytes BLOB,
    typed_bytes VARBINARY(16),
    untyped,
    real4 REAL,
    float_number FLOAT,
    real8 DOUBLE,
    precise DOUBLE PRECISION,
    exact NUMERIC,
    price DECIMAL(10, 5),
    day DATE,
    clock TIME,
    moment DATETIME,
    stamped TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    place POINT,
    doubled INTEGER GENERATED ALWAYS AS (number * 2) STORED,
    tripled GENERATED ALWAYS AS (number * 3)
);

CREATE TABLE "Mixed-Case Table" (
    "Id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "type" TEXT,
    "struct" TEXT,
    "columns" TEXT,
    "2fa" TEXT,
    "with space" TEXT,
    "größe" TEXT,
    "quo""te" TEXT,
    "__hidden" TEXT,
    "Mixed_Case_Table" TEXT
);

CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL UNIQUE, manager_id INTEGER REFERENCES users);
CREATE TABLE "table" (id INTEGER PRIMARY KEY NOT NULL, user_id INTEGER NOT NULL REFERENCES users (id));
CREATE TABLE posts (
    id INTEGER PRIMARY KEY NOT NULL,
    author_id INTEGER NOT NULL REFERENCES users (id),
    editor_id INTEGER REFERENCES users (id)
);
CREATE TABLE tags (id INTEGER PRIMARY KEY, "type" INTEGER NOT NULL REFERENCES posts, label TEXT UNIQUE);
CREATE TABLE labels (id TEXT NOT NULL PRIMARY KEY, label TEXT REFERENCES tags (label));
CREATE TABLE composites (b INTEGER NOT NULL, a INTEGER NOT NULL, note TEXT, PRIMARY KEY (a, b));
CREATE TABLE composite_children (
    id INTEGER PRIMARY KEY,
    a INTEGER,
    b INTEGER,
    FOREIGN KEY (a, b) REFERENCES composites (a, b)
);
CREATE TABLE composite_implicit (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, FOREIGN KEY (a, b) REFERENCES composites);
CREATE TABLE without_key (name TEXT, rowid TEXT);
CREATE TABLE child_of_row_id (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES without_key (oid));
CREATE TABLE without_row_id (id INTEGER PRIMARY KEY, name TEXT) WITHOUT ROWID;
CREATE TABLE child_of_missing (id INTEGER PRIMARY KEY, missing_id INTEGER REFERENCES missing (id));
CREATE TABLE int_key (id INT PRIMARY KEY, user_id INTEGER REFERENCES users);
CREATE TABLE __internal (id INTEGER PRIMARY KEY);
CREATE VIEW all_users AS SELECT id, name FROM users;
CREATE INDEX posts_by_author ON posts (author_id);
