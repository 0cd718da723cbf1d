use super::*;

/// Returns the statements of a text, each with its line.
fn split(sql: &str, backend: Backend) -> Vec<(usize, String)> {
    let script = Script::new(sql, backend);
    script.statements().map(|statement| (statement.line(), statement.text().to_owned())).collect()
}

/// Checks that each part, joined with `;` and line ends, is one statement.
#[track_caller]
fn stay(backend: Backend, parts: &[&str]) {
    for (joint, last) in
        [(";\n", ";"), (";", ""), ("\r\n;\r\n", ";\r\n"), ("; -- a comment; and more\n", ";")]
    {
        let sql = format!("{}{last}", parts.join(joint));
        let found: Vec<String> = split(&sql, backend).into_iter().map(|(_, text)| text).collect();
        assert_eq!(found, parts, "{sql}");
    }
}

const EACH: [Backend; 3] = [Backend::Sqlite, Backend::Postgres, Backend::Mysql];

#[test]
fn what_every_backend_reads_alike() {
    for backend in EACH {
        stay(backend, &["CREATE TABLE a (id INTEGER)", "INSERT INTO a VALUES (1), (2)", "DROP TABLE a"]);
        stay(backend, &["INSERT INTO a VALUES ('one; two', 'it''s;')", "SELECT \"a;b\"\"c;\" FROM t"]);
        stay(
            backend,
            &[
                "SELECT 1 /* ; */ + 2",
                "SELECT 3 -- ;\n + 4",
                "SELECT 'ä; ö', '—', 'a -- b', '/*'",
                "BEGIN",
                "COMMIT",
            ],
        );
        stay(backend, &["SELECT CASE WHEN a THEN 1 ELSE 2 END FROM t", "UPDATE t SET x = 1"]);
        for nothing in [
            "",
            " \r\n\t",
            "\u{feff}",
            "-- a comment",
            "/* a; b */\n-- c;\n",
            ";",
            ";;\n; /* */ ;",
            "\u{feff}-- x",
        ] {
            assert_eq!(split(nothing, backend), [], "{nothing:?}");
        }
    }
}

#[test]
fn lines_and_places_are_those_of_the_file() {
    for backend in EACH {
        let sql = "\u{feff}-- a header\r\n\r\nCREATE TABLE a (\r\n  id INTEGER\r\n);\r\n/* more\r\n*/ INSERT INTO a\r\n  VALUES ('ä', x);";
        let script = Script::new(sql, backend);
        let statements: Vec<Statement<'_>> = script.statements().collect();
        assert_eq!(statements.iter().map(Statement::line).collect::<Vec<_>>(), [3, 7]);
        let place = |character, line, text: &str, column| {
            assert_eq!(statements[1].locate(character), Place { line, text: text.to_owned(), column });
        };
        place(0, 7, "*/ INSERT INTO a", 3);
        let at = statements[1].text().chars().position(|c| c == 'x').expect("an x");
        place(at, 8, "  VALUES ('ä', x);", 15);
        place(usize::MAX, 8, "  VALUES ('ä', x);", 17);
        assert_eq!(statements[0].words(9), ["CREATE", "TABLE", "A", "ID", "INTEGER"]);
    }
}

#[test]
fn postgres_quotes() {
    stay(
        Backend::Postgres,
        &[
            r"SELECT E'it\'s; \\', e'\';'",
            r"SELECT 'a\', ';'",
            r"SELECT name'x', U&'\0041;'",
            "SELECT $$ a; 'b $$, $tag$ $$; $tag$, $ünï_1$ ; $ünï_1$",
            "SELECT a$b$c, d$1 FROM t WHERE x = $1",
            "SELECT 1 /* a /* nested; */ b; */ + 2",
        ],
    );
    stay(
        Backend::Postgres,
        &["DO $$\nBEGIN\n  PERFORM 1;\n  IF true THEN PERFORM 2; END IF;\nEND;\n$$", "VACUUM", "SELECT 1"],
    );
}

#[test]
fn a_dumps_marks_are_no_statements() {
    let dump = "\\restrict 3kX;y\n\nSET a = 1;\n\n\\unrestrict 3kX;y\n";
    assert_eq!(split(dump, Backend::Postgres), [(3, "SET a = 1".to_owned())]);
    let dump = "/*M!999999\\- enable the sandbox mode */ \n/*!40101 SET NAMES utf8mb4 */;\nCREATE TABLE a (id INT);\n";
    assert_eq!(split(dump, Backend::Mysql).len(), 2);
}

#[test]
fn postgres_bodies() {
    stay(
        Backend::Postgres,
        &[
            "CREATE FUNCTION add(a int, b int) RETURNS int LANGUAGE SQL BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN 1 END; SELECT a + b; END",
            "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END",
            "CREATE RULE r AS ON DELETE TO t DO INSTEAD (DELETE FROM a; DELETE FROM b)",
            "CREATE FUNCTION f() RETURNS trigger AS 'BEGIN NEW.x := 1; RETURN NEW; END' LANGUAGE plpgsql",
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()",
            "BEGIN",
            "CREATE TABLE function (id int)",
            "END",
            "SELECT 1",
        ],
    );
}

#[test]
fn a_line_of_postgresql_ends_with_a_carriage_return() {
    let texts = split("SELECT 1; -- a\rSELECT 2;\r", Backend::Postgres);
    assert_eq!(texts.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), ["SELECT 1", "SELECT 2"]);
    assert_eq!(split("SELECT 1; -- a\rSELECT 2;\r", Backend::Sqlite).len(), 1);
}

#[test]
fn sqlite_triggers_and_quotes() {
    stay(
        Backend::Sqlite,
        &[
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = CASE WHEN y THEN 1 ELSE 2 END; DELETE FROM b; END",
            "CREATE TEMP TRIGGER IF NOT EXISTS u AFTER UPDATE ON a WHEN new.x = 'END;' BEGIN SELECT 1 /* ; */ ; /* ; */ END",
            "CREATE TABLE trigger_log ([a;b] TEXT, `c;``d` TEXT, \"e;f\" TEXT)",
            "SELECT 'a\\'",
            "END",
            "BEGIN IMMEDIATE",
        ],
    );
    // SQLite's comments cannot be nested.
    assert_eq!(split("/* a /* b */ SELECT 1; /* c", Backend::Sqlite), [(1, "SELECT 1".to_owned())]);
}

#[test]
fn mysql_quotes_and_comments() {
    stay(
        Backend::Mysql,
        &[
            r"SELECT 'it\'s; \\', '\';'",
            r#"SELECT "a\";", 'b"'"#,
            "SELECT `a;``b` FROM t",
            "SELECT 5--1",
            "SELECT 1 # a; b\n + 2",
            "/*!40101 SET NAMES utf8; */",
            "CREATE TABLE t (id INT) /*!50100 PARTITION BY HASH (id) */ ENGINE=InnoDB",
            "/*M!100616 SET @x = 1 */",
            "INSERT INTO t VALUES ('a -- b', 'c # d')",
        ],
    );
    assert_eq!(split("# only\n-- this\n--\n", Backend::Mysql), []);
}

#[test]
fn mysql_bodies_need_no_delimiter() {
    stay(
        Backend::Mysql,
        &[
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = IF(NEW.y, 1, 2)",
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @x = 1; IF NEW.y > 1 THEN SET @z = REPEAT('a', 3); ELSEIF NEW.y THEN SET @w = 1; ELSE SET @z = IF(1, 2, 3); END IF; END",
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW IF NEW.y THEN SET NEW.x = 1; ELSE SET NEW.x = 2; END IF",
            "CREATE DEFINER=`root`@`localhost` PROCEDURE p() BEGIN DECLARE i INT DEFAULT 0; DECLARE done INT; DECLARE c CURSOR FOR SELECT 1; DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1; l: LOOP SET i = i + 1; IF (i > 3) THEN LEAVE l; END IF; END LOOP; WHILE i > 0 DO SET i = i - 1; END WHILE; REPEAT SET i = 1; UNTIL i END REPEAT; CASE i WHEN 1 THEN SELECT 1; ELSE BEGIN END; END CASE; SELECT CASE WHEN i THEN 1 END; END",
            "CREATE OR REPLACE DEFINER = app@localhost FUNCTION f() RETURNS INT DETERMINISTIC BEGIN DROP TABLE IF EXISTS t; RETURN 1; END",
            "CREATE FUNCTION g() RETURNS INT RETURN 1",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM a; DELETE FROM b; END",
            "BEGIN NOT ATOMIC SELECT 1; IF 1 THEN SELECT 2; END IF; END",
            "CREATE PROCEDURE p() BEGIN SELECT CASE WHEN a THEN IF(b, 1, 2) ELSE IF(b, REPEAT('a', 2), 4) END; END",
            "CREATE PROCEDURE p() BEGIN SELECT id INTO @x FROM a WHERE id IN (1, 2) FOR UPDATE; SELECT 1; END",
            "CREATE PROCEDURE p() SELECT id FROM a WHERE (id = 1) FOR UPDATE",
            "CREATE TRIGGER t BEFORE INSERT ON data FOR EACH ROW SET NEW.x = 1",
            "CREATE PROCEDURE p() BEGIN FOR i IN 1..3 DO SELECT i; END FOR; SELECT 1; END",
            "CREATE PROCEDURE p() BEGIN SELECT start, end FROM a WHERE end > 1; SELECT a.end, CASE WHEN end THEN begin ELSE a.end END; REPEAT SET i = 1; UNTIL a.end END REPEAT; END",
            "CREATE TABLE event (id INT, begin INT)",
            "BEGIN",
            "DROP PROCEDURE IF EXISTS p",
        ],
    );
}

#[test]
fn mysql_delimiters_are_those_of_its_client() {
    let sql = "CREATE TABLE a (id INT);\nDELIMITER $$\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW\nBEGIN\n  SET @x = ';$$';\nEND$$\r\n\
               delimiter //  \nSELECT 1; SELECT 2 //\nDELIMITER ;\nSELECT 3;SELECT 4";
    let texts = split(sql, Backend::Mysql);
    let expected = [
        (1, "CREATE TABLE a (id INT)"),
        (3, "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW\nBEGIN\n  SET @x = ';$$';\nEND"),
        (8, "SELECT 1; SELECT 2"),
        (10, "SELECT 3"),
        (10, "SELECT 4"),
    ];
    assert_eq!(texts, expected.map(|(line, text)| (line, text.to_owned())));
    let dump = "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @x = 1; END */;;\nDELIMITER ;\n";
    let texts = split(dump, Backend::Mysql);
    assert_eq!(texts.len(), 1);
    assert!(texts[0].1.starts_with("/*!50003 CREATE*/") && texts[0].1.ends_with("END */"), "{texts:?}");
}

#[test]
fn what_never_ends_goes_to_the_server_as_it_is() {
    for backend in EACH {
        assert_eq!(
            split("SELECT 1;\nSELECT 'a; b", backend),
            [(1, "SELECT 1".to_owned()), (2, "SELECT 'a; b".to_owned())]
        );
    }
    assert_eq!(split("DO $$ a; b", Backend::Postgres), [(1, "DO $$ a; b".to_owned())]);
    assert_eq!(split("SELECT (1; 2", Backend::Postgres), [(1, "SELECT (1; 2".to_owned())]);
    assert_eq!(split("SELECT 1);SELECT 2", Backend::Postgres).len(), 2);
}
