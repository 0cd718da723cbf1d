//! A held lock, and the thread that monitors it.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::IsolationError;
use crate::database::{LockName, LockSession, POLL_INTERVAL, Reason, operations_for};
use crate::settings::DatabaseSettings;

/// The longest time between two attempts of a waiting process.
const POLL: Duration = Duration::from_millis(200);

/// A held lock. It is released when this value is dropped, or when the process ends in any way.
#[derive(Debug)]
#[must_use = "the lock ends when this value drops"]
pub struct Isolation {
    watcher: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Isolation {
    /// Takes the lock, waiting up to `wait`, and monitors it. Waiting processes see `owner`. `waiting` is
    /// called once, with the holder, if the first attempt fails. `lost` is called on another thread if the
    /// lock ends before this value is dropped.
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
        let mut reported = false;
        let mut session = loop {
            let tried = try_once(way.take(), || {
                Ok(operations_for(settings)?.open_lock(settings, name.clone(), owner)?)
            });
            let left = wait.saturating_sub(start.elapsed());
            match tried {
                Ok((session, true)) => break session,
                Ok((mut session, false)) => {
                    if left.is_zero() {
                        return Err(IsolationError::Busy { holder: session.holder(), waited: wait });
                    }
                    if !reported {
                        waiting(session.holder());
                        reported = true;
                    }
                    way = Some(session);
                }
                // Waiting continues through a restart of the server. A pooler may have no free connection for
                // the first attempt; a process without a time limit then fails with that error.
                Err(IsolationError::Connect(error))
                    if error.reason.is_transient()
                        && !left.is_zero()
                        && (reported || (error.reason == Reason::TimedOut && wait < Duration::MAX)) => {}
                Err(error) => return Err(error),
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(POLL);
        };
        let (stop, stopped) = channel();
        let watch = move || {
            let mut looked = Instant::now();
            loop {
                let goes_on = matches!(stopped.recv_timeout(POLL_INTERVAL), Err(RecvTimeoutError::Timeout));
                if goes_on && !session.has_ended() && looked.elapsed() < session.check_every() {
                    continue;
                }
                // It is also checked at the end: it may have been lost since the last check.
                if let Err(why) = session.check() {
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

/// Makes one attempt, on the existing session or on a new one.
fn try_once(
    way: Option<Box<dyn LockSession>>,
    open: impl FnOnce() -> Result<Box<dyn LockSession>, IsolationError>,
) -> Result<(Box<dyn LockSession>, bool), IsolationError> {
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

    /// Returns the reported reason when something happens to the file of a held lock.
    fn reported(happens: impl FnOnce(&std::path::Path)) -> Option<String> {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.db");
        let settings = DatabaseSettings::sqlite("default", path.to_str().expect("UTF-8"), Origin::Code);
        let name = LockName::key("test");
        let file = name.file(&path);
        let (sender, reported) = channel();
        let lost = move |why| drop(sender.send(why));
        let lock = Isolation::take(&settings, name, "test", Duration::ZERO, |_| {}, lost).expect("a lock");
        happens(&file);
        drop(lock);
        reported.try_recv().ok()
    }

    #[test]
    fn a_lock_that_was_lost_since_the_last_look_is_reported_at_the_end() {
        assert_eq!(reported(|_| {}), None);
        let why = reported(|file| std::fs::remove_file(file).expect("a lock file"));
        assert!(why.is_some(), "the file was removed");
    }
}
