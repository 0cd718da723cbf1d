CREATE TABLE authors (
    id INTEGER AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(100) NOT NULL
);
INSERT INTO authors (name) VALUES ('Ünïcödé; the first');
