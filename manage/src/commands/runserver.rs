#![cfg(feature = "runserver")]

use std::path::PathBuf;
use std::time::Duration;

use crate::console::printable;
use crate::prelude::*;
use crate::reload::{Link, Origin, Reloading, supervise};
use crate::render::ServerLogFormat;
use crate::server::{
    AppRoutes, Following, IpVersion, Listening, ServeOptions, Sharing, Site, combine, development_hosts,
    listen_address, open, phases, serve, with_script,
};
#[cfg(debug_assertions)]
use crate::server::{StandInServer, pages};
use crate::{migrations, render};

/// Serve the apps' routes for development
#[command(requires_checks = "none")]
pub(crate) async fn runserver(cx: &mut Context, #[command(flatten)] options: Options) -> Result<Exit> {
    let parent = Link::of_process().map_err(|error| CommandError::new(format!("{error}.")))?;
    let Some(parent) = parent else { return run(cx, options, None).await };
    parent.reports_panics()?;
    let result = run(cx, options, Some(&parent)).await;
    if let Err(error) = &result {
        parent.failed(&render::error_text(error));
    }
    result
}

async fn run(cx: &mut Context, options: Options, parent: Option<&Link>) -> Result<Exit> {
    let Options { addrport, ipv6, shutdown_timeout, no_access_log, log_format, noreload, poll } = options;
    // First of all, so that a signal during start-up stops it as gracefully as later.
    let stopped = cx.cancelled();
    cx.cancellation().ends_well();
    let settings = cx.settings()?;
    let version = if ipv6 { IpVersion::V6 } else { IpVersion::V4 };
    let address = listen_address(
        addrport.as_deref(),
        ("address", settings.server.runserver_address.as_ref()),
        version,
    )?;
    let hosts = development_hosts(settings, &address)?;
    let log = render::server_log(cx, log_format)?;
    let grace = Duration::from_secs(shutdown_timeout.into());
    let options = ServeOptions::read(settings, hosts, None, (&log, !no_access_log), grace)?;
    if settings.is_production() {
        cx.warning(format_args!(
            "Warning: runserver is the development server, and MANAGE_ENV is 'production'. Use `{} serve` there.",
            cx.program().name()
        ))?;
    }
    let (listening, shown) = open(&address, Sharing::Exclusive).await?;
    if parent.is_none() && !noreload && reloads(cx, &listening, &options, poll)? {
        return Ok(Exit::SUCCESS);
    }
    // The next ones say nothing unless something is wrong.
    let is_first = parent.is_none_or(|parent| parent.generation() == 1);
    if !cx.skips_checks() && is_first {
        cx.line("Performing system checks...\n\n")?;
    }
    if let Some(failed) = render::checks_before_serving(cx)? {
        parent.inspect(|parent| parent.failed(&failed.text));
        return Ok(failed.exit);
    }
    let site = Site::new(cx.settings()?.clone()).log_as(log.clone());
    let apps = AppRoutes::all(cx.program(), &site)?;
    let options = options.with_program(cx.program(), cx.settings()?, &apps);
    let routes = combine(&apps);
    let has_routes = routes.is_some();
    #[cfg(debug_assertions)]
    let routes = match cx.is_production()? {
        true => routes,
        false => Some(pages::wrap(routes, apps, render::page_facts(cx, options.hosts.clone())?)),
    };
    let mut routes = routes.unwrap_or_default();
    if let Some(parent) = parent {
        let (generation, build, pages) = (parent.generation(), parent.build(), Some(parent.pages()));
        let following = Following { generation, build, pages };
        routes = with_script(routes, following);
    }
    // The server starts all the same: the database may come up later, and pages that need none work now.
    let (program, database) = (cx.program().clone(), cx.database("default")?.settings().clone());
    let look = move || migrations::unapplied(&program, &database);
    let later = match is_first {
        true => {
            render::unapplied(cx, cx.out(), look(), "Serving anyway.")?;
            None
        }
        // A database that does not answer must not delay the new program.
        false => Some(tokio::task::spawn_blocking(look)),
    };
    if !has_routes {
        cx.warning("No app has routes: mark a function that returns an axum Router with #[manage::router].")?;
    }
    let now = chrono::Local::now().format("%B %d, %Y - %H:%M:%S");
    let started = format!(
        "{now}\n{} version {}, using settings '{}'\nStarting development server at http://{shown}/\n\
         Quit the server with CONTROL-C.",
        cx.program().name(),
        crate::command::VERSION,
        printable(cx.settings()?.name()),
    );
    if is_first {
        cx.line(started)?;
    }
    let phase = phases(stopped, parent.map(Link::ending));
    let finishes: Box<dyn FnOnce() + Send> = match parent {
        Some(parent) => Box::new(parent.finishes()?),
        None => Box::new(|| ()),
    };
    if let Some(parent) = parent {
        parent.ready(static_directories())?;
    }
    let looked = async {
        let Some(later) = later else { return Ok(()) };
        render::unapplied(cx, cx.out(), later.await?, "Serving anyway.")
    };
    let (in_time, looked) = tokio::join!(serve(listening, routes, options, phase, finishes), looked);
    let in_time = in_time?;
    looked?;
    if !in_time {
        render::aborted(&log, shutdown_timeout);
    }
    Ok(Exit::SUCCESS)
}

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where to listen: PORT, ADDRESS:PORT, [IPV6]:PORT or NAME:PORT [default: 127.0.0.1:8000]
    #[arg(value_name = "[ADDRESS:]PORT")]
    addrport: Option<String>,
    /// Use IPv6 where only a port is given
    #[arg(short = '6', long)]
    ipv6: bool,
    /// How long running requests may take after a stop signal
    #[arg(long, value_name = "SECONDS", default_value = "8")]
    shutdown_timeout: u32,
    /// Do not log requests
    #[arg(long)]
    no_access_log: bool,
    /// The form of the log
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: ServerLogFormat,
    /// Do not rebuild and restart the program when a source changes
    #[arg(long)]
    noreload: bool,
    /// Look for changed sources twice a second, instead of waiting for events of the operating system
    #[arg(long, conflicts_with = "noreload")]
    poll: bool,
}

/// Returns the directories from which files are read for each request.
fn static_directories() -> Vec<PathBuf> {
    #[cfg(feature = "static")]
    let directories = crate::server::static_files::directories();
    #[cfg(not(feature = "static"))]
    let directories = Vec::new();
    directories
}

/// Returns whether this process was a supervisor, which replaced the program after each change, and has ended.
fn reloads(cx: &Context, listening: &Listening, options: &ServeOptions, poll: bool) -> Result<bool> {
    let program = cx.program();
    if !program.is_main || cx.settings()?.is_production() {
        return Ok(false);
    }
    let origin = match Origin::of_process(program.build.as_ref()) {
        Ok(origin) => origin,
        Err(why) => {
            cx.line(format_args!("Serving without reloading: {}.", printable(&why.to_string())))?;
            return Ok(false);
        }
    };
    let reloading = Reloading {
        origin,
        arguments: std::env::args_os().skip(1).collect(),
        listener: listening.try_clone()?,
        settings: cx.settings()?.files(),
        poll,
        color: cx.err().has_colors(),
        grace: options.grace,
        // Like each page for development, only a build for development has it.
        #[cfg(debug_assertions)]
        stand_in: Some(Box::new(StandInServer::new(listening, options.clone())?)),
        #[cfg(not(debug_assertions))]
        stand_in: None,
    };
    let mut report = render::ReloadReport::new(cx);
    supervise(reloading, cx.cancelled(), &mut |event| report.show(&event));
    Ok(true)
}
