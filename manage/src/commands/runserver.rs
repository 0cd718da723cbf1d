#![cfg(feature = "runserver")]

use std::time::Duration;

use crate::checks::{self, Level, Selection};
use crate::console::printable;
use crate::prelude::*;
use crate::render::Format;
use crate::server::{
    AllowedHosts, IpVersion, ListenAddress, Listening, ServeOptions, Sharing, Site, inherited, listen,
    router, serve,
};
use crate::{migrations, render};

/// Serve the apps' routes for development
#[command(requires_checks = "none")]
pub(crate) async fn runserver(
    cx: &mut Context,
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
) -> Result<Exit> {
    // First of all, so that a signal during start-up stops it as gracefully as later.
    let stopped = cx.cancelled();
    cx.cancellation().ends_well();
    let version = if ipv6 { IpVersion::V6 } else { IpVersion::V4 };
    let address = address(cx, addrport, version)?;
    let hosts = allowed_hosts(cx, &address)?;
    let max_connections = cx.settings()?.runserver.max_connections()?;
    let client_timeout = cx.settings()?.runserver.client_timeout()?;
    if !cx.skips_checks() {
        cx.line("Performing system checks...\n\n")?;
        let results = checks::run(cx, &Selection::default());
        let exit = render::checks(cx, &results, Level::Error, Format::Text)?;
        if exit != Exit::SUCCESS {
            return Ok(results.configuration_error().map_or(exit, |error| error.code()));
        }
    }
    // Before routes are made: an app's may ask for its database.
    render::assumed_database(cx, &["default"], cx.skips_checks())?;
    let site = Site::new(cx.settings()?.clone()).log_to(cx.err().clone());
    let routes = router(cx.program(), &site)?;
    let listening = match inherited().map_err(cannot_inherit)? {
        Some(listener) => Listening::from_std(listener)?,
        None => listen(&address, Sharing::Exclusive).await.map_err(|error| cannot_listen(&address, error))?,
    };
    let bound = listening.address()?;
    // The server starts all the same: the database may come up later, and pages that need none work now.
    let found = migrations::unapplied(cx.program(), cx.database("default")?.settings());
    render::unapplied(cx, cx.out(), found, "Serving anyway.")?;
    if routes.is_none() {
        cx.warning("No app has routes: mark a function that returns an axum Router with #[manage::router].")?;
    }
    // The name that was typed is the one that a browser can open.
    let shown = ListenAddress { port: bound.port(), ..address };
    let now = chrono::Local::now().format("%B %d, %Y - %H:%M:%S");
    cx.line(format_args!(
        "{now}\n{} version {}, using settings '{}'\nStarting development server at http://{shown}/\n\
         Quit the server with CONTROL-C.",
        cx.program().name(),
        crate::command::VERSION,
        printable(cx.settings()?.name()),
    ))?;
    let log = (!no_access_log).then(|| cx.err().clone());
    let errors = cx.err().clone();
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let options = ServeOptions {
        log,
        errors,
        grace: seconds(shutdown_timeout),
        hosts,
        max_connections: max_connections.unwrap_or(ServeOptions::MAX_CONNECTIONS),
        client_timeout: client_timeout.map_or(ServeOptions::CLIENT_TIMEOUT, seconds),
    };
    let stop = async move {
        let _ = stopped.await;
    };
    let in_time = serve(listening, routes.unwrap_or_default(), options, stop).await?;
    if !in_time {
        cx.warning(format_args!("Aborted the requests that were still running after {shutdown_timeout} s."))?;
    }
    Ok(Exit::SUCCESS)
}

fn address(cx: &Context, argument: Option<String>, version: IpVersion) -> Result<ListenAddress> {
    let (text, origin) = match (argument, cx.settings()?.runserver_address()) {
        (Some(text), _) => (Some(text), None),
        (None, Some((text, origin))) => (Some(text.to_owned()), Some(origin)),
        (None, None) => (None, None),
    };
    ListenAddress::parse(text.as_deref(), version).map_err(|error| {
        // Without an origin it was typed.
        let (place, exit) = match origin {
            Some(origin) => (format!("{origin}: "), Exit::CONFIGURATION),
            None => (String::new(), Exit::USAGE),
        };
        CommandError::new(format!("{place}{error}"))
            .exit_code(exit)
            .hint("Write 8000, 0.0.0.0:8000, [::1]:8000 or localhost:8000.")
            .into()
    })
}

fn allowed_hosts(cx: &Context, address: &ListenAddress) -> Result<AllowedHosts> {
    let settings = cx.settings()?;
    let (hosts, origin) = match &settings.runserver.allowed_hosts {
        Some((hosts, origin)) => (hosts.as_slice(), Some(origin)),
        None => (&[][..], None),
    };
    let allowed = match settings.is_production() {
        true => AllowedHosts::in_production(hosts),
        false => AllowedHosts::in_development(hosts, address),
    };
    allowed.map_err(|error| {
        let place = origin.map(|origin| format!("{origin}: ")).unwrap_or_default();
        CommandError::new(format!("{place}{error}."))
            .exit_code(Exit::CONFIGURATION)
            .hint("Write example.org, .example.org to include its subdomains, or * for every host: no scheme, port or path.")
            .into()
    })
}

fn cannot_inherit(error: std::io::Error) -> anyhow::Error {
    CommandError::new(format!(
        "Cannot use the socket that was passed (LISTEN_FDS): {}.",
        printable(&error.to_string())
    ))
    .hint("Pass one listening TCP socket, as a systemd socket unit with one ListenStream= does.")
    .into()
}

fn cannot_listen(address: &ListenAddress, error: std::io::Error) -> anyhow::Error {
    let message = match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("{address} is already in use."),
        std::io::ErrorKind::PermissionDenied => format!("You don't have permission to listen at {address}."),
        std::io::ErrorKind::AddrNotAvailable => format!("{address} is not an address of this machine."),
        _ => format!("Cannot listen at {address}: {error}."),
    };
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => "Another server is listening there: stop it, or use another port.",
        std::io::ErrorKind::PermissionDenied => "Ports below 1024 need root: use a higher one.",
        _ => "Use an address of this machine, or 127.0.0.1.",
    };
    CommandError::new(message).hint(hint).into()
}
