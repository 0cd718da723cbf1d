use std::ffi::OsString;
use std::time::Duration;

use crate::prelude::*;
use crate::report::{self, Format, WaitReport};
use crate::wait::{self, Expected, FailFast, Patience, Plan, Target};

/// Wait until databases and services are ready for use
///
/// One attempt is the real thing: look the name up, connect, TLS as configured, log in, run a query, on a fresh
/// connection each time. It ends with 0 when all has answered, with 124 when time is up, and with 78 when the
/// configuration is wrong, so that waiting will not help. With `-- CMD` it then becomes that program.
#[command(requires_checks = "none")]
pub(crate) fn wait_for_db(cx: &mut Context, #[command(flatten)] options: Options) -> Result<Exit> {
    if !options.program.is_empty() && !cx.owns_process {
        return Err(CommandError::new(
            "Called from code, wait_for_db cannot become another program: that would end its caller.",
        )
        .hint("Call it without `-- CMD`, and run that program when it has returned.")
        .into());
    }
    let mut report = WaitReport::new(options.format, cx.out(), cx.err(), cx.verbosity());
    let plan = match plan(cx, &options) {
        Ok(plan) => plan,
        Err(error) => return report.broken(error),
    };
    let aliases: Vec<&str> = plan.targets.iter().filter_map(Target::alias).collect();
    report::assumed_database(cx, &aliases, true)?;
    let waited = wait::until_ready(&plan, &mut report)?;
    match report.end(&plan, &waited)? {
        Exit::SUCCESS if !options.program.is_empty() => become_program(&options.program),
        exit => Ok(exit),
    }
}

#[derive(clap::Args)]
pub(crate) struct Options {
    /// A database to wait for, by its alias; may be repeated [default: default]
    #[arg(long, value_name = "ALIAS", add = manage::completion::databases(), conflicts_with_all = ["all", "no_database"])]
    database: Vec<String>,
    /// Wait for every database of the settings
    #[arg(long, conflicts_with = "no_database")]
    all: bool,
    /// Wait for this, too; may be repeated: redis://[user:password@]host[:port], tcp://host:port, http(s)://host[:port]/path,
    /// amqp://[user:password@]host[:port][/vhost], file:///path
    #[arg(long = "for", value_name = "URL")]
    also: Vec<String>,
    /// Wait for no database, only for what --for names
    #[arg(long, requires = "also")]
    no_database: bool,
    /// The HTTP statuses that mean ready
    #[arg(long, value_name = "STATUS[-STATUS][,…]", default_value = "200-299")]
    expect: Expected,
    /// How long to wait for everything together; 0 waits for ever
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,
    /// How long one attempt may take; it doubles, up to 60, when attempts end by it
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = some_seconds)]
    attempt_timeout: Duration,
    /// How long a wrong password, a missing database and the like may stand before they are final; 0 = at once, or `never`
    #[arg(long, value_name = "SECONDS|never", default_value = "5", value_parser = fail_fast)]
    fail_fast_after: FailFast,
    /// Be ready only after it has answered for so long, on fresh connections; any failure starts this anew
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds, conflicts_with = "once")]
    stable_for: Duration,
    /// Wait until the databases can be written to: no standby, not read-only
    #[arg(long, conflicts_with = "no_database")]
    writable: bool,
    /// Wait until no migration of this program is unapplied; nothing is changed
    #[arg(long, conflicts_with = "no_database")]
    migrations: bool,
    /// Make a single attempt: 0 = ready, 1 = not ready, 78 = the configuration is wrong
    #[arg(long)]
    once: bool,
    /// How to tell what happens: in lines, or by one JSON object a line
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The program to become when all is ready; it is not run otherwise
    #[arg(last = true, value_name = "CMD", add = manage::completion::programs())]
    program: Vec<OsString>,
}

/// What to wait for. Everything that is wrong with it is found before the first attempt.
fn plan(cx: &Context, options: &Options) -> Result<Plan> {
    let usage = |message: String| CommandError::new(message).exit(Exit::USAGE.0);
    let mut targets = Vec::new();
    for settings in wait::databases(cx, &options.database, options.all, options.no_database)? {
        targets.push(Target::database(settings, options.writable, options.migrations.then(|| cx.program()))?);
    }
    for (i, url) in options.also.iter().enumerate() {
        let target = Target::service(url, &options.expect);
        // The URL itself may hold a password, also where it cannot be read.
        let which = match options.also.len() {
            1 => String::new(),
            many => format!(" ({} of {many})", i + 1),
        };
        targets.push(target.map_err(|problem| usage(format!("--for{which}: {problem}.")))?);
    }
    let patience = Patience {
        total: (!options.timeout.is_zero()).then_some(options.timeout),
        attempt: options.attempt_timeout,
        fail_fast: options.fail_fast_after,
        stable_for: options.stable_for,
        once: options.once,
    };
    Ok(Plan { targets, patience })
}

/// Replaces this process, so that signals reach the program. It returns only where that failed.
#[cfg(unix)]
fn become_program(words: &[OsString]) -> Result<Exit> {
    use std::os::unix::process::CommandExt;
    Err(cannot_run(&words[0], &std::process::Command::new(&words[0]).args(&words[1..]).exec()))
}

#[cfg(not(unix))]
fn become_program(words: &[OsString]) -> Result<Exit> {
    let status = std::process::Command::new(&words[0]).args(&words[1..]).status();
    let status = status.map_err(|error| cannot_run(&words[0], &error))?;
    Ok(Exit(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(Exit::FAILURE.0)))
}

/// The codes are those of a shell.
fn cannot_run(program: &OsString, error: &std::io::Error) -> anyhow::Error {
    let code = if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
    CommandError::new(format!("Cannot run {}: {error}", program.to_string_lossy())).exit(code).into()
}

/// A hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "it is a number of seconds, such as 30 or 0.5".to_owned())?;
    let time =
        Duration::try_from_secs_f64(number).map_err(|_| "it is 0 or more, and not endless".to_owned())?;
    // No clock counts further.
    Ok(time.min(LONGEST))
}

fn some_seconds(text: &str) -> Result<Duration, String> {
    seconds(text).and_then(|time| if time.is_zero() { Err("it is more than 0".to_owned()) } else { Ok(time) })
}

fn fail_fast(text: &str) -> Result<FailFast, String> {
    if text == "never" { Ok(FailFast::Never) } else { seconds(text).map(FailFast::After) }
}
