//! What goes over the network, and who may come in.

use std::net::IpAddr;

use crate::settings::{Address, Backend, DatabaseSettings, Part, Settings, SslMode};

use super::super::Message;
use super::super::catalog::{LISTENS_TO_ALL, NO_TLS, NOT_VERIFIED};

/// Whether a connection to a database on another machine is encrypted, and with whom.
pub(super) fn tls(database: &DatabaseSettings) -> Option<Message> {
    let host = database.addresses.iter().find_map(far_host)?;
    let object = format!("database {}", database.alias);
    let mode = database.tls.mode;
    match mode {
        SslMode::Disable | SslMode::Prefer if database.backend != Backend::Sqlite => {
            let what = match mode {
                SslMode::Disable => "is not encrypted",
                _ => "is encrypted only if the server, or whoever answers in its place, offers that",
            };
            let text = format!(
                "The connection to {host} {what} (sslmode={}, {}).",
                mode.name(),
                database.origin_of(Part::SslMode)
            );
            Some(NO_TLS.message(text).about(object).hint(
                "Set sslmode=verify-full. Where the network is the containers' own, silence security.W006.",
            ))
        }
        // With a root certificate it is verified, as libpq does.
        SslMode::Require if database.tls.root_cert.is_none() => {
            let text = format!(
                "The connection to {host} is encrypted, but nobody looks who is at its other end (sslmode=require, {}).",
                database.origin_of(Part::SslMode)
            );
            Some(
                NOT_VERIFIED
                    .message(text)
                    .about(object)
                    .hint("Set sslmode=verify-full, and sslrootcert if the authority is your own."),
            )
        }
        _ => None,
    }
}

/// A host that is not this machine.
fn far_host(address: &Address) -> Option<&str> {
    match address {
        Address::Tcp(host, _) if !is_loopback(host) => Some(host),
        _ => None,
    }
}

fn is_loopback(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether `runserver` takes connections from other machines. In a container it must; what stands in front matters.
#[cfg(feature = "runserver")]
pub(super) fn address(settings: &Settings) -> Option<Message> {
    let (text, origin) = settings.runserver_address()?;
    let address = crate::server::ListenAddress::parse(Some(text), false).ok()?;
    (!is_loopback(&address.host)).then(|| {
        LISTENS_TO_ALL
            .message(format!(
                "runserver takes unencrypted connections from other machines at {address} ({origin})."
            ))
            .about("runserver")
            .hint("Let only a proxy that speaks TLS reach this port, or listen at 127.0.0.1.")
    })
}

#[cfg(not(feature = "runserver"))]
pub(super) fn address(_: &Settings) -> Option<Message> {
    let _ = LISTENS_TO_ALL;
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Origin;

    fn id(url: &str) -> Option<&'static str> {
        tls(&DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL"))
            .map(|message| message.id)
    }

    #[test]
    fn only_what_crosses_a_network_needs_tls() {
        for (url, expected) in [
            ("postgres://u:p@db/a", Some("security.W006")),
            ("postgres://u:p@10.0.0.5/a?sslmode=disable", Some("security.W006")),
            ("mysql://u:p@db/a", Some("security.W006")),
            ("postgres://u:p@127.0.0.1,db/a", Some("security.W006")),
            ("postgres://u:p@db/a?sslmode=require", Some("security.I001")),
            ("postgres://u:p@db/a?sslmode=require&sslrootcert=ca.pem", None),
            ("postgres://u:p@db/a?sslmode=verify-ca", None),
            ("postgres://u:p@db/a?sslmode=verify-full", None),
            ("postgres://u:p@localhost/a", None),
            ("postgres://u:p@127.0.0.1/a", None),
            ("postgres://u:p@[::1]/a", None),
            ("postgres://u:p@%2Frun%2Fpostgresql/a", None),
            ("sqlite:a.db", None),
        ] {
            assert_eq!(id(url), expected, "{url}");
        }
    }
}
