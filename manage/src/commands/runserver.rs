#![cfg(feature = "runserver")]

#[cfg(debug_assertions)]
use std::sync::Arc;
use std::time::Duration;

#[cfg(debug_assertions)]
use crate::checks::{self, Message, Selection};
use crate::console::printable;
#[cfg(debug_assertions)]
use crate::console::{Capture, Output};
use crate::prelude::*;
use crate::reload::{Link, Origin, Reloading, supervise};
use crate::render::Format;
#[cfg(debug_assertions)]
use crate::render::Occasion;
#[cfg(debug_assertions)]
use crate::server::AllowedHosts;
#[cfg(debug_assertions)]
use crate::server::pages::{self, CheckLine};
use crate::server::{
    AppRoutes, Draining, Following, Health, IpVersion, Limits, Listening, ServeOptions, Sharing, Site,
    combine, development_hosts, listen_address, open, phases, serve, trusted_proxies, with_script,
};
use crate::{migrations, render};

/// Serve the apps' routes for development
#[command(requires_checks = "none")]
pub(crate) async fn runserver(cx: &mut Context, #[command(flatten)] options: Options) -> Result<Exit> {
    let Options { addrport, ipv6, shutdown_timeout, no_access_log, log_format, noreload, poll } = options;
    // First of all, so that a signal during start-up stops it as gracefully as later.
    let stopped = cx.cancelled();
    cx.cancellation().ends_well();
    let settings = cx.settings()?;
    let version = if ipv6 { IpVersion::V6 } else { IpVersion::V4 };
    let address = listen_address(addrport.as_deref(), settings.server.runserver_address.as_ref(), version)?;
    let hosts = development_hosts(settings, &address)?;
    let proxies = trusted_proxies(settings)?;
    let limits = Limits::read(settings, None)?;
    let log = render::server_log(cx, log_format);
    if settings.is_production() {
        cx.warning(format_args!(
            "Warning: runserver is the development server, and MANAGE_ENV is 'production'. Use `{} serve` there.",
            cx.program().name()
        ))?;
    }
    let (listening, shown) = open(&address, Sharing::Exclusive).await?;
    let grace = Duration::from_secs(shutdown_timeout.into());
    let parent = Link::of_process()?;
    if parent.is_none() && !noreload && reloads(cx, &listening, grace, poll)? {
        return Ok(Exit::SUCCESS);
    }
    // The next ones say nothing unless something is wrong.
    let is_first = parent.as_ref().is_none_or(|parent| parent.generation() == 1);
    if !cx.skips_checks() && is_first {
        cx.line("Performing system checks...\n\n")?;
    }
    if let Some(exit) = render::checks_before_serving(cx)? {
        return Ok(exit);
    }
    let site = Site::new(cx.settings()?.clone()).log_as(log.clone());
    let apps = AppRoutes::all(cx.program(), &site)?;
    let draining = Draining::default();
    let health = Health::new(cx.program(), cx.settings()?, &apps, draining.clone(), log.clone());
    let routes = combine(&apps);
    let has_routes = routes.is_some();
    #[cfg(debug_assertions)]
    let routes = match cx.is_production()? {
        true => routes,
        false => Some(pages::wrap(routes, apps, facts(cx, hosts.clone())?)),
    };
    let mut routes = routes.unwrap_or_default();
    if let Some(parent) = &parent {
        let following = Following { generation: parent.generation(), build: parent.build() };
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
    let options = ServeOptions {
        log: (!no_access_log).then(|| log.clone()),
        errors: log.clone(),
        grace,
        hosts,
        proxies,
        limits,
        health,
        draining,
    };
    let phase = phases(stopped, parent.as_ref().map(Link::ending));
    if let Some(parent) = &parent {
        parent.ready()?;
    }
    let looked = async {
        let Some(later) = later else { return Ok(()) };
        render::unapplied(cx, cx.out(), later.await?, "Serving anyway.")
    };
    let (in_time, looked) = tokio::join!(serve(listening, routes, options, phase), looked);
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
    log_format: Format,
    /// Do not rebuild and restart the program when a source changes
    #[arg(long)]
    noreload: bool,
    /// Look for changed sources twice a second, instead of waiting for events of the operating system
    #[arg(long, conflicts_with = "noreload")]
    poll: bool,
}

/// Returns whether this process was a supervisor, which replaced the program after each change, and has ended.
fn reloads(cx: &Context, listening: &Listening, grace: Duration, poll: bool) -> Result<bool> {
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
        grace,
    };
    let mut report = render::ReloadReport::new(cx);
    supervise(reloading, cx.cancelled(), &mut |event| report.show(&event));
    Ok(true)
}

/// Collects what the pages show.
#[cfg(debug_assertions)]
fn facts(cx: &Context, hosts: AllowedHosts) -> Result<pages::Facts> {
    let checks = (!cx.skips_checks()).then(|| {
        let messages = checks::run(cx, &Selection::default()).messages;
        let line = |message: &Message| CheckLine {
            level: message.level.name().to_owned(),
            text: message.to_string(),
        };
        messages.iter().map(line).collect()
    });
    let call = cx.call("migrate").arg("--noinput");
    let migrate = move || {
        let said = Capture::new();
        let output = Output::new(said.clone(), said.clone());
        let call = call.clone().stdout(&said).stderr(&said);
        let exit = call.run().unwrap_or_else(|error| render::failure(&error, &Occasion::default(), &output));
        if exit == Exit::SUCCESS { Ok(said.text()) } else { Err(said.text()) }
    };
    Ok(pages::Facts {
        program: cx.program().clone(),
        settings: cx.settings()?.clone(),
        hosts,
        checks,
        migrate: Arc::new(migrate),
    })
}
