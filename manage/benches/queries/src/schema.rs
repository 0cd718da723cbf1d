//! The tables of every backend, and their rows.

use diesel::prelude::*;

diesel::table! {
    /// What the reads and updates use: ten thousand rows.
    items (id) {
        id -> Integer,
        owner -> BigInt,
        title -> Text,
        body -> Text,
        active -> Bool,
    }
}

diesel::table! {
    /// The same columns with two hundred thousand rows, for the row that loads all of them.
    wide (id) {
        id -> Integer,
        owner -> BigInt,
        title -> Text,
        body -> Text,
        active -> Bool,
    }
}

diesel::table! {
    /// What the inserts fill.
    notes (id) {
        id -> Integer,
        owner -> BigInt,
        title -> Text,
        body -> Text,
        active -> Bool,
    }
}

diesel::table! {
    /// What the deletes empty.
    doomed (id) {
        id -> Integer,
        owner -> BigInt,
        title -> Text,
        body -> Text,
        active -> Bool,
    }
}

#[derive(Queryable, Selectable)]
#[expect(dead_code, reason = "the rows are only loaded")]
#[diesel(table_name = items)]
pub struct Item {
    pub id: i32,
    pub owner: i64,
    pub title: String,
    pub body: String,
    pub active: bool,
}

#[derive(Queryable, Selectable)]
#[expect(dead_code, reason = "the rows are only loaded")]
#[diesel(table_name = wide)]
pub struct Wide {
    pub id: i32,
    pub owner: i64,
    pub title: String,
    pub body: String,
    pub active: bool,
}

#[derive(Clone, Copy, Insertable)]
#[diesel(table_name = notes)]
pub struct NewNote<'a> {
    pub owner: i64,
    pub title: &'a str,
    pub body: &'a str,
    pub active: bool,
}

/// How many rows `items` has.
pub const ITEMS: i32 = 10_000;

/// How many rows `wide` has.
pub const WIDE: i32 = 200_000;

/// The rows of one `INSERT` in the row of batches.
pub const BATCH: usize = 500;

/// Returns the `INSERT` that fills a table with ids from 1 to `count`: the same text on all three backends.
/// `text_type` is the backend's name of texts in a cast.
pub fn fill(table: &str, count: i32, text_type: &str) -> String {
    format!(
        "INSERT INTO {table} (id, owner, title, body, active) \
         WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) \
         SELECT n, n * 7, CAST(n AS {text_type}), 'the text of a row, of some sixty characters, as in many tables', \
         n % 2 = 0 FROM numbers"
    )
}
