#![cfg(feature = "runserver")]

use std::time::Duration;

use crate::console::Role;
use crate::prelude::*;
use crate::render::{self, ServerLogFormat};
use crate::server::{
    AppRoutes, IpVersion, Limits, ServeOptions, Sharing, Site, combine, compressed, listen_address, open,
    phases, production_hosts, serve as run, serve_metrics, site_origin,
};

/// Serve the apps' routes in production
///
/// Requests are answered only for the hosts in MANAGE_SERVER_ALLOWED_HOSTS, which must be set.
#[command(requires_checks = "none")]
pub(crate) async fn serve(cx: &mut Context, #[command(flatten)] options: Options) -> Result<Exit> {
    let Options { addrport, ipv6, reuse_port, shutdown_delay, shutdown_timeout, no_access_log, log_format } =
        options;
    // First of all, so that a signal during start-up stops it as gracefully as later.
    let stopped = cx.cancelled();
    cx.cancellation().ends_well();
    let settings = cx.settings()?;
    let version = if ipv6 { IpVersion::V6 } else { IpVersion::V4 };
    let address =
        listen_address(addrport.as_deref(), ("address", settings.server.address.as_ref()), version)?;
    let hosts = production_hosts(settings)?;
    let log = render::server_log(cx, log_format)?.buffered();
    let grace = Duration::from_secs(shutdown_timeout.into());
    let logged = (&log, !no_access_log);
    let options = ServeOptions::read(settings, hosts, Some(Limits::REQUEST_TIMEOUT), logged, grace)?;
    if let Some(failed) = render::checks_before_serving(cx)? {
        return Ok(failed.exit);
    }
    let site = Site::new(cx.settings()?.clone()).log_as(log.clone());
    let apps = AppRoutes::all(cx.program(), &site)?;
    let Some(routes) = combine(&apps) else {
        return Err(CommandError::new("No app has routes, so there is nothing to serve.")
            .hint("Mark a function that returns an axum Router with #[manage::router].")
            .into());
    };
    let sharing = if reuse_port { Sharing::ReusePort } else { Sharing::Exclusive };
    let (listening, shown) = open(&address, sharing).await?;
    let settings = cx.settings()?;
    let origin = site_origin(addrport.as_deref(), settings.server.address.as_ref(), listening.was_passed);
    let metrics = serve_metrics(settings, &shown, &origin).await?;
    let mut starts = vec![format!("Starting production server at http://{shown}/")];
    starts.extend(metrics.map(|address| format!("Serving metrics at http://{address}/metrics")));
    for start in starts {
        match log_format {
            ServerLogFormat::Text => cx.line(start)?,
            ServerLogFormat::Json | ServerLogFormat::Tracing => log.report(Role::Notice, &start),
        }
    }
    let options = options.with_program(cx.program(), cx.settings()?, &apps);
    let draining = options.draining.clone();
    let stop = async move {
        let _ = stopped.await;
        draining.begin();
        tokio::time::sleep(Duration::from_secs(shutdown_delay.into())).await;
    };
    if !run(listening, compressed(routes), options, phases(stop, None), || ()).await? {
        render::aborted(&log, shutdown_timeout);
    }
    log.flush();
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
    /// Let several processes listen at the same address (SO_REUSEPORT)
    #[arg(long)]
    reuse_port: bool,
    /// How long to accept connections after a stop signal, while load balancers learn of it
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    shutdown_delay: u32,
    /// How long running requests may take after that
    #[arg(long, value_name = "SECONDS", default_value = "8")]
    shutdown_timeout: u32,
    /// Do not log requests
    #[arg(long)]
    no_access_log: bool,
    /// The form of the log
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: ServerLogFormat,
}
