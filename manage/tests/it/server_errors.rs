//! What a server says of a statement reaches the user: its details and its code, and what to do about it.

use std::process::Command as Process;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use manage::database::{Connection, ServerError};
use manage::prelude::*;
use manage::settings::DatabaseSettings;
use manage_test_servers::{Backend, MariaDb, Need, Postgres, Suite, TestDatabase};

use crate::backends::{connect, execute, in_command, on_each_server, project, settings, url_part};
use crate::project::Ran;

pub(crate) fn add(suite: &mut Suite) {
    let mut add = |name, test: fn(Backend)| on_each_server(suite, "server_errors", name, test);
    add("a_code_is_found_wherever_the_error_comes_from", a_code_is_found_wherever_the_error_comes_from);
    add("hints_name_the_user_and_the_database", hints_name_the_user_and_the_database);
    add("a_server_that_only_reads", a_server_that_only_reads);
    if cfg!(feature = "sqlite") {
        suite.test("server_errors::sqlite::result_codes", result_codes);
    }
    if cfg!(feature = "postgres") {
        let mut needs = |name: &str, test: fn()| {
            suite.needs(Need::Postgres, format!("server_errors::postgres::{name}"), test);
        };
        needs("details_are_shown_as_psql_shows_them", details_are_shown_as_psql_shows_them);
        needs("nothing_is_lost_or_shown_twice", nothing_is_lost_or_shown_twice);
        needs("no_schema_is_selected", no_schema_is_selected);
        needs("codes_are_known_without_english", codes_are_known_without_english);
        suite.needs(
            Need::PostgresTls,
            "server_errors::postgres::a_connection_of_each_kind_reads_along",
            a_connection_of_each_kind_reads_along,
        );
    }
    if cfg!(feature = "mysql") {
        let mut needs = |name: &str, test: fn()| {
            suite.needs(Need::MariaDb, format!("server_errors::mariadb::{name}"), test);
        };
        needs("numbers_and_states_are_those_of_the_client", numbers_and_states_are_those_of_the_client);
    }
}

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

fn details_are_shown_as_psql_shows_them() {
    let database = database(Backend::Postgres);
    let ran = |work| in_command(database.url(), work);

    let duplicate = ran(|cx| {
        diesel::sql_query("INSERT INTO authors VALUES (2, 'a')").execute(&mut cx.connect()?)?;
        Ok(())
    });
    assert_eq!(
        duplicate.err,
        "Error: work: duplicate key value violates unique constraint \"authors_name_key\"\n\
         DETAIL: Key (name)=(a) already exists.\n\
         SQLSTATE: 23505\n\
         Hint: --traceback shows where this came from.\n"
    );

    let column = ran(|cx| {
        diesel::sql_query("SELECT\n\tid,\n\tnam\nFROM authors").execute(&mut cx.connect()?)?;
        Ok(())
    });
    assert_eq!(
        column.err,
        "Error: work: column \"nam\" does not exist\n\
         LINE 3:  nam\n        \u{20}^\n\
         HINT: Perhaps you meant to reference the column \"authors.name\".\n\
         SQLSTATE: 42703\n\
         Hint: The database lacks migrations (4 not applied, the first is 2024-01-01-000000_create_authors). Run `manage migrate`.\n"
    );

    let inside = ran(|cx| {
        let mut connection = cx.connect()?;
        connection.batch_execute(
            "CREATE FUNCTION inside() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM nothing FROM authors; END $$;
             CREATE FUNCTION outside() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM inside(); END $$",
        )?;
        diesel::sql_query("SELECT outside()").execute(&mut connection)?;
        Ok(())
    });
    let ran = says(
        inside,
        &[
            "Error: work: column \"nothing\" does not exist\nLINE 1: SELECT nothing FROM authors\n               ^\n",
            "\nQUERY: SELECT nothing FROM authors\n",
            "\nCONTEXT: PL/pgSQL function inside() line 1 at PERFORM\n    SQL statement \"SELECT inside()\"\n    PL/pgSQL function outside() line 1 at PERFORM\n",
            "\nSQLSTATE: 42703\n",
        ],
    );
    assert_eq!(ran.err.matches("CONTEXT").count(), 1, "{}", ran.all());

    // A name that neither the message nor the detail has.
    let not_null = in_command(database.url(), |cx| {
        diesel::sql_query("INSERT INTO authors VALUES (3, NULL)").execute(&mut cx.connect()?)?;
        Ok(())
    });
    says(not_null, &["DETAIL: Failing row contains (3, null).", "\nSQLSTATE: 23502"]);
    let raised = in_command(database.url(), |cx| {
        let raise = "DO $$ BEGIN RAISE 'no' USING DETAIL = E'first\\nsecond\\u0007', HINT = 'try', TABLE = 'shelf', ERRCODE = 'P0042'; END $$";
        cx.connect()?.batch_execute(raise)?;
        Ok(())
    });
    says(
        raised,
        &[
            "Error: work: no\nDETAIL: first\n    second\\u{7}\nHINT: try\nCONTEXT: ",
            "\nTABLE: shelf\nSQLSTATE: P0042\n",
        ],
    );
}

fn nothing_is_lost_or_shown_twice() {
    let database = database(Backend::Postgres);
    let detail = "DETAIL: Key (name)=(a) already exists.";
    // With a context above, in an error type that shows its source as its own, and in one that repeats its source.
    let with_context = in_command(database.url(), |cx| {
        diesel::sql_query("INSERT INTO authors VALUES (2, 'a')")
            .execute(&mut cx.connect()?)
            .context("The author cannot be kept")?;
        Ok(())
    });
    let ran =
        says(with_context, &["Error: work: The author cannot be kept\nCaused by: duplicate key", detail]);
    assert_eq!(ran.err.matches("DETAIL").count(), 1, "{}", ran.all());
    let transparent = in_command(database.url(), |cx| {
        #[derive(Debug)]
        struct Transparent(diesel::result::Error);
        impl std::fmt::Display for Transparent {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::error::Error for Transparent {}
        diesel::sql_query("INSERT INTO authors VALUES (2, 'a')")
            .execute(&mut cx.connect()?)
            .map_err(Transparent)?;
        Ok(())
    });
    says(transparent, &["Error: work: duplicate key value", detail]);
    let repeated = in_command(database.url(), |cx| {
        #[derive(Debug)]
        struct Repeats(diesel::result::Error);
        impl std::fmt::Display for Repeats {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "cannot keep it: {}", self.0)
            }
        }
        impl std::error::Error for Repeats {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }
        diesel::sql_query("INSERT INTO authors VALUES (2, 'a')")
            .execute(&mut cx.connect()?)
            .map_err(Repeats)?;
        Ok(())
    });
    let ran = says(repeated, &["Error: work: cannot keep it: duplicate key value", detail]);
    assert_eq!(
        (ran.err.matches("duplicate key").count(), ran.err.matches("DETAIL").count()),
        (1, 1),
        "{}",
        ran.all()
    );
    // The password of the settings is in no line, whatever the statement repeats.
    let password = settings(database.url()).password.expect("a password");
    let shown = in_command(database.url(), |cx| {
        let password = cx.database("default")?.password.clone().expect("a password");
        let sql = format!("SELECT '{0}' || nothing, '{0}'::int", password.expose());
        diesel::sql_query(sql).execute(&mut cx.connect()?)?;
        Ok(())
    });
    assert!(!shown.err.contains(password.expose()), "{}", shown.all());
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
        says(other, &["ERROR NUMBER: 1044 (42000)", &user]);
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

fn no_schema_is_selected() {
    let database = database(Backend::Postgres);
    let name = database.name().to_owned();
    execute(Backend::Postgres, &format!("ALTER DATABASE {name} SET search_path = nowhere"));
    let create = in_command(database.url(), |cx| {
        cx.connect()?.batch_execute("CREATE TABLE mine (id INT)")?;
        Ok(())
    });
    says(
        create,
        &[
            "no schema has been selected to create in",
            "SQLSTATE: 3F000",
            "\nHint: The search_path of the user ",
            &name,
        ],
    );
    let missing = in_command(database.url(), |cx| {
        cx.connect()?.batch_execute("CREATE TABLE elsewhere.mine (id INT)")?;
        Ok(())
    });
    says(missing, &["SQLSTATE: 3F000", "has no such schema"]);
}

/// The messages may be in any language; the codes are not.
fn codes_are_known_without_english() {
    let database = database(Backend::Postgres);
    let german = in_command(database.url(), |cx| {
        cx.connect()?.batch_execute(
            "DO $$ BEGIN RAISE 'keine Berechtigung für Tabelle authors' USING ERRCODE = '42501'; END $$",
        )?;
        Ok(())
    });
    says(german, &["SQLSTATE: 42501", "the owner of the object, or a superuser, can grant it"]);
    let pooler = in_command(database.url(), |cx| {
        cx.connect()?.batch_execute("DO $$ BEGIN RAISE 'gibt es nicht' USING ERRCODE = '26000'; END $$")?;
        Ok(())
    });
    says(pooler, &["Hint: A pooler seems to give"]);
}

/// Encrypted, plain, with a server that offers no encryption, and through a socket in a folder.
fn a_connection_of_each_kind_reads_along() {
    let with_tls = Postgres::builder().tls().start().unwrap();
    let plain = Postgres::start().unwrap();
    let socket = |server: &Postgres| {
        let folder = server.socket_dir().to_str().expect("UTF-8");
        format!(
            "postgres://{}:{}@/postgres?host={}&port={}",
            server.user(),
            url_part(server.password()),
            url_part(folder),
            server.port()
        )
    };
    for url in [
        format!("{}?sslmode=require", with_tls.url("postgres")),
        format!("{}?sslmode=disable", with_tls.url("postgres")),
        format!("{}?sslmode=prefer", plain.url("postgres")),
        socket(&plain),
    ] {
        let mut connection =
            Connection::open(&settings(&url)).unwrap_or_else(|error| panic!("{url}: {error}"));
        for _ in 0..2 {
            let error = diesel::sql_query("SELECT nothing").execute(&mut connection).expect_err("no column");
            let found = ServerError::of(&error).unwrap_or_else(|| panic!("{url}: nothing is known"));
            assert_eq!((found.sqlstate(), found.position()), (Some("42703"), Some(8)), "{url}");
        }
    }
}

/// The numbers and states are those that MariaDB's own client prints.
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
