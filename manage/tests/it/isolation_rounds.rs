//! Many processes that want to run alone, and some that are killed meanwhile: never two at once, and no lock
//! left behind.
//!
//! A quick form runs with the other tests: 6 processes, 3 rounds. The full one:
//! `MANAGE_ISOLATION_PROCESSES=20 MANAGE_ISOLATION_ROUNDS=100 cargo test … --test it -- isolation_rounds`.
//!
//! Each process is a real one. It writes down in the database when it enters, stays and leaves; the order of
//! the log's rows is the database's own. Of a round's processes two are killed at random moments, one of them
//! in the room if it can be.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::ensure;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use manage::database::Connection;
use manage_test_support::{
    Backend, PgBouncer, Program, Running, Signal, TestDatabase, case, happens_within, shared_postgres,
};

use crate::backends::{behind_pgbouncer, connect, on_each_backend};
use crate::isolating::{PATIENCE, program};

#[case(on_each_backend)]
fn never_two_at_once(database: TestDatabase) {
    let url = database.url().to_owned();
    rounds(&database, &url);
}

#[case(behind_pgbouncer)]
fn never_two_pooled_at_once() {
    let database = TestDatabase::postgres();
    let server = shared_postgres().unwrap();
    let pooler = PgBouncer::start(server, &["pool_mode = transaction"]).unwrap();
    rounds(&database, &pooler.url(database.name()));
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

#[derive(QueryableByName)]
struct Event {
    #[diesel(sql_type = Text)]
    run: String,
    #[diesel(sql_type = Text)]
    event: String,
}

fn create(connection: &mut Connection, backend: Backend) {
    let (id, clock) = match backend {
        Backend::Sqlite => ("INTEGER PRIMARY KEY AUTOINCREMENT", "CURRENT_TIMESTAMP"),
        Backend::Postgres => ("SERIAL PRIMARY KEY", "clock_timestamp()"),
        Backend::MariaDb => ("INTEGER PRIMARY KEY AUTO_INCREMENT", "CURRENT_TIMESTAMP"),
    };
    let sql = format!(
        "CREATE TABLE room (place INTEGER PRIMARY KEY, run VARCHAR(40) NOT NULL, process VARCHAR(20) NOT NULL);
        CREATE TABLE log (id {id}, run VARCHAR(40) NOT NULL, event VARCHAR(80) NOT NULL,
            at TIMESTAMP NOT NULL DEFAULT {clock});"
    );
    connection.batch_execute(&sql).expect("two tables");
}

/// `url` is the way to the lock; what the commands write down takes the database's own, since Diesel prepares
/// statements, which not every pooler understands.
fn rounds(database: &TestDatabase, url: &str) {
    let (processes, rounds) = (number("MANAGE_ISOLATION_PROCESSES", 6), number("MANAGE_ISOLATION_ROUNDS", 3));
    let mut connection = connect(database);
    create(&mut connection, database.backend());
    let start = Instant::now();
    let mut killed: BTreeSet<String> = BTreeSet::new();
    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        let mut running: Vec<(String, Running)> = (0..processes)
            .map(|i| {
                let run = format!("r{round}p{i}");
                let command = command(database, url, &run).arg("--isolated-wait").arg("300");
                (run, command.spawn())
            })
            .collect();
        // One holder is killed in the room; another process wherever it is.
        std::thread::sleep(Duration::from_millis(random(200)));
        let mut holder = None;
        happens_within(PATIENCE, || {
            let query = diesel::sql_query("SELECT run, process AS event FROM room");
            holder = query.get_result::<Event>(&mut connection).optional().expect("the room");
            holder.is_some()
        });
        assert!(holder.is_some(), "nobody got the lock in round {round}");
        let other = format!("r{round}p{}", random(processes as u64));
        for victim in [holder.map(|holder| holder.run), Some(other)].into_iter().flatten() {
            if let Some((run, process)) = running.iter_mut().find(|(run, _)| *run == victim) {
                process.signal(Signal::KILL);
                killed.insert(run.clone());
            }
        }
        for (run, process) in running {
            let ended = process.wait(PATIENCE * 5);
            match ended.code() {
                Some(0) => drop(killed.remove(&run)),
                None if killed.contains(&run) => {}
                _ => panic!("{run} in round {round}:\n{ended}\n{}", tail(&mut connection)),
            }
        }
        // Nothing is left behind: the next one need not wait, but for what the server has not noticed yet.
        let free = Instant::now();
        let after = format!("r{round}after");
        command(database, url, &after).arg("--isolated-wait").arg("20").run(PATIENCE * 5).expect_success();
        slowest = slowest.max(free.elapsed());
    }
    let events: Vec<Event> =
        diesel::sql_query("SELECT run, event FROM log ORDER BY id").load(&mut connection).expect("the log");
    let left = judge(&events, &killed).unwrap_or_else(|error| panic!("{error}\n{}", tail(&mut connection)));
    assert_eq!(left + killed.len(), rounds * (processes + 1), "every run left or was killed");
    let _ = writeln!(
        std::io::stderr(),
        "{processes} processes, {rounds} rounds in {:.0} s: {left} runs alone, {} killed, of these {} in the room; the first \
         run after a round took at most {:.1} s",
        start.elapsed().as_secs_f64(),
        killed.len(),
        events.iter().filter(|event| event.event.starts_with("after ")).count(),
        slowest.as_secs_f64(),
    );
}

/// The proof can fail: with a key for each, nobody waits for anybody.
#[case(on_each_backend)]
fn two_at_once_would_be_seen(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection, database.backend());
    let run = |i| format!("r0p{i}");
    // So long that the first is still there when the others have started, also on a busy machine.
    let start =
        |i| staying(&database, database.url(), &run(i), "2000").args(["--isolated-key", &run(i)]).spawn();
    let running: Vec<Running> = (0..6).map(start).collect();
    running.into_iter().for_each(|process| drop(process.wait(PATIENCE)));
    let events: Vec<Event> =
        diesel::sql_query("SELECT run, event FROM log ORDER BY id").load(&mut connection).expect("the log");
    judge(&events, &BTreeSet::new()).expect_err("several were in the room at once");
}

fn command(database: &TestDatabase, url: &str, run: &str) -> Program {
    staying(database, url, run, "30")
}

/// Stays in the room for so many milliseconds.
fn staying(database: &TestDatabase, url: &str, run: &str, milliseconds: &str) -> Program {
    program(url).env("DATABASE_URL_WORK", database.url()).args(["alone", run, milliseconds])
}

/// How many left; an error where two were in the room at once. Of a killed run one statement may still be on
/// the way.
fn judge(events: &[Event], killed: &BTreeSet<String>) -> anyhow::Result<usize> {
    let (mut done, mut late) = (BTreeSet::new(), BTreeSet::new());
    let mut left = 0;
    let mut inside: Option<&str> = None;
    let mut previous = "";
    for Event { run, event } in events {
        let run = run.as_str();
        ensure!(!event.starts_with("beside"), "{run}: {event}");
        if done.contains(run) {
            let on_the_way = killed.contains(run) && late.insert(run);
            ensure!(on_the_way, "{run}: {event}, after another one had entered");
            continue;
        }
        ensure!(
            event != "vanished" || killed.contains(previous),
            "{run}: {previous} left while {run} had the lock"
        );
        if let Some(other) = inside.replace(run).filter(|other| *other != run) {
            ensure!(killed.contains(other), "{run}: {event}, while {other} was inside");
            done.insert(other);
        }
        if event == "leave" {
            left += usize::from(!killed.contains(run));
            done.insert(run);
            inside = None;
        }
        previous = run;
    }
    Ok(left)
}

fn tail(connection: &mut Connection) -> String {
    let query = diesel::sql_query("SELECT run, event FROM log ORDER BY id DESC LIMIT 30");
    let events: Vec<Event> = query.load(connection).expect("the log");
    events.iter().rev().map(|Event { run, event }| format!("{run}: {event}\n")).collect()
}

/// A number below `end`.
fn random(end: u64) -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() % end
}
