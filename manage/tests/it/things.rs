//! Two tables with a column of every type that all backends share.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use manage::database::Connection;
use manage::settings::Backend;

diesel::table! {
    things (id) {
        id -> Integer,
        label -> Text,
        note -> Nullable<Text>,
        big -> BigInt,
        yes -> Bool,
        ratio -> Double,
        moment -> Timestamp,
        bytes -> Binary,
    }
}

diesel::table! {
    parts (id) {
        id -> Integer,
        thing -> Integer,
    }
}

diesel::joinable!(parts -> things (thing));
diesel::allow_tables_to_appear_in_same_query!(things, parts);

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = things)]
pub(crate) struct Thing {
    pub(crate) id: i32,
    pub(crate) label: String,
    pub(crate) note: Option<String>,
    pub(crate) big: i64,
    pub(crate) yes: bool,
    pub(crate) ratio: f64,
    pub(crate) moment: chrono::NaiveDateTime,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn thing(id: i32) -> Thing {
    let moment = chrono::NaiveDate::from_ymd_opt(2024, 2, 29)
        .and_then(|day| day.and_hms_micro_opt(23, 59, 59, 999_999));
    Thing {
        id,
        label: format!("thing {id}"),
        note: None,
        big: i64::from(id) * 1_000,
        yes: id % 2 == 0,
        ratio: f64::from(id) / 4.0,
        moment: moment.expect("a leap day"),
        bytes: vec![0, 255, b'\'', b'\\', 10],
    }
}

pub(crate) fn create(connection: &mut Connection) {
    let [text, double, moment, bytes] = match connection.backend() {
        Backend::Sqlite => ["TEXT", "DOUBLE", "TIMESTAMP", "BLOB"],
        Backend::Postgres => ["TEXT", "DOUBLE PRECISION", "TIMESTAMP", "BYTEA"],
        Backend::Mysql => ["MEDIUMTEXT", "DOUBLE", "DATETIME(6)", "LONGBLOB"],
        other => unreachable!("a new backend: {other}"),
    };
    connection
        .batch_execute(&format!(
            "CREATE TABLE things (id INTEGER PRIMARY KEY, label VARCHAR(100) NOT NULL UNIQUE, note {text},
                big BIGINT NOT NULL, yes BOOLEAN NOT NULL, ratio {double} NOT NULL, moment {moment} NOT NULL,
                bytes {bytes} NOT NULL);
            CREATE TABLE parts (id INTEGER PRIMARY KEY, thing INTEGER NOT NULL,
                FOREIGN KEY (thing) REFERENCES things (id));"
        ))
        .expect("two tables");
}

pub(crate) fn insert(connection: &mut Connection, thing: &Thing) -> QueryResult<usize> {
    diesel::insert_into(things::table).values(thing).execute(connection)
}

pub(crate) fn ids(connection: &mut Connection) -> Vec<i32> {
    things::table.select(things::id).order(things::id).load(connection).expect("the ids")
}
