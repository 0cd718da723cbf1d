CREATE TABLE table_08 (
    id INTEGER PRIMARY KEY,
    name VARCHAR(100) NOT NULL UNIQUE,
    amount INTEGER NOT NULL
);
CREATE INDEX table_08_amount ON table_08 (amount);
