//! The executor: polls one future, and sleeps until one of its sockets is ready.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::task::unconstrained;

use super::socket::Ready;
use crate::database::network::contained;

/// How often [`look`] polls a future that woke itself.
const MOST_LOOKS: usize = 64;

/// What the future that this thread runs waits for.
#[derive(Default)]
struct Waiting {
    is_running: bool,
    /// Whether sockets ask the system even if they have nothing to expect.
    looks: bool,
    sockets: Vec<(Arc<Ready>, Direction)>,
    deadline: Option<Instant>,
}

/// What a future waits for at a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Read,
    Write,
}

thread_local! {
    static WAITING: RefCell<Waiting> = RefCell::default();
    static BELL: Arc<Bell> = Arc::new(Bell { thread: thread::current(), has_rung: AtomicBool::new(false) });
}

/// Returns whether this thread can still run futures. It cannot while its thread-local values are dropped.
pub(crate) fn is_usable() -> bool {
    WAITING.try_with(|_| ()).is_ok() && BELL.try_with(|_| ()).is_ok()
}

/// Returns whether a future is being run here.
pub(super) fn is_running() -> bool {
    WAITING.with_borrow(|waiting| waiting.is_running)
}

/// Returns whether sockets should ask the system even if they have nothing to expect.
pub(super) fn looks() -> bool {
    WAITING.with_borrow(|waiting| waiting.looks)
}

/// Notes that the running future waits for a socket. Returns whether there is such a future.
pub(super) fn wait_for(socket: &Arc<Ready>, direction: Direction) -> bool {
    WAITING.with_borrow_mut(|waiting| {
        if waiting.is_running {
            waiting.sockets.push((Arc::clone(socket), direction));
        }
        waiting.is_running
    })
}

pub(super) async fn timeout_at<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        if Instant::now() >= deadline {
            return Poll::Ready(None);
        }
        WAITING.with_borrow_mut(|waiting| {
            waiting.deadline = Some(waiting.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
        });
        Poll::Pending
    })
    .await
}

/// Runs a future to its end.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    drive(future, None).expect("no time limit")
}

/// Runs a future until a time; `None` if it has not ended by then.
pub(crate) fn run_until<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    drive(future, Some(deadline))
}

/// Polls a future without waiting; `None` if it has not ended. Its sockets notice all that has arrived.
pub(crate) fn look<F: Future>(future: F) -> Option<F::Output> {
    let scope = Scope::enter(Waiting { is_running: true, looks: true, ..Waiting::default() });
    let mut future = pin!(Some(unconstrained(future)));
    (0..MOST_LOOKS).find_map(|_| match poll_once(future.as_mut(), &scope.bell) {
        Poll::Ready(output) => Some(Some(output)),
        Poll::Pending => (!scope.bell.has_rung()).then_some(None),
    })?
}

/// Calls a function that runs futures in another way.
pub(super) fn outside<T>(work: impl FnOnce() -> T) -> T {
    if !is_running() {
        return work();
    }
    let _scope = Scope::enter(Waiting::default());
    work()
}

fn drive<F: Future>(future: F, until: Option<Instant>) -> Option<F::Output> {
    let scope = Scope::enter(Waiting { is_running: true, ..Waiting::default() });
    // Inside a task of a runtime, the task's budget would run out and never be refilled.
    let mut future = pin!(Some(unconstrained(future)));
    loop {
        WAITING.with_borrow_mut(|waiting| {
            waiting.sockets.clear();
            waiting.deadline = None;
        });
        if let Poll::Ready(output) = poll_once(future.as_mut(), &scope.bell) {
            return Some(output);
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return None;
        }
        if !scope.bell.has_rung() {
            sleep(&scope.bell, until);
        }
    }
}

/// Polls the future. Where a caller expects a panic, the future is dropped before the panic goes on: dropping
/// it might panic again.
fn poll_once<F: Future>(mut future: Pin<&mut Option<F>>, bell: &Arc<Bell>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::clone(bell));
    let mut context = Context::from_waker(&waker);
    let polled = contained::polled_if_expected(|| match future.as_mut().as_pin_mut() {
        Some(running) => running.poll(&mut context),
        None => Poll::Pending,
    });
    match polled {
        Ok(polled) => polled,
        Err(panicked) => {
            contained::drop_silently(|| future.set(None));
            panicked.go_on()
        }
    }
}

/// Sleeps until a socket is ready, until the earlier deadline, or until the bell rings.
fn sleep(bell: &Bell, until: Option<Instant>) {
    let (mut sockets, deadline) =
        WAITING.with_borrow_mut(|waiting| (std::mem::take(&mut waiting.sockets), waiting.deadline));
    let until = [until, deadline].into_iter().flatten().min();
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    if sockets.is_empty() {
        return bell.wait(left);
    }
    let left = left.and_then(|left| Timespec::try_from(left).ok());
    let mut polled: Vec<PollFd<'_>> = sockets
        .iter()
        .map(|(socket, direction)| match direction {
            Direction::Read => PollFd::new(&socket.socket, PollFlags::IN),
            Direction::Write => PollFd::new(&socket.socket, PollFlags::OUT),
        })
        .collect();
    // An interrupted or failed call counts as ready: the socket's own call reports what is wrong.
    let is_answer = match poll(&mut polled, left.as_ref()) {
        Ok(_) => true,
        Err(Errno::INTR) => return,
        Err(_) => false,
    };
    for (polled, (socket, direction)) in polled.iter().zip(&sockets) {
        if !is_answer || !polled.revents().is_empty() {
            socket.set(*direction, true);
        }
    }
    drop(polled);
    // The next round uses the memory again.
    sockets.clear();
    WAITING.with_borrow_mut(|waiting| waiting.sockets = sockets);
}

/// What an outer future of this thread waits for, kept while an inner one runs.
struct Scope {
    outer: Waiting,
    bell: Arc<Bell>,
}

impl Scope {
    fn enter(inner: Waiting) -> Self {
        let bell = BELL.with(Arc::clone);
        bell.has_rung();
        Self { outer: WAITING.replace(inner), bell }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        WAITING.set(std::mem::take(&mut self.outer));
        // The inner future may have used up a ring that was meant for the outer one.
        self.bell.has_rung.store(true, Ordering::Relaxed);
    }
}

/// Wakes a thread that sleeps without a socket.
struct Bell {
    thread: Thread,
    has_rung: AtomicBool,
}

impl Bell {
    /// Returns whether it has rung since the last call.
    fn has_rung(&self) -> bool {
        self.has_rung.load(Ordering::Relaxed) && self.has_rung.swap(false, Ordering::Acquire)
    }

    fn wait(&self, limit: Option<Duration>) {
        // The flag stays: the loop checks it before it sleeps again.
        if self.has_rung.load(Ordering::Acquire) {
            return;
        }
        match limit {
            Some(limit) => thread::park_timeout(limit),
            None => thread::park(),
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.has_rung.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
