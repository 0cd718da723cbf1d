//! Connections that are shared: by threads, and across a restart of the server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use manage::database::{ConnectError, Pool, Reason};
use manage_test_support::{Backend, DatabaseServer, TestDatabase, case};

use crate::backends::{
    connect, on_each_backend, on_each_server, on_sqlite, settings, shows_no_password, with,
};
use crate::things::{create, ids, insert, thing, things};

#[case(on_each_backend)]
fn many_threads_share_few_connections(database: TestDatabase) {
    create(&mut connect(&database));
    let pool = Pool::new(settings(database.url()), 3);
    let (open, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for start in (1..=8).map(|thread| thread * 100) {
            let (pool, open, most) = (pool.clone(), &open, &most);
            scope.spawn(move || {
                for id in start..start + 10 {
                    let mut connection = pool.get().expect("a connection");
                    most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    insert(&mut connection, &thing(id)).expect("a row");
                    open.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(ids(&mut pool.get().expect("a connection")).len(), 80);
    let most = most.into_inner();
    assert!((1..=3).contains(&most), "{most} at once");
}

#[case(on_each_backend)]
fn an_exhausted_pool_says_so_in_time(database: TestDatabase) {
    let mut settings = settings(database.url());
    settings.connect_timeout = Duration::from_secs(1);
    let pool = Pool::new(settings.clone(), 2);
    let taken = [pool.get(), pool.get()].map(|connection| connection.expect("a connection"));
    let start = Instant::now();
    let error = pool.get().map(drop).expect_err("all are in use");
    let took = start.elapsed();
    assert!(took >= settings.connect_timeout && took < Duration::from_secs(10), "{took:?}");
    assert_eq!(error.reason, Reason::TimedOut);
    assert!(error.to_string().contains("all 2 connections of the pool remained in use"), "{error}");
    assert!(error.to_string().starts_with(&settings.to_string()), "it names the database: {error}");
    shows_no_password(&error, settings.password.as_ref().map_or("", |password| password.expose()));
    drop(taken);
    assert!(pool.get().is_ok());
}

#[case(on_each_backend)]
fn a_thread_that_waits_gets_the_next_one(database: TestDatabase) {
    let pool = Pool::new(settings(database.url()), 1);
    let taken = pool.get().expect("a connection");
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..4).map(|_| scope.spawn(|| pool.get().map(drop))).collect();
        // They can only wait: nothing that they do shows from outside.
        thread::sleep(Duration::from_millis(20));
        assert!(waiting.iter().all(|thread| !thread.is_finished()));
        drop(taken);
        for thread in waiting {
            thread.join().expect("no panic").expect("a connection");
        }
    });
}

#[case(on_each_backend)]
fn a_pooled_connection_is_a_connection(database: TestDatabase) {
    let pool = Pool::new(settings(database.url()), 1);
    create(&mut pool.get().expect("a connection"));
    let connection = &mut pool.get().expect("a connection");
    let result: QueryResult<()> = connection.transaction(|connection| {
        diesel::insert_into(things::table).values(&thing(1)).execute(connection)?;
        Ok(())
    });
    result.expect("a transaction");
    assert_eq!(things::table.select(things::id).load::<i32>(connection), Ok(vec![1]));
}

#[case(on_each_server)]
fn connections_are_replaced_after_a_restart(backend: Backend) {
    let server = DatabaseServer::start(backend);
    server.create_database("pooled");
    let pool = Pool::new(settings(&server.url("pooled")), 2);
    create(&mut pool.get().expect("a connection"));
    drop([pool.get(), pool.get()].map(|connection| connection.expect("a connection")));
    let mut held = pool.get().expect("a connection");
    server.stop();
    let error: ConnectError = pool.get().map(drop).expect_err("there is no server");
    assert!(error.reason.is_transient(), "{error}");
    shows_no_password(&error, server.password());
    assert!(things::table.count().get_result::<i64>(&mut held).is_err());
    server.start_again();
    assert!(things::table.count().get_result::<i64>(&mut held).is_err(), "it does not come back to life");
    drop(held);
    for _ in 0..2 {
        let mut both = [pool.get(), pool.get()].map(|connection| connection.expect("a new connection"));
        for connection in &mut both {
            assert_eq!(things::table.count().get_result::<i64>(connection), Ok(0));
        }
    }
}

#[case(on_each_server)]
fn a_suspended_server_takes_no_longer_than_allowed(backend: Backend) {
    let server = DatabaseServer::start(backend);
    server.create_database("pooled");
    let mut settings = settings(&with(&server.url("pooled"), "sslmode", "disable"));
    drop(Pool::new(settings.clone(), 1).get().expect("a connection"));
    settings.connect_timeout = Duration::from_secs(1);
    let pool = Pool::new(settings, 2);
    drop(pool.get().expect("a connection"));
    // Until then it is given out without a query.
    thread::sleep(Duration::from_secs(1));
    server.pause();
    let start = Instant::now();
    // Once for the connection that is there, and then for a new one.
    for _ in 0..2 {
        let error = pool.get().map(drop).expect_err("nobody answers");
        assert_eq!(error.reason, Reason::TimedOut, "{error}");
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    server.resume();
    let mut connection = pool.get().expect("it goes on");
    create(&mut connection);
}

#[case(on_sqlite)]
fn a_database_in_memory_has_one_connection() {
    for name in [":memory:", "file::memory:", "file:a?mode=memory"] {
        let mut settings = settings(name);
        settings.connect_timeout = Duration::from_millis(50);
        let pool = Pool::new(settings, 5);
        let mut only = pool.get().expect("a connection");
        create(&mut only);
        let error = pool.get().map(drop).expect_err("another one would be another database");
        assert_eq!(error.reason, Reason::TimedOut, "{name}");
        drop(only);
        assert_eq!(ids(&mut pool.get().expect("the same one")), [0; 0]);
    }
}
