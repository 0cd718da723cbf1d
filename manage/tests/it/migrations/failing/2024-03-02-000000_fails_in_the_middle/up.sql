CREATE TABLE half_of_it (id INTEGER PRIMARY KEY);
INSERT INTO before_it (id) VALUES (7);
INSERT INTO nowhere (id) VALUES (1);
