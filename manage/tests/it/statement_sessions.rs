//! The types of sessions that keep prepared statements, with one set of methods, and statements that check
//! their own results.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use manage::database::{Connection, Pool, Poolable, PooledConnection, PostgresConnection};

use crate::backends::{open, settings};

diesel::table! {
    kept (id) {
        id -> Integer,
        note -> Text,
        times -> Integer,
    }
}

/// The table above, as SQL.
pub(crate) const CREATE: &str =
    "CREATE TABLE kept (id INTEGER PRIMARY KEY, note TEXT NOT NULL, times INTEGER NOT NULL);";

/// The values of a row. Diesel keeps an insert of a tuple of columns, and prepares that of a struct each time.
#[derive(Insertable)]
#[diesel(table_name = kept)]
struct NewRow<'a> {
    id: i32,
    note: &'a str,
    times: i32,
}

/// Opens a session by a URL.
pub(crate) type Open = fn(&str) -> Box<dyn Session>;

/// The types of sessions.
pub(crate) const SESSIONS: [(&str, Open); 4] = [
    ("any", |url| Box::new(open(url))),
    ("own", |url| Box::new(PostgresConnection::open(&settings(url)).expect("a connection"))),
    ("any_pool", |url| Box::new(Pool::new(settings(url), 3))),
    ("own_pool", |url| Box::new(Pool::new_as::<PostgresConnection>(settings(url), 3))),
];

/// What a transaction does.
pub(crate) type Work<'a> = &'a mut dyn FnMut(&mut dyn Session) -> QueryResult<()>;

/// Each method is one statement, the same each time but for the values.
pub(crate) trait Session: Send {
    fn insert(&mut self, id: i32, note: &str) -> QueryResult<usize>;
    fn update(&mut self, id: i32, note: &str) -> QueryResult<usize>;
    fn delete(&mut self, id: i32) -> QueryResult<usize>;
    /// By primary key.
    fn note(&mut self, id: i32) -> QueryResult<String>;
    /// Of the rows with this note.
    fn ids(&mut self, note: &str) -> QueryResult<Vec<i32>>;
    fn insert_returning(&mut self, id: i32, note: &str) -> QueryResult<String>;
    fn run(&mut self, sql: &str) -> QueryResult<()>;
    fn transact(&mut self, work: Work<'_>) -> QueryResult<()>;
}

macro_rules! session {
    ($connection:ty, |$session:ident, $id:ident, $note:ident| $returning:expr) => {
        impl Session for $connection {
            fn insert(&mut self, id: i32, note: &str) -> QueryResult<usize> {
                diesel::insert_into(kept::table).values(NewRow { id, note, times: 0 }).execute(self)
            }

            fn update(&mut self, id: i32, note: &str) -> QueryResult<usize> {
                let values = (kept::note.eq(note), kept::times.eq(kept::times + 1));
                diesel::update(kept::table.find(id)).set(values).execute(self)
            }

            fn delete(&mut self, id: i32) -> QueryResult<usize> {
                diesel::delete(kept::table.find(id)).execute(self)
            }

            fn note(&mut self, id: i32) -> QueryResult<String> {
                kept::table.find(id).select(kept::note).first(self)
            }

            fn ids(&mut self, note: &str) -> QueryResult<Vec<i32>> {
                kept::table.filter(kept::note.eq(note)).order(kept::id).select(kept::id).load(self)
            }

            fn insert_returning(&mut self, $id: i32, $note: &str) -> QueryResult<String> {
                let $session = self;
                $returning
            }

            fn run(&mut self, sql: &str) -> QueryResult<()> {
                self.batch_execute(sql)
            }

            fn transact(&mut self, work: Work<'_>) -> QueryResult<()> {
                diesel::Connection::transaction(self, |connection| work(connection))
            }
        }
    };
}

session!(Connection, |session, id, note| {
    // Diesel has no `RETURNING` for MySQL, so none for a connection that may be one.
    let sql = "INSERT INTO kept (id, note, times) VALUES ($1, $2, 0) RETURNING note";
    let query = diesel::sql_query(sql).bind::<Integer, _>(id).bind::<Text, _>(note);
    query.get_result::<Returned>(session).map(|returned| returned.note)
});
session!(PostgresConnection, |session, id, note| {
    let values = NewRow { id, note, times: 0 };
    diesel::insert_into(kept::table).values(values).returning(kept::note).get_result(session)
});

#[derive(QueryableByName)]
struct Returned {
    #[diesel(sql_type = Text)]
    note: String,
}

/// Each statement takes a connection of the pool, and each transaction.
impl<C: Poolable + Session> Session for Pool<C> {
    fn insert(&mut self, id: i32, note: &str) -> QueryResult<usize> {
        taken(self)?.insert(id, note)
    }

    fn update(&mut self, id: i32, note: &str) -> QueryResult<usize> {
        taken(self)?.update(id, note)
    }

    fn delete(&mut self, id: i32) -> QueryResult<usize> {
        taken(self)?.delete(id)
    }

    fn note(&mut self, id: i32) -> QueryResult<String> {
        taken(self)?.note(id)
    }

    fn ids(&mut self, note: &str) -> QueryResult<Vec<i32>> {
        taken(self)?.ids(note)
    }

    fn insert_returning(&mut self, id: i32, note: &str) -> QueryResult<String> {
        taken(self)?.insert_returning(id, note)
    }

    fn run(&mut self, sql: &str) -> QueryResult<()> {
        taken(self)?.run(sql)
    }

    fn transact(&mut self, work: Work<'_>) -> QueryResult<()> {
        taken(self)?.transact(work)
    }
}

fn taken<C: Poolable>(pool: &Pool<C>) -> QueryResult<PooledConnection<C>> {
    pool.get().map_err(|error| diesel::result::Error::QueryBuilderError(Box::new(error)))
}

/// Runs every statement three times, in no transaction, and checks each result. Uses the ids from `from` to
/// `from + 9`, and leaves no row of them.
#[track_caller]
pub(crate) fn works(session: &mut dyn Session, from: i32) {
    writes(session, from).unwrap_or_else(|error| panic!("a write failed: {error:?}"));
    reads(session, from).unwrap_or_else(|error| panic!("a read failed: {error:?}"));
}

/// Statements that Diesel's own connection prepares each time.
#[track_caller]
pub(crate) fn writes(session: &mut dyn Session, from: i32) -> QueryResult<()> {
    for id in from..from + 3 {
        assert_eq!(session.insert(id, "new")?, 1);
        assert_eq!(session.update(id, "changed")?, 1);
        assert_eq!(session.update(id + 100_000, "changed")?, 0, "no such row");
    }
    for id in from + 3..from + 6 {
        assert_eq!(session.insert_returning(id, &format!("returned {id}"))?, format!("returned {id}"));
    }
    for id in from..from + 6 {
        assert_eq!(session.delete(id)?, 1);
        assert_eq!(session.delete(id)?, 0);
    }
    Ok(())
}

/// Statements that Diesel's own connection keeps, too.
#[track_caller]
pub(crate) fn reads(session: &mut dyn Session, from: i32) -> QueryResult<()> {
    let note = format!("read {from}");
    for id in from..from + 3 {
        session.insert(id, &note)?;
    }
    for id in from..from + 3 {
        assert_eq!(session.note(id)?, note);
    }
    for _ in 0..3 {
        assert_eq!(session.ids(&note)?, [from, from + 1, from + 2]);
    }
    for id in from..from + 3 {
        session.delete(id)?;
    }
    assert_eq!(session.ids(&note)?, [0; 0]);
    Ok(())
}
