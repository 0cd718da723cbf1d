-- Your SQL goes here

ALTER TABLE "users" DROP COLUMN "age";
ALTER TABLE "users" DROP COLUMN "note";
ALTER TABLE "users" ADD COLUMN "initials" VARCHAR(10);
ALTER TABLE "users" ADD COLUMN "hair_color" TEXT;

