//! What a server says of a statement reaches the user: its details and its code, and what to do about it.

mod details;

use std::process::Command as Process;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use manage::database::{Connection, ServerError};
use manage::settings::DatabaseSettings;
use manage_test_support::{Backend, MariaDb, Postgres, TestDatabase, case, execute};

use crate::backends::{connect, in_command, on_each_server, on_mariadb, on_sqlite, project, settings};
use crate::project::Ran;

const TABLES: &str = "CREATE TABLE authors (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE CHECK (name <> 'x')); \
                      CREATE TABLE books (id INT PRIMARY KEY, author INT NOT NULL, FOREIGN KEY (author) REFERENCES authors (id)); \
                      INSERT INTO authors VALUES (1, 'a')";

fn database(backend: Backend) -> TestDatabase {
    let database = TestDatabase::new(backend);
    connect(&database).batch_execute(TABLES).expect("tables");
    database
}

fn says(ran: Ran, words: &[&str]) -> Ran {
    for words in words {
        assert!(ran.err.contains(words), "{words:?} is missing in: {}", ran.all());
    }
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    ran
}

/// The code of an error by every way that a statement takes.
#[case(on_each_server)]
fn a_code_is_found_wherever_the_error_comes_from(backend: Backend) {
    let is_postgres = backend == Backend::Postgres;
    let database = database(backend);
    let expect =
        |error: diesel::result::Error, connection: Option<Connection>, code: (&str, &str), case: &str| {
            // MySQL's number is known once the connection is used again or dropped.
            drop(connection);
            let found =
                ServerError::of(&error).unwrap_or_else(|| panic!("{case}: nothing is known of {error:?}"));
            let code = if is_postgres { code.0 } else { code.1 };
            assert_eq!(found.code().as_deref(), Some(code), "{case}: {found:?}");
            assert_eq!(found.message(), error.to_string(), "{case}");
        };
    let fresh = || connect(&database);

    let mut connection = fresh();
    let error = connection.batch_execute("SELECT 1; SELECT * FROM nowhere").expect_err("no table");
    expect(error, Some(connection), ("42P01", "1146"), "several statements at once");

    let mut connection = fresh();
    let error = diesel::sql_query("INSERT INTO authors VALUES (1, 'b')")
        .execute(&mut connection)
        .expect_err("a duplicate");
    assert!(
        matches!(
            error,
            diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _)
        ),
        "{error:?}"
    );
    expect(error, Some(connection), ("23505", "1062"), "execute");

    let mut connection = fresh();
    let query = diesel::dsl::sql::<Integer>("SELECT id FROM authors WHERE nothing = ").bind::<Text, _>("x");
    let error = query.load::<i32>(&mut connection).expect_err("no column");
    expect(error, Some(connection), ("42703", "1054"), "load with values");

    // The transaction is rolled back before the error is inspected.
    let mut connection = fresh();
    let error = connection
        .transaction(|connection| diesel::sql_query("INSERT INTO books VALUES (1, 7)").execute(connection))
        .expect_err("no author");
    let still_used: i32 =
        diesel::select(diesel::dsl::sql::<Integer>("1")).get_result(&mut connection).expect("an answer");
    assert_eq!(still_used, 1);
    expect(error, None, ("23503", "1452"), "in a transaction");
    drop(connection);

    let pool = manage::database::Pool::new(settings(database.url()), 1);
    let mut connection = pool.get().expect("a connection");
    let error = diesel::sql_query("SELECT * FROM nowhere").execute(&mut connection).expect_err("no table");
    drop(connection);
    expect(error, None, ("42P01", "1146"), "in a pool");

    if !is_postgres {
        let mut connection = fresh();
        let query = "SELECT (SELECT id FROM authors WHERE id <= n) FROM (SELECT 1 AS n UNION SELECT 2) AS ns";
        connection.batch_execute("INSERT INTO authors VALUES (2, 'z')").expect("another row");
        let error = diesel::dsl::sql::<Integer>(query).load::<i32>(&mut connection).expect_err("two rows");
        expect(error, Some(connection), ("", "1242"), "while rows arrive");
    }
    if is_postgres {
        // The statement is well-formed; the second row is not.
        let mut connection = fresh();
        let query = diesel::dsl::sql::<Integer>("SELECT 1 / (2 - n) FROM generate_series(1, 3) AS n");
        let error = query.load::<i32>(&mut connection).expect_err("a division by zero");
        expect(error, Some(connection), ("22012", ""), "while rows arrive");

        let mut connection = fresh();
        connection
            .batch_execute(
                "ALTER TABLE books ALTER CONSTRAINT books_author_fkey DEFERRABLE INITIALLY DEFERRED",
            )
            .expect("a deferred constraint");
        let error = connection
            .transaction(|connection| {
                diesel::sql_query("INSERT INTO books VALUES (2, 9)").execute(connection)
            })
            .expect_err("no author");
        let found = ServerError::of(&error).expect("an answer");
        assert_eq!(
            found.detail(),
            Some("Key (author)=(9) is not present in table \"authors\"."),
            "at the commit"
        );
    }
}

/// The settings of a user without any right in this database.
fn stranger(backend: Backend, database: &TestDatabase) -> String {
    let name = format!("stranger_{}", database.name());
    let create = if backend == Backend::Postgres { "PASSWORD" } else { "IDENTIFIED BY" };
    execute(backend, &format!("CREATE USER {name} {create} 'hunter2'"));
    if backend == Backend::MariaDb {
        execute(
            backend,
            &format!("CREATE TABLE {0}.notes (id INT); GRANT SELECT ON {0}.notes TO {name}", database.name()),
        );
    }
    let mut stranger: DatabaseSettings = settings(database.url());
    stranger.user = Some(name);
    stranger.password = Some(manage::settings::Secret::new("hunter2"));
    stranger.url().expose().to_owned()
}

#[case(on_each_server)]
fn hints_name_the_user_and_the_database(backend: Backend) {
    let database = database(backend);
    let url = stranger(backend, &database);
    let (user, name) = (format!("stranger_{}", database.name()), database.name().to_owned());
    let read = in_command(&url, |cx| {
        diesel::sql_query("SELECT * FROM authors").execute(&mut cx.connect()?)?;
        Ok(())
    });
    let write = in_command(&url, |cx| {
        cx.connect()?.batch_execute("CREATE TABLE mine (id INT)")?;
        Ok(())
    });
    let migrate = project(&url).run("migrate");
    let codes = if backend == Backend::Postgres { ["42501"; 3] } else { ["1142"; 3] };
    for (ran, code) in [read, write, migrate].into_iter().zip(codes) {
        let ran = says(ran, &[code, "\nHint: ", &user, &name, "GRANT "]);
        assert!(!ran.err.contains("hunter2"), "{}", ran.all());
    }
    if backend == Backend::Postgres {
        let create = in_command(&url, |cx| {
            cx.connect()?.batch_execute("CREATE TABLE mine (id INT)")?;
            Ok(())
        });
        says(
            create,
            &[
                "permission denied for schema public\n",
                &format!("GRANT USAGE, CREATE ON SCHEMA public TO {user}"),
                "PostgreSQL 15",
            ],
        );
        let owner = in_command(&url, |cx| {
            cx.connect()?.batch_execute("DROP TABLE authors")?;
            Ok(())
        });
        says(owner, &[&format!("ALTER TABLE authors OWNER TO {user}")]);
    } else {
        let other = in_command(&url, |cx| {
            cx.connect()?.batch_execute("CREATE DATABASE another_one")?;
            Ok(())
        });
        let other = says(other, &["ERROR NUMBER: 1044 (42000)", "'another_one'", &user]);
        // A privilege in the session's database would not help.
        assert!(!other.err.contains("GRANT "), "{}", other.all());
        let none = in_command(database.url(), |cx| {
            let name = format!("{}_gone", cx.database("default")?.name);
            let mut connection = cx.connect()?;
            connection.batch_execute(&format!("CREATE DATABASE {name}; USE {name}; DROP DATABASE {name}"))?;
            connection.batch_execute("CREATE TABLE mine (id INT)")?;
            Ok(())
        });
        says(none, &["ERROR NUMBER: 1046 (3D000)", "has no database", database.name()]);
    }
}

#[case(on_each_server)]
fn a_server_that_only_reads(backend: Backend) {
    let (url, _server): (String, Box<dyn std::any::Any>) = if backend == Backend::Postgres {
        let server = Postgres::builder().setting("default_transaction_read_only = on").start().unwrap();
        (server.url("postgres"), Box::new(server))
    } else {
        let server = MariaDb::builder().setting("read_only = ON").start().unwrap();
        server.create_database("blog");
        server.execute("CREATE USER app IDENTIFIED BY 'hunter2'; GRANT ALL ON blog.* TO app");
        (server.url_as("127.0.0.1", "app", "hunter2", "blog"), Box::new(server))
    };
    let create = in_command(&url, |cx| {
        cx.connect()?.batch_execute("CREATE TABLE mine (id INT)")?;
        Ok(())
    });
    let code = if backend == Backend::Postgres { "SQLSTATE: 25006" } else { "ERROR NUMBER: 1290 (HY000)" };
    let user = settings(&url).user.expect("a user");
    says(create, &[code, "Write to the primary", &user]);
    says(project(&url).run("migrate"), &["Write to the primary", &user]);
    if backend == Backend::MariaDb {
        let database = TestDatabase::mariadb();
        let session = in_command(database.url(), |cx| {
            let mut connection = cx.connect()?;
            connection.batch_execute("SET SESSION TRANSACTION READ ONLY")?;
            connection.batch_execute("START TRANSACTION; CREATE TABLE mine (id INT)")?;
            Ok(())
        });
        says(session, &["ERROR NUMBER: 1792 (25006)", "is read-only"]);
    }
}

/// The numbers and states are those that MariaDB's own client prints.
#[case(on_mariadb)]
fn numbers_and_states_are_those_of_the_client() {
    let database = database(Backend::MariaDb);
    let settings = settings(database.url());
    let (host, port) = match settings.addresses.first() {
        Some(manage::settings::Address::Tcp(host, port)) => (host.clone(), *port),
        other => panic!("an address: {other:?}"),
    };
    for sql in [
        "SELECT * FROM nowhere",
        "SELECT nothing FROM authors",
        "INSERT INTO authors VALUES (1, 'b')",
        "INSERT INTO authors VALUES (2, NULL)",
        "INSERT INTO books VALUES (1, 7)",
        "SELEC",
        "CREATE TABLE authors (id INT)",
        "DROP TABLE nowhere",
        "CALL nothing()",
        "SELECT (SELECT id, name FROM authors)",
        "INSERT INTO authors VALUES (1)",
        "SIGNAL SQLSTATE '45000'",
    ] {
        let output = Process::new("mariadb")
            .args(["--protocol=tcp", "-h", &host, "-P", &port.to_string(), "-u"])
            .arg(settings.user.as_deref().unwrap_or_default())
            .arg(format!(
                "-p{}",
                settings.password.as_ref().map(|password| password.expose()).unwrap_or_default()
            ))
            .args([settings.name.as_str(), "-e", sql])
            .output()
            .expect("MariaDB's client");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        // `ERROR 1146 (42S02) at line 1: …`
        let mut words = text.split_whitespace().skip_while(|word| *word != "ERROR").skip(1);
        let (number, state) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut connection = connect(&database);
        let error = connection.batch_execute(sql).expect_err("an error");
        drop(connection);
        let found = ServerError::of(&error).expect("an answer");
        assert_eq!(found.code().as_deref(), Some(number), "{sql}: {text}");
        assert_eq!(
            found.sqlstate().map(|state| format!("({state})")).as_deref(),
            Some(state),
            "{sql}: {text}"
        );
    }
}

#[case(on_sqlite)]
fn result_codes() {
    let database = database(Backend::Sqlite);
    let ran = |sql: &'static str| {
        thread_local! { static SQL: std::cell::Cell<&'static str> = const { std::cell::Cell::new("") } }
        SQL.set(sql);
        in_command(database.url(), |cx| {
            cx.connect()?.batch_execute(SQL.get())?;
            Ok(())
        })
    };
    says(ran("INSERT INTO authors VALUES (1, 'b')"), &["\nRESULT CODE: SQLITE_CONSTRAINT\n"]);
    says(ran("INSERT INTO books VALUES (1, 7)"), &["\nRESULT CODE: SQLITE_CONSTRAINT_FOREIGNKEY\n"]);
    let full = ran("PRAGMA max_page_count = 1; CREATE TABLE large AS SELECT zeroblob(1000000) AS a");
    says(full, &["\nRESULT CODE: SQLITE_FULL\n", "Hint: The disk of SQLite at ", "is full"]);
    let query_only = ran("PRAGMA query_only = ON; INSERT INTO authors VALUES (5, 'e')");
    says(query_only, &["\nRESULT CODE: SQLITE_READONLY\n", "cannot be written to"]);
    // A text of its own has no code but "error".
    let missing = ran("SELECT * FROM nowhere");
    assert_eq!(missing.err.lines().next(), Some("Error: work: no such table: nowhere"), "{}", missing.all());
}
