//! Puts a supervisor together with what it listens to.

use std::sync::mpsc::channel;
use std::thread;

use super::keys::Keys;
use super::scope::{Demand, Scope};
use super::selection::Found;
use super::supervisor::{Input, Supervisor};
use super::watching::Watching;
use super::{Event, Reloading, selection};

/// Runs the program, and replaces it after each change, until `stopped` is ready or a person quits. Blocks.
/// Must be called within a tokio runtime.
pub(crate) fn supervise(
    reloading: Reloading,
    stopped: impl Future<Output: Send> + Send + 'static,
    report: &mut dyn FnMut(Event),
) {
    let (sender, inputs) = channel();
    let send = |make: fn(_) -> Input| {
        let sender = sender.clone();
        move |what| drop(sender.send(make(what)))
    };
    let seen = sender.clone();
    let settings = reloading.settings.clone();
    let watched = settings.clone();
    let watching = Watching::start(&reloading.origin, watched, reloading.poll, move |what| {
        let _ = seen.send(Input::Seen(what));
    });
    let (origin, selected) = (reloading.origin.clone(), sender.clone());
    thread::spawn(move || {
        let scope = Scope::new(&origin, &settings, &[]);
        let before = scope.look();
        let is_newer = scope.is_newer(&before, &origin.executable);
        let Found { selection, missing } = selection::find(&origin);
        // Then cargo had something to do for that reason, and may have done it: no time of a file says so later.
        let is_changed = is_newer || scope.changes(&before, &scope.look()).demand == Demand::Build;
        selected.send(Input::Selected { selection, is_changed, missing })
    });
    let keys = Keys::read(send(Input::Key));
    report(Event::Watching { keys: keys.is_some() });
    let stop = sender.clone();
    tokio::spawn(async move {
        let _ = stopped.await;
        // The next CONTROL-C may end the process at once.
        drop(keys);
        let _ = stop.send(Input::Stop);
    });
    Supervisor { reloading, inputs, sender, report }.run(watching);
}
