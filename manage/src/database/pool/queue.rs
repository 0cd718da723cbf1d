//! The threads that wait for a connection, in the order in which they came.

use std::collections::VecDeque;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long the first thread waits before new threads line up behind it.
///
/// Until then a thread that asks may take a connection before it: it runs, and the first one would have to be
/// woken. That keeps connections busy, and alone it would let a thread wait forever.
const PATIENCE: Duration = Duration::from_millis(5);

#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    last: u64,
}

struct Waiting {
    ticket: Ticket,
    since: Instant,
    thread: Thread,
}

/// The place of a waiting thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl Queue {
    /// Appends this thread.
    pub(super) fn join(&mut self) -> Ticket {
        self.last += 1;
        let ticket = Ticket(self.last);
        self.waiting.push_back(Waiting { ticket, since: Instant::now(), thread: thread::current() });
        ticket
    }

    /// Removes a thread.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        if let Some(place) = self.waiting.iter().position(|waiting| waiting.ticket == ticket) {
            self.waiting.remove(place);
        }
    }

    /// Returns whether the thread may take what is available. Without a ticket it has just come.
    pub(super) fn may_take(&self, ticket: Option<Ticket>) -> bool {
        let Some(first) = self.waiting.front() else { return true };
        Some(first.ticket) == ticket || first.since.elapsed() < PATIENCE
    }

    /// Returns the thread to wake when something becomes available. It wakes the next one if more is left.
    pub(super) fn first(&self) -> Option<Thread> {
        self.waiting.front().map(|waiting| waiting.thread.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_while_new_threads_wait_behind_the_first_one() {
        let mut queue = Queue::default();
        assert!(queue.may_take(None) && queue.first().is_none());
        let (first, second) = (queue.join(), queue.join());
        assert!(queue.may_take(None) && queue.may_take(Some(second)), "nobody has waited for long");
        queue.waiting[0].since -= PATIENCE;
        assert!(!queue.may_take(None) && !queue.may_take(Some(second)) && queue.may_take(Some(first)));
        queue.leave(first);
        assert!(queue.may_take(None), "the second one has not waited for long");
        queue.leave(second);
        queue.leave(second);
        assert!(queue.first().is_none());
    }
}
