CREATE TABLE books (
    id SERIAL PRIMARY KEY,
    author INTEGER NOT NULL REFERENCES authors (id),
    title VARCHAR(100) NOT NULL
);
