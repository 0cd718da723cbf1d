//! Tests that run inside network, mount and process namespaces of their own.
//!
//! The test program restarts itself in there, once for all such tests: as process 1, with nothing but a
//! loopback interface. Nothing that they do to addresses, routes or files in `/etc` reaches the machine, and
//! what they start ends with them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock};
use std::time::Duration;
use std::{env, io, thread};

use crate::caught::caught;
use crate::find::{self, Unavailable};

/// The variable that marks the second process. Its value is the number of concurrent tests.
const INSIDE: &str = "MANAGE_TEST_INSIDE";

/// Most of these tests wait for most of the time.
const AT_A_TIME: &str = "6";

/// What is used inside, and by the tests.
pub(crate) const PROGRAMS: [&str; 4] = ["unshare", "nsenter", "ip", "sh"];

pub(crate) type Test = Box<dyn FnOnce() + Send>;

/// Returns whether this is the process inside.
pub(crate) fn is_inside() -> bool {
    env::var_os(INSIDE).is_some()
}

/// Returns `unshare` with what gives rights over a network of one's own: root has them, anyone else in a user
/// namespace. There one stays who one is, since database servers refuse root.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-current-user", "--keep-caps"]);
    }
    command.args(["--net", "--mount", "--pid", "--fork", "--mount-proc"]);
    // Where `ip` is, which not everyone has on PATH.
    let path = env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command
}

/// Returns why there can be no such namespaces, found out by making them once.
pub(crate) fn missing(install: &str) -> Option<Unavailable> {
    static MISSING: OnceLock<Option<Unavailable>> = OnceLock::new();
    let look = || {
        if is_inside() {
            return None;
        }
        for program in PROGRAMS {
            if let Err(missing) = find::find(program, install) {
                return Some(missing);
            }
        }
        let trial = "ip link set lo up && ip link add one type veth peer name other && mount --bind /etc/hosts /etc/hosts && unshare --net true";
        match unshare().args(["sh", "-c", trial]).stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => None,
            Ok(output) => Some(Unavailable::broken(format!(
                "no namespaces can be made: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            ))),
            Err(error) => Some(Unavailable::broken(error)),
        }
    };
    MISSING.get_or_init(look).clone()
}

/// The process inside, as the one outside sees it.
#[derive(Default)]
struct Cell {
    wanted: Vec<String>,
    /// Its stdin keeps it alive.
    process: Option<(Child, Option<ChildStdin>)>,
    results: BTreeMap<String, Result<(), String>>,
    ended: bool,
}

static CELL: Mutex<Option<Cell>> = Mutex::new(None);
static NEWS: Condvar = Condvar::new();

fn cell() -> MutexGuard<'static, Option<Cell>> {
    CELL.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Says which tests will be asked for.
pub(crate) fn want(wanted: Vec<String>) {
    *cell() = Some(Cell { wanted, ..Cell::default() });
}

/// Returns the result of a test. The first call starts all of them.
pub(crate) fn result(name: &str) -> Result<(), String> {
    let mut state = cell();
    loop {
        let cell = state.get_or_insert_default();
        if let Some(result) = cell.results.remove(name) {
            return result;
        }
        if cell.ended || !cell.wanted.iter().any(|wanted| wanted == name) {
            return Err("the process inside the namespaces ended before this test did".to_owned());
        }
        if cell.process.is_none() {
            cell.process = Some(start(&cell.wanted).map_err(|error| error.to_string())?);
        }
        state = NEWS.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
    }
}

fn start(wanted: &[String]) -> io::Result<(Child, Option<ChildStdin>)> {
    let mut child = unshare()
        .arg(env::current_exe()?)
        .env(INSIDE, AT_A_TIME)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    writeln!(stdin, "{}\n", wanted.join("\n"))?;
    let stdout = child.stdout.take().expect("stdout is a pipe");
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let Some((name, result)) = line.split_once(' ') else { continue };
            let result = if result == "ok" { Ok(()) } else { Err(result.replace('\r', "\n")) };
            if let Some(cell) = cell().as_mut() {
                cell.results.insert(name.to_owned(), result);
            }
            NEWS.notify_all();
        }
        if let Some(cell) = cell().as_mut() {
            cell.ended = true;
        }
        NEWS.notify_all();
    });
    Ok((child, Some(stdin)))
}

/// Waits until the process inside has cleaned up.
pub(crate) fn end() {
    let process = cell().as_mut().and_then(|cell| cell.process.take());
    if let Some((mut child, stdin)) = process {
        drop(stdin);
        let _ = child.wait();
    }
}

/// Runs the tests that the process outside asks for.
pub(crate) fn run_inside(tests: Vec<(String, Test)>) {
    let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
    assert!(up.is_ok_and(|status| status.success()), "the loopback interface");
    let mut tests: BTreeMap<String, Test> = tests.into_iter().collect();
    let wanted = io::stdin().lock().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let mut queue: Vec<(String, Test)> = wanted.filter_map(|name| tests.remove_entry(&name)).collect();
    queue.reverse();
    // When the process outside is gone nobody is left to work for, and all processes in here end with this
    // one.
    thread::spawn(|| {
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        thread::sleep(Duration::from_secs(20));
        give_up();
    });
    let threads: usize = env::var(INSIDE).ok().and_then(|count| count.parse().ok()).unwrap_or(1);
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
                    let Some((name, test)) = next else { return };
                    let result =
                        caught(test).map_or_else(|said| said.replace('\n', "\r"), |()| "ok".to_owned());
                    let _ = writeln!(io::stdout(), "{name} {result}");
                }
            });
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "whatever a test hangs in, there is nobody to return to")]
fn give_up() {
    std::process::exit(1);
}
