//! The programs that are killed when the test process ends, however it ends.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock};

use crate::watch::Watch;

/// Watches a program, which leads a process group.
pub(crate) fn watch(pid: u32) {
    change(|groups| groups.insert(-(pid as i32)));
}

/// Forgets a program that has ended, before its id can go to another process.
pub(crate) fn unwatch(pid: u32) {
    change(|groups| groups.remove(&-(pid as i32)));
}

fn change(change: impl FnOnce(&mut BTreeSet<i32>) -> bool) {
    static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());
    static WATCH: OnceLock<Option<Watch>> = OnceLock::new();
    let mut groups = GROUPS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    change(&mut groups);
    if let Some(watch) = WATCH.get_or_init(|| Watch::without_folder().ok()) {
        watch.doom(&groups.iter().copied().collect::<Vec<_>>());
    }
}
