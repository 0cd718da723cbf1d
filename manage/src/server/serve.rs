//! Serves, and shuts down gracefully: on shutdown it accepts no new connections and finishes the running
//! requests, within a time limit.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;

use super::AllowedHosts;
use super::accept::Accepting;
use super::access_log::{ConnectionLog, Logs};
use super::configure::trusted_proxies;
use super::connection::{Signals, builder, drive};
use super::draining::Draining;
use super::failure_hints::FailureHints;
#[cfg(feature = "reload")]
use super::forward::Successor;
use super::health::Health;
use super::limits::Limits;
use super::listening::Listening;
use super::log::Log;
use super::observed::{ConnectionServer, Observed, Shared};
use super::observed_io::ObservedIo;
use super::phase::Phase;
use super::proxies::TrustedProxies;
use super::routes::AppRoutes;
use crate::command::Program;
use crate::error::Result;
use crate::settings::Settings;

/// How to serve.
#[derive(Clone, Debug)]
pub(crate) struct ServeOptions {
    /// The access log; `None` for no log.
    pub log: Option<Log>,
    /// The log of panics of handlers, of failing response bodies, and of the server's own problems.
    pub errors: Log,
    /// How long running requests may continue after a stop signal.
    pub grace: Duration,
    /// Which hosts requests may name.
    pub hosts: AllowedHosts,
    /// Which proxies may describe their clients.
    pub proxies: TrustedProxies,
    /// What a client may cost the server.
    pub limits: Limits,
    /// Answers health checks.
    pub health: Health,
    /// Finds hints for failed requests.
    pub hints: FailureHints,
    /// Set when the phase changes, or earlier by the command.
    pub draining: Draining,
}

impl ServeOptions {
    /// Reads the settings. `request_timeout` is the default for the time of a handler, `requests` says whether
    /// they are logged. Without [`ServeOptions::with_program`] there are no health checks and no hints.
    pub(crate) fn read(
        settings: &Settings,
        hosts: AllowedHosts,
        request_timeout: Option<Duration>,
        (log, requests): (&Log, bool),
        grace: Duration,
    ) -> Result<Self> {
        Ok(Self {
            log: requests.then(|| log.clone()),
            errors: log.clone(),
            grace,
            hosts,
            proxies: trusted_proxies(settings)?,
            limits: Limits::read(settings, request_timeout)?,
            health: Health::default(),
            hints: FailureHints::default(),
            draining: Draining::default(),
        })
    }

    /// Adds the health checks of a program, and the hints for its failed requests.
    pub(crate) fn with_program(mut self, program: &Program, settings: &Settings, apps: &[AppRoutes]) -> Self {
        self.health = Health::new(program, settings, apps, self.draining.clone(), self.errors.clone());
        self.hints = FailureHints::new(program, settings);
        self
    }
}

/// How long before the end of the time limit unused connections are closed, after a handover.
const LAST_MOMENT: Duration = Duration::from_millis(500);

/// Serves until the phase changes, and then finishes the running requests; `finishes` is called when no more
/// connections are accepted. Returns whether all requests finished in time.
pub(crate) async fn serve(
    listening: Listening,
    router: Router,
    options: ServeOptions,
    mut phase: watch::Receiver<Phase>,
    finishes: impl FnOnce(),
) -> io::Result<bool> {
    let ServeOptions { log, errors, grace, hosts, proxies, limits, health, hints, draining } = options;
    let client_timeout = limits.client_timeout;
    let builder = builder(&limits);
    // Each connection holds a receiver: when none is left, all connections have ended.
    let (stopping, stopped) = watch::channel(Phase::Serve);
    #[cfg(feature = "reload")]
    let address = listening.address()?;
    let mut accepting =
        Accepting::new(listening.listener, limits.max_connections, client_timeout, errors.clone());
    let logs = Arc::new(Logs { access: log, errors, hints });
    let (is_last, draining_too) = (accepting.is_last(), draining.clone());
    let shared = Arc::new(Shared {
        routes: router.with_state(()),
        hosts,
        proxies,
        limits,
        is_last,
        health,
        draining: draining_too,
        #[cfg(feature = "reload")]
        successor: Successor::default(),
    });
    loop {
        tokio::select! {
            (stream, peer, slot) = accepting.accept() => {
                let log = ConnectionLog::new(Arc::clone(&logs), peer);
                let io = ObservedIo::new(TokioIo::new(stream), log.clone(), client_timeout, slot);
                let server = Arc::new(ConnectionServer { shared: Arc::clone(&shared), peer });
                let service = Observed { server, log };
                let signals = Signals { phase: stopped.clone(), crowded: accepting.crowded(), client_timeout };
                tokio::spawn(drive(Arc::clone(&builder), io, service, signals));
            }
            () = ends(&mut phase) => break,
        }
    }
    draining.begin();
    #[cfg(feature = "reload")]
    if *phase.borrow() == Phase::HandOver {
        shared.successor.is_at(address);
    }
    shared.is_last.store(true, Ordering::Relaxed);
    drop((accepting, stopped));
    finishes();
    let _ = stopping.send(*phase.borrow());
    let finish = async {
        tokio::select! {
            () = stopping.closed() => return,
            Ok(_) = phase.wait_for(|phase| *phase == Phase::Stop) => {}
            // A browser keeps a connection that it does not use.
            () = tokio::time::sleep(grace.saturating_sub(LAST_MOMENT)) => {}
        }
        let _ = stopping.send(Phase::Stop);
        stopping.closed().await;
    };
    let in_time = tokio::time::timeout(grace, finish).await.is_ok();
    draining.cut_off();
    if !in_time {
        // So that each of them is logged.
        let _ = stopping.send(Phase::CutOff);
        let _ = tokio::time::timeout(LAST_MOMENT, stopping.closed()).await;
    }
    Ok(in_time)
}

/// Waits until this process is not to accept any more.
async fn ends(phase: &mut watch::Receiver<Phase>) {
    if phase.wait_for(|phase| *phase != Phase::Serve).await.is_err() {
        // Nobody is left who could change it.
        std::future::pending().await
    }
}
