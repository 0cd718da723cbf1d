-- Your SQL goes here

CREATE TABLE "memberships"(
	"user_id" BIGINT NOT NULL,
	"group_id" INTEGER NOT NULL,
	PRIMARY KEY("user_id", "group_id"),
	FOREIGN KEY ("user_id") REFERENCES "users"("id"),
	FOREIGN KEY ("group_id") REFERENCES "groups"("id")
);

CREATE TABLE "groups"(
	"id" INTEGER NOT NULL PRIMARY KEY
);

CREATE TABLE "users"(
	"id" BIGINT NOT NULL PRIMARY KEY,
	"type" INTEGER NOT NULL
);

CREATE TABLE "posts"(
	"post_id" INTEGER NOT NULL PRIMARY KEY,
	"user_id" INTEGER NOT NULL,
	"title" TEXT NOT NULL,
	"body" TEXT,
	"slug" VARCHAR(50) NOT NULL,
	"is_public" BOOL NOT NULL,
	"views" BIGINT NOT NULL,
	"rank" SMALLINT,
	"day" DATE,
	"clock" TIME,
	"published_at" TIMESTAMP NOT NULL,
	FOREIGN KEY ("user_id") REFERENCES "kept"("id")
);

