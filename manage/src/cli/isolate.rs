//! One run at a time: from a command, or a key, to its lock; and the end of a program that has lost it.

use std::time::Duration;

use super::Common;
use crate::command::{BUILT_IN, CommandError, Exit, Found};
use crate::console::{Role, Stream, printable};
use crate::database::Reason;
use crate::isolation::{Isolation, IsolationError, LockName};
use crate::settings::{DatabaseSettings, Part};
use crate::{Context, Result};

/// How long a stream that nobody reads may hold up the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl Context {
    /// Takes the lock of this key on the database `default`, or fails with the exit code 75 if another process, on any
    /// machine, holds it. It is given back when the guard drops; it ends with this process, however that ends.
    ///
    /// The key is one for all commands of all programs that use the database: two commands that must not run at the same
    /// time take the same key. `#[command(isolated)]` is the lock of one command, and holds for command lines; this one also
    /// holds where the command is called as a function.
    ///
    /// If the lock is lost while the guard lives (the server restarts, or ends its session), the process ends with the exit
    /// code 74: from then on another one may hold it.
    pub fn isolate(&self, key: &str) -> Result<Isolation> {
        self.isolate_within(key, Duration::ZERO)
    }

    /// As [`Context::isolate`], and waits for at most so long.
    pub fn isolate_within(&self, key: &str, wait: Duration) -> Result<Isolation> {
        take(self, LockName::key(key), &format!("key “{key}”"), false, &owner(self, "isolated"), wait)
    }
}

/// Whether the command can run isolated: the lock is in the database that `wait_for_db` waits for.
pub(super) fn is_possible(found: &Found) -> bool {
    found.app != BUILT_IN || found.command().name() != "wait_for_db"
}

/// The lock of a command line, if it is to run isolated.
pub(crate) fn of_command(cx: &Context, found: &Found, common: &Common) -> Result<Option<Isolation>> {
    let (command, key) = (found.command(), common.isolated_key.as_deref());
    let asked = common.isolated || key.is_some() || common.isolated_wait.is_some();
    if !asked && !command.properties().isolated {
        return Ok(None);
    }
    let name = command.name();
    if !is_possible(found) {
        let message = "`wait_for_db` cannot be isolated: the lock is in the database that it waits for.";
        return Err(CommandError::new(message).exit(Exit::USAGE.0).into());
    }
    let lock = LockName::command(found.app, name, key);
    let what = match key {
        Some(key) => format!("command `{name}` with the key “{key}”"),
        None => format!("command `{name}`"),
    };
    let wait = Duration::from_secs(common.isolated_wait.unwrap_or(0).into());
    take(cx, lock, &what, true, &owner(cx, name), wait).map(Some)
}

/// `by_option`: whether `--isolated-wait` says how long to wait.
fn take(
    cx: &Context,
    name: LockName,
    what: &str,
    by_option: bool,
    owner: &str,
    wait: Duration,
) -> Result<Isolation> {
    let settings = cx.database(DatabaseSettings::DEFAULT_ALIAS)?;
    let waiting = |holder: Option<String>| {
        let holder = holder.map(|holder| format!(": {}", printable(&holder))).unwrap_or_default();
        if cx.verbosity() > 0 {
            // A reader that has gone is found out at the next line.
            let _ = cx.err().styled_line(
                Role::Notice,
                format_args!("The {what} runs elsewhere{holder}; waiting for it to end..."),
            );
        }
    };
    Isolation::take(settings, name, owner, wait, waiting, end_without_lock(cx, what))
        .map_err(|error| told(what, by_option, error, settings))
}

/// Who holds a lock, for those who find it taken: `manage import_posts 4242@web-1`.
fn owner(cx: &Context, name: &str) -> String {
    let machine = machine().map(|machine| format!("@{machine}")).unwrap_or_default();
    format!("{} {name} {}{machine}", cx.program().name(), std::process::id())
}

/// What the machine, or the container, calls itself.
fn machine() -> Option<String> {
    #[cfg(unix)]
    {
        let system = rustix::system::uname();
        let name = system.nodename().to_string_lossy();
        (!name.is_empty()).then(|| name.into_owned())
    }
    #[cfg(not(unix))]
    std::env::var("COMPUTERNAME").ok()
}

fn told(what: &str, by_option: bool, error: IsolationError, settings: &DatabaseSettings) -> anyhow::Error {
    match error {
        IsolationError::Busy { holder, waited } => {
            let mut message = format!("The {what} runs elsewhere");
            if let Some(holder) = holder {
                message.push_str(&format!(": {holder}"));
            }
            message.push('.');
            let hint = match (by_option, waited.is_zero()) {
                (true, true) => "--isolated-wait SECONDS waits for it to end.",
                (true, false) => "Give a longer --isolated-wait.",
                // How long it waits is said in the command's code.
                (false, _) => "Try again later.",
            };
            if !waited.is_zero() {
                message.push_str(&format!(" The {} s to wait for it are over.", waited.as_secs_f64()));
            }
            CommandError::new(message).hint(hint).exit(Exit::BUSY.0)
        }
        IsolationError::Connect(error) if error.reason == Reason::TimedOut => {
            let hint = "Behind a pooler a lock takes one of its server connections while it is held: are there enough?";
            CommandError::from(error).hint(hint)
        }
        IsolationError::Connect(error) => CommandError::from(error),
        IsolationError::InMemory => {
            let message =
                format!("The {what} cannot be isolated by {settings}. {}", IsolationError::InMemory);
            CommandError::new(message)
                .hint(format!("Use a file; the name comes from {}.", settings.origin_of(Part::Name)))
                .exit(Exit::CONFIGURATION.0)
        }
        IsolationError::Standby => {
            let message = format!("The {what} cannot be isolated by {settings}. {}", IsolationError::Standby);
            CommandError::new(message)
                .hint(format!("Use the primary; its {}.", settings.address_origin()))
                .exit(Exit::CONFIGURATION.0)
        }
        error => CommandError::new(format!("The {what} cannot be isolated by {settings}.")).caused_by(error),
    }
    .into()
}

/// What to do when the lock of something is lost: end the process.
pub(crate) fn end_without_lock(cx: &Context, what: &str) -> impl FnOnce(String) + Send + 'static {
    let (err, what) = (cx.err().clone(), what.to_owned());
    move |why| end(&err, &what, &why)
}

/// Ends the process: what it does from here on, another one may do at the same time.
#[expect(
    clippy::disallowed_methods,
    reason = "the command runs on another thread and cannot be asked to return"
)]
fn end(err: &Stream, what: &str, why: &str) {
    let exit = i32::from(Exit::LOCK_LOST.0);
    // The words may hang, in a pipe that nobody reads; the end may not.
    std::thread::spawn(move || {
        std::thread::sleep(LAST_WORDS);
        std::process::exit(exit);
    });
    let error = err.style(Role::Error, "Error:");
    let _ = err.line(format_args!(
        "{error} The lock of the {what} was lost: {why}. The program ends here, since another one may run now."
    ));
    std::process::exit(exit);
}
