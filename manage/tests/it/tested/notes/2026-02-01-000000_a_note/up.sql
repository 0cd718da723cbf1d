INSERT INTO notes (id, words) VALUES (1, 'first');
