//! From the addresses in the settings to one that answers, within one time limit.

use std::fmt;
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::path::PathBuf;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{ConnectError, Reason, lookup};
use crate::settings::{Address, DatabaseSettings};

/// One place to connect to.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// An address of a host. The name goes into the check of its certificate.
    Ip { host: String, ip: IpAddr, port: u16 },
    /// As [`Address::Unix`].
    Unix {
        path: PathBuf,
        #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "part of PostgreSQL's path alone"))]
        port: u16,
    },
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip { host, port, .. } => write!(f, "{}", Address::Tcp(host.clone(), *port)),
            Self::Unix { path, .. } => write!(f, "{}", path.display()),
        }
    }
}

/// How long an address is tried alone while the same name has another one.
const HEAD_START: Duration = Duration::from_millis(250);

/// Tries every address of every host until one attempt succeeds.
///
/// The settings' time limit spans all of it. Hosts are tried in their order, each with an equal share of what is left. The
/// addresses of one name are tried side by side, each a moment after the one before, so that an address that swallows
/// everything does not hide the next. An answer that would be the same elsewhere (a wrong password) ends the search.
pub(super) async fn dial<T>(
    settings: &DatabaseSettings,
    attempt: impl AsyncFn(&Target) -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    let deadline = Instant::from_std(super::deadline(settings.connect_timeout));
    let mut worst: Option<ConnectError> = None;
    let addresses = addresses(settings);
    for (i, (address, ip)) in addresses.iter().enumerate() {
        let until = share(deadline, addresses.len() - i);
        let error = match timeout_at(until, resolve(settings, address, *ip)).await {
            Ok(Ok(targets)) => match race(settings, &targets, until, &attempt).await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            },
            Ok(Err(error)) => error,
            Err(_) => too_late(settings, "looking up its name took too long"),
        };
        if is_everywhere(&error) {
            return Err(error);
        }
        worst = Some(tell(worst, error));
    }
    Err(worst.unwrap_or_else(|| {
        ConnectError::new(settings, Reason::Configuration, "there is no address to connect to")
    }))
}

/// The addresses in the order in which to try them, each with the IP address that `hostaddr` names instead of a look-up.
fn addresses(settings: &DatabaseSettings) -> Vec<(&Address, Option<IpAddr>)> {
    let ips = settings.parameters.get("hostaddr").map(String::as_str).unwrap_or_default();
    let ips = ips.split(',').map(|ip| ip.parse().ok()).chain(std::iter::repeat(None));
    let mut addresses: Vec<_> = settings.addresses.iter().zip(ips).collect();
    if is_balanced(settings) {
        shuffle(&mut addresses);
    }
    addresses
}

/// Whether hosts, and the addresses of each, are tried in a random order, so that many clients spread over them.
fn is_balanced(settings: &DatabaseSettings) -> bool {
    settings.parameters.get("load_balance_hosts").is_some_and(|value| value == "random")
}

/// The standard library's source of randomness is the keys of its hash maps.
fn shuffle<T>(items: &mut [T]) {
    for i in (1..items.len()).rev() {
        let random = RandomState::new().hash_one(i);
        items.swap(i, usize::try_from(random % (i as u64 + 1)).unwrap_or_default());
    }
}

/// Whether another address would say the same.
fn is_everywhere(error: &ConnectError) -> bool {
    matches!(
        error.reason,
        Reason::Credentials | Reason::UnsupportedLogin | Reason::NoDatabase | Reason::Configuration
    )
}

async fn race<T>(
    settings: &DatabaseSettings,
    targets: &[Target],
    until: Instant,
    attempt: &impl AsyncFn(&Target) -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    let mut waiting = targets.iter();
    let mut running = Vec::new();
    let mut worst: Option<ConnectError> = None;
    loop {
        if let Some(target) = waiting.next() {
            running.push(Box::pin(async move { attempt(target).await }));
        }
        // The last one to start has all the time there is.
        let pause = if waiting.len() == 0 { until } else { until.min(Instant::now() + HEAD_START) };
        let one_ends = poll_fn(|context| {
            for i in 0..running.len() {
                if let Poll::Ready(result) = running[i].as_mut().poll(context) {
                    drop(running.swap_remove(i));
                    return Poll::Ready(result);
                }
            }
            if running.is_empty() {
                Poll::Ready(Err(too_late(settings, &limit(settings))))
            } else {
                Poll::Pending
            }
        });
        match timeout_at(pause, one_ends).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) if is_everywhere(&error) => return Err(error),
            Ok(Err(error)) => worst = Some(tell(worst, error)),
            Err(_) if Instant::now() >= until => {
                return Err(tell(worst, too_late(settings, &limit(settings))));
            }
            Err(_) => {}
        }
        if running.is_empty() && waiting.len() == 0 {
            return Err(worst.unwrap_or_else(|| too_late(settings, &limit(settings))));
        }
    }
}

/// The later error, unless the earlier one says more: what a server answered goes before what happened on the way.
fn tell(earlier: Option<ConnectError>, later: ConnectError) -> ConnectError {
    match earlier {
        Some(earlier) if earlier.is_answer() && !later.is_answer() => earlier,
        _ => later,
    }
}

fn share(deadline: Instant, parts: usize) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now) / u32::try_from(parts).unwrap_or(u32::MAX).max(1)
}

async fn resolve(
    settings: &DatabaseSettings,
    address: &Address,
    ip: Option<IpAddr>,
) -> Result<Vec<Target>, ConnectError> {
    let (host, port) = match address {
        Address::Unix(path, port) => return Ok(vec![Target::Unix { path: path.clone(), port: *port }]),
        Address::Tcp(host, port) => (host, *port),
    };
    if let Some(ip) = ip {
        return Ok(vec![Target::Ip { host: host.clone(), ip, port }]);
    }
    let found = match lookup::known(host) {
        Some(known) => known,
        None => lookup::learn(host, tokio::net::lookup_host((host.as_str(), port)).await),
    };
    let found = found.map_err(|message| ConnectError::new(settings, Reason::UnknownHost, message))?;
    let mut targets: Vec<Target> =
        found.iter().map(|socket| Target::Ip { host: host.clone(), ip: socket.ip(), port }).collect();
    if is_balanced(settings) {
        shuffle(&mut targets);
    }
    Ok(targets)
}

pub(super) fn too_late(settings: &DatabaseSettings, message: &str) -> ConnectError {
    ConnectError::new(settings, Reason::TimedOut, message)
}

/// The time limit in words.
pub(super) fn limit(settings: &DatabaseSettings) -> String {
    match settings.connect_timeout {
        Duration::MAX => "no answer".to_owned(),
        limit => format!("no answer within {}", Seconds(limit)),
    }
}

/// A duration as a person writes it: `10 s`, `0.25 s`.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", (self.0.as_secs_f64() * 1_000.0).round() / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::time::Instant;

    use diesel_async::async_connection_wrapper::BlockOn;

    use super::super::Background;
    use super::*;
    use crate::settings::Origin;

    fn settings(url: &str, limit: Duration) -> DatabaseSettings {
        let mut settings = DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL");
        settings.connect_timeout = limit;
        settings
    }

    fn error(reason: Reason) -> ConnectError {
        ConnectError::new(&settings("postgres://db", Duration::from_secs(1)), reason, "")
    }

    #[test]
    fn every_address_is_tried_and_the_most_telling_error_stays() {
        let settings = settings("postgres://127.0.0.1:1,127.0.0.1:2,127.0.0.1:3/a", Duration::from_secs(5));
        let tried = RefCell::new(Vec::new());
        let result: Result<(), _> = Background.block_on(dial(&settings, async |target| {
            let Target::Ip { port, .. } = target else { panic!("an address") };
            tried.borrow_mut().push(*port);
            Err(error(if *port == 2 { Reason::StartingUp } else { Reason::Refused }))
        }));
        assert_eq!(tried.into_inner(), [1, 2, 3]);
        assert_eq!(result.expect_err("no server").reason, Reason::StartingUp);
    }

    #[test]
    fn a_wrong_password_ends_the_search() {
        let settings = settings("postgres://127.0.0.1:1,127.0.0.1:2/a", Duration::from_secs(5));
        let tried = Cell::new(0);
        let result: Result<(), _> = Background.block_on(dial(&settings, async |_| {
            tried.set(tried.get() + 1);
            Err(error(Reason::Credentials))
        }));
        assert_eq!((tried.get(), result.expect_err("no server").reason), (1, Reason::Credentials));
    }

    #[test]
    fn a_silent_address_does_not_hide_the_next_and_the_limit_holds() {
        let settings = settings("postgres://127.0.0.1:1,127.0.0.1:2/a", Duration::from_millis(200));
        let started = Instant::now();
        let found = Background.block_on(dial(&settings, async |target| match target {
            Target::Ip { port: 2, .. } => Ok(2),
            _ => std::future::pending().await,
        }));
        assert_eq!(found.expect("the second one"), 2);
        assert!(started.elapsed() < Duration::from_millis(190));
        let nobody: Result<(), _> =
            Background.block_on(dial(&settings, async |_| std::future::pending().await));
        let error = nobody.expect_err("nobody answers");
        assert_eq!(error.reason, Reason::TimedOut);
        assert!(error.to_string().contains("no answer within 0.2 s"), "{error}");
    }

    #[test]
    fn the_addresses_of_a_name_are_tried_side_by_side() {
        let settings = settings("postgres://db/a", Duration::from_secs(20));
        let target =
            |last| Target::Ip { host: "db".to_owned(), ip: IpAddr::from([127, 0, 0, last]), port: 1 };
        let targets = [target(1), target(2), target(3)];
        let until = tokio::time::Instant::now() + settings.connect_timeout;
        let started = Instant::now();
        let answer = |mine: u8| {
            let (settings, targets) = (&settings, &targets);
            async move {
                let attempt = async |target: &Target| match target {
                    Target::Ip { ip: IpAddr::V4(ip), .. } if ip.octets()[3] == mine => Ok(mine),
                    Target::Ip { ip: IpAddr::V4(ip), .. } if ip.octets()[3] == 1 => {
                        std::future::pending().await
                    }
                    _ => Err(error(Reason::Refused)),
                };
                race(settings, targets, until, &attempt).await
            }
        };
        // The first swallows everything, the second refuses, the third answers.
        assert_eq!(Background.block_on(answer(3)).expect("the third one"), 3);
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }

    #[test]
    fn an_unknown_host_is_told_apart() {
        let settings = settings("postgres://no-such-host.invalid/a", Duration::from_secs(5));
        let result: Result<(), _> = Background.block_on(dial(&settings, async |_| Ok(())));
        assert_eq!(result.expect_err("no such host").reason, Reason::UnknownHost);
    }
}
