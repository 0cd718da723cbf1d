CREATE TABLE table_04 (
    id INTEGER PRIMARY KEY,
    name VARCHAR(100) NOT NULL UNIQUE,
    amount INTEGER NOT NULL
);
CREATE INDEX table_04_amount ON table_04 (amount);
