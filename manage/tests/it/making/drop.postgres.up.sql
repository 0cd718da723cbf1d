-- Your SQL goes here

DROP TABLE IF EXISTS "pairs";
DROP TABLE IF EXISTS "posts";
DROP TABLE IF EXISTS "users";
