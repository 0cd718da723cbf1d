//! Migrations that are dumps of a database, with the settings that these make.

use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{connect, on_mariadb, on_postgres};
use crate::migrating::done;
use crate::migration_files::{app, is_there, number, project_of};

app!(
    "dumped",
    (
        "2026-01-01-000000_a",
        "\\restrict vQ3;x\n\nSET statement_timeout = 0;\nSET lock_timeout = 0;\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\
         SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\nSET xmloption = content;\n\
         SET client_min_messages = warning;\nSET row_security = off;\nSET default_tablespace = '';\nSET TIME ZONE 'Asia/Tokyo';\n\
         CREATE TABLE public.a (id integer NOT NULL);\nALTER TABLE public.a OWNER TO CURRENT_USER;\n",
        Some("SET search_path = pg_catalog; DROP TABLE public.a;"),
        true
    ),
    (
        "2026-01-02-000000_b",
        "CREATE TABLE b AS SELECT count(*) AS n FROM pg_settings WHERE name IN ('search_path', 'check_function_bodies', 'xmloption', 'row_security') AND setting <> reset_val;\n\
         INSERT INTO b SELECT count(*) FROM pg_settings WHERE name = 'lock_timeout' AND setting <> '5000';\n\
         INSERT INTO b SELECT count(*) FROM pg_settings WHERE name = 'TimeZone' AND setting = 'Asia/Tokyo';",
        Some("DROP TABLE b;"),
        true
    ),
    (
        "2026-01-03-000000_c",
        "SELECT set_config('search_path', '', false); CREATE TABLE public.c (id int); SET ROLE pg_read_all_data;",
        Some("DROP TABLE c;"),
        false
    ),
    ("2026-01-04-000000_d", "CREATE TABLE d (id int);", Some("DROP TABLE d;"), true)
);

#[case(on_postgres)]
fn a_dumps_settings_end_with_it() {
    let database = TestDatabase::new(Backend::Postgres);
    let project = project_of(&["dumped"], &database);
    for _ in 0..2 {
        done(&project, "migrate");
        assert!(is_there(&database, "b") && is_there(&database, "d"));
        assert_eq!(number(&mut connect(&database), "SELECT sum(n)::bigint AS n FROM b"), 0);
        done(&project, "migrate --lock-timeout 1");
        assert_eq!(done(&project, "showmigrations").matches("[X]").count(), 4);
        done(&project, "migrate zero --lock-timeout 1");
        assert_eq!(done(&project, "showmigrations").matches("[ ]").count(), 4);
    }
}

app!(
    "dumped_mysql",
    (
        "2026-01-01-000000_a",
        "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n/*!40101 SET NAMES latin1 */;\n\
         /*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;\n/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n\
         CREATE TABLE `a` (id INT PRIMARY KEY, t TEXT);\nLOCK TABLES `a` WRITE;\n/*!40000 ALTER TABLE `a` DISABLE KEYS */;\nINSERT INTO `a` VALUES (1,'x;y'),(2,'it\\'s');\n\
         DELIMITER ;;\n/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.t = 'a;'; SET @n = 1; END */;;\nDELIMITER ;\n",
        Some("DROP TABLE a;"),
        true
    ),
    (
        "2026-01-02-000000_b",
        "CREATE TABLE b AS SELECT @@SESSION.foreign_key_checks AS k, @@SESSION.sql_mode LIKE '%AUTO_VALUE%' AS m, @@SESSION.character_set_client AS c;\nSET autocommit = 0;\n\
         USE information_schema;",
        Some("DROP TABLE b; USE information_schema;"),
        true
    ),
    ("2026-01-03-000000_c", "CREATE TABLE c (id INT);", Some("DROP TABLE c;"), false)
);

#[case(on_mariadb)]
fn a_dump_with_delimiters_locks_and_use() {
    let database = TestDatabase::new(Backend::MariaDb);
    let project = project_of(&["dumped_mysql"], &database);
    for _ in 0..2 {
        done(&project, "migrate");
        let connection = &mut connect(&database);
        assert_eq!(
            number(connection, "SELECT COUNT(*) AS n FROM b WHERE k = 1 AND m = 0 AND c = 'utf8mb4'"),
            1
        );
        assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM a"), 2);
        assert_eq!(done(&project, "showmigrations").matches("[X]").count(), 3);
        done(&project, "migrate zero");
        assert_eq!(done(&project, "showmigrations").matches("[ ]").count(), 3);
    }
}
