//! Connections and pools in async functions, whatever runtime they are on.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use manage::database::{ConnectError, Pool, Reason};
use manage::prelude::*;
use manage_test_support::{TestDatabase, case};

use crate::backends::{LONG, connect, on_each_backend, settings};
use crate::things::{create, ids, insert, thing, things};

fn runtimes() -> [tokio::runtime::Runtime; 2] {
    let current_thread = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let multi_thread = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    [current_thread, multi_thread].map(|runtime| runtime.expect("a runtime"))
}

#[case(on_each_backend)]
fn an_async_function_runs_queries_elsewhere(database: TestDatabase) {
    create(&mut connect(&database));
    let pool = Pool::new(settings(database.url()), 2);
    for (runtime, start) in runtimes().into_iter().zip([0, 100]) {
        runtime.block_on(async {
            let tasks: Vec<_> = (start + 1..=start + 10)
                .map(|id| {
                    let pool = pool.clone();
                    tokio::spawn(async move {
                        pool.run(move |connection| Ok::<_, anyhow::Error>(insert(connection, &thing(id))?))
                            .await
                    })
                })
                .collect();
            for task in tasks {
                assert_eq!(task.await.expect("no panic").expect("a row"), 1);
            }
            let error = pool.run(|_| Err::<(), anyhow::Error>(anyhow!("mine"))).await.expect_err("it fails");
            assert_eq!(error.to_string(), "mine");
            let panic = tokio::spawn({
                let pool = pool.clone();
                async move { pool.run(|_| -> Result<()> { std::panic::resume_unwind(Box::new("oh")) }).await }
            });
            assert!(panic.await.expect_err("it panics").is_panic());
        });
    }
    assert_eq!(ids(&mut pool.get().expect("a connection")).len(), 20);
}

#[case(on_each_backend)]
fn a_connection_blocks_inside_a_runtime_and_works(database: TestDatabase) {
    create(&mut connect(&database));
    let url = database.url().to_owned();
    for (runtime, id) in runtimes().into_iter().zip([1, 2]) {
        let url = url.clone();
        let work = async move {
            let mut connection = crate::backends::open(&url);
            insert(&mut connection, &thing(id)).expect("a row");
            tokio::task::yield_now().await;
            let result: QueryResult<Vec<i32>> = connection.transaction(|connection| Ok(ids(connection)));
            // More answers than a task's budget has polls.
            for _ in 0..200 {
                things::table.count().get_result::<i64>(&mut connection).expect("a count");
            }
            result.expect("a transaction")
        };
        let found = runtime.block_on(async { tokio::spawn(work).await.expect("no panic") });
        assert_eq!(found.len(), usize::try_from(id).expect("one or two"));
    }
}

/// Waits until the other end is dropped.
fn wait_for(end: &mpsc::Receiver<()>) {
    let _ = end.recv_timeout(LONG);
}

/// The runtime has no timers.
#[case(on_each_backend)]
fn closures_that_wait_occupy_no_thread(database: TestDatabase) {
    let mut settings = settings(database.url());
    settings.connect_timeout = LONG;
    let pool = Pool::new(settings, 1);
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(2).build();
    runtime.expect("a runtime").block_on(async {
        let (end, ends) = mpsc::channel::<()>();
        let run = |work: Box<dyn FnOnce() + Send>| {
            let pool = pool.clone();
            tokio::spawn(async move {
                pool.run(move |_| {
                    work();
                    Ok::<_, ConnectError>(())
                })
                .await
            })
        };
        let first = run(Box::new(move || wait_for(&ends)));
        let others: Vec<_> = (0..4).map(|_| run(Box::new(|| ()))).collect();
        // All of them begin.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let start = Instant::now();
        tokio::task::spawn_blocking(|| ()).await.expect("a thread");
        assert!(start.elapsed() < LONG / 2, "the second thread was occupied");
        assert!(others.iter().all(|task| !task.is_finished()));
        drop(end);
        for task in others.into_iter().chain([first]) {
            task.await.expect("no panic").expect("a connection");
        }
    });
}

#[case(on_each_backend)]
fn a_closure_waits_no_longer_than_allowed(database: TestDatabase) {
    let limit = Duration::from_secs(2);
    let pool = Pool::builder(settings(database.url())).max_size(1).connection_timeout(limit).build();
    for runtime in runtimes() {
        runtime.block_on(async {
            let (end, ends) = mpsc::channel::<()>();
            let first = tokio::spawn({
                let pool = pool.clone();
                async move {
                    pool.run(move |_| {
                        wait_for(&ends);
                        Ok::<_, ConnectError>(())
                    })
                    .await
                }
            });
            let start = Instant::now();
            let mut error = None;
            // The first one may not have begun.
            while error.is_none() && start.elapsed() < LONG {
                tokio::task::yield_now().await;
                error = pool.run(|_| Ok::<_, ConnectError>(())).await.err();
            }
            let error = error.expect("the only connection is in use");
            assert_eq!(error.reason, Reason::TimedOut);
            assert!(error.to_string().contains("all 1 connections"), "{error}");
            drop(end);
            first.await.expect("no panic").expect("a connection");
        });
    }
}
