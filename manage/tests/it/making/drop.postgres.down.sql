-- This file should undo anything in `up.sql`

CREATE TABLE "pairs"(
	"a" INT4 NOT NULL,
	"b" INT4 NOT NULL,
	"note" TEXT,
	PRIMARY KEY("a", "b")
);

CREATE TABLE "posts"(
	"id" INT4 NOT NULL PRIMARY KEY,
	"user_id" INT4 NOT NULL,
	"views" INT8 NOT NULL,
	FOREIGN KEY ("user_id") REFERENCES "users"("id")
);

CREATE TABLE "users"(
	"id" INT4 NOT NULL PRIMARY KEY,
	"name" VARCHAR(80)
);

