-- This file should undo anything in `up.sql`

ALTER TABLE `users` DROP COLUMN `hair_color`;
ALTER TABLE `users` DROP COLUMN `initials`;
ALTER TABLE `users` ADD COLUMN `age` SMALLINT;
ALTER TABLE `users` ADD COLUMN `note` VARCHAR(20);

