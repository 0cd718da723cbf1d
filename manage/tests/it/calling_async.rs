//! Commands that are called across the border of sync and async, on every kind of runtime.

use std::sync::mpsc;
use std::thread;

use manage::console::Capture;
use manage::prelude::*;
use manage::testing::Project;
use manage::{Exit, Program};
use manage_test_support::case;
use tokio::runtime::Builder;

use crate::backends::LONG;
use crate::management::commands::{calls::calls, later::later};

fn program() -> Program {
    Program::new(&["it"])
}

/// What a piece of work returns, if it ends within the deadline: a deadlock is a failure, not a test that
/// hangs.
#[track_caller]
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let worker = thread::spawn(move || {
        let _ = sender.send(work());
    });
    match receiver.recv_timeout(LONG) {
        Ok(value) => value,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("a deadlock: it still runs after {LONG:?}"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(worker.join().expect_err("it sent nothing"))
        }
    }
}

const ASYNC_3: &str = "async 3\nsync 2\nasync 1\nsync 0\n";
const SYNC_3: &str = "sync 3\nasync 2\nasync 1\nsync 0\n";

#[case]
fn by_name_three_deep_from_a_command_line() {
    for (line, text) in [
        (vec!["calls", "3"], ASYNC_3),
        (vec!["calls", "3", "--blocking"], ASYNC_3),
        (vec!["calls_now", "3"], SYNC_3),
        (vec!["calls_now", "3", "--blocking"], SYNC_3),
    ] {
        let ran = in_time(move || Project::new(program()).run(line)).expect_exit(7);
        assert_eq!(ran.stdout, text);
    }
}

#[case]
fn on_every_runtime() {
    for (name, text) in [("calls", ASYNC_3), ("calls_now", SYNC_3)] {
        for blocking in [false, true] {
            let call = move |kept: &Capture| {
                program().call(name).arg("3").args(blocking.then_some("--blocking")).stdout(kept)
            };
            let run = move |kept: &Capture| call(kept).run().expect("it runs");
            let check = |case: &str, work: Box<dyn FnOnce(&Capture) -> Exit + Send>| {
                let kept = Capture::new();
                let mine = kept.clone();
                assert_eq!(in_time(move || work(&mine)), Exit(7), "{case}");
                assert_eq!(kept.text(), text, "{case}, {name}, {blocking}");
            };
            let one = || Builder::new_current_thread().build().expect("a runtime");
            let many = || Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
            check("no runtime", Box::new(run));
            check("current thread, run", Box::new(move |kept| one().block_on(async { run(kept) })));
            check(
                "current thread, await",
                Box::new(move |kept| one().block_on(async { call(kept).await.expect("it runs") })),
            );
            check("multi thread, run", Box::new(move |kept| many().block_on(async { run(kept) })));
            check(
                "multi thread, await",
                Box::new(move |kept| many().block_on(async { call(kept).await.expect("it runs") })),
            );
            check(
                "spawn_blocking on one thread",
                Box::new(move |kept| {
                    let kept = kept.clone();
                    one().block_on(async move {
                        tokio::task::spawn_blocking(move || run(&kept)).await.expect("no panic")
                    })
                }),
            );
            check(
                "spawn_blocking on many",
                Box::new(move |kept| {
                    let kept = kept.clone();
                    many().block_on(async move {
                        tokio::task::spawn_blocking(move || run(&kept)).await.expect("no panic")
                    })
                }),
            );
            check(
                "block_in_place",
                Box::new(move |kept| {
                    let kept = kept.clone();
                    let work = async move { tokio::task::block_in_place(|| run(&kept)) };
                    let runtime = many();
                    runtime.block_on(async { tokio::spawn(work).await.expect("no panic") })
                }),
            );
        }
    }
}

#[case]
fn typed_both_ways() {
    let work = || {
        let called = Project::new(program()).call(|cx| {
            // Async from sync, and inside runtimes of either kind.
            manage::block_on(later(cx, 21))?;
            let one = Builder::new_current_thread().build()?;
            one.block_on(async { manage::block_on(later(cx, 22)) })?;
            one.block_on(later(cx, 23))?;
            // An async command that calls sync ones, which call async ones.
            manage::block_on(calls(cx, 3, true))
        });
        (called.transcript.stdout.clone(), called.expect_success())
    };
    assert_eq!(in_time(work), (format!("42\n44\n46\n{ASYNC_3}"), Exit(7)));
}

/// A call that is awaited holds up nobody: another task has to run for it to end.
#[case]
fn the_other_tasks_go_on() {
    struct Waits(std::sync::Mutex<mpsc::Receiver<()>>);
    impl manage::command::Command for Waits {
        fn name(&self) -> &str {
            "waits"
        }

        fn run(&self, cx: &mut Context, _: &manage::clap::ArgMatches) -> Result<Exit> {
            self.0.lock().expect("no panic").recv()?;
            cx.line("heard")?;
            Ok(Exit::SUCCESS)
        }
    }
    let kept = Capture::new();
    let mine = kept.clone();
    in_time(move || {
        let (sender, receiver) = mpsc::channel();
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async move {
            let waits = std::sync::Arc::new(Waits(receiver.into()));
            let call = tokio::spawn(program().call(waits).stdout(&mine).into_future());
            tokio::spawn(async move { sender.send(()).expect("it listens") });
            call.await.expect("no panic").expect("it runs").ok().expect("it succeeds");
        });
    });
    assert_eq!(kept.text(), "heard\n");
}

#[case]
fn in_a_task_that_is_spawned() {
    let exits = in_time(|| {
        let runtime = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
        runtime.block_on(async {
            let tasks: Vec<_> = (0..20)
                .map(|_| {
                    tokio::spawn(async { program().call("calls").arg("3").stdout(&Capture::new()).await })
                })
                .collect();
            let mut exits = Vec::new();
            for task in tasks {
                exits.push(task.await.expect("no panic").expect("it runs"));
            }
            exits
        })
    });
    assert_eq!(exits, [Exit(7); 20]);
}

#[case]
fn panics_and_errors_cross() {
    let runtime = || Builder::new_current_thread().build().expect("a runtime");
    let error = in_time(move || runtime().block_on(async { program().call("fails").arg("command").await }));
    assert_eq!(Exit::of(&error.expect_err("it fails")), Exit(3));
    let error = in_time(move || runtime().block_on(async { program().call("gret").await }));
    assert!(error.expect_err("there is none").is::<manage::command::UnknownCommand>());
    // A panic of a future is its caller's, and leaves the runtime behind in good order.
    let payload = in_time(move || {
        let panics = || {
            runtime().block_on(async {
                manage::block_on(async {
                    tokio::task::yield_now().await;
                    std::panic::resume_unwind(Box::new("oh"));
                    #[expect(unreachable_code, reason = "the type")]
                    Ok::<(), anyhow::Error>(())
                })
            })
        };
        std::panic::catch_unwind(panics).expect_err("it panics").downcast_ref::<&str>().copied()
    });
    assert_eq!(payload, Some("oh"));
}

#[case]
fn on_a_runtime_with_one_thread_for_blocking_work() {
    let exit = in_time(|| {
        let runtime = Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
        runtime.block_on(async { program().call("calls").arg("3").stdout(&Capture::new()).await })
    });
    assert_eq!(exit.expect("it runs"), Exit(7));
}
