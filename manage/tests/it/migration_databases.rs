//! What a migration can do on one kind of database and not on another; and docs/guide/migrations-by-database.md, each
//! statement of which names its tests.

use std::collections::BTreeSet;
use std::path::Path;

use diesel::connection::SimpleConnection;
use manage_test_support::{Program, TestDatabase, case, only_if};

use crate::backends::{LONG, connect, on_mariadb, on_postgres};
use crate::migrating::done;
use crate::migration_files::{app, is_there, number, project_of};
use crate::project::Project;

#[track_caller]
fn execute(database: &TestDatabase, sql: &str) {
    connect(database).batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Runs `migrate`, which must fail with these words.
#[track_caller]
fn fails(project: &Project, words: &[&str]) {
    let ran = project.run("migrate");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    for words in words {
        assert!(ran.err.contains(words), "{words}\n--- is not in\n{}", ran.all());
    }
}

const KIND: &str = "CREATE TYPE kind AS ENUM ('one');\nCREATE TABLE k (kind kind);";
const ADD_AND_USE: &str = "ALTER TYPE kind ADD VALUE 'two';\nINSERT INTO k VALUES ('two');";

app!(
    "enum_inside",
    ("2026-01-01-000000_kind", KIND, None, true),
    ("2026-01-02-000000_two", ADD_AND_USE, None, true)
);
app!(
    "enum_outside",
    ("2026-01-01-000000_kind", KIND, None, true),
    ("2026-01-02-000000_two", ADD_AND_USE, None, false)
);
app!(
    "enum_two_migrations",
    ("2026-01-01-000000_kind", KIND, None, true),
    ("2026-01-02-000000_two", "ALTER TYPE kind ADD VALUE 'two';", None, true),
    (
        "2026-01-03-000000_use",
        "INSERT INTO k VALUES ('two');",
        Some(
            "DELETE FROM k WHERE kind = 'two';\nALTER TYPE kind RENAME TO kind_old;\nCREATE TYPE kind AS ENUM ('one');\n\
             ALTER TABLE k ALTER COLUMN kind TYPE kind USING kind::text::kind;\nDROP TYPE kind_old;"
        ),
        true
    )
);
app!(
    "enum_new",
    (
        "2026-01-01-000000_kind",
        "CREATE TYPE kind AS ENUM ('one', 'two');\nCREATE TABLE k (kind kind);\nINSERT INTO k VALUES ('two');",
        None,
        true
    )
);

#[case(on_postgres)]
fn a_value_of_an_enum_is_used_after_its_transaction() {
    let values =
        "SELECT COUNT(*) AS n FROM pg_enum JOIN pg_type t ON t.oid = enumtypid WHERE typname = 'kind'";
    let count = |database: &TestDatabase, query: &str| number(&mut connect(database), query);
    let database = TestDatabase::postgres();
    let hint = "Hint: This cannot be done in one transaction. Write `run_in_transaction = false`";
    fails(&project_of(&["enum_inside"], &database), &["SQLSTATE: 55P04", "Nothing of it stayed", hint]);
    assert_eq!(count(&database, values), 1);
    done(&project_of(&["enum_outside"], &database), "migrate");
    assert_eq!(count(&database, "SELECT COUNT(*) AS n FROM k WHERE kind = 'two'"), 1);

    // Two migrations are two transactions.
    let database = TestDatabase::postgres();
    let project = project_of(&["enum_two_migrations"], &database);
    done(&project, "migrate");
    assert_eq!(count(&database, "SELECT COUNT(*) AS n FROM k WHERE kind = 'two'"), 1);
    // A value cannot be dropped; another type takes the place of its type.
    assert!(connect(&database).batch_execute("ALTER TYPE kind DROP VALUE 'two'").is_err());
    done(&project, "migrate 20260102");
    assert_eq!((count(&database, values), count(&database, "SELECT COUNT(*) AS n FROM k")), (1, 0));

    // The values that a type is created with can be used.
    let database = TestDatabase::postgres();
    done(&project_of(&["enum_new"], &database), "migrate");
    assert_eq!(count(&database, "SELECT COUNT(*) AS n FROM k WHERE kind = 'two'"), 1);
}

app!(
    "concurrently_inside",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nCREATE INDEX CONCURRENTLY a_id ON a (id);",
        None,
        true
    )
);

#[case(on_postgres)]
fn concurrently_is_refused_in_a_transaction() {
    let database = TestDatabase::postgres();
    let hint = "Hint: This cannot be done in one transaction. Write `run_in_transaction = false`";
    fails(
        &project_of(&["concurrently_inside"], &database),
        &["SQLSTATE: 25001", "Nothing of it stayed", "up.sql, line 2\n", hint],
    );
    assert!(!is_there(&database, "a"));
}

app!(
    "extension_trusted",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nDROP EXTENSION IF EXISTS plpgsql;\nCREATE EXTENSION plpgsql;",
        None,
        true
    )
);
app!(
    "extension_untrusted",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER);\nCREATE EXTENSION pageinspect;", None, true)
);
app!(
    "extension_installed",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nCREATE EXTENSION IF NOT EXISTS pageinspect;",
        None,
        true
    )
);
app!(
    "extension_rolled_back",
    ("2026-01-01-000000_a", "CREATE EXTENSION pageinspect;\nINSERT INTO nowhere VALUES (1);", None, true)
);

/// Runs a test as a role that owns the database and is no superuser.
fn as_owner(database: &TestDatabase, test: impl FnOnce(&dyn Fn(&'static str) -> Project)) {
    let role = format!("owner_{}_{}", std::process::id(), database.name());
    execute(database, &format!("CREATE ROLE \"{role}\" LOGIN PASSWORD 'x'"));
    execute(database, &format!("ALTER DATABASE \"{}\" OWNER TO \"{role}\"", database.name()));
    execute(database, &format!("DROP EXTENSION plpgsql; GRANT ALL ON SCHEMA public TO \"{role}\""));
    let (scheme, rest) = database.url().split_once("://").expect("a URL");
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    let url = format!("{scheme}://{role}:x@{host}");
    let project =
        |app: &'static str| Project::with(manage::Program::new(vec![app].leak())).env("DATABASE_URL", &url);
    test(&project);
    execute(database, &format!("REASSIGN OWNED BY \"{role}\" TO current_user; DROP OWNED BY \"{role}\""));
    execute(database, &format!("DROP ROLE \"{role}\""));
}

#[case(on_postgres)]
fn extensions_need_rights() {
    let database = TestDatabase::postgres();
    let extensions = |name: &str| {
        let query = format!("SELECT COUNT(*) AS n FROM pg_extension WHERE extname = '{name}'");
        number(&mut connect(&database), &query)
    };
    as_owner(&database, |project| {
        // A role that may create in the database may also create a trusted extension.
        done(&project("extension_trusted"), "migrate");
        assert_eq!(extensions("plpgsql"), 1);
        execute(
            &database,
            "DROP TABLE a; DELETE FROM __diesel_schema_migrations; DELETE FROM __manage_migrations",
        );
        let available = "SELECT COUNT(*) AS n FROM pg_available_extensions WHERE name = 'pageinspect'";
        if number(&mut connect(&database), available) == 0 {
            // Not every build of PostgreSQL contains it.
            return;
        }
        fails(
            &project("extension_untrusted"),
            &["permission denied to create extension", "SQLSTATE: 42501", "Nothing of it stayed"],
        );
        assert!(!is_there(&database, "a"));
        // An extension is part of the transaction.
        fails(&project_of(&["extension_rolled_back"], &database), &["up.sql, line 2\n"]);
        assert_eq!(extensions("pageinspect"), 0);
        // An administrator installs it, and the migration finds it.
        execute(&database, "CREATE EXTENSION pageinspect");
        done(&project("extension_installed"), "migrate");
        assert!(is_there(&database, "a"));
    });
}

app!(
    "rights",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nALTER TABLE a ADD COLUMN x INTEGER;\nCREATE TABLE b (id INTEGER);",
        None,
        true
    )
);

#[case(on_mariadb)]
fn a_right_that_is_missing_stops_between_statements() {
    let database = TestDatabase::mariadb();
    let user = format!("u{}", std::process::id());
    execute(&database, &format!("CREATE USER {user} IDENTIFIED BY 'x'"));
    let rights = "SELECT, INSERT, UPDATE, DELETE, CREATE";
    execute(&database, &format!("GRANT {rights} ON {}.* TO {user}", database.name()));
    let (scheme, rest) = database.url().split_once("://").expect("a URL");
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    let url = format!("{scheme}://{user}:x@{host}");
    let project = Project::with(manage::Program::new(&["rights"])).env("DATABASE_URL", &url);
    fails(&project, &["ALTER command denied", "ERROR NUMBER: 1142", "it continues in line 2,"]);
    assert!(is_there(&database, "a") && !is_there(&database, "b"));
    execute(&database, &format!("GRANT ALTER ON {}.* TO {user}", database.name()));
    assert!(done(&project, "migrate").contains("  Continuing rights."));
    assert!(is_there(&database, "b"));
    execute(&database, &format!("DROP USER {user}"));
}

/// What a schema change does to the file of a table is what makes it long.
#[case(on_postgres)]
fn postgresql_rewrites_a_table_for_some_changes() {
    let database = TestDatabase::postgres();
    for (change, is_rewritten) in [
        ("ADD COLUMN b INTEGER NOT NULL DEFAULT 7", false),
        ("ADD COLUMN b TIMESTAMPTZ NOT NULL DEFAULT now()", false),
        ("ADD COLUMN b UUID DEFAULT gen_random_uuid()", true),
        ("ADD COLUMN b INTEGER GENERATED ALWAYS AS (id + 1) STORED", true),
        ("ALTER COLUMN t TYPE TEXT", false),
        ("ALTER COLUMN t TYPE VARCHAR(40)", false),
        ("ALTER COLUMN t TYPE VARCHAR(10)", true),
        ("ALTER COLUMN id TYPE BIGINT", true),
        ("ALTER COLUMN id SET NOT NULL", false),
        ("DROP COLUMN t", false),
    ] {
        execute(
            &database,
            "DROP TABLE IF EXISTS w; CREATE TABLE w (id INTEGER, t VARCHAR(20)); INSERT INTO w VALUES (1, 'a')",
        );
        let file = || number(&mut connect(&database), "SELECT pg_relation_filenode('w')::bigint AS n");
        let before = file();
        execute(&database, &format!("ALTER TABLE w {change}"));
        assert_eq!(file() != before, is_rewritten, "{change}");
    }
}

/// Each statement of the page ends with the names of its tests, as a comment, and all of them exist. A statement is
/// a list item or a row of a table.
#[case(only_if(cfg!(all(feature = "sqlite", feature = "postgres", feature = "mysql", feature = "lint"))))]
fn each_statement_of_the_page_has_its_tests() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/migrations-by-database.md");
    let page = std::fs::read_to_string(path).expect("docs/guide/migrations-by-database.md");
    let this = std::env::current_exe().expect("this program");
    let listed = Program::new(this).args(["--list"]).run(LONG);
    let tests: BTreeSet<&str> =
        listed.stdout.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    assert!(tests.len() > 100, "{listed}");
    let (_, statements) = page.split_once("\n## ").expect("a section");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for block in statements.split("\n- ").flat_map(|part| part.split("\n\n")).skip(1) {
        let (text, names) = match block.split_once("<!-- ") {
            Some((text, comment)) => (text, comment.trim_end().strip_suffix(" -->").unwrap_or_default()),
            None if block.starts_with('#') || block.trim().is_empty() => continue,
            None => (block, ""),
        };
        count += 1;
        let named: Vec<&str> = names.split_whitespace().collect();
        let missing = named.iter().filter(|name| !tests.contains(*name));
        wrong.extend(missing.map(|name| format!("There is no test {name}:\n{text}")));
        // Each sentence has been seen on a server.
        if named.is_empty() {
            wrong.push(format!("No test is named for:\n{text}"));
        }
    }
    assert!(count > 40 && wrong.is_empty(), "{count} statements\n{}", wrong.join("\n"));
}
