//! A team on one database: it names its type of connection once, and gets it from everything that gives a
//! connection.

use std::time::Duration;

use manage::database::{Connect, Database, Reason, open_async};
use manage::prelude::*;
use manage::settings::DatabaseSettings;
use manage_test_support::{Backend, DatabaseServer, TestDatabase, case};

#[cfg(feature = "mysql")]
use crate::backends::on_mariadb;
use crate::backends::{in_command, settings, text, with};
#[cfg(feature = "postgres")]
use crate::backends::{on_postgres, on_postgres_with_tls};
use crate::tls::encrypting;

/// Runs a future on a runtime that drives no sockets: those of the connections have their own.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// The settings of a server's own database, encrypted and verified.
fn verified(server: &DatabaseServer, password: &str, ca: &std::path::Path) -> DatabaseSettings {
    let url = server.url_as("localhost", server.user(), password, server.own_database());
    settings(&with(&with(&url, "sslmode", "verify-full"), "sslrootcert", text(ca)))
}

/// What both kinds of asynchronous connections do with TLS and with a wrong password.
fn logs_in<C: Connect + Send + 'static>(backend: Backend, is_encrypted: fn(&mut C) -> bool) {
    let (server, tls) = encrypting(backend);
    let right = verified(&server, server.password(), tls.ca());
    let mut connection: C = Database::from(&right).connect_as().unwrap_or_else(|error| panic!("{error}"));
    assert!(is_encrypted(&mut connection));
    let mut connection: C = block_on(open_async(right.clone())).unwrap_or_else(|error| panic!("{error}"));
    assert!(is_encrypted(&mut connection));
    let refused = |settings: &DatabaseSettings| match Database::from(settings).connect_as::<C>() {
        Ok(_) => panic!("it was let in"),
        Err(error) => error.reason,
    };
    assert_eq!(refused(&verified(&server, server.password(), tls.untrusted_ca())), Reason::Tls);
    assert_eq!(refused(&verified(&server, "wrong", tls.ca())), Reason::Credentials);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = right.url().expose().replace(
        &format!("localhost:{}", server.port()),
        &silent.local_addr().expect("an address").to_string(),
    );
    let mut limited = settings(&url);
    limited.connect_timeout = Duration::from_millis(200);
    assert_eq!(refused(&limited), Reason::TimedOut);
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::io::Write;

    use chrono::{DateTime, SubsecRound, Utc};
    use diesel::deserialize::{self, FromSql};
    use diesel::pg::{Pg, PgValue};
    use diesel::prelude::*;
    use diesel::serialize::{self, IsNull, Output, ToSql};
    use diesel::sql_types::BigInt;
    use manage::database::{Connection, Pool, Poolable, PooledConnection, PostgresConnection};
    use uuid::Uuid;

    use super::*;

    /// The team's own name for its connections.
    type Db = PostgresConnection;

    const TABLE: &str = "CREATE TYPE stage AS ENUM ('draft', 'live'); \
        CREATE TABLE visits (id uuid PRIMARY KEY, at timestamptz NOT NULL, about jsonb NOT NULL, \
        stage stage NOT NULL, tags text[] NOT NULL)";

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "stage"))]
    pub struct StageType;

    diesel::table! {
        use diesel::sql_types::*;
        use super::StageType;

        visits (id) {
            id -> Uuid,
            at -> Timestamptz,
            about -> Jsonb,
            stage -> StageType,
            tags -> Array<Text>,
        }
    }

    #[derive(
        Clone, Copy, Debug, PartialEq, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
    )]
    #[diesel(sql_type = StageType)]
    pub enum Stage {
        Draft,
        Live,
    }

    impl ToSql<StageType, Pg> for Stage {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            out.write_all(if *self == Self::Live { b"live" } else { b"draft" })?;
            Ok(IsNull::No)
        }
    }

    impl FromSql<StageType, Pg> for Stage {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            match value.as_bytes() {
                b"draft" => Ok(Self::Draft),
                b"live" => Ok(Self::Live),
                other => Err(format!("no stage: {other:?}").into()),
            }
        }
    }

    #[derive(Clone, Debug, PartialEq, Insertable, Queryable, Selectable)]
    #[diesel(check_for_backend(Pg))]
    pub(super) struct Visit {
        pub(super) id: Uuid,
        at: DateTime<Utc>,
        about: serde_json::Value,
        stage: Stage,
        tags: Vec<String>,
    }

    pub(super) fn visit(number: u128) -> Visit {
        Visit {
            id: Uuid::from_u128(number),
            // PostgreSQL keeps microseconds.
            at: Utc::now().trunc_subsecs(6),
            about: serde_json::json!({ "number": number.to_string(), "deep": [null, { "漢": true }] }),
            stage: if number.is_multiple_of(2) { Stage::Draft } else { Stage::Live },
            tags: vec!["a".to_owned(), "b,\"c\"".to_owned()],
        }
    }

    fn store(connection: &mut Db, visit: &Visit) -> QueryResult<Visit> {
        use diesel::Connection as _;
        connection.transaction(|connection| {
            diesel::insert_into(visits::table).values(visit).execute(connection)?;
            let live = visits::stage.eq(visit.stage).and(visits::id.eq(visit.id));
            visits::table.filter(live).select(Visit::as_select()).first(connection)
        })
    }

    pub(super) fn created(database: &TestDatabase) {
        use diesel::connection::SimpleConnection as _;
        Connection::open(&settings(database.url()))
            .expect("a connection")
            .batch_execute(TABLE)
            .expect("tables");
    }

    fn ensure_stored(connection: &mut Db, number: u128) -> Result<()> {
        let wanted = visit(number);
        let stored = store(connection, &wanted)?;
        anyhow::ensure!(stored == wanted, "{stored:?} is not {wanted:?}");
        Ok(())
    }

    #[case(on_postgres)]
    fn a_command_gets_it_everywhere() {
        let database = TestDatabase::postgres();
        created(&database);
        let ran = in_command(database.url(), |cx| {
            ensure_stored(&mut cx.connect_as::<Db>()?, 1)?;
            ensure_stored(&mut cx.database("default")?.connect_as::<Db>()?, 2)?;
            ensure_stored(&mut *cx.pool_as::<Db>()?.get()?, 3)?;
            let pool = cx.database("default")?.pool_as::<Db>();
            let again = cx.pool_as::<Db>()?;
            drop(pool.get()?);
            anyhow::ensure!(format!("{again:?}") == format!("{pool:?}"), "{again:?} is not {pool:?}");
            // A pool for each type.
            drop(cx.pool()?.get()?);
            anyhow::ensure!(format!("{pool:?}").contains("1 of 10 open, 1 idle"), "{pool:?}");
            let mut connection = cx.database("default")?.pool_as::<Db>().get()?;
            let count = visits::table.count().get_result::<i64>(&mut connection)?;
            cx.line(count)
        });
        assert_eq!((ran.exit.0, ran.out.as_str()), (0, "3\n"), "{}", ran.all());
    }

    #[case(on_postgres)]
    fn tests_get_it_too() {
        use diesel::connection::SimpleConnection as _;
        let database = TestDatabase::postgres();
        let made = manage::testing::TestDatabase::empty(&settings(database.url())).expect("a database");
        made.connect_as::<Db>().expect("a connection").batch_execute(TABLE).expect("tables");
        ensure_stored(&mut made.pool_as::<Db>().get().expect("a connection"), 1).expect("a visit");
        let project = manage::testing::Project::new(manage::Program::new(&["it"])).with_test_database(made);
        ensure_stored(&mut project.connect_as::<Db>(), 2).expect("a visit");
        let pool = project.database("default").pool_as::<Db>();
        let stored = visits::table.count().get_result::<i64>(&mut pool.get().expect("a connection"));
        assert_eq!(stored, Ok(2));
    }

    #[cfg(feature = "runserver")]
    #[case(on_postgres)]
    fn routes_get_it_too() {
        let database = TestDatabase::postgres();
        created(&database);
        let ran = in_command(database.url(), |cx| {
            let site = manage::server::Site::new(cx.settings()?.clone());
            ensure_stored(&mut site.connect_as::<Db>()?, 1)?;
            ensure_stored(&mut site.database("default")?.connect_as::<Db>()?, 2)?;
            let pool = site.pool_as::<Db>();
            block_on(pool.run(|connection| -> Result<()> { ensure_stored(connection, 3) }))
        });
        assert_eq!(ran.exit.0, 0, "{}", ran.all());
    }

    /// A pool of its own type, as a library would ask for one.
    fn kept<C: Poolable + diesel::connection::LoadConnection<Backend = Pg>>(pool: &Pool<C>) -> i64 {
        let mut connection: PooledConnection<C> = pool.get().expect("a connection");
        visits::table.count().get_result(&mut connection).expect("a number")
    }

    /// One statement, as a trigger for each statement counts them.
    #[case(on_postgres)]
    fn many_rows_are_one_statement() {
        use diesel::connection::SimpleConnection as _;
        let database = TestDatabase::postgres();
        created(&database);
        let pool: Pool<Db> = Database::from(&settings(database.url())).pool_as();
        let mut connection = pool.get().expect("a connection");
        let counted = "CREATE SEQUENCE statements; CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql \
            AS $$ BEGIN PERFORM nextval('statements'); RETURN NULL; END $$; \
            CREATE TRIGGER counted AFTER INSERT ON visits FOR EACH STATEMENT EXECUTE FUNCTION counted()";
        connection.batch_execute(counted).expect("a trigger");
        let statements = |connection: &mut PooledConnection<Db>| {
            let sql = "(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM statements)";
            diesel::select(diesel::dsl::sql::<BigInt>(sql)).get_result::<i64>(connection).expect("a number")
        };
        let rows: Vec<Visit> = (1..=1000).map(visit).collect();
        let stored = diesel::insert_into(visits::table).values(&rows).execute(&mut connection);
        assert_eq!((stored, statements(&mut connection)), (Ok(1000), 1));
        let more: Vec<Visit> = (1001..=1500).map(visit).collect();
        let ids = diesel::insert_into(visits::table).values(&more).returning(visits::id);
        assert_eq!(ids.get_results::<Uuid>(&mut *connection).expect("ids").len(), 500);
        assert_eq!(statements(&mut connection), 2);
        drop(connection);
        assert_eq!(kept(&pool), 1500);
    }
}

#[cfg(feature = "postgres")]
mod postgres_asynchronous {
    use diesel::dsl;
    use diesel::sql_types::{BigInt, Bool};
    use diesel::{QueryDsl as _, SelectableHelper as _};
    use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
    use manage::database::PostgresConnection;

    use super::postgres::{Visit, created, visit, visits};
    use super::*;

    #[case(on_postgres)]
    fn an_asynchronous_connection_is_ours_below() {
        let database = TestDatabase::postgres();
        created(&database);
        let ran = in_command(database.url(), |cx| {
            let mut connection: AsyncPgConnection = cx.connect_as()?;
            let (wanted, rows) = (visit(1), [visit(2), visit(3)]);
            block_on(async {
                diesel::insert_into(visits::table).values(&wanted).execute(&mut connection).await?;
                diesel::insert_into(visits::table).values(&rows).execute(&mut connection).await?;
                let stored = visits::table.find(wanted.id).select(Visit::as_select());
                anyhow::ensure!(stored.first(&mut connection).await? == wanted, "{wanted:?}");
                let count: i64 = visits::table.count().get_result(&mut connection).await?;
                anyhow::ensure!(count == 3, "{count}");
                connection.batch_execute("SELECT no_column").await.expect_err("no column");
                anyhow::Ok(())
            })?;
            let settings = cx.database("default")?.settings().clone();
            drop(block_on(open_async::<AsyncPgConnection>(settings))?);
            Ok(())
        });
        assert_eq!(ran.exit.0, 0, "{}", ran.all());
    }

    /// The server sees a connection that was closed, not one that broke.
    #[case(on_postgres)]
    fn an_asynchronous_connection_ends_with_its_value() {
        let database = TestDatabase::postgres();
        let sessions = |connection: &mut PostgresConnection| {
            let sql = "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())";
            diesel::RunQueryDsl::get_result::<i64>(diesel::select(dsl::sql::<BigInt>(sql)), connection)
                .expect("a number")
        };
        let mut watcher: PostgresConnection =
            Database::from(&settings(database.url())).connect_as().expect("a connection");
        let others: Vec<AsyncPgConnection> = (0..3)
            .map(|_| Database::from(&settings(database.url())).connect_as().expect("a connection"))
            .collect();
        assert_eq!(sessions(&mut watcher), 4);
        drop(others);
        for _ in 0..300 {
            if sessions(&mut watcher) == 1 {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the sessions are still open");
    }

    #[case(on_postgres_with_tls)]
    fn an_asynchronous_connection_logs_in_as_ours() {
        logs_in::<AsyncPgConnection>(Backend::Postgres, |connection| {
            let sql = "(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AND \
                       (SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = current_user)";
            let query = diesel::select(diesel::dsl::sql::<Bool>(sql));
            block_on(query.get_result::<bool>(connection)).expect("an answer")
        });
    }
}

#[cfg(feature = "mysql")]
mod mysql {
    use diesel::QueryableByName;
    use diesel::sql_types::Text;
    use diesel_async::{AsyncMysqlConnection, RunQueryDsl as _};
    use manage::database::MysqlConnection;
    use manage_test_support::MariaDb;

    use super::*;
    use crate::things::{Thing, thing, things};

    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text, column_name = "Value")]
        value: String,
    }

    fn status(connection: &mut MysqlConnection, name: &str) -> u64 {
        let query = diesel::sql_query(format!("SHOW STATUS LIKE '{name}'"));
        let row: Row = diesel::RunQueryDsl::get_result(query, connection).expect("a row");
        row.value.parse().expect("a number")
    }

    #[case(on_mariadb)]
    fn many_rows_are_one_statement() {
        let database = TestDatabase::mariadb();
        crate::things::create(&mut crate::backends::connect(&database));
        let mut connection: MysqlConnection =
            Database::from(&settings(database.url())).connect_as().expect("a connection");
        let before = status(&mut connection, "Com_insert");
        let rows: Vec<Thing> = (1..=1000).map(thing).collect();
        let insert = diesel::insert_into(things::table).values(&rows);
        assert_eq!(diesel::RunQueryDsl::execute(insert, &mut connection), Ok(1000));
        assert_eq!(status(&mut connection, "Com_insert"), before + 1);
    }

    #[case(on_mariadb)]
    fn an_asynchronous_connection_is_ours_below() {
        let server = MariaDb::builder().setting("autocommit = 0").start().unwrap();
        MariaDb::execute(&server, "CREATE DATABASE work; COMMIT");
        let settings = settings(&server.url("work"));
        let mut watcher = MysqlConnection::open(&settings).expect("a connection");
        let mut connection: AsyncMysqlConnection =
            Database::from(&settings).connect_as().unwrap_or_else(|error| panic!("{error}"));
        block_on(async {
            for sql in ["CREATE TABLE kept (id integer)", "INSERT INTO kept VALUES (1), (2)"] {
                diesel::sql_query(sql).execute(&mut connection).await.expect(sql);
            }
            // More than goes through the relay at once.
            let long = "SELECT REPEAT('x', 5000000) AS Value";
            let row: Row = diesel::sql_query(long).get_result(&mut connection).await.expect("a row");
            assert_eq!(row.value.len(), 5_000_000);
        });
        drop(connection);
        let kept = "SELECT CAST(count(*) AS CHAR) AS Value FROM kept";
        let row: Row = diesel::RunQueryDsl::get_result(diesel::sql_query(kept), &mut watcher).expect("a row");
        assert_eq!(row.value, "2", "its session commits");
        let mut sessions = 0;
        for _ in 0..300 {
            sessions = status(&mut watcher, "Threads_connected");
            if sessions == 1 {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(sessions, 1, "the relay ended with the connection");
        assert_eq!(status(&mut watcher, "Aborted_clients"), 0, "it said so");
    }

    #[case(on_mariadb)]
    fn an_asynchronous_connection_logs_in_as_ours() {
        logs_in::<AsyncMysqlConnection>(Backend::MariaDb, |connection| {
            let query = diesel::sql_query("SHOW STATUS LIKE 'Ssl_cipher'");
            !block_on(query.get_result::<Row>(connection)).expect("a row").value.is_empty()
        });
    }
}
