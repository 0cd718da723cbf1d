CREATE TABLE invoices (
    id INTEGER NOT NULL PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    cents INTEGER NOT NULL
);
