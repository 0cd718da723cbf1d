//! Notices that files change. An event only wakes: what has changed is what a look at the files finds, so a
//! lost, doubled or early event makes no difference.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::scope::{Changes, Demand, Look, Scope};
use super::{Origin, polled};

/// How long there must be no further event. An editor saves by up to five, a branch switch by thousands.
const QUIET: Duration = Duration::from_millis(50);

/// When a look is due although there are further events.
const AT_THE_LATEST: Duration = Duration::from_millis(500);

/// How often to look where there are no events.
pub(crate) const POLL_EVERY: Duration = Duration::from_millis(500);

/// What the thread reports.
#[derive(Debug)]
pub(crate) enum Seen {
    Changes(Changes),
    /// There are no events, for this reason, so the files are polled.
    Polling(String),
}

enum Order {
    Event(PathBuf),
    /// An event that may be about anything.
    Rescan,
    /// Cargo may have written another list of sources.
    Refresh,
    /// The directories of files that the program reads for each request.
    Pages(Vec<PathBuf>),
    Stop,
}

/// A thread that watches the sources until this is dropped.
pub(crate) struct Watching {
    orders: Sender<Order>,
}

impl Watching {
    /// Begins to watch. Changes since the program was built are reported at once.
    pub(crate) fn start(
        origin: &Origin,
        settings: Vec<PathBuf>,
        poll: bool,
        report: impl Fn(Seen) + Send + 'static,
    ) -> Self {
        let (orders, ordered) = channel();
        let sender = orders.clone();
        // Before the program is started: it may read a file that changes a moment later.
        let scope = Scope::new(origin, &settings, &[]);
        let look = scope.look();
        let origin = origin.clone();
        thread::spawn(move || watch(&origin, &settings, poll, (scope, look), &ordered, sender, &report));
        Self { orders }
    }

    /// Reads cargo's list of sources again, after a build.
    pub(crate) fn refresh(&self) {
        let _ = self.orders.send(Order::Refresh);
    }

    /// Watches these directories for files that the program reads for each request.
    pub(crate) fn pages(&self, directories: Vec<PathBuf>) {
        let _ = self.orders.send(Order::Pages(directories));
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
    }
}

fn watch(
    origin: &Origin,
    settings: &[PathBuf],
    poll: bool,
    (mut scope, mut look): (Scope, Look),
    ordered: &Receiver<Order>,
    sender: Sender<Order>,
    report: &impl Fn(Seen),
) {
    let mut events = Events { watcher: None, directories: BTreeSet::new() };
    if poll || look.directories.iter().any(|directory| polled::has_no_events(directory)) {
        if !poll {
            report(Seen::Polling("a network or shared file system reports no changes".to_owned()));
        }
    } else if let Err(why) = events.start(sender).and_then(|()| events.follow(&look)) {
        report(Seen::Polling(why));
    }
    if scope.is_newer(&look, &origin.executable) {
        report(Seen::Changes(Changes { files: Vec::new(), demand: Demand::Build }));
    }
    let mut pages = Vec::new();
    while let Some(wish) = events.next(ordered, &scope, &mut pages) {
        if wish == Wish::Refresh {
            let new = Scope::new(origin, settings, &pages);
            look = new.look().since(&look, &scope);
            scope = new;
        }
        let now = scope.look();
        if let Err(why) = events.follow(&now) {
            report(Seen::Polling(why));
        }
        let changes = scope.changes(&look, &now);
        look = now;
        if !changes.files.is_empty() {
            report(Seen::Changes(changes));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Look,
    Refresh,
}

/// The operating system's events for directories; without a watcher, the files are polled.
struct Events {
    watcher: Option<RecommendedWatcher>,
    directories: BTreeSet<PathBuf>,
}

impl Events {
    fn start(&mut self, sender: Sender<Order>) -> Result<(), String> {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return drop(sender.send(Order::Rescan)) };
            if event.kind.is_access() {
                return;
            }
            if event.need_rescan() {
                let _ = sender.send(Order::Rescan);
            }
            for path in event.paths {
                let _ = sender.send(Order::Event(path));
            }
        });
        self.watcher = Some(watcher.map_err(|error| polled::limit(&error))?);
        Ok(())
    }

    /// Watches the directories of a look. Where that fails, events end.
    fn follow(&mut self, look: &Look) -> Result<(), String> {
        let Some(watcher) = &mut self.watcher else { return Ok(()) };
        for gone in self.directories.difference(&look.directories) {
            // A directory that was removed has lost its watch.
            let _ = watcher.unwatch(gone);
        }
        for new in look.directories.difference(&self.directories) {
            match watcher.watch(new, RecursiveMode::NonRecursive) {
                // It was removed meanwhile, of which its parent has an event.
                Err(_) if !new.is_dir() => {}
                Err(error) => {
                    self.watcher = None;
                    return Err(polled::limit(&error));
                }
                Ok(()) => {}
            }
        }
        self.directories.clone_from(&look.directories);
        Ok(())
    }

    /// Returns when it is time for a look; `None` when nobody is interested any more.
    fn next(&self, ordered: &Receiver<Order>, scope: &Scope, pages: &mut Vec<PathBuf>) -> Option<Wish> {
        if self.watcher.is_none() {
            return match ordered.recv_timeout(POLL_EVERY) {
                Ok(Order::Refresh) => Some(Wish::Refresh),
                Ok(Order::Pages(directories)) => {
                    *pages = directories;
                    Some(Wish::Refresh)
                }
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => None,
                Ok(_) | Err(RecvTimeoutError::Timeout) => Some(Wish::Look),
            };
        }
        let mut wish = loop {
            match ordered.recv().ok()? {
                Order::Refresh => break Wish::Refresh,
                Order::Pages(directories) if *pages == directories => {}
                Order::Pages(directories) => {
                    *pages = directories;
                    break Wish::Refresh;
                }
                Order::Rescan => break Wish::Look,
                Order::Event(path) if scope.may_matter(&path) => break Wish::Look,
                Order::Event(_) => {}
                Order::Stop => return None,
            }
        };
        let end = Instant::now() + AT_THE_LATEST;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            match ordered.recv_timeout(left.min(QUIET)) {
                Ok(Order::Refresh) => wish = Wish::Refresh,
                Ok(Order::Pages(directories)) => {
                    *pages = directories;
                    wish = Wish::Refresh;
                }
                Ok(Order::Stop) => return None,
                Ok(_) => {}
                Err(_) => break,
            }
        }
        Some(wish)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Returns the first report after a change, as soon as the thread watches.
    fn seen(poll: bool, change: impl Fn(u32, &std::path::Path)) -> Vec<PathBuf> {
        let root = tempfile::tempdir().expect("a directory");
        let root = root.path().canonicalize().expect("a path");
        fs::create_dir_all(root.join("src")).expect("a directory");
        fs::write(root.join("Cargo.toml"), "").expect("a file");
        fs::write(root.join("src/lib.rs"), "").expect("a file");
        let origin = Origin {
            executable: root.join("target/debug/manage"),
            dep_info: root.join("target/debug/manage.d"),
            package: root.clone(),
            cargo: "cargo".into(),
            target: root.join("target"),
            selections: Vec::new(),
        };
        let (report, reports) = channel();
        let watching = Watching::start(&origin, Vec::new(), poll, move |seen| drop(report.send(seen)));
        let end = Instant::now() + Duration::from_secs(20);
        let mut round = 0;
        while Instant::now() < end {
            round += 1;
            change(round, &root);
            if let Ok(Seen::Changes(changes)) = reports.recv_timeout(Duration::from_secs(1)) {
                drop(watching);
                return changes
                    .files
                    .into_iter()
                    .map(|file| file.strip_prefix(&root).expect("inside").to_owned())
                    .collect();
            }
        }
        panic!("no change was seen");
    }

    fn edit(round: u32, root: &std::path::Path) {
        fs::write(root.join("src/lib.rs"), "x".repeat(round as usize)).expect("a file");
    }

    #[test]
    fn an_edit_is_seen_by_events_and_by_polling() {
        assert_eq!(seen(false, edit), [PathBuf::from("src/lib.rs")]);
        assert_eq!(seen(true, edit), [PathBuf::from("src/lib.rs")]);
    }

    #[test]
    fn a_file_in_a_new_directory_is_seen() {
        let files = seen(false, |round, root| {
            fs::create_dir_all(root.join(format!("src/new{round}/inner"))).expect("directories");
            fs::write(root.join(format!("src/new{round}/inner/mod.rs")), "").expect("a file");
        });
        assert!(files[0].ends_with("inner/mod.rs"), "{files:?}");
    }
}
