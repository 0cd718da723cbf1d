//! Polls a future only if it was woken itself, and not each time its task was woken for another reason.
//!
//! A connection is woken for each request. To ask its timer and its signals each time costs as much as
//! a response header.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Whether a future was woken since it was last polled. One value is for one future.
#[derive(Default)]
pub(super) struct Quiet(Option<(Arc<Flag>, Waker)>);

struct Flag {
    is_woken: AtomicBool,
    task: Waker,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

impl Quiet {
    /// Polls the future if that is due.
    pub(super) fn poll<F: Future>(&mut self, cx: &mut Context<'_>, future: Pin<&mut F>) -> Poll<F::Output> {
        let known = self.0.take().filter(|(flag, _)| flag.task.will_wake(cx.waker()));
        let (flag, waker) = self.0.insert(known.unwrap_or_else(|| {
            let flag = Arc::new(Flag { is_woken: AtomicBool::new(true), task: cx.waker().clone() });
            (Arc::clone(&flag), Waker::from(flag))
        }));
        if !flag.is_woken.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        future.poll(&mut Context::from_waker(waker))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use super::*;

    struct Task;

    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }

    #[test]
    fn only_its_own_waker_makes_it_due() {
        let (mut polls, mut waker) = (0, None);
        // A clone of a clone is known to be the same; of `Waker::noop` it is not always.
        let task = Waker::from(Arc::new(Task)).clone();
        let mut cx = Context::from_waker(&task);
        let mut quiet = Quiet::default();
        {
            let mut future = pin!(poll_fn(|cx| {
                polls += 1;
                waker = Some(cx.waker().clone());
                Poll::<()>::Pending
            }));
            for _ in 0..3 {
                assert!(quiet.poll(&mut cx, future.as_mut()).is_pending());
            }
        }
        assert_eq!(polls, 1);
        waker.expect("a waker").wake();
        let mut future = pin!(poll_fn(|_| Poll::Ready(())));
        assert!(quiet.poll(&mut cx, future.as_mut()).is_ready());
    }
}
