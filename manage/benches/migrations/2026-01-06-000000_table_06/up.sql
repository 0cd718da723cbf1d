CREATE TABLE table_06 (
    id INTEGER PRIMARY KEY,
    name VARCHAR(100) NOT NULL UNIQUE,
    amount INTEGER NOT NULL
);
CREATE INDEX table_06_amount ON table_06 (amount);
