//! Runs futures in sync code: an `async` command from any thread, inside or outside of a runtime.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

#[cfg(feature = "async")]
use tokio::runtime::Builder;
use tokio::runtime::{Handle, Runtime};

#[cfg(feature = "async")]
use crate::error::Result;

/// Runs a future to completion: an `async` command, called from a sync function.
///
/// ```
/// use manage::prelude::*;
/// # async fn later(cx: &mut Context, value: u32) -> Result<u32> { Ok(value * 2) }
///
/// pub fn now(cx: &mut Context) -> Result<()> {
///     let doubled = manage::block_on(later(cx, 21))?;
///     cx.line(doubled)
/// }
/// # manage::testing::Project::new(manage::Program::new(&[])).call(now).expect_success();
/// ```
///
/// The future gets its own runtime, so this works anywhere, even on a thread that runs tasks of another
/// runtime, which it blocks. Inside an `async` function use `.await` instead.
#[cfg(feature = "async")]
pub fn block_on<T, E: Into<anyhow::Error>>(future: impl Future<Output = Result<T, E>>) -> Result<T> {
    run_to_end(future)?.map_err(Into::into)
}

/// Runs an `async` command to completion on its own runtime.
#[doc(hidden)]
#[cfg(feature = "async")]
pub fn run_to_end<F: Future>(future: F) -> Result<F::Output> {
    let own = Own::new(Builder::new_multi_thread().enable_all().build()?);
    let own = own.runtime();
    // tokio does not allow a thread of one runtime to enter another.
    Ok(match Handle::try_current() {
        Err(_) => own.block_on(future),
        Ok(_) => park_on(own.handle(), future),
    })
}

/// A runtime that shuts down without waiting: a thread that is still waiting for a database must not delay
/// the exit. Dropping tokio's runtime waits, and panics inside another runtime.
pub(crate) struct Own(Option<Runtime>);

impl Own {
    pub(crate) fn new(runtime: Runtime) -> Self {
        Self(Some(runtime))
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        self.0.as_ref().expect("drop alone takes it")
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// How long a thread of another runtime sleeps before it polls its future again: initially and at most.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(1)];

/// Runs a future on the calling thread, and its sockets, timers and tasks on a runtime.
pub(crate) fn park_on<F: Future>(runtime: &Handle, future: F) -> F::Output {
    // On a thread of another runtime, tokio's `yield_now` leaves the wake-up to that runtime. Since this
    // function blocks that runtime, the wake-up would never come. There the future is polled periodically,
    // woken or not.
    let looks_again = Handle::try_current().is_ok();
    let _entered = runtime.enter();
    // Inside a task of another runtime, the task's budget would run out and never be refilled.
    let mut future = pin!(tokio::task::unconstrained(future));
    let parked = Arc::new(Parked { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&parked));
    let mut context = Context::from_waker(&waker);
    let mut pause = LOOK_AGAIN[0];
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        if !looks_again {
            while !parked.was_woken() {
                thread::park();
            }
        } else if parked.was_woken() || {
            thread::park_timeout(pause);
            parked.was_woken()
        } {
            pause = LOOK_AGAIN[0];
        } else {
            pause = (pause * 2).min(LOOK_AGAIN[1]);
        }
    }
}

/// A sleeping thread. The flag distinguishes its own wake-ups from those of another sleeper on the same
/// thread.
struct Parked {
    thread: Thread,
    woken: AtomicBool,
}

impl Parked {
    /// Returns whether the thread was woken since the last call.
    fn was_woken(&self) -> bool {
        self.woken.swap(false, Ordering::Acquire)
    }
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
