use std::ffi::OsString;
use std::time::{Duration, Instant};

use crate::command::succeeded_by;
use crate::console::echo;
use crate::prelude::*;
use crate::render;
use crate::render::{Format, WaitReport};
use crate::settings::{Ending, Secret, SettingsError, secret_of_file, secret_of_variable, within};
use crate::wait::{self, Expected, FailFast, Patience, Plan, Target};

/// Wait until databases and services are ready
///
/// Each attempt is a complete connection: look up the name, connect, TLS as configured, log in, run a query.
/// Exits with 0 when all of them are ready, with 124 on timeout, and with 78 on a configuration error that
/// waiting will not fix. With `-- CMD` it then executes that program in its place.
#[command(requires_checks = "none")]
pub(crate) fn wait_for_db(cx: &mut Context, #[command(flatten)] options: Options) -> Result<Exit> {
    cx.check_successor("wait_for_db", &options.program)?;
    let mut report = WaitReport::new(options.format, cx.out(), cx.err(), cx.verbosity());
    let start = Instant::now();
    if !options.no_database && !options.timeout.is_zero() {
        cx.read_settings_within(options.timeout);
    }
    let limit = if options.timeout.is_zero() { LONGEST } else { options.timeout };
    let plan = match within(start, limit, || plan(cx, &options)) {
        Ok(plan) => plan,
        Err(error) => return report.broken(error),
    };
    let aliases: Vec<&str> = plan.targets.iter().filter_map(Target::alias).collect();
    render::assumed_database(cx, &aliases, true)?;
    let waited = wait::until_ready_since(start, &plan, &mut report)?;
    succeeded_by(&options.program, report.end(&plan, &waited)?)
}

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("services").args(["also", "also_env", "also_file"]).multiple(true))]
pub(crate) struct Options {
    /// Wait for the database of this alias (can be repeated) [default: default]
    #[arg(long, value_name = "ALIAS", add = manage::completion::databases(), conflicts_with_all = ["all", "no_database"])]
    database: Vec<String>,
    /// Wait for every database in the settings
    #[arg(long, conflicts_with = "no_database")]
    all: bool,
    /// Also wait for this service (can be repeated): redis://[user:password@]host[:port], tcp://host:port,
    /// http(s)://host[:port]/path, amqp://[user:password@]host[:port][/vhost], file:///path
    #[arg(long = "for", value_name = "URL")]
    also: Vec<String>,
    /// Also wait for the service whose URL is in this variable (environment, .env, or the file that NAME_FILE
    /// names; can be repeated). Use it for a URL with a password: `ps` shows command lines
    #[arg(long = "for-env", value_name = "NAME")]
    also_env: Vec<String>,
    /// Also wait for the service whose URL is in this file, such as a mounted secret (can be repeated)
    #[arg(long = "for-file", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    also_file: Vec<String>,
    /// Wait for no database, only for what --for, --for-env and --for-file name
    #[arg(long, requires = "services")]
    no_database: bool,
    /// The HTTP statuses that count as ready
    #[arg(long, value_name = "STATUS[-STATUS][,…]", default_value = "200-299")]
    expect: Expected,
    /// How long to wait in total; 0 waits forever
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,
    /// How long one attempt may take; doubles up to 60 s while attempts time out
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = some_seconds)]
    attempt_timeout: Duration,
    /// How long to tolerate configuration errors before giving up; 0 = not at all, or `never` to give up only
    /// on timeout
    #[arg(long, value_name = "SECONDS|never", default_value = "5", value_parser = fail_fast)]
    fail_fast_after: FailFast,
    /// Require success for this long, each attempt on a new connection; any failure restarts the clock
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds, conflicts_with = "once")]
    stable_for: Duration,
    /// Wait until the databases accept writes: no standby, not read-only
    #[arg(long, conflicts_with = "no_database")]
    writable: bool,
    /// Wait until all migrations of this program are applied, without applying any
    #[arg(long, conflicts_with = "no_database")]
    migrations: bool,
    /// Make a single attempt: exit with 0 if ready, 1 if not ready, 78 on a configuration error
    #[arg(long)]
    once: bool,
    /// Output format: text, or one JSON object per line
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The program to exec once everything is ready
    #[arg(last = true, value_name = "CMD", add = manage::completion::programs())]
    program: Vec<OsString>,
}

/// Returns what to wait for. Everything that is wrong with it is found before the first attempt.
fn plan(cx: &Context, options: &Options) -> Result<Plan> {
    let usage = |message: String| CommandError::new(message).exit_code(Exit::USAGE);
    let mut targets = Vec::new();
    for settings in wait::databases(cx, &options.database, options.all, options.no_database)? {
        let mut target = Target::database(settings)?;
        if options.writable {
            target = target.writable();
        }
        if options.migrations {
            target = target.with_migrations_of(cx.program())?;
        }
        targets.push(target);
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
    for name in &options.also_env {
        let shown = echo(name);
        if shown != name.as_str() {
            let error = usage(format!("--for-env takes the name of a variable, not {shown}."));
            return Err(error
                .hint("Put the URL into a variable and give the name of that variable here.")
                .into());
        }
        let (url, origin) =
            secret_of_variable(cx.source(), name).map_err(configuration)?.ok_or_else(|| {
                CommandError::new(format!("The variable {name}, which --for-env names, is not set."))
                    .hint(format!("Set {name}, or {name}_FILE to the path of a file with the URL."))
                    .exit_code(Exit::CONFIGURATION)
            })?;
        targets.push(named_service(&url, &options.expect, origin.to_string())?);
    }
    for path in &options.also_file {
        let url = secret_of_file(cx.source(), path, "--for-file").map_err(configuration)?;
        targets.push(named_service(&url, &options.expect, format!("the file {} (--for-file)", echo(path)))?);
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

/// Returns a service whose URL is not on the command line. What is wrong with it is wrong with the
/// configuration.
fn named_service(url: &Secret, expected: &Expected, origin: String) -> Result<Target> {
    Target::service_of(url.expose(), expected, &origin).map_err(|problem| {
        CommandError::new(format!("{origin}: {problem}.")).exit_code(Exit::CONFIGURATION).into()
    })
}

fn configuration(error: SettingsError) -> CommandError {
    let timed_out = error.ending() == Ending::TimedOut;
    let error = CommandError::from(error);
    if timed_out { error } else { error.exit_code(Exit::CONFIGURATION) }
}

/// A hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 =
        text.parse().map_err(|_| "expected a number of seconds, such as 30 or 0.5".to_owned())?;
    let time =
        Duration::try_from_secs_f64(number).map_err(|_| "expected a finite number, 0 or more".to_owned())?;
    // No clock counts further.
    Ok(time.min(LONGEST))
}

fn some_seconds(text: &str) -> Result<Duration, String> {
    seconds(text)
        .and_then(|time| if time.is_zero() { Err("expected more than 0".to_owned()) } else { Ok(time) })
}

fn fail_fast(text: &str) -> Result<FailFast, String> {
    if text == "never" { Ok(FailFast::Never) } else { seconds(text).map(FailFast::After) }
}
