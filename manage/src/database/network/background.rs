//! The one runtime behind every connection over a network.
//!
//! Diesel's interface is synchronous and the drivers are not. A separate runtime for each connection would
//! panic inside an `async` function, and a runtime that only runs during a query would not notice that a
//! server has closed the connection. So one thread drives all sockets, and a caller's thread sleeps until its
//! answer has arrived.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::sync::OnceLock;

#[cfg(feature = "_network")]
use diesel_async::async_connection_wrapper::BlockOn;
use tokio::runtime::{Builder, Handle, Runtime};

use super::{caller, contained};
use crate::block_on::{Own, park_on};
use crate::panics;

/// Runs futures on the calling thread, and their sockets and timers on the background thread.
///
/// It may be used anywhere: also inside another runtime, whose worker it blocks for as long as the future
/// takes.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(
    not(feature = "_network"),
    expect(unreachable_pub, reason = "a driver of the project's own may use it")
)]
pub struct Background;

/// The maximum number of concurrent name lookups. A resolver that never answers must not fill the memory with
/// threads.
const MOST_LOOKUPS: usize = 32;

/// The first connection starts it. It is never shut down, since a thread that hangs in a name lookup would
/// delay the program's exit.
fn handle() -> &'static Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let start = || {
        Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(MOST_LOOKUPS)
            .thread_name("manage-database")
            // A panic of a driver's task ends its connection, which reports the panic.
            .on_thread_start(panics::silence)
            .enable_all()
            .build()
            .expect("the operating system can start one more thread")
    };
    RUNTIME.get_or_init(start).handle()
}

thread_local! {
    /// The runtime of a thread that drives its sockets itself.
    static OWN: RefCell<Option<Rc<Own>>> = const { RefCell::new(None) };
}

impl Background {
    /// Lets this thread itself drive the sockets that it opens and closes during `work`: switching to the
    /// background thread and back costs as much as a refused connection. Between two queries nothing drives
    /// such a socket.
    ///
    /// Not for a thread that runs tasks of another runtime.
    pub(crate) fn here<T>(work: impl FnOnce() -> T) -> T {
        // If this thread gets no runtime, it uses the background thread like others.
        let own = Builder::new_current_thread()
            .max_blocking_threads(MOST_LOOKUPS)
            .enable_all()
            .build()
            .ok()
            .map(|own| Rc::new(Own::new(own)));
        let before = OWN.replace(own);
        let result = work();
        OWN.set(before);
        result
    }

    fn own() -> Option<Rc<Own>> {
        OWN.with_borrow(Clone::clone)
    }

    /// Runs a future to its end.
    pub(crate) fn run<F: Future>(self, future: F) -> F::Output {
        caller::outside(|| match Self::own() {
            Some(own) => own.runtime().block_on(contained::caught_if_expected(future)),
            None => park_on(handle(), contained::caught_if_expected(future)),
        })
    }

    /// Starts a call that blocks, such as a name lookup, on a thread of its own.
    pub(super) fn spawn_blocking<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        match Self::own() {
            Some(own) => own.runtime().spawn_blocking(work),
            None => handle().spawn_blocking(work),
        }
    }

    /// Calls a function that creates sockets or timers outside of a future.
    #[cfg(feature = "async")]
    pub(crate) fn inside<T>(self, work: impl FnOnce() -> T) -> T {
        match Self::own() {
            Some(own) => {
                let _entered = own.runtime().enter();
                work()
            }
            None => {
                let _entered = handle().enter();
                work()
            }
        }
    }

    /// Starts a task on the runtime that drives the thread's sockets. A panic ends it.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) fn spawn<F>(self, future: F) -> tokio::task::JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let future = async { contained::contained(future).await.unwrap_or(()) };
        match Self::own() {
            Some(own) => own.runtime().spawn(future),
            None => handle().spawn(future),
        }
    }

    /// Runs a future that closes a connection, and waits for it. Inside a future of the thread's own runtime
    /// it does not wait, since that would block the runtime: there it starts a task instead.
    #[cfg(feature = "postgres")]
    pub(crate) fn finish<F>(self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match Self::own() {
            Some(own) if Handle::try_current().is_ok() => drop(own.runtime().spawn(future)),
            _ => self.run(future),
        }
    }
}

#[cfg(feature = "_network")]
impl BlockOn for Background {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.run(future)
    }

    fn get_runtime() -> Self {
        Self
    }
}

#[cfg(all(test, feature = "_network"))]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    async fn shake_hands() -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let client = TcpStream::connect(address).await;
        client.is_ok() && listener.accept().await.is_ok()
    }

    #[test]
    fn sockets_and_timers_work_on_a_plain_thread() {
        assert!(Background.block_on(shake_hands()));
        let started = Instant::now();
        Background.block_on(async { tokio::time::sleep(Duration::from_millis(20)).await });
        assert!(started.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn they_work_on_a_thread_that_drives_them_itself() {
        let done = Background::here(|| {
            let started = Instant::now();
            Background.block_on(async { tokio::time::sleep(Duration::from_millis(20)).await });
            Background.block_on(shake_hands()) && started.elapsed() >= Duration::from_millis(20)
        });
        assert!(done && Background::own().is_none());
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn what_ends_a_connection_is_waited_for_or_goes_on_later() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let end = |sender: std::sync::mpsc::Sender<()>| async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            sender.send(()).expect("a receiver");
        };
        Background.finish(end(sender.clone()));
        assert!(receiver.try_recv().is_ok());
        Background::here(|| {
            Background.finish(end(sender.clone()));
            assert!(receiver.try_recv().is_ok());
            Background.block_on(async { Background.finish(end(sender)) });
            assert!(receiver.try_recv().is_err());
            // The task continues while the thread waits for something else, however long that takes on a busy
            // machine.
            while receiver.try_recv().is_err() {
                Background.block_on(async { tokio::time::sleep(Duration::from_millis(1)).await });
            }
        });
    }

    #[test]
    fn they_work_inside_another_runtime() {
        let other = Builder::new_current_thread().build().expect("a runtime");
        assert!(other.block_on(async { Background.block_on(shake_hands()) }));
    }

    #[test]
    fn they_do_not_hang_in_a_task_that_used_up_its_budget() {
        let other = Builder::new_current_thread().build().expect("a runtime");
        let done = other.block_on(async {
            let busy = async {
                for _ in 0..1_000 {
                    Background.block_on(tokio::task::consume_budget());
                }
                Background.block_on(shake_hands())
            };
            tokio::task::LocalSet::new().run_until(busy).await
        });
        assert!(done);
    }
}
