-- This file should undo anything in `up.sql`

ALTER TABLE "users" DROP COLUMN "initials";
ALTER TABLE "users" DROP COLUMN "hair_color";
ALTER TABLE "users" ADD COLUMN "age" INT2;
ALTER TABLE "users" ADD COLUMN "note" VARCHAR(20);

