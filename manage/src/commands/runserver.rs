#![cfg(feature = "runserver")]

use std::time::Duration;

use crate::checks::{self, Level, Selection};
use crate::migrations;
use crate::prelude::*;
use crate::report::{self, Format};
use crate::server::{ListenAddress, ServeOptions, Site, listen, router, serve};

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
    /// How long running requests may take when the server is told to stop
    #[arg(long, value_name = "SECONDS", default_value = "8")]
    shutdown_timeout: u32,
    /// Do not log requests
    #[arg(long)]
    no_access_log: bool,
) -> Result<Exit> {
    // First of all: whoever stops it while it starts shall have it stopped as well as later.
    let stopped = cx.cancelled();
    cx.cancellation().ends_well();
    let address = address(cx, addrport, ipv6)?;
    if !cx.skips_checks() {
        cx.line("Performing system checks...\n\n")?;
        let results = checks::run(cx, &Selection::default());
        let exit = report::checks(cx, &results, Level::Error, Format::Text)?;
        if exit != Exit::SUCCESS {
            return Ok(exit);
        }
    }
    // Before routes are made: an app's may ask for its database.
    report::assumed_database(cx, &["default"], cx.skips_checks())?;
    let site = Site::new(cx.settings()?.clone()).log_to(cx.err().clone());
    let routes = router(cx.program(), &site)?;
    let listening = listen(&address).await.map_err(|error| cannot_listen(&address, error))?;
    let bound = listening.address()?;
    // The server starts all the same: the database may come up later, and pages that need none work now.
    let found = migrations::look(cx.program(), cx.database("default")?);
    report::unapplied(cx, cx.out(), found, "Serving all the same.")?;
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
        crate::VERSION,
        cx.settings()?.name(),
    ))?;
    let log = (!no_access_log).then(|| cx.err().clone());
    let errors = cx.err().clone();
    let options = ServeOptions { log, errors, grace: Duration::from_secs(shutdown_timeout.into()) };
    let stop = async move {
        let _ = stopped.await;
    };
    let in_time = serve(listening, routes.unwrap_or_default(), options, stop).await?;
    if !in_time {
        cx.warning(format_args!(
            "Some requests were still running after {shutdown_timeout} s; they were cut off."
        ))?;
    }
    Ok(Exit::SUCCESS)
}

fn address(cx: &Context, argument: Option<String>, ipv6: bool) -> Result<ListenAddress> {
    let (text, origin) = match (argument, cx.settings()?.runserver_address()) {
        (Some(text), _) => (Some(text), None),
        (None, Some((text, origin))) => (Some(text.to_owned()), Some(origin)),
        (None, None) => (None, None),
    };
    ListenAddress::parse(text.as_deref(), ipv6).map_err(|error| {
        let place = origin.map(|origin| format!("{origin}: ")).unwrap_or_default();
        CommandError::new(format!("{place}{error}"))
            .hint("Write 8000, 0.0.0.0:8000, [::1]:8000 or localhost:8000.")
            .into()
    })
}

fn cannot_listen(address: &ListenAddress, error: std::io::Error) -> anyhow::Error {
    let message = match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("{address} is already in use."),
        std::io::ErrorKind::PermissionDenied => format!("You don't have permission to listen at {address}."),
        std::io::ErrorKind::AddrNotAvailable => format!("{address} is not an address of this machine."),
        _ => format!("Cannot listen at {address}: {error}."),
    };
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => "Another server runs there: stop it, or name another port.",
        std::io::ErrorKind::PermissionDenied => "Ports below 1024 are for root: take one above.",
        _ => "See the addresses of this machine, or use 127.0.0.1.",
    };
    CommandError::new(message).hint(hint).into()
}
