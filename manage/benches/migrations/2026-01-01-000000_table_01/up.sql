CREATE TABLE table_01 (
    id INTEGER PRIMARY KEY,
    name VARCHAR(100) NOT NULL UNIQUE,
    amount INTEGER NOT NULL
);
CREATE INDEX table_01_amount ON table_01 (amount);
