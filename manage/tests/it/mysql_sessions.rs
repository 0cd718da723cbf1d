//! What the defaults of a MySQL or MariaDB server, and its `init_connect`, do to a connection: nothing that
//! loses data.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as QueryError};
use diesel::sql_types::Text;
use diesel_async::AsyncMysqlConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use manage::__private::internals::Background;
use manage::database::{ByUrl, Connection, MysqlConnection, Pool};
use manage::prelude::*;
use manage_test_support::hostile::Hostile;
use manage_test_support::hostile::mysql::Case;
use manage_test_support::{CaseName, MariaDb, Need, Suite, case, needs};

use crate::backends::{in_command, open, project, settings};
use crate::migrating::{NAMES, applying, done, shown};
use crate::things::{Thing, create, ids, insert, thing, things};

/// What a team may write for `ByUrl`: a driver's own connection, which is not set up by us.
type Foreign = AsyncConnectionWrapper<AsyncMysqlConnection, Background>;

/// What is wrong with a server, in lines of its configuration.
const SERVERS: &[(&str, &[&str])] = &[
    ("autocommit_is_off", &["autocommit = 0"]),
    ("init_connect_turns_it_off", &["init_connect = 'SET autocommit = 0, sql_auto_is_null = 1'"]),
    ("commit_begins_another_transaction", &["completion_type = CHAIN"]),
    ("commit_ends_the_connection", &["completion_type = RELEASE"]),
    ("lists_end_early", &["init_connect = 'SET sql_select_limit = 1'"]),
    ("sql_modes", &["sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,HIGH_NOT_PRECEDENCE'"]),
    ("no_sql_mode", &["sql_mode = ''"]),
    ("oracles_sql_mode", &["sql_mode = ORACLE"]),
    (
        "another_time_zone_and_character_set",
        &[
            "default-time-zone = +05:00",
            "character-set-server = latin1",
            "skip-character-set-client-handshake",
        ],
    ),
];

/// A test for each kind of server.
fn for_each_server(suite: &mut Suite, name: &CaseName, test: fn(&[&str])) {
    for (variant, lines) in SERVERS {
        suite.needs(Need::MariaDb, &name.row(*variant), move || test(lines));
    }
}

const SESSION: &str = "ON NO_CHAIN OFF 18446744073709551615 +00:00 utf8mb4 utf8mb4 utf8mb4";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

fn session<C>(connection: &mut C) -> String
where
    C: diesel::connection::LoadConnection<Backend = diesel::mysql::Mysql>,
{
    let sql = "SELECT CONCAT_WS(' ', @@autocommit, @@completion_type, @@sql_auto_is_null, @@sql_select_limit, \
               @@time_zone, @@character_set_client, @@character_set_connection, @@character_set_results) AS text";
    diesel::sql_query(sql).get_result::<Row>(connection).expect("the variables").text
}

fn mysql(connection: &mut Connection) -> &mut MysqlConnection {
    #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
    #[allow(clippy::infallible_destructuring_match, irrefutable_let_patterns)]
    let Connection::Mysql(connection) = connection else { panic!("a connection to MySQL") };
    connection
}

/// A server with a database of an ordinary user: for administrators `init_connect` is not run.
fn start(lines: &[&str]) -> (MariaDb, String) {
    let server = lines.iter().fold(MariaDb::builder(), |builder, line| builder.setting(*line));
    let server = server.start().unwrap();
    server.execute("CREATE DATABASE work CHARACTER SET utf8mb4");
    server.execute("CREATE USER plain IDENTIFIED BY 'secret'; GRANT ALL ON work.* TO plain; COMMIT");
    let url = server.url_as("127.0.0.1", "plain", "secret", "work");
    (server, url)
}

#[case(for_each_server)]
fn nothing_is_lost(lines: &[&str]) {
    let (_server, url) = start(lines);
    let project = project(&url);
    done(&project, "wait_for_db --timeout 30 --writable");
    assert_eq!(done(&project, "migrate"), applying(&NAMES));
    // Also the one that runs outside of a transaction.
    assert_eq!(done(&project, "showmigrations"), shown(4));
    done(&project, "migrate --check");
    done(&project, "wait_for_db --timeout 30 --migrations");
    done(&project, "greet World --isolated");

    let text = |id| Thing { label: format!("{id} 漢字-ünï-👍 \\ ' \" ||"), ..thing(id) };
    let mut first = open(&url);
    create(&mut first);
    assert_eq!(session(mysql(&mut first)), SESSION);
    for id in 1..=3 {
        insert(&mut first, &text(id)).expect("a row");
    }
    first.transaction(|connection| insert(connection, &text(4))).expect("a row");
    insert(&mut first, &text(5)).expect("a row after a transaction");
    drop(first);
    let pool = Pool::new(settings(&url), 1);
    for id in [6, 7] {
        let mut pooled = pool.get().expect("a connection");
        assert_eq!(session(mysql(&mut pooled)), SESSION);
        insert(&mut pooled, &text(id)).expect("a row");
    }
    drop(pool);
    for work in [insert_as_ours, insert_as_foreign] {
        let ran = in_command(&url, work);
        assert_eq!(ran.exit.0, 0, "{}", ran.all());
    }

    let mut connection = open(&url);
    assert_eq!(ids(&mut connection), (1..=9).collect::<Vec<_>>());
    let stored = things::table.find(5).select(Thing::as_select()).first::<Thing>(&mut connection);
    assert_eq!(stored.as_ref(), Ok(&text(5)));
    done(&project, "migrate zero");
    assert_eq!(done(&project, "showmigrations"), shown(0));
}

fn insert_as_ours(cx: &mut Context) -> Result<()> {
    insert_next(&mut cx.connect_as::<MysqlConnection>()?)
}

fn insert_as_foreign(cx: &mut Context) -> Result<()> {
    insert_next(&mut *cx.connect_as::<ByUrl<Foreign>>()?)
}

/// Stores a row outside of a transaction, with the next free id.
fn insert_next<C>(connection: &mut C) -> Result<()>
where
    C: diesel::connection::LoadConnection<Backend = diesel::mysql::Mysql>,
{
    anyhow::ensure!(session(connection) == SESSION, "{}", session(connection));
    connection.batch_execute(
        "INSERT INTO things (id, label, big, yes, ratio, moment, bytes) \
         SELECT max(id) + 1, concat('row ', max(id) + 1), 1, 1, 1, now(), '' FROM things",
    )?;
    Ok(())
}

#[case(needs(Need::MariaDb))]
fn a_pool_sets_a_used_session_back() {
    let (_server, url) = start(&[]);
    create(&mut open(&url));
    let pool = Pool::new(settings(&url), 1);
    let mut connection = pool.get().expect("a connection");
    connection
        .batch_execute("SET autocommit = 0, sql_select_limit = 1, time_zone = '+05:00', sql_auto_is_null = 1")
        .expect("other variables");
    insert(&mut connection, &thing(1)).expect("a row that is not committed");
    drop(connection);
    let mut connection = pool.get().expect("the same connection");
    assert_eq!(session(mysql(&mut connection)), SESSION);
    assert_eq!(ids(&mut connection), [0_i32; 0], "nobody has committed that");
    insert(&mut connection, &thing(2)).expect("a row");
    insert(&mut connection, &thing(3)).expect("a row");
    drop((connection, pool));
    assert_eq!(ids(&mut open(&url)), [2, 3]);
}

/// A server that lets clients in, and on which no command can do anything: a command's session needs prepared
/// statements.
#[case(needs(Need::MariaDb))]
fn a_probe_sets_up_what_a_command_does() {
    let (server, url) = start(&["max_prepared_stmt_count = 0"]);
    let ran = project(&url).run("wait_for_db --once");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    assert!(ran.err.contains("max_prepared_stmt_count"), "{}", ran.all());
    let ran = project(&url).run("showmigrations");
    assert!(ran.exit.0 == 1 && ran.err.contains("max_prepared_stmt_count"), "{}", ran.all());
    server.execute("SET GLOBAL max_prepared_stmt_count = 1000");
    done(&project(&url), "wait_for_db --once");
    done(&project(&url), "showmigrations");
}

/// It does not say that the server sent something wrong.
#[case(needs(Need::MariaDb))]
fn a_session_that_ended_says_so() {
    let (server, url) = start(&[]);
    let mut connection = open(&url);
    let id =
        diesel::sql_query("SELECT CAST(CONNECTION_ID() AS CHAR) AS text").get_result::<Row>(&mut connection);
    server.execute(&format!("KILL {}", id.expect("a number").text));
    let first = connection.batch_execute("SELECT 1").expect_err("the session ended");
    assert!(!first.to_string().contains("cannot read"), "{first}");
    for _ in 0..2 {
        let error = connection.batch_execute("SELECT 1").expect_err("it stays so");
        assert_eq!(error.to_string(), "the connection to the server is closed");
        assert!(matches!(error, QueryError::DatabaseError(DatabaseErrorKind::ClosedConnection, _)));
    }
}

/// Around the length at which a packet goes on in the next one, in both directions.
#[case(needs(Need::MariaDb))]
fn packets_of_every_length_arrive() {
    const FULL: usize = 0xff_ff_ff;
    let (_server, url) = start(&["max_allowed_packet = 64M"]);
    let mut connection = open(&url);
    // Before the text of a row there are up to 11 bytes, and before that of a statement there are 17.
    for length in
        [FULL - 17, FULL - 12, FULL - 11, FULL - 10, FULL - 6, FULL - 5, FULL - 4, FULL, 2 * FULL - 11]
    {
        let sql = format!("SELECT REPEAT('a', {length}) AS text");
        let row = diesel::sql_query(sql).get_result::<Row>(&mut connection).expect("a long row");
        assert!(row.text.len() == length && row.text.bytes().all(|byte| byte == b'a'), "{length}");
        let sql = format!("DO LENGTH('{}')", "b".repeat(length));
        connection.batch_execute(&sql).expect("a long statement");
        let sql = format!("SELECT '{}'; SELECT 1", "c".repeat(length));
        connection.batch_execute(&sql).expect("a long statement, and a long row of text");
    }
    assert_eq!(session(mysql(&mut connection)), SESSION);
}

/// Each answer ends a connection, and the pool makes another one.
#[case]
fn a_pool_replaces_what_a_hostile_server_broke() {
    let cases = [
        Case::EmptyAnswer,
        Case::EmptyRow,
        Case::ShortRow,
        Case::HugeColumnCount,
        Case::HugeSecondResult,
        Case::ShortColumn,
    ];
    for case in cases {
        let hostile = Hostile::start(case);
        let mut settings = settings(hostile.url());
        settings.connect_timeout = std::time::Duration::from_secs(1);
        let pool = Pool::new(settings, 1);
        for round in 1..=3 {
            let mut connection = pool.get().unwrap_or_else(|error| panic!("{case:?}: {error}"));
            assert_eq!(hostile.accepted(), round, "{case:?}");
            let answer = diesel::sql_query("SELECT label AS text").load::<Row>(mysql(&mut connection));
            let error = answer.map(|rows| rows.len()).expect_err("it is no answer");
            assert!(!error.to_string().contains("panicked"), "{case:?}: {error}");
        }
    }
}
