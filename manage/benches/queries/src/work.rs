//! The work of each row, written once for every contender.
//!
//! The macros write functions: ordinary ones for Diesel's connections, and the same with `async` and `.await`
//! for diesel-async's. Nothing differs but these words.

/// The work that every connection can do.
macro_rules! common_work {
    ($connection:ty, [$($async:tt)*] [$($await:tt)*]) => {
        pub(crate) $($async)* fn begin(connection: &mut $connection) -> QueryResult<()> {
            <$connection as Connects>::TransactionManager::begin_transaction(connection)$($await)*
        }

        pub(crate) $($async)* fn commit(connection: &mut $connection) -> QueryResult<()> {
            <$connection as Connects>::TransactionManager::commit_transaction(connection)$($await)*
        }

        pub(crate) $($async)* fn select_one(connection: &mut $connection, times: usize) -> QueryResult<Sample> {
            let watch = Watch::start();
            for _ in 0..times {
                let one: i32 = diesel::select(1.into_sql::<Integer>()).get_result(connection)$($await)*?;
                black_box(one);
            }
            Ok(watch.stop())
        }

        pub(crate) $($async)* fn by_key(connection: &mut $connection, times: usize) -> QueryResult<Sample> {
            let watch = Watch::start();
            for round in 0..times {
                let id = key(round);
                let item: Item =
                    items::table.find(id).select(Item::as_select()).first(connection)$($await)*?;
                assert_eq!(item.id, id);
                black_box(item);
            }
            Ok(watch.stop())
        }

        pub(crate) $($async)* fn load(connection: &mut $connection, times: usize) -> QueryResult<Sample> {
            let watch = Watch::start();
            for _ in 0..times {
                let rows: Vec<Wide> = wide::table.select(Wide::as_select()).load(connection)$($await)*?;
                assert_eq!(rows.len(), WIDE as usize);
                black_box(rows);
            }
            Ok(watch.stop())
        }

        pub(crate) $($async)* fn insert(connection: &mut $connection, times: usize) -> QueryResult<Sample> {
            begin(connection)$($await)*?;
            let watch = Watch::start();
            for round in 0..times {
                let inserted =
                    diesel::insert_into(notes::table).values(note(round)).execute(connection)$($await)*?;
                assert_eq!(inserted, 1);
            }
            let sample = watch.stop();
            commit(connection)$($await)*?;
            Ok(sample)
        }

        pub(crate) $($async)* fn update(connection: &mut $connection, times: usize) -> QueryResult<Sample> {
            let watch = Watch::start();
            for round in 0..times {
                begin(connection)$($await)*?;
                let updated = diesel::update(items::table.find(key(round)))
                    .set(items::owner.eq(round as i64))
                    .execute(connection)$($await)*?;
                commit(connection)$($await)*?;
                assert_eq!(updated, 1);
            }
            Ok(watch.stop())
        }

        /// Deletes the rows with ids from `first`.
        pub(crate) $($async)* fn delete(
            connection: &mut $connection,
            first: i32,
            times: usize,
        ) -> QueryResult<Sample> {
            begin(connection)$($await)*?;
            let watch = Watch::start();
            for round in 0..times {
                let id = first + round as i32;
                let deleted = diesel::delete(doomed::table.find(id)).execute(connection)$($await)*?;
                assert_eq!(deleted, 1);
            }
            let sample = watch.stop();
            commit(connection)$($await)*?;
            Ok(sample)
        }
    };
}

/// `INSERT … RETURNING`, where Diesel has it.
macro_rules! returning_work {
    ($connection:ty, [$($async:tt)*] [$($await:tt)*]) => {
        pub(crate) $($async)* fn returning(connection: &mut $connection, times: usize) -> QueryResult<Sample> {
            begin(connection)$($await)*?;
            let watch = Watch::start();
            for round in 0..times {
                let id: i32 = diesel::insert_into(notes::table)
                    .values(note(round))
                    .returning(notes::id)
                    .get_result(connection)$($await)*?;
                assert!(id > 0);
            }
            let sample = watch.stop();
            commit(connection)$($await)*?;
            Ok(sample)
        }
    };
}

/// Many rows in one `INSERT`.
macro_rules! batch_work {
    ($connection:ty, [$($async:tt)*] [$($await:tt)*]) => {
        pub(crate) $($async)* fn batch(connection: &mut $connection, times: usize) -> QueryResult<Sample> {
            let rows: Vec<crate::schema::NewNote<'static>> = (0..crate::schema::BATCH).map(note).collect();
            begin(connection)$($await)*?;
            let watch = Watch::start();
            for _ in 0..times {
                let inserted = diesel::insert_into(notes::table).values(&rows).execute(connection)$($await)*?;
                assert_eq!(inserted, crate::schema::BATCH);
            }
            let sample = watch.stop();
            commit(connection)$($await)*?;
            Ok(sample)
        }
    };
}

/// What the functions above name.
macro_rules! work_names {
    () => {
        use std::hint::black_box;

        use diesel::QueryResult;
        use diesel::prelude::{ExpressionMethods as _, IntoSql as _, QueryDsl as _, SelectableHelper as _};
        use diesel::sql_types::Integer;

        use crate::measure::{Sample, Watch};
        use crate::schema::{Item, WIDE, Wide, doomed, items, notes, wide};
        use crate::work::{key, note};
    };
}

/// One module for each contender.
macro_rules! contender {
    ($module:ident: $connection:ty, [$($work:ident),*], $mode:tt) => {
        pub(crate) mod $module {
            work_names!();
            contender!(@use $mode);
            contender!(@work $connection, [$($work),*], $mode);
        }
    };
    (@use sync) => {
        use diesel::RunQueryDsl as _;
        use diesel::connection::{Connection as Connects, TransactionManager as _};
    };
    (@use async) => {
        use diesel_async::{AsyncConnection as Connects, RunQueryDsl as _, TransactionManager as _};
    };
    (@work $connection:ty, [$($work:ident),*], sync) => {
        $($work!($connection, [] []);)*
    };
    (@work $connection:ty, [$($work:ident),*], async) => {
        $($work!($connection, [async] [.await]);)*
    };
}

contender!(pg: diesel::PgConnection, [common_work, returning_work, batch_work], sync);
contender!(mysql: diesel::MysqlConnection, [common_work, batch_work], sync);
contender!(sqlite: diesel::SqliteConnection, [common_work, returning_work, batch_work], sync);
contender!(any: manage::database::Connection, [common_work, batch_work], sync);
contender!(our_pg: manage::database::PostgresConnection, [common_work, returning_work, batch_work], sync);
contender!(our_mysql: manage::database::MysqlConnection, [common_work, batch_work], sync);
contender!(our_sqlite: manage::database::SqliteConnection, [common_work, returning_work, batch_work], sync);
contender!(async_pg: diesel_async::AsyncPgConnection, [common_work, returning_work, batch_work], async);
contender!(async_mysql: diesel_async::AsyncMysqlConnection, [common_work, batch_work], async);

use crate::schema::{ITEMS, NewNote};

/// The keys of the rows that are read, which jump about as a user's do.
pub(crate) fn key(round: usize) -> i32 {
    (round * 7919 % ITEMS as usize) as i32 + 1
}

pub(crate) fn note(round: usize) -> NewNote<'static> {
    NewNote {
        owner: round as i64,
        title: "a note",
        body: "the text of a note, of some sixty characters, as in many tables",
        active: round % 2 == 0,
    }
}
