//! What PostgreSQL says of an error beside its code.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use manage::database::{Connection, ServerError};
use manage::prelude::*;
use manage_test_support::{Backend, Postgres, case, execute};

use super::{database, says};
use crate::backends::{in_command, on_postgres, on_postgres_with_tls, settings, url_part};

#[case(on_postgres)]
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
         Hint: Use --traceback to see where this came from.\n"
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
         Hint: The database has unapplied migrations (4 not applied, the first is 2024-01-01-000000_create_authors). Run `manage migrate`.\n"
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

#[case(on_postgres)]
fn nothing_is_lost_or_shown_twice() {
    let database = database(Backend::Postgres);
    let detail = "DETAIL: Key (name)=(a) already exists.";
    // With a context above, in an error type that shows its source as its own, and in one that repeats its
    // source.
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

#[case(on_postgres)]
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
#[case(on_postgres)]
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

/// Encrypted, plain, with a server that offers no encryption, and through a socket in a directory.
#[case(on_postgres_with_tls)]
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
