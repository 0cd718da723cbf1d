//! The lock while it is held, and the thread that watches it.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::open::open;
use super::session::{GLANCE, Session};
use super::{IsolationError, LockName};
use crate::database::Reason;
use crate::settings::DatabaseSettings;

/// How often a waiting process tries again, at the most.
const POLL: Duration = Duration::from_millis(200);

/// A lock that is held. It is given back when this value drops, and ends with the process, however that ends.
#[derive(Debug)]
#[must_use = "the lock ends when this value drops"]
pub struct Isolation {
    watcher: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Isolation {
    /// Takes the lock, waiting for at most `wait`, and watches it. `owner` is shown to those who find it taken; `waiting`
    /// is called once, with the holder, when the first try fails; `lost` is called on another thread if the lock ends
    /// before this value does.
    pub(crate) fn take(
        settings: &DatabaseSettings,
        name: LockName,
        owner: &str,
        wait: Duration,
        mut waiting: impl FnMut(Option<String>),
        lost: impl FnOnce(String) + Send + 'static,
    ) -> Result<Self, IsolationError> {
        let start = Instant::now();
        let mut way = None;
        let mut pause = Duration::from_millis(5);
        let mut told = false;
        let mut session = loop {
            let tried = try_once(way.take(), || open(settings, name.clone(), owner));
            let left = wait.saturating_sub(start.elapsed());
            match tried {
                Ok((session, true)) => break session,
                Ok((mut session, false)) => {
                    if left.is_zero() {
                        return Err(IsolationError::Busy { holder: session.holder(), waited: wait });
                    }
                    if !told {
                        waiting(session.holder());
                        told = true;
                    }
                    way = Some(session);
                }
                // Who waits outlives a restart of the server. A pool may have no room for the first look; who would wait for ever
                // is told that.
                Err(IsolationError::Connect(error))
                    if error.reason.is_transient()
                        && !left.is_zero()
                        && (told || (error.reason == Reason::TimedOut && wait < Duration::MAX)) => {}
                Err(error) => return Err(error),
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(POLL);
        };
        let (stop, stopped) = channel();
        let watch = move || {
            let mut looked = Instant::now();
            loop {
                let goes_on = matches!(stopped.recv_timeout(GLANCE), Err(RecvTimeoutError::Timeout));
                if goes_on && !session.has_ended() && looked.elapsed() < session.look_every() {
                    continue;
                }
                // At the end as well: it may have been lost since the last look.
                if let Err(why) = session.look() {
                    return lost(why);
                }
                if !goes_on {
                    return session.release();
                }
                looked = Instant::now();
            }
        };
        let watcher = thread::Builder::new().name("manage-isolation".to_owned()).spawn(watch);
        let watcher = watcher.map_err(|error| IsolationError::Refused(error.to_string()))?;
        Ok(Self { watcher: Some((stop, watcher)) })
    }
}

/// One try on the way that there is, or on a new one.
fn try_once(
    way: Option<Box<dyn Session>>,
    open: impl FnOnce() -> Result<Box<dyn Session>, IsolationError>,
) -> Result<(Box<dyn Session>, bool), IsolationError> {
    let mut session = way.map_or_else(open, Ok)?;
    let is_taken = session.try_take()?;
    Ok((session, is_taken))
}

impl Drop for Isolation {
    fn drop(&mut self) {
        if let Some((stop, watcher)) = self.watcher.take() {
            let _ = stop.send(());
            let _ = watcher.join();
        }
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::settings::Origin;

    /// What is told of a lock that is held for a moment, in which something happens to its file.
    fn told(happens: impl FnOnce(&std::path::Path)) -> Option<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let settings = DatabaseSettings::sqlite("default", path.to_str().expect("UTF-8"), Origin::Code);
        let name = LockName::key("test");
        let file = name.file(&path);
        let (sender, told) = channel();
        let lost = move |why| drop(sender.send(why));
        let lock = Isolation::take(&settings, name, "test", Duration::ZERO, |_| {}, lost).expect("a lock");
        happens(&file);
        drop(lock);
        told.try_recv().ok()
    }

    #[test]
    fn a_lock_that_was_lost_since_the_last_look_is_told_at_the_end() {
        assert_eq!(told(|_| {}), None);
        let why = told(|file| std::fs::remove_file(file).expect("a lock file"));
        assert!(why.is_some(), "the file has gone");
    }
}
