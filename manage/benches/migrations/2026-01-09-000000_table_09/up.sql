CREATE TABLE table_09 (
    id INTEGER PRIMARY KEY,
    name VARCHAR(100) NOT NULL UNIQUE,
    amount INTEGER NOT NULL
);
CREATE INDEX table_09_amount ON table_09 (amount);
