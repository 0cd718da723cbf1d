//! Checks cheaply whether an address that refused connections still does.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use super::Target;
use crate::database::Background;
use crate::database::lookup::look_up;
use crate::settings::Backend;

/// The time limit of the check. The driver handles a slower refusal.
const QUICK: Duration = Duration::from_millis(50);

/// The cheap probes of one target.
#[derive(Default)]
pub(super) struct Refusal {
    /// On Linux a refused socket can connect again, which costs two thirds of a new one.
    #[cfg(target_os = "linux")]
    sockets: Vec<(SocketAddr, rustix::fd::OwnedFd)>,
}

impl Refusal {
    /// Returns whether every address of a PostgreSQL server still refuses. When in doubt, returns false.
    ///
    /// This is not done for MySQL: its server sends first, and logs a client that then disconnects.
    pub(super) fn still_refuses(&mut self, target: &Target, limit: Duration) -> bool {
        let Some((host, port)) = target.tcp().filter(|_| target.is_of(Backend::Postgres)) else {
            return false;
        };
        let until = Instant::now() + limit.min(QUICK);
        let looked_up = async { timeout_at(until.into(), look_up(host)).await };
        let Ok(Ok(addresses)) = Background.run(looked_up) else { return false };
        addresses.iter().all(|address| {
            let address = &SocketAddr::new(address.ip(), port);
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
            self.connect(address, left).is_err_and(refused)
        })
    }

    #[cfg(target_os = "linux")]
    fn connect(&mut self, address: &SocketAddr, limit: Duration) -> io::Result<()> {
        use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt};

        let kept = self.sockets.iter().position(|(at, _)| at == address);
        let socket = match kept {
            Some(kept) => self.sockets.swap_remove(kept).1,
            None => {
                let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
                socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?
            }
        };
        // The time limit also applies to a blocking `connect`.
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(limit))?;
        let result = connect(&socket, address);
        if result == Err(rustix::io::Errno::CONNREFUSED) {
            self.sockets.push((*address, socket));
        }
        Ok(result?)
    }

    #[cfg(not(target_os = "linux"))]
    fn connect(&mut self, address: &SocketAddr, limit: Duration) -> io::Result<()> {
        std::net::TcpStream::connect_timeout(address, limit).map(drop)
    }
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::settings::{DatabaseSettings, Origin};

    #[test]
    fn it_stands_until_somebody_listens_and_again_afterwards() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let target = |host: &str| {
            let url = format!("postgres://app@{host}:{}/app", address.port());
            let settings = DatabaseSettings::from_url("default", &url, Origin::Code).expect("a URL");
            Target::database(settings).expect("a target")
        };
        let (target, mut refusal) = (target("127.0.0.1"), Refusal::default());
        let mut refuses = || refusal.still_refuses(&target, Duration::from_secs(5));
        assert!(!refuses());
        drop(listener);
        assert!(refuses() && refuses());
        let listener = TcpListener::bind(address).expect("the same port");
        assert!(!refuses() && !refuses());
        drop(listener);
        assert!(refuses());
    }
}
