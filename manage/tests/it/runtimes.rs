//! Connections and pools in async functions, whatever runtime they are on.

use diesel::prelude::*;
use manage::database::Pool;
use manage::prelude::*;
use manage_test_servers::{Suite, TestDatabase};

use crate::backends::{connect, on_each_backend, settings};
use crate::things::{create, ids, insert, thing, things};

pub(crate) fn add(suite: &mut Suite) {
    let mut add = |name, test| on_each_backend(suite, "runtimes", name, test);
    add("an_async_function_runs_queries_elsewhere", an_async_function_runs_queries_elsewhere);
    add("a_connection_blocks_inside_a_runtime_and_works", a_connection_blocks_inside_a_runtime_and_works);
}

fn runtimes() -> [tokio::runtime::Runtime; 2] {
    let current_thread = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let multi_thread = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    [current_thread, multi_thread].map(|runtime| runtime.expect("a runtime"))
}

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
