//! The one runtime behind every connection over a network.
//!
//! Diesel's interface is synchronous and the drivers are not. A runtime of its own for each connection would panic inside
//! an `async` function, and a runtime that only runs during a query would not notice a server that went away. So there is
//! one thread that drives all sockets, and a caller's thread that sleeps until its answer is there.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::sync::OnceLock;

use diesel_async::async_connection_wrapper::BlockOn;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::runtime::{Own, park_on};

/// Runs futures on the calling thread, and their sockets and timers on the background thread.
///
/// It may be used anywhere: also inside another runtime, whose worker it blocks for as long as the future takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Background;

/// Started by the first connection. It is never shut down: a thread that hangs in a name lookup would delay the
/// program's end.
fn handle() -> &'static Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let start = || {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("manage-database")
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
    /// Lets this thread drive the sockets itself that it opens and closes meanwhile: the way to the background thread and back
    /// costs as much as a refused connection. Nobody looks after such a socket between two questions.
    ///
    /// Not for a thread that runs tasks of another runtime.
    pub(crate) fn here<T>(work: impl FnOnce() -> T) -> T {
        // Without a runtime of its own it is the background thread's, as for others.
        let own = Builder::new_current_thread().enable_all().build().ok().map(|own| Rc::new(Own::new(own)));
        let before = OWN.replace(own);
        let result = work();
        OWN.set(before);
        result
    }

    fn own() -> Option<Rc<Own>> {
        OWN.with_borrow(Clone::clone)
    }

    /// Starts a task where the thread's sockets are driven.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn spawn<F>(self, future: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        match Self::own() {
            Some(own) => own.runtime().spawn(future),
            None => handle().spawn(future),
        }
    }

    /// Runs what ends a connection. It is waited for, but not inside a future that the thread's own runtime runs: nothing would
    /// go on there meanwhile. So it ends beside whatever that runtime does next.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn finish<F>(self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match Self::own() {
            Some(own) if Handle::try_current().is_ok() => drop(own.runtime().spawn(future)),
            _ => self.block_on(future),
        }
    }
}

impl BlockOn for Background {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match Self::own() {
            Some(own) => own.runtime().block_on(future),
            None => park_on(handle(), future),
        }
    }

    fn get_runtime() -> Self {
        Self
    }
}

#[cfg(test)]
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

    #[cfg(any(feature = "postgres", feature = "mysql"))]
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
            Background.block_on(async { tokio::time::sleep(Duration::from_millis(50)).await });
            assert!(receiver.try_recv().is_ok());
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
