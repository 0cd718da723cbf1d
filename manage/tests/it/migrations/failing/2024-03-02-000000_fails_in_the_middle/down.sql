DROP TABLE half_of_it;
