-- This file should undo anything in `up.sql`

DROP TABLE IF EXISTS "memberships";
DROP TABLE IF EXISTS "groups";
DROP TABLE IF EXISTS "users";
DROP TABLE IF EXISTS "posts";
