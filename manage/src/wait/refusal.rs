//! Looks whether an address still refuses connections, which it was seen to do, at the least cost.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Target;
use super::services::resolve;
use crate::settings::Backend;

/// A refusal that takes longer is left to the driver.
const QUICK: Duration = Duration::from_millis(50);

/// The looks at one target.
#[derive(Default)]
pub(super) struct Refusal {
    /// Linux connects a socket again that was refused before, for two thirds of what a new one costs.
    #[cfg(target_os = "linux")]
    sockets: Vec<(SocketAddr, rustix::fd::OwnedFd)>,
}

impl Refusal {
    /// Whether every address of a PostgreSQL server refuses. When in doubt it does not.
    ///
    /// MySQL greets first, and its log complains of whoever leaves then.
    pub(super) fn stands(&mut self, target: &Target, limit: Duration) -> bool {
        let Some((host, port)) = target.tcp().filter(|_| target.is_of(Backend::Postgres)) else {
            return false;
        };
        let until = Instant::now() + limit.min(QUICK);
        let Ok(addresses) = resolve(host, port, until) else { return false };
        addresses.iter().all(|address| {
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
        // It bounds a blocking `connect`, too.
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
            Target::database(settings, false, None).expect("a target")
        };
        let (target, mut refusal) = (target("127.0.0.1"), Refusal::default());
        let mut stands = || refusal.stands(&target, Duration::from_secs(5));
        assert!(!stands());
        drop(listener);
        assert!(stands() && stands());
        let listener = TcpListener::bind(address).expect("the same port");
        assert!(!stands() && !stands());
        drop(listener);
        assert!(stands());
    }
}
