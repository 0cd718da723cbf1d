CREATE TABLE all_types (
    id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    flag boolean NOT NULL DEFAULT 0,
    tiny tinyint,
    tiny_unsigned tinyint unsigned,
    small smallint,
    medium mediumint,
    number int NOT NULL DEFAULT 7,
    number_unsigned int unsigned,
    number_filled int(6) zerofill,
    big bigint,
    real4 float,
    real8 double,
    real_unsigned double unsigned,
    exact decimal(10, 2),
    exact_unsigned decimal(6, 3) unsigned,
    flags bit(4),
    fixed char(3),
    limited varchar(20) NOT NULL,
    tiny_text tinytext,
    plain text,
    medium_text mediumtext,
    long_text longtext,
    fixed_bytes binary(16),
    limited_bytes varbinary(20),
    tiny_bytes tinyblob,
    bytes blob,
    medium_bytes mediumblob,
    long_bytes longblob,
    day date,
    clock time,
    moment datetime(6),
    stamped timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    in_year year,
    document json,
    kind enum('small', 'very large') NOT NULL DEFAULT 'small',
    options set('a', 'b'),
    place point,
    shape geometry
);

CREATE TABLE `Mixed-Case Table` (
    `Id` int NOT NULL PRIMARY KEY,
    `type` text,
    `struct` text,
    `columns` text,
    `2fa` text,
    `with space` text,
    `größe` enum('ä', 'ö'),
    `quo"te` text,
    `__hidden` text,
    `Mixed_Case_Table` text,
    doubled int GENERATED ALWAYS AS (`Id` * 2) STORED
);

CREATE TABLE users (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name varchar(80) NOT NULL UNIQUE COMMENT 'As they want to be called',
    manager_id int,
    FOREIGN KEY (manager_id) REFERENCES users (id)
) COMMENT 'People who may log in.';
CREATE TABLE `table` (id int PRIMARY KEY, user_id int NOT NULL, FOREIGN KEY (user_id) REFERENCES users (id));
CREATE TABLE posts (
    id int PRIMARY KEY,
    author_id int NOT NULL,
    editor_id int,
    FOREIGN KEY (author_id) REFERENCES users (id),
    FOREIGN KEY (editor_id) REFERENCES users (id)
);
CREATE TABLE tags (id int PRIMARY KEY, `type` int NOT NULL, label varchar(20) UNIQUE, FOREIGN KEY (`type`) REFERENCES posts (id));
CREATE TABLE labels (id int PRIMARY KEY, label varchar(20), FOREIGN KEY (label) REFERENCES tags (label));
CREATE TABLE composites (b int, a int, note text, PRIMARY KEY (a, b));
CREATE TABLE composite_children (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES composites (a, b));
CREATE TABLE __internal (id int PRIMARY KEY);
CREATE VIEW all_users AS SELECT id, name FROM users;
