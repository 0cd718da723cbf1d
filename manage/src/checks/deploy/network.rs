//! Network security: connections to databases, and clients of the servers.

use std::net::IpAddr;

use crate::command::Program;
#[cfg(feature = "runserver")]
use crate::server::{IpVersion, ListenAddress};
use crate::settings::{Address, Backend, DatabaseSettings, Part, Settings, SslMode};

use super::super::Message;
use super::super::catalog::{ANY_HOST, LISTENS_TO_ALL, NO_TLS, NOT_VERIFIED};

/// Checks whether a connection to a database on another machine is encrypted, and its server verified.
pub(super) fn tls(database: &DatabaseSettings) -> Option<Message> {
    let host = database.addresses.iter().find_map(far_host)?;
    let object = format!("database {}", database.alias);
    let mode = database.tls.mode;
    match mode {
        SslMode::Disable | SslMode::Prefer if database.backend != Backend::Sqlite => {
            let what = match mode {
                SslMode::Disable => "is not encrypted",
                _ => "is encrypted only if the server, or an impostor, offers encryption",
            };
            let text = format!(
                "The connection to {host} {what} (sslmode={}, {}).",
                mode.name(),
                database.origin_of(Part::SslMode)
            );
            Some(NO_TLS.message(text).about(object).hint(
                "Set sslmode=verify-full. If the network is private to the containers, silence security.W006.",
            ))
        }
        // With a root certificate the server is verified, as in libpq.
        SslMode::Require if database.tls.root_cert.is_none() => {
            let text = format!(
                "The connection to {host} is encrypted, but the server is not verified (sslmode=require, {}).",
                database.origin_of(Part::SslMode)
            );
            Some(
                NOT_VERIFIED
                    .message(text)
                    .about(object)
                    .hint("Set sslmode=verify-full, and sslrootcert if you use your own authority."),
            )
        }
        _ => None,
    }
}

/// Returns the host if it is another machine.
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

/// Checks whether a server accepts connections from other machines. In a container it must; there, the
/// proxy in front of it matters.
#[cfg(feature = "runserver")]
pub(super) fn address(settings: &Settings) -> Option<Message> {
    let server = &settings.server;
    let addresses = [("serve", &server.address), ("runserver", &server.runserver_address)];
    let found = addresses.into_iter().find_map(|(command, written)| {
        let (text, origin) = written.as_ref()?;
        let address = ListenAddress::parse(Some(text), IpVersion::V4).ok()?;
        (!is_loopback(&address.host)).then_some((command, address, origin))
    });
    found.map(|(command, address, origin)| {
        LISTENS_TO_ALL
            .message(format!(
                "{command} accepts unencrypted connections from other machines at {address} ({origin})."
            ))
            .about(command)
            .hint("Let only a proxy with TLS reach this port, or listen on 127.0.0.1.")
    })
}

/// Checks whether every host would be accepted: then links that an app builds from a `Host` header, for
/// example in an email, may lead anywhere. Without a list `serve` does not start, and `runserver` accepts all.
#[cfg(feature = "runserver")]
pub(super) fn hosts(settings: &Settings, program: &Program) -> Option<Message> {
    let serves = program.registry().apps().iter().any(|app| crate::server::has_routes(app));
    let hosts = settings.server.allowed_hosts.as_ref().filter(|(hosts, _)| !hosts.is_empty());
    let everything = hosts.is_none_or(|(hosts, _)| hosts.iter().any(|host| host == "*"));
    (settings.is_production() && serves && everything).then(|| {
        let text = match hosts {
            Some((_, origin)) => format!("The server accepts every host that a request names ({origin})."),
            None => "No allowed hosts are set: serve does not start without them.".to_owned(),
        };
        ANY_HOST.message(text).about("serve").hint(
            "Set MANAGE_SERVER_ALLOWED_HOSTS, or allowed_hosts below [server] in manage.toml, to the site's names.",
        )
    })
}

#[cfg(not(feature = "runserver"))]
pub(super) fn address(_: &Settings) -> Option<Message> {
    let _ = LISTENS_TO_ALL;
    None
}

#[cfg(not(feature = "runserver"))]
pub(super) fn hosts(_: &Settings, _: &Program) -> Option<Message> {
    let _ = ANY_HOST;
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
