//! Processes and their descendants.

use std::fs;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::happens_within;

/// One line of the process table.
#[derive(Clone, Copy, Debug)]
struct Entry {
    pid: i32,
    parent: i32,
    state: char,
}

/// Sends a signal; that the process is gone already is no error.
pub(crate) fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, signal);
    }
}

/// Returns `root` and all its descendants.
pub(crate) fn tree(root: i32) -> Vec<i32> {
    entries_below(root).into_iter().map(|entry| entry.pid).collect()
}

/// Stops a process and its descendants, and returns them once all of them are suspended.
///
/// `known` hears of every process before it is stopped, since a stopped one does not notice that its parent
/// died.
pub(crate) fn stop_tree(root: i32, mut known: impl FnMut(&[i32])) -> Vec<i32> {
    let mut stopped = Vec::new();
    happens_within(Duration::from_secs(5), || {
        let entries = entries_below(root);
        stopped = entries.iter().map(|entry| entry.pid).collect();
        known(&stopped);
        // A signal takes a moment to arrive, and a process that still runs may have one more child.
        let running: Vec<_> = entries.iter().filter(|entry| !matches!(entry.state, 'T' | 'Z')).collect();
        running.iter().for_each(|entry| signal(entry.pid, Signal::STOP));
        running.is_empty()
    });
    stopped
}

/// Kills all of `pids` and waits until they are gone. A child of ours must be reaped by the caller.
pub(crate) fn kill_all(pids: &[i32], own_child: i32) {
    pids.iter().for_each(|&pid| signal(pid, Signal::KILL));
    happens_within(Duration::from_secs(5), || {
        let table = table();
        !table.iter().any(|entry| entry.pid != own_child && entry.state != 'Z' && pids.contains(&entry.pid))
    });
}

fn entries_below(root: i32) -> Vec<Entry> {
    let table = table();
    let mut found: Vec<Entry> = table.iter().copied().filter(|entry| entry.pid == root).collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|entry| entry.pid) {
        found.extend(table.iter().filter(|entry| entry.parent == parent));
        next += 1;
    }
    found
}

fn table() -> Vec<Entry> {
    // Slim images have no ps, macOS has no /proc.
    from_proc().unwrap_or_else(from_ps)
}

fn from_proc() -> Option<Vec<Entry>> {
    // `pid (any name) state parent …`
    let parse = |stat: &str| {
        let (before, after) = stat.rsplit_once(") ")?;
        let mut fields = after.split(' ');
        Some(Entry {
            pid: before.split(' ').next()?.parse().ok()?,
            state: fields.next()?.chars().next()?,
            parent: fields.next()?.parse().ok()?,
        })
    };
    let numbered = fs::read_dir("/proc").ok()?.flatten().filter(|entry| {
        entry.file_name().to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let table: Vec<_> =
        numbered.filter_map(|entry| parse(&fs::read_to_string(entry.path().join("stat")).ok()?)).collect();
    (!table.is_empty()).then_some(table)
}

fn from_ps() -> Vec<Entry> {
    let Ok(output) = Command::new("ps").args(["-A", "-o", "pid=,ppid=,stat="]).output() else {
        return Vec::new();
    };
    let parse = |line: &str| {
        let mut fields = line.split_whitespace();
        Some(Entry {
            pid: fields.next()?.parse().ok()?,
            parent: fields.next()?.parse().ok()?,
            state: fields.next()?.chars().next()?,
        })
    };
    String::from_utf8_lossy(&output.stdout).lines().filter_map(parse).collect()
}

/// Returns the most memory that a process has had, in bytes, as Linux counts it.
pub(crate) fn peak_memory(pid: u32) -> Option<u64> {
    // Just after it was started it may still share the memory of this process, whose peak is not its own.
    if fs::read_link(format!("/proc/{pid}/exe")).ok()? == std::env::current_exe().ok()? {
        return None;
    }
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}
