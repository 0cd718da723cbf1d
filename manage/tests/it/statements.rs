//! Prepared statements that a connection keeps, while the server forgets or changes what they mean: no wrong
//! result, no failure of a write, and no stuck connection.
//!
//! Everything runs on each type of connection to PostgreSQL, and on pools that give a connection to each
//! statement.

use std::panic::resume_unwind;
use std::thread;

use manage_test_support::{CaseName, Need, Postgres, Suite, TestDatabase, case, wait_until};

use crate::backends::{LONG, open};
use crate::pooling::pooler;
use crate::statement_sessions::{CREATE, Open, SESSIONS, Session, reads, works, writes};

/// `#[case(on_each_session)]`: a test for each type of session, which the test opens by the URL.
fn on_each_session(suite: &mut Suite, name: &CaseName, test: fn(&str, Open)) {
    for (kind, session) in SESSIONS {
        suite.needs(Need::Postgres, name.on(&format!("postgres_{kind}")), move || {
            let database = TestDatabase::postgres();
            run(database.url(), CREATE);
            test(database.url(), session);
        });
    }
}

/// `#[case(on_each_pooled_session)]`: the same through PgBouncer with transaction pooling, before few server
/// sessions. The second URL avoids it.
fn on_each_pooled_session(suite: &mut Suite, name: &CaseName, test: fn(&str, &str, Open)) {
    for (kind, session) in SESSIONS {
        suite.needs(Need::PgBouncer, name.on(&format!("pgbouncer_{kind}")), move || {
            let (database, pooler, url) = pooler(&["default_pool_size = 2"]);
            run(database.url(), CREATE);
            test(&url, database.url(), session);
            drop(pooler);
        });
    }
}

/// Runs SQL on a connection of its own.
fn run(url: &str, sql: &str) {
    Session::run(&mut open(url), sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// What changes the table without changing what the statements mean.
const ALTERATIONS: [&str; 9] = [
    "ALTER TABLE kept ADD COLUMN more INTEGER NOT NULL DEFAULT 7",
    "ALTER TABLE kept DROP COLUMN more",
    "ALTER TABLE kept ALTER COLUMN note TYPE VARCHAR(50)",
    "ALTER TABLE kept ALTER COLUMN note TYPE TEXT",
    "DROP TABLE kept; CREATE TABLE kept (id INTEGER PRIMARY KEY, note TEXT NOT NULL, times INTEGER NOT NULL)",
    "ALTER TABLE kept DROP COLUMN times; ALTER TABLE kept ADD COLUMN times INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE kept RENAME TO other; CREATE TABLE kept (times INTEGER NOT NULL, note TEXT NOT NULL, id INTEGER PRIMARY KEY); DROP TABLE other",
    "CREATE INDEX ON kept (note); ANALYZE kept",
    "TRUNCATE kept",
];

#[case(on_each_session)]
fn tables_may_be_altered_by_others(url: &str, session: Open) {
    let mut session = session(url);
    works(&mut *session, 10);
    for (number, alteration) in (2..).zip(ALTERATIONS) {
        run(url, alteration);
        works(&mut *session, number * 10);
    }
}

/// A statement that fails inside a transaction cannot be repeated, so none may fail that would not fail with
/// Diesel's own connection.
#[case(on_each_session)]
fn tables_may_be_altered_before_a_transaction(url: &str, session: Open) {
    let mut session = session(url);
    works(&mut *session, 10);
    for (number, alteration) in (2..).zip(ALTERATIONS) {
        run(url, alteration);
        let written = session.transact(&mut |session| writes(session, number * 10));
        written.unwrap_or_else(|error| panic!("{alteration}: {error:?}"));
        works(&mut *session, number * 10);
    }
}

#[case(on_each_session)]
fn tables_may_be_altered_inside_a_transaction(url: &str, session: Open) {
    let mut session = session(url);
    works(&mut *session, 10);
    for (number, alteration) in (2..).zip(ALTERATIONS) {
        let written = session.transact(&mut |session| {
            writes(session, 5_000)?;
            session.run(alteration)?;
            writes(session, number * 10)
        });
        written.unwrap_or_else(|error| panic!("{alteration}: {error:?}"));
        works(&mut *session, number * 10);
    }
}

/// A kept read may fail inside a transaction, as with Diesel's own connection; the next one may not.
#[case(on_each_session)]
fn reads_recover_from_a_transaction_that_failed(url: &str, session: Open) {
    let mut session = session(url);
    works(&mut *session, 10);
    run(url, "ALTER TABLE kept ALTER COLUMN note TYPE VARCHAR(50)");
    let first = session.transact(&mut |session| reads(session, 20));
    if let Err(error) = first {
        let text = error.to_string();
        assert!(text.contains("cached plan must not change result type"), "{text}");
        session.transact(&mut |session| reads(session, 20)).expect("it is forgotten");
    }
    works(&mut *session, 30);
}

/// What makes the server forget every prepared statement, or its plan.
const FORGETTING: [&str; 3] = ["DEALLOCATE ALL", "DISCARD ALL", "DISCARD PLANS"];

#[case(on_each_session)]
fn the_server_may_forget_statements(url: &str, session: Open) {
    let mut session = session(url);
    works(&mut *session, 10);
    for (number, sql) in (2..).zip(FORGETTING) {
        // All connections of a pool.
        for _ in 0..3 {
            session.run(sql).expect(sql);
            works(&mut *session, number * 10);
        }
    }
}

#[case(on_each_session)]
fn the_server_may_forget_statements_before_a_transaction(url: &str, session: Open) {
    let mut session = session(url);
    works(&mut *session, 10);
    for (number, sql) in (2..).zip(FORGETTING) {
        session.run(sql).expect(sql);
        let written = session.transact(&mut |session| writes(session, number * 10));
        written.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

#[case(on_each_session)]
fn the_server_may_forget_statements_inside_a_transaction(url: &str, session: Open) {
    let mut session = session(url);
    let written = session.transact(&mut |session| {
        writes(session, 10)?;
        session.run("DEALLOCATE ALL")?;
        writes(session, 20)
    });
    written.unwrap_or_else(|error| panic!("{error:?}"));
    works(&mut *session, 30);
}

/// PostgreSQL keeps the plan of a prepared statement when a new table hides the one that it uses.
#[case(on_each_session)]
fn writes_reach_the_table_that_their_name_means(url: &str, session: Open) {
    let mut session = session(url);
    let sql = "CREATE TEMP TABLE first (id INTEGER) ON COMMIT DROP";
    let hide = format!("{} INSERT INTO kept VALUES (77, 'hidden', 0)", CREATE.replace("TABLE", "TEMP TABLE"));
    let written = session.transact(&mut |session| {
        session.run(sql)?;
        writes(session, 10)?;
        session.run(&hide)?;
        // Not a deletion by key, whose statement Diesel's own connection keeps, too.
        for id in 20..23 {
            assert_eq!(session.insert(id, "new")?, 1);
            assert_eq!(session.update(id, "changed")?, 1);
        }
        assert_eq!(session.update(77, "seen")?, 1, "the temporary table");
        session.insert(78, "temporary")?;
        Ok(())
    });
    written.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(open(url).ids("temporary").expect("a query"), [0; 0], "nothing in the other table");
}

#[case(on_each_session)]
fn the_search_path_may_change(url: &str, session: Open) {
    let mut session = session(url);
    let elsewhere = CREATE.replace("kept", "elsewhere.kept");
    run(url, &format!("CREATE SCHEMA elsewhere; {elsewhere}"));
    works(&mut *session, 10);
    let written = session.transact(&mut |session| {
        session.insert(1, "public")?;
        session.run("SET LOCAL search_path = elsewhere, public")?;
        session.insert(1, "elsewhere")?;
        assert_eq!(session.note(1)?, "elsewhere");
        writes(session, 20)?;
        session.run("SET LOCAL search_path = public")?;
        assert_eq!(session.note(1)?, "public");
        Ok(())
    });
    written.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(session.note(1).expect("a row"), "public");
}

/// A statement that fails is not taken for another one afterwards.
#[case(on_each_session)]
fn failures_leave_no_statement_behind(url: &str, session: Open) {
    let mut session = session(url);
    works(&mut *session, 10);
    for number in 2..6 {
        session.insert(1, "one").expect("a row");
        session.insert(1, "two").expect_err("the key exists");
        let failed = session.transact(&mut |session| {
            session.insert(2, "two")?;
            session.insert(1, "again")?;
            Ok(())
        });
        failed.expect_err("the key exists");
        assert_eq!(session.delete(2).expect("a statement"), 0, "rolled back");
        assert_eq!(session.delete(1).expect("a statement"), 1);
        run(url, "ALTER TABLE kept RENAME TO away");
        session.insert(1, "one").expect_err("no table");
        session.note(1).expect_err("no table");
        run(url, "ALTER TABLE away RENAME TO kept");
        works(&mut *session, number * 10);
    }
}

/// Clients that take turns and clients at once: each statement may have another server session.
#[case(on_each_pooled_session)]
fn clients_share_server_sessions(url: &str, _direct: &str, session: Open) {
    let mut sessions: Vec<Box<dyn Session>> = (0..4).map(|_| session(url)).collect();
    for round in 0..5 {
        for (number, session) in (0..).zip(&mut sessions) {
            works(&mut **session, round * 1_000 + number * 10);
            let written = session.transact(&mut |session| writes(session, round * 1_000 + number * 10));
            written.unwrap_or_else(|error| panic!("{error:?}"));
        }
    }
    let clients: Vec<_> = (0..)
        .zip(sessions)
        .map(|(number, mut session)| {
            thread::spawn(move || {
                for _ in 0..10 {
                    works(&mut *session, number * 10);
                    let written = session.transact(&mut |session| writes(session, number * 10));
                    written.unwrap_or_else(|error| panic!("{error:?}"));
                }
            })
        })
        .collect();
    wait_until(LONG, "every client ends", || clients.iter().all(thread::JoinHandle::is_finished));
    for client in clients {
        client.join().unwrap_or_else(|panic| resume_unwind(panic));
    }
}

/// What was prepared in a server session is not expected in another one.
#[case(on_each_pooled_session)]
fn a_transaction_has_another_server_session(url: &str, _direct: &str, session: Open) {
    let mut session = session(url);
    works(&mut *session, 10);
    let mut other = open(url);
    let held = Session::transact(&mut other, &mut |other| {
        // Now this transaction has the server session that the statements were prepared in.
        other.run("SELECT 1")?;
        session.transact(&mut |session| {
            writes(session, 10)?;
            reads(session, 10)
        })
    });
    held.unwrap_or_else(|error| panic!("{error:?}"));
    works(&mut *session, 10);
}

#[case(on_each_pooled_session)]
fn tables_may_be_altered_behind_a_pooler(url: &str, direct: &str, session: Open) {
    let mut sessions = [session(url), session(url), session(url)];
    for (round, alteration) in (1..).zip(ALTERATIONS) {
        for (number, session) in (0..).zip(&mut sessions) {
            works(&mut **session, round * 100 + number * 10);
        }
        run(direct, alteration);
        for (number, session) in (0..).zip(&mut sessions) {
            let from = round * 100 + number * 10;
            let written = session.transact(&mut |session| writes(session, from));
            written.unwrap_or_else(|error| panic!("{alteration}: {error:?}"));
        }
    }
}

/// After a restart a statement fails once at most, and never waits; a new connection has no old statements.
#[case(on_each_restarted_session)]
fn the_server_may_restart(server: &Postgres, url: &str, session: Open) {
    let mut old = session(url);
    for round in 1..4 {
        works(&mut *old, round * 10);
        server.stop();
        server.start_again();
        // A lost connection is an error at once: a pool replaces it, others do not.
        if old.insert(1, "lost").is_ok() {
            old.delete(1).expect("the row");
        }
        if old.run("SELECT 1").is_err() {
            old = session(url);
        }
        works(&mut *old, round * 10);
    }
}

/// `#[case(on_each_restarted_session)]`: with a server of the test's own.
fn on_each_restarted_session(suite: &mut Suite, name: &CaseName, test: fn(&Postgres, &str, Open)) {
    for (kind, session) in SESSIONS {
        suite.needs(Need::Postgres, name.on(&format!("postgres_{kind}")), move || {
            let server = Postgres::start().expect("a server");
            let url = server.url("postgres");
            run(&url, CREATE);
            test(&server, &url, session);
        });
    }
}
