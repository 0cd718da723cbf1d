//! What the defaults of a MySQL or MariaDB server, and its `init_connect`, do to a connection: nothing that loses data.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::AsyncMysqlConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use manage::database::{Background, Connection, MysqlConnection, Pool};
use manage::prelude::*;
use manage_test_servers::{MariaDb, Need, Suite};

use crate::backends::{in_command, open, project, settings};
use crate::migrating::{NAMES, applying, done, shown};
use crate::things::{Thing, create, ids, insert, thing, things};

/// What a team may write for `connect_as`: a driver's own connection, which is not set up by us.
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

pub(crate) fn add(suite: &mut Suite) {
    for (name, lines) in SERVERS {
        suite.needs(Need::MariaDb, format!("mysql_sessions::{name}"), move || nothing_is_lost(lines));
    }
    suite.needs(Need::MariaDb, "mysql_sessions::a_pool_sets_a_used_session_back", a_used_session_is_set_back);
    suite.needs(Need::MariaDb, "mysql_sessions::a_probe_sets_up_what_a_command_does", a_probe_sets_up);
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
    for work in [insert_as::<MysqlConnection>, insert_as::<Foreign>] {
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

/// Stores a row outside of a transaction, with the next free id.
fn insert_as<C>(cx: &mut Context) -> Result<()>
where
    C: diesel::connection::LoadConnection<Backend = diesel::mysql::Mysql>,
{
    let mut connection = cx.connect_as::<C>()?;
    anyhow::ensure!(session(&mut connection) == SESSION, "{}", session(&mut connection));
    connection.batch_execute(
        "INSERT INTO things (id, label, big, yes, ratio, moment, bytes) \
         SELECT max(id) + 1, concat('row ', max(id) + 1), 1, 1, 1, now(), '' FROM things",
    )?;
    Ok(())
}

fn a_used_session_is_set_back() {
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

/// A server that lets clients in, and on which no command can do anything: a command's session needs prepared statements.
fn a_probe_sets_up() {
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
