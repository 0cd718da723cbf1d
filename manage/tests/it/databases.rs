//! One connection type, the same behaviour on every backend: queries.

use diesel::connection::Connection as _;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use manage::database::Connection;
use manage::prelude::*;
use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{connect, in_command, on_each_backend};
use crate::things::{Thing, create, ids, insert, parts, thing, things};

#[case(on_each_backend)]
fn every_type_comes_back_as_it_was(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection);
    let edges = [
        Thing { big: i64::MAX, ratio: f64::MIN_POSITIVE, note: Some(String::new()), ..thing(i32::MAX) },
        Thing { big: i64::MIN, ratio: -1.0e300, bytes: Vec::new(), ..thing(-i32::MAX) },
        Thing { bytes: (0..=255).collect(), yes: true, ratio: 0.1 + 0.2, ..thing(0) },
    ];
    for edge in &edges {
        assert_eq!(insert(&mut connection, edge), Ok(1));
    }
    for edge in &edges {
        let found = things::table.find(edge.id).select(Thing::as_select()).first::<Thing>(&mut connection);
        assert_eq!(found.as_ref(), Ok(edge));
    }
}

#[case(on_each_backend)]
fn rows_are_filtered_ordered_limited_and_counted(database: TestDatabase) {
    let connection = &mut connect(&database);
    create(connection);
    for id in 1..=10 {
        insert(connection, &Thing { note: (id > 5).then(|| format!("n{id}")), ..thing(id) }).expect("a row");
    }
    let even = things::table.filter(things::yes.eq(true)).select(things::id);
    assert_eq!(even.order(things::id.desc()).limit(2).load::<i32>(connection).unwrap(), [10, 8]);
    assert_eq!(even.order(things::id).limit(2).offset(1).load::<i32>(connection).unwrap(), [4, 6]);
    assert_eq!(things::table.count().get_result::<i64>(connection), Ok(10));
    let some = things::table.filter(things::note.is_not_null()).count();
    assert_eq!(some.get_result::<i64>(connection), Ok(5));
    let like = things::table.filter(things::label.like("thing 1%")).select(things::id).order(things::id);
    assert_eq!(like.load::<i32>(connection).unwrap(), [1, 10]);
    let before = thing(1).moment + chrono::Duration::microseconds(1);
    let dated = things::table.filter(things::moment.lt(before).and(things::ratio.gt(2.25))).count();
    assert_eq!(dated.get_result::<i64>(connection), Ok(1));
    let largest = things::table.select(diesel::dsl::max(things::big));
    assert_eq!(largest.first::<Option<i64>>(connection), Ok(Some(10_000)));
    let there = diesel::select(diesel::dsl::exists(things::table.find(3)));
    assert_eq!(there.get_result::<bool>(connection), Ok(true));
    let boxed = things::table.select(things::id).into_boxed().filter(things::big.le(2_000)).order(things::id);
    assert_eq!(boxed.load::<i32>(connection).unwrap(), [1, 2]);
}

#[case(on_each_backend)]
fn rows_are_updated_and_deleted(database: TestDatabase) {
    let connection = &mut connect(&database);
    create(connection);
    for id in 1..=4 {
        insert(connection, &thing(id)).expect("a row");
    }
    let odd = things::table.filter(things::yes.eq(false));
    let change = (things::note.eq(Some("odd")), things::big.eq(things::big + 1));
    assert_eq!(diesel::update(odd).set(change).execute(connection), Ok(2));
    let changed = Thing { label: "another".to_owned(), ..thing(2) };
    assert_eq!(diesel::update(things::table.find(2)).set(&changed).execute(connection), Ok(1));
    let shown: Vec<(String, Option<String>, i64)> = things::table
        .select((things::label, things::note, things::big))
        .order(things::id)
        .load(connection)
        .unwrap();
    assert_eq!(shown[0], ("thing 1".to_owned(), Some("odd".to_owned()), 1_001));
    assert_eq!(shown[1], ("another".to_owned(), None, 2_000));
    assert_eq!(diesel::delete(things::table.filter(things::id.gt(2))).execute(connection), Ok(2));
    assert_eq!(ids(connection), [1, 2]);
    assert_eq!(diesel::delete(things::table.find(99)).execute(connection), Ok(0));
}

#[case(on_each_backend)]
fn tables_are_joined(database: TestDatabase) {
    let connection = &mut connect(&database);
    create(connection);
    for id in 1..=2 {
        insert(connection, &thing(id)).expect("a row");
        let part = (parts::id.eq(id * 10), parts::thing.eq(id));
        diesel::insert_into(parts::table).values(part).execute(connection).expect("a part");
    }
    let pairs = parts::table.inner_join(things::table).select((parts::id, things::label)).order(parts::id);
    let pairs: Vec<(i32, String)> = pairs.load(connection).expect("pairs");
    assert_eq!(pairs, [(10, "thing 1".to_owned()), (20, "thing 2".to_owned())]);
}

#[case(on_each_backend)]
fn any_text_survives(database: TestDatabase) {
    let connection = &mut connect(&database);
    create(connection);
    let texts = ["ünïcödé 漢字 عربي", "👩‍👩‍👧‍👦🏳️‍🌈", "'; DROP TABLE things; --", "\\ \" ` $1 ? %", " \t\r\n "];
    for (id, text) in (1..).zip(texts) {
        let row = Thing { label: text.to_owned(), note: Some(text.to_owned()), ..thing(id) };
        insert(connection, &row).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let found: Thing =
            things::table.filter(things::label.eq(text)).first(connection).expect("it is found by it");
        assert_eq!(found, row);
    }
}

#[case(on_each_backend)]
fn a_megabyte_survives(database: TestDatabase) {
    let connection = &mut connect(&database);
    create(connection);
    let text = "é👍".chars().cycle().take(1 << 20).collect::<String>();
    let bytes = (0..1_u32 << 20).map(|n| (n * 31) as u8).collect();
    let row = Thing { note: Some(text), bytes, ..thing(1) };
    insert(connection, &row).expect("a large row");
    assert!(things::table.first::<Thing>(connection).expect("a large row") == row);
}

#[case(on_each_backend)]
fn rows_arrive_one_by_one(database: TestDatabase) {
    let connection = &mut connect(&database);
    create(connection);
    let rows: Vec<Thing> = (1..=500).map(thing).collect();
    let result: QueryResult<()> = connection
        .transaction(|connection| rows.iter().try_for_each(|row| insert(connection, row).map(drop)));
    result.expect("rows");
    let query = things::table.order(things::id);
    let found = query.load_iter::<Thing, diesel::connection::DefaultLoadingMode>(connection).expect("rows");
    assert!(found.map(|row| row.expect("a row")).eq(rows));
    // One that is left in the middle is in nobody's way.
    let mut found =
        query.load_iter::<Thing, diesel::connection::DefaultLoadingMode>(connection).expect("rows");
    assert_eq!(found.next().expect("the first").expect("a row").id, 1);
    drop(found);
    assert_eq!(things::table.count().get_result::<i64>(connection), Ok(500));
}

#[case(on_each_backend)]
fn no_rows_are_no_error(database: TestDatabase) {
    let connection = &mut connect(&database);
    create(connection);
    assert_eq!(things::table.load::<Thing>(connection), Ok(Vec::new()));
    assert_eq!(things::table.first::<Thing>(connection), Err(Error::NotFound));
    assert_eq!(things::table.first::<Thing>(connection).optional(), Ok(None));
    assert_eq!(things::table.select(diesel::dsl::max(things::id)).first::<Option<i32>>(connection), Ok(None));
    assert_eq!(diesel::sql_query("SELECT id FROM things").load::<Id>(connection).expect("none").len(), 0);
}

#[case(on_each_backend)]
fn a_violation_has_its_kind(database: TestDatabase) {
    let connection = &mut connect(&database);
    create(connection);
    insert(connection, &thing(1)).expect("a row");
    let kind = |result: QueryResult<usize>| match result {
        Err(Error::DatabaseError(kind, _)) => kind,
        other => panic!("no violation: {other:?}"),
    };
    let same_label = Thing { label: thing(1).label, ..thing(2) };
    assert!(matches!(kind(insert(connection, &same_label)), DatabaseErrorKind::UniqueViolation));
    assert!(matches!(kind(insert(connection, &thing(1))), DatabaseErrorKind::UniqueViolation));
    let orphan = diesel::insert_into(parts::table).values((parts::id.eq(1), parts::thing.eq(99)));
    assert!(matches!(kind(orphan.execute(connection)), DatabaseErrorKind::ForeignKeyViolation));
    diesel::insert_into(parts::table)
        .values((parts::id.eq(1), parts::thing.eq(1)))
        .execute(connection)
        .expect("a part");
    let owner = diesel::delete(things::table.find(1)).execute(connection);
    assert!(matches!(kind(owner), DatabaseErrorKind::ForeignKeyViolation));
    let null = diesel::sql_query("INSERT INTO parts (id, thing) VALUES (2, NULL)").execute(connection);
    assert!(matches!(kind(null), DatabaseErrorKind::NotNullViolation));
    assert_eq!(ids(connection), [1], "the connection goes on");
}

#[case(on_each_backend)]
fn a_wrong_query_leaves_the_connection_usable(database: TestDatabase) {
    let connection = &mut connect(&database);
    create(connection);
    for sql in ["SELECT nonsense FROM nowhere", "SELEKT 1", "SELECT id FROM things WHERE"] {
        assert!(diesel::sql_query(sql).load::<Id>(connection).is_err(), "{sql}");
        assert_eq!(ids(connection), [0; 0]);
    }
    // The column is there, and holds something else than was said.
    diesel::sql_query("INSERT INTO parts (id, thing) VALUES (1, NULL)")
        .execute(connection)
        .expect_err("it is null");
    assert!(diesel::sql_query("SELECT 1 AS other").load::<Id>(connection).is_err());
    assert_eq!(ids(connection), [0; 0]);
}

#[derive(QueryableByName, Debug, PartialEq)]
struct Id {
    #[diesel(sql_type = Integer)]
    id: i32,
}

#[derive(QueryableByName, Debug, PartialEq)]
struct Found {
    #[diesel(sql_type = Text)]
    word: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Nullable<Text>)]
    absent: Option<String>,
}

#[case(on_each_backend)]
fn plain_sql_takes_values(database: TestDatabase) {
    let connection = &mut connect(&database);
    create(connection);
    insert(connection, &Thing { label: "o'clock".to_owned(), ..thing(7) }).expect("a row");
    let sql = match database.backend() {
        Backend::Postgres => {
            "SELECT label AS word, big AS number, note AS absent FROM things WHERE label = $1 AND big > $2 AND yes = $3"
        }
        _ => {
            "SELECT label AS word, big AS number, note AS absent FROM things WHERE label = ? AND big > ? AND yes = ?"
        }
    };
    let query =
        diesel::sql_query(sql).bind::<Text, _>("o'clock").bind::<BigInt, _>(5_i64).bind::<Bool, _>(false);
    let found: Vec<Found> = query.load(connection).expect("one row");
    assert_eq!(found, [Found { word: "o'clock".to_owned(), number: 7_000, absent: None }]);
}

#[case(on_each_backend)]
fn what_one_commits_the_other_sees(database: TestDatabase) {
    let (mut one, mut other) = (connect(&database), connect(&database));
    create(&mut one);
    insert(&mut one, &thing(1)).expect("a row");
    assert_eq!(ids(&mut other), [1]);
    insert(&mut other, &thing(2)).expect("a row");
    assert_eq!(ids(&mut one), [1, 2]);
    let result: Result<()> = one.transaction(|one| {
        insert(one, &thing(3))?;
        assert_eq!(ids(&mut other), [1, 2], "not before it is committed");
        Ok(())
    });
    result.expect("a transaction");
    assert_eq!(ids(&mut other), [1, 2, 3]);
}

#[case(on_each_backend)]
fn an_update_counts_the_rows_that_matched(database: TestDatabase) {
    let connection = &mut connect(&database);
    create(connection);
    insert(connection, &thing(1)).expect("a row");
    // MySQL alone would count the rows that changed.
    assert_eq!(diesel::update(things::table).set(things::big.eq(1_000)).execute(connection), Ok(1));
}

#[case(on_each_backend)]
fn the_server_says_its_version(database: TestDatabase) {
    let version = connect(&database).server_version().expect("a version");
    let (product, number) = version.split_once(' ').expect("two words");
    let expected = match database.backend() {
        Backend::Sqlite => "SQLite",
        Backend::Postgres => "PostgreSQL",
        Backend::MariaDb => "MariaDB",
    };
    assert_eq!(product, expected);
    assert!(number.starts_with(|c: char| c.is_ascii_digit()), "{version}");
}

#[case(on_each_backend)]
fn a_connection_moves_between_threads(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection);
    for id in 1..=3 {
        let work = move || {
            insert(&mut connection, &thing(id)).expect("a row");
            connection
        };
        connection = std::thread::spawn(work).join().expect("no panic");
    }
    assert_eq!(ids(&mut connection), [1, 2, 3]);
}

fn read_as<C: diesel::Connection + manage::database::Connect>(cx: &mut Context) -> Result<()> {
    cx.connect_as::<C>()?.batch_execute("SELECT id FROM things")?;
    cx.line("read")
}

#[case(on_each_backend)]
fn a_command_may_ask_for_a_type_of_connection(database: TestDatabase) {
    create(&mut connect(&database));
    type Work = fn(&mut Context) -> Result<()>;
    let types: &[(Backend, Work)] = &[
        #[cfg(feature = "sqlite")]
        (Backend::Sqlite, read_as::<diesel::SqliteConnection>),
        #[cfg(feature = "sqlite")]
        (Backend::Sqlite, read_as::<manage::database::SqliteConnection>),
        #[cfg(feature = "postgres")]
        (Backend::Postgres, read_as::<manage::database::PostgresConnection>),
        #[cfg(feature = "mysql")]
        (Backend::MariaDb, read_as::<manage::database::MysqlConnection>),
    ];
    for (_, right) in types.iter().filter(|(backend, _)| *backend == database.backend()) {
        let ran = in_command(database.url(), *right);
        assert_eq!((ran.exit.0, ran.out.as_str()), (0, "read\n"), "{}", ran.all());
    }
    for &(other, wrong) in types.iter().filter(|(backend, _)| *backend != database.backend()) {
        let ran = in_command(database.url(), wrong);
        let settings = crate::backends::settings(database.url());
        let named = |backend| match backend {
            Backend::Sqlite => "SQLite",
            Backend::Postgres => "PostgreSQL",
            Backend::MariaDb => "MySQL",
        };
        let message = format!(
            "Error: {settings} is another kind of database than this connection is for (`default` comes from \
             DATABASE_URL (environment); "
        );
        assert_eq!((ran.exit.0, ran.out.as_str()), (78, ""), "{}", ran.all());
        assert!(ran.err.starts_with(&message), "{message}\n{}", ran.all());
        let kind = format!("Connection connects to {})\n", named(other));
        assert!(ran.err.contains(&kind), "{kind}\n{}", ran.all());
        let example = match other {
            Backend::Sqlite => "sqlite:db.sqlite3",
            Backend::Postgres => "postgres://user@host/name",
            Backend::MariaDb => "mysql://user@host/name",
        };
        assert!(
            ran.err.contains(&format!(
                "Hint: Set it to a URL such as {example}, or open a `manage::database::Connection`"
            )),
            "{}",
            ran.all()
        );
        if let Some(password) = settings.password {
            crate::backends::text_shows_no_password(&ran.all(), password.expose());
        }
    }
}

#[case(on_each_backend)]
fn a_url_opens_its_own_backend(database: TestDatabase) {
    let mut connection = Connection::establish(database.url()).expect("a connection");
    assert_eq!(connection.backend(), connect(&database).backend());
    create(&mut connection);
    assert_eq!(insert(&mut connection, &thing(1)), Ok(1));
    assert_eq!(ids(&mut connection), [1]);
}

#[case]
fn a_url_that_opens_nothing_says_why() {
    let refused = |url: &str| Connection::establish(url).map(drop).expect_err(url).to_string();
    let unknown = refused("oracle://scott:tiger@localhost/orcl");
    assert!(unknown.contains("oracle") && !unknown.contains("tiger"), "{unknown}");
    // A directory cannot be a file, and the error does not speak of the other backends.
    #[cfg(feature = "sqlite")]
    {
        let no_file = refused(env!("CARGO_MANIFEST_DIR"));
        assert!(no_file.contains("SQLite") || no_file.contains("directory"), "{no_file}");
    }
    #[cfg(feature = "postgres")]
    {
        let free = manage_test_support::free_port();
        let closed = refused(&format!("postgres://app:hunter2@127.0.0.1:{free}/blog"));
        assert!(closed.contains(&free.to_string()) && !closed.contains("hunter2"), "{closed}");
    }
}
