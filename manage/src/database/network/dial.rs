//! Connects to the first of the configured addresses that answers, within one time limit.

use std::fmt;
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::path::PathBuf;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::caller::timeout_at;
use super::contained::{Panicked, contained, unreadable_message};
use super::lookup;
use crate::database::{ConnectError, Reason};
use crate::settings::{Address, DatabaseSettings};

/// A destination of a connection: a database or another service.
pub(crate) trait Destination {
    /// Returns its addresses, each with the IP address that replaces a name lookup.
    fn addresses(&self) -> Vec<(&Address, Option<IpAddr>)>;

    /// Returns whether hosts, and the addresses of each, are tried in random order, so that many clients
    /// spread over them.
    fn is_balanced(&self) -> bool {
        false
    }

    /// Returns the time limit for all attempts together.
    fn time_limit(&self) -> Duration;

    /// Creates an error about the destination.
    fn error(&self, reason: Reason, message: &str) -> ConnectError;

    /// Returns the error if no address answers in time.
    fn no_answer(&self) -> ConnectError;
}

/// One place to connect to.
#[derive(Clone, Debug)]
pub(crate) enum Endpoint {
    /// An address of a host. The certificate is checked against the host's name.
    Ip { host: String, ip: IpAddr, port: u16 },
    /// As [`Address::Unix`].
    Unix {
        path: PathBuf,
        #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "part of PostgreSQL's path alone"))]
        port: u16,
    },
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip { host, port, .. } => write!(f, "{}", Address::Tcp(host.clone(), *port)),
            Self::Unix { path, .. } => write!(f, "{}", path.display()),
        }
    }
}

/// How long to wait for an address before the next one of the same name is tried in parallel.
const HEAD_START: Duration = Duration::from_millis(250);

/// Tries every address of every host until one attempt succeeds.
///
/// The time limit covers all attempts. Hosts are tried in order, each with an equal share of the remaining
/// time. The addresses of one name are tried in parallel, each a moment after the one before, so that an
/// unresponsive address does not hide the next. An error that would be the same at every address (a wrong
/// password) ends the search.
pub(crate) async fn dial<T>(
    destination: &impl Destination,
    attempt: impl AsyncFn(&Endpoint) -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    let deadline = Instant::from_std(crate::database::deadline(destination.time_limit()));
    let mut worst: Option<ConnectError> = None;
    let addresses = addresses(destination);
    for (i, (address, ip)) in addresses.iter().enumerate() {
        let until = share(deadline, addresses.len() - i);
        let error = match timeout_at(until, resolve(destination, address, *ip)).await {
            Some(Ok(targets)) => match race(destination, &targets, until, &attempt).await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            },
            Some(Err(error)) => error,
            None => destination.error(Reason::TimedOut, "looking up its name took too long"),
        };
        if is_everywhere(&error) {
            return Err(error);
        }
        worst = Some(tell(worst, error));
    }
    Err(worst
        .unwrap_or_else(|| destination.error(Reason::Configuration, "there is no address to connect to")))
}

/// Returns the addresses in the order in which to try them, each with the IP address that replaces its name
/// lookup.
fn addresses(destination: &impl Destination) -> Vec<(&Address, Option<IpAddr>)> {
    let mut addresses = destination.addresses();
    if destination.is_balanced() {
        shuffle(&mut addresses);
    }
    addresses
}

/// Shuffles with the random keys of hash maps, the standard library's only source of randomness.
fn shuffle<T>(items: &mut [T]) {
    for i in (1..items.len()).rev() {
        let random = RandomState::new().hash_one(i);
        items.swap(i, usize::try_from(random % (i as u64 + 1)).unwrap_or_default());
    }
}

/// Returns whether every other address would report the same error.
fn is_everywhere(error: &ConnectError) -> bool {
    matches!(
        error.reason,
        Reason::Credentials | Reason::UnsupportedLogin | Reason::NoDatabase | Reason::Configuration
    )
}

async fn race<T>(
    destination: &impl Destination,
    targets: &[Endpoint],
    until: Instant,
    attempt: &impl AsyncFn(&Endpoint) -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    let mut waiting = targets.iter();
    let mut running = Vec::new();
    let mut worst: Option<ConnectError> = None;
    loop {
        if let Some(target) = waiting.next() {
            running.push(Box::pin(async move {
                let attempt = contained(attempt(target)).await;
                attempt.unwrap_or_else(|Panicked| {
                    Err(destination.error(Reason::Other, &unreadable_message(None)))
                })
            }));
        }
        // The last attempt gets all the remaining time.
        let pause = if waiting.len() == 0 { until } else { until.min(Instant::now() + HEAD_START) };
        let one_ends = poll_fn(|context| {
            for i in 0..running.len() {
                if let Poll::Ready(result) = running[i].as_mut().poll(context) {
                    drop(running.swap_remove(i));
                    return Poll::Ready(result);
                }
            }
            if running.is_empty() { Poll::Ready(Err(destination.no_answer())) } else { Poll::Pending }
        });
        match timeout_at(pause, one_ends).await {
            Some(Ok(connection)) => return Ok(connection),
            Some(Err(error)) if is_everywhere(&error) => return Err(error),
            Some(Err(error)) => worst = Some(tell(worst, error)),
            None if Instant::now() >= until => {
                return Err(tell(worst, destination.no_answer()));
            }
            None => {}
        }
        if running.is_empty() && waiting.len() == 0 {
            return Err(worst.unwrap_or_else(|| destination.no_answer()));
        }
    }
}

/// Returns the more informative error: the later one, unless only the earlier one is a server's answer.
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
    destination: &impl Destination,
    address: &Address,
    ip: Option<IpAddr>,
) -> Result<Vec<Endpoint>, ConnectError> {
    let (host, port) = match address {
        Address::Unix(path, port) => return Ok(vec![Endpoint::Unix { path: path.clone(), port: *port }]),
        Address::Tcp(host, port) => (host, *port),
    };
    if let Some(ip) = ip {
        return Ok(vec![Endpoint::Ip { host: host.clone(), ip, port }]);
    }
    let found =
        lookup::look_up(host).await.map_err(|message| destination.error(Reason::UnknownHost, &message))?;
    let mut targets: Vec<Endpoint> =
        found.iter().map(|socket| Endpoint::Ip { host: host.clone(), ip: socket.ip(), port }).collect();
    if destination.is_balanced() {
        shuffle(&mut targets);
    }
    Ok(targets)
}

impl Destination for DatabaseSettings {
    fn addresses(&self) -> Vec<(&Address, Option<IpAddr>)> {
        let ips = self.parameters.get("hostaddr").map(String::as_str).unwrap_or_default();
        let ips = ips.split(',').map(|ip| ip.parse().ok()).chain(std::iter::repeat(None));
        self.addresses.iter().zip(ips).collect()
    }

    fn is_balanced(&self) -> bool {
        self.parameters.get("load_balance_hosts").is_some_and(|value| value == "random")
    }

    fn time_limit(&self) -> Duration {
        self.connect_timeout
    }

    fn error(&self, reason: Reason, message: &str) -> ConnectError {
        ConnectError::new(self, reason, message)
    }

    fn no_answer(&self) -> ConnectError {
        let message = match self.connect_timeout {
            Duration::MAX => "no answer".to_owned(),
            limit => format!("no answer within {}", Seconds(limit)),
        };
        ConnectError::of_silence(self, Reason::TimedOut, &message)
    }
}

/// A duration, displayed as `10 s` or `0.25 s`.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", (self.0.as_secs_f64() * 1_000.0).round() / 1_000.0)
    }
}

#[cfg(all(test, feature = "_network"))]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::database::Background;
    use crate::settings::Origin;

    fn settings(url: &str, limit: Duration) -> DatabaseSettings {
        let mut settings = DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL");
        settings.connect_timeout = limit;
        settings
    }

    fn error(reason: Reason) -> ConnectError {
        ConnectError::new(&settings("postgres://db", Duration::from_secs(1)), reason, "")
    }

    /// Returns the result, and how long it took by a clock that moves only while all tasks wait.
    fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
        let builder = &mut tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(async {
            let started = Instant::now();
            (work.await, started.elapsed())
        })
    }

    #[test]
    fn every_address_is_tried_and_the_most_telling_error_stays() {
        let settings = settings("postgres://127.0.0.1:1,127.0.0.1:2,127.0.0.1:3/a", Duration::from_secs(5));
        let tried = RefCell::new(Vec::new());
        let result: Result<(), _> = Background.run(dial(&settings, async |target| {
            let Endpoint::Ip { port, .. } = target else { panic!("an address") };
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
        let result: Result<(), _> = Background.run(dial(&settings, async |_| {
            tried.set(tried.get() + 1);
            Err(error(Reason::Credentials))
        }));
        assert_eq!((tried.get(), result.expect_err("no server").reason), (1, Reason::Credentials));
    }

    #[test]
    fn a_silent_address_does_not_hide_the_next_and_the_limit_holds() {
        let settings = settings("postgres://127.0.0.1:1,127.0.0.1:2/a", Duration::from_millis(200));
        let (found, took) = timed(dial(&settings, async |target| match target {
            Endpoint::Ip { port: 2, .. } => Ok(2),
            _ => std::future::pending().await,
        }));
        assert_eq!(found.expect("the second one"), 2);
        assert!(took < Duration::from_millis(190), "{took:?}");
        let (nobody, took) = timed(dial(&settings, async |_| std::future::pending::<Result<(), _>>().await));
        assert!((190..=210).contains(&took.as_millis()), "{took:?}");
        let error = nobody.expect_err("nobody answers");
        assert_eq!(error.reason, Reason::TimedOut);
        assert!(error.to_string().contains("no answer within 0.2 s"), "{error}");
    }

    #[test]
    fn the_addresses_of_a_name_are_tried_side_by_side() {
        let settings = settings("postgres://db/a", Duration::from_secs(20));
        let target =
            |last| Endpoint::Ip { host: "db".to_owned(), ip: IpAddr::from([127, 0, 0, last]), port: 1 };
        let targets = [target(1), target(2), target(3)];
        let answer = |mine: u8| {
            let (settings, targets) = (&settings, &targets);
            async move {
                let until = Instant::now() + settings.connect_timeout;
                let attempt = async |target: &Endpoint| match target {
                    Endpoint::Ip { ip: IpAddr::V4(ip), .. } if ip.octets()[3] == mine => Ok(mine),
                    Endpoint::Ip { ip: IpAddr::V4(ip), .. } if ip.octets()[3] == 1 => {
                        std::future::pending().await
                    }
                    _ => Err(error(Reason::Refused)),
                };
                race(settings, targets, until, &attempt).await
            }
        };
        // The first address drops everything, the second refuses, the third answers.
        let (found, took) = timed(answer(3));
        assert_eq!(found.expect("the third one"), 3);
        assert!(took >= HEAD_START && took < HEAD_START * 2, "{took:?}");
    }

    #[test]
    fn an_unknown_host_is_reported_apart() {
        let settings = settings("postgres://no-such-host.invalid/a", Duration::from_secs(5));
        let result: Result<(), _> = Background.run(dial(&settings, async |_| Ok(())));
        assert_eq!(result.expect_err("no such host").reason, Reason::UnknownHost);
    }
}
