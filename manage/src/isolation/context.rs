//! One instance at a time: takes the lock of a command or a key, and ends the program if the lock is lost.

use std::time::Duration;

use crate::command::{Common, Context, RegisteredCommand};
use crate::console::{Role, Stream, echo, printable};
use crate::database::{LockName, Reason};
use crate::error::{CommandError, Exit, Result};
use crate::isolation::{Isolation, IsolationError};
use crate::settings::{DatabaseSettings, Part};

/// How long a blocked stream may delay the exit.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl Context {
    /// Takes the lock of this key on the database `default`, or fails with the exit code 75 if another
    /// process, on any machine, holds it. The lock is released when the guard is dropped, or when this
    /// process ends in any way.
    ///
    /// The key is shared by all commands of all programs that use the database: two commands that must not
    /// run at the same time use the same key. `#[command(isolated)]` locks one command, and only for command
    /// lines; this lock also applies if the command is called as a function.
    ///
    /// If the lock is lost while the guard exists (the server restarts, or ends its session), the process
    /// exits with 74, because another process may now hold the lock.
    ///
    /// # Errors
    ///
    /// A [`CommandError`]. Besides 75, its exit code is 78 for an in-memory SQLite database, whose locks no
    /// other process sees, and for a PostgreSQL standby, whose locks the primary does not see.
    pub fn isolate(&self, key: &str) -> Result<Isolation> {
        self.isolate_within(key, Duration::ZERO)
    }

    /// Like [`Context::isolate`], but waits up to `wait` for the lock. A restart of the server does not end
    /// the wait. Neither does a signal if the command handles signals: see [`Context::cancellation`].
    pub fn isolate_within(&self, key: &str, wait: Duration) -> Result<Isolation> {
        take(self, LockName::key(key), &format!("key “{}”", echo(key)), false, &owner(self, "isolated"), wait)
    }
}

/// Takes the lock of a command line for an isolated command.
pub(crate) fn of_command(
    cx: &Context,
    found: &RegisteredCommand,
    common: &Common,
) -> Result<Option<Isolation>> {
    let (command, key) = (found.command(), common.isolated_key.as_deref());
    let asked = common.isolated || key.is_some() || common.isolated_wait.is_some();
    if !asked && !command.properties().isolated {
        return Ok(None);
    }
    let name = command.name();
    if !found.can_be_isolated() {
        let message = "`wait_for_db` cannot be isolated: the lock is in the database that it waits for.";
        return Err(CommandError::new(message).exit_code(Exit::USAGE).into());
    }
    let lock = LockName::command(found.app, name, key);
    let what = match key {
        Some(key) => format!("command `{name}` with the key “{}”", echo(key)),
        None => format!("command `{name}`"),
    };
    let wait = Duration::from_secs(common.isolated_wait.unwrap_or(0).into());
    take(cx, lock, &what, true, &owner(cx, name), wait).map(Some)
}

/// Takes the lock. `by_option` means that `--isolated-wait` sets the limit.
fn take(
    cx: &Context,
    name: LockName,
    what: &str,
    by_option: bool,
    owner: &str,
    wait: Duration,
) -> Result<Isolation> {
    let database = cx.database(DatabaseSettings::DEFAULT_ALIAS)?;
    let settings = database.settings();
    let waiting = |holder: Option<String>| {
        let holder = holder.map(|holder| format!(": {}", printable(&holder))).unwrap_or_default();
        if cx.verbosity() > 0 {
            // A broken pipe is noticed when the next line is written.
            let _ = cx.err().styled_line(
                Role::Notice,
                format_args!("{}{holder}; waiting for it to finish...", busy(what)),
            );
        }
    };
    Isolation::take(settings, name, owner, wait, waiting, end_without_lock(cx, what))
        .map_err(|error| reported(what, by_option, error, settings))
}

/// Returns the description of a lock's holder for waiting processes: `manage import_posts 4242@web-1`.
pub(crate) fn owner(cx: &Context, name: &str) -> String {
    let machine = machine().map(|machine| format!("@{machine}")).unwrap_or_default();
    format!("{} {name} {}{machine}", cx.program().name(), std::process::id())
}

/// Returns the name of the machine or the container.
pub(crate) fn machine() -> Option<String> {
    #[cfg(unix)]
    {
        let system = rustix::system::uname();
        let name = system.nodename().to_string_lossy();
        (!name.is_empty()).then(|| name.into_owned())
    }
    #[cfg(not(unix))]
    std::env::var("COMPUTERNAME").ok()
}

/// Returns the message that another process holds the lock of a command or a key.
fn busy(what: &str) -> String {
    if what.starts_with("key ") {
        format!("Another process holds the {what}")
    } else {
        format!("Another instance of the {what} is running")
    }
}

fn reported(
    what: &str,
    by_option: bool,
    error: IsolationError,
    settings: &DatabaseSettings,
) -> anyhow::Error {
    match error {
        IsolationError::Busy { holder, waited } => {
            let mut message = busy(what);
            if let Some(holder) = holder {
                message.push_str(&format!(": {}", printable(&holder)));
            }
            message.push('.');
            let hint = match (by_option, waited.is_zero()) {
                (true, true) => "Use --isolated-wait SECONDS to wait for it to finish.",
                (true, false) => "Use a longer --isolated-wait.",
                // The command's code determines how long to wait.
                (false, _) => "Try again later.",
            };
            if !waited.is_zero() {
                message.push_str(&format!(" Gave up after {} s.", waited.as_secs_f64()));
            }
            CommandError::new(message).hint(hint).exit_code(Exit::BUSY)
        }
        IsolationError::Connect(error) if error.reason == Reason::TimedOut => {
            let hint = "Behind a pooler a lock uses one of its server connections while it is held: does the pool have enough?";
            CommandError::from(error).hint(hint)
        }
        IsolationError::Connect(error) => CommandError::from(error),
        IsolationError::InMemory => {
            let message =
                format!("The {what} cannot be isolated by {settings}. {}", IsolationError::InMemory);
            CommandError::new(message)
                .hint(format!("Use a file; the name comes from {}.", settings.origin_of(Part::Name)))
                .exit_code(Exit::CONFIGURATION)
        }
        IsolationError::Standby => {
            let message = format!("The {what} cannot be isolated by {settings}. {}", IsolationError::Standby);
            CommandError::new(message)
                .hint(format!("Use the primary; its {}.", settings.address_origin()))
                .exit_code(Exit::CONFIGURATION)
        }
        error => CommandError::new(format!("The {what} cannot be isolated by {settings}.")).caused_by(error),
    }
    .into()
}

/// Returns the callback for a lost lock, which ends the process.
pub(crate) fn end_without_lock(cx: &Context, what: &str) -> impl FnOnce(String) + Send + 'static {
    let (err, what) = (cx.err().clone(), what.to_owned());
    move |why| end(&err, &what, &why)
}

/// Ends the process, because another one may now do the same work.
#[expect(
    clippy::disallowed_methods,
    reason = "the command runs on another thread and cannot be asked to return"
)]
fn end(err: &Stream, what: &str, why: &str) {
    let exit = i32::from(Exit::LOCK_LOST.0);
    // Printing may block on a pipe whose reader does not read; the exit must not.
    std::thread::spawn(move || {
        std::thread::sleep(LAST_WORDS);
        std::process::exit(exit);
    });
    let error = err.style(Role::Error, "Error:");
    let why = printable(why);
    let _ = err.line(format_args!(
        "{error} Lost the lock of the {what}: {why}. Exiting, because another instance may now be running."
    ));
    std::process::exit(exit);
}
