-- This file should undo anything in `up.sql`

CREATE TABLE `pairs`(
	`a` INTEGER NOT NULL,
	`b` INTEGER NOT NULL,
	`note` TEXT,
	PRIMARY KEY(`a`, `b`)
);

CREATE TABLE `posts`(
	`id` INTEGER NOT NULL PRIMARY KEY,
	`user_id` INTEGER NOT NULL,
	`views` BIGINT NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`)
);

CREATE TABLE `users`(
	`id` INTEGER NOT NULL PRIMARY KEY,
	`name` VARCHAR(80)
);

