DROP TABLE visits;
DROP TYPE stage;
