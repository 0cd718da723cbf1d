//! What `serve` and `runserver` read from the settings before they start, and the socket that they serve.

use std::io::ErrorKind;

use super::host::HostPatternError;
use super::listening::{Listening, Sharing, inherited, listen};
use super::proxies::{ForwardedHeader, TrustedProxies};
use super::{AllowedHosts, IpVersion, ListenAddress, occupant};
use crate::console::{echo, printable};
use crate::error::{CommandError, Exit, Result};
use crate::settings::{Origin, Settings};

/// Returns the address to listen at: the argument, or else the one of a key in the settings, or the default.
pub(crate) fn listen_address(
    argument: Option<&str>,
    (key, setting): (&str, Option<&(String, Origin)>),
    version: IpVersion,
) -> Result<ListenAddress> {
    let (text, origin) = match (argument, setting) {
        (Some(text), _) => (Some(text), None),
        (None, Some((text, origin))) => (Some(text.as_str()), Some(origin)),
        (None, None) => (None, None),
    };
    ListenAddress::parse(text, version).map_err(|error| {
        // Without an origin it was typed.
        let (place, exit) = match origin {
            // A variable has the name of the setting, a line of a file does not.
            Some(origin @ Origin::File(..)) => (format!("{origin}: {key} "), Exit::CONFIGURATION),
            Some(origin) => (format!("{origin}: "), Exit::CONFIGURATION),
            None => (String::new(), Exit::USAGE),
        };
        CommandError::new(format!("{place}{error}"))
            .exit_code(exit)
            .hint("Write 8000, 0.0.0.0:8000, [::1]:8000 or localhost:8000.")
            .into()
    })
}

/// Returns where the address of `serve` comes from, for messages.
pub(crate) fn site_origin(
    argument: Option<&str>,
    setting: Option<&(String, Origin)>,
    was_passed: bool,
) -> String {
    match (was_passed, argument, setting) {
        (true, ..) => "the socket that was passed".to_owned(),
        (_, Some(_), _) => "the command line".to_owned(),
        (_, None, Some((_, origin))) => origin.to_string(),
        (_, None, None) => "the default of MANAGE_SERVER_ADDRESS".to_owned(),
    }
}

/// Returns the hosts that the development server answers to.
pub(crate) fn development_hosts(settings: &Settings, address: &ListenAddress) -> Result<AllowedHosts> {
    let hosts = settings.server.allowed_hosts.as_ref();
    let (patterns, origin) = hosts.map_or((&[][..], None), |(hosts, origin)| (&hosts[..], Some(origin)));
    let allowed = match settings.is_production() {
        true => AllowedHosts::in_production(patterns),
        false => AllowedHosts::in_development(patterns, address),
    };
    allowed.map_err(|error| wrong_host(origin, &error))
}

/// Returns the hosts that the production server answers to, which must be set.
pub(crate) fn production_hosts(settings: &Settings) -> Result<AllowedHosts> {
    let (patterns, origin) = match &settings.server.allowed_hosts {
        Some((hosts, origin)) if !hosts.is_empty() => (hosts, origin),
        _ => {
            let misses = settings.near_misses.iter().filter(|miss| miss.means("MANAGE_SERVER_ALLOWED_HOSTS"));
            let misses: String = misses.map(|miss| format!("{} {} ", miss.text, miss.hint)).collect();
            return Err(CommandError::new("No allowed hosts are set, and the production server requires them.")
                .exit_code(Exit::CONFIGURATION)
                .hint(format!(
                    "{misses}Set MANAGE_SERVER_ALLOWED_HOSTS=example.org, or allowed_hosts = [\"example.org\"] below \
                     [server] in manage.toml, to the site's names. The entry * allows every host."
                ))
                .into());
        }
    };
    AllowedHosts::in_production(patterns).map_err(|error| wrong_host(Some(origin), &error))
}

/// Returns the proxies that may describe their clients.
pub(crate) fn trusted_proxies(settings: &Settings) -> Result<TrustedProxies> {
    let server = &settings.server;
    let header = match &server.forwarded_header {
        Some((text, origin)) => ForwardedHeader::parse(text).ok_or_else(|| {
            let why = format!(
                "forwarded_header '{}' is not a header in which a proxy describes its client",
                echo(text)
            );
            wrong_entry(Some(origin), &why, HEADER_FORM)
        })?,
        None => ForwardedHeader::default(),
    };
    let Some((entries, origin)) = &server.trusted_proxies else { return Ok(TrustedProxies::default()) };
    TrustedProxies::parse(entries, header).map_err(|error| wrong_entry(Some(origin), &error, PROXY_FORM))
}

const PROXY_FORM: &str =
    "Write 10.0.0.5, 10.0.0.0/8 or fd00::/8; or * if only a proxy can reach this server.";

const HEADER_FORM: &str = "Write x-forwarded-for, or forwarded for the header of RFC 7239.";

const HOST_FORM: &str = "Write example.org, .example.org to include its subdomains, or * for every host: no scheme, port or path.";

fn wrong_host(origin: Option<&Origin>, error: &HostPatternError) -> anyhow::Error {
    let meant = error.meant().map(|meant| format!("Did you mean {meant}? ")).unwrap_or_default();
    wrong_entry(origin, error, &format!("{meant}{HOST_FORM}"))
}

fn wrong_entry(origin: Option<&Origin>, error: &dyn std::fmt::Display, form: &str) -> anyhow::Error {
    let place = origin.map(|origin| format!("{origin}: ")).unwrap_or_default();
    CommandError::new(format!("{place}{error}.")).exit_code(Exit::CONFIGURATION).hint(form).into()
}

/// Takes the socket that the parent process passed, or else binds the address. Returns the socket, and the
/// address to show.
pub(crate) async fn open(address: &ListenAddress, sharing: Sharing) -> Result<(Listening, ListenAddress)> {
    if let Some(listener) = inherited().map_err(|error| cannot_inherit(&error))? {
        let listening = Listening::from_std(listener)?;
        let bound = listening.address()?;
        return Ok((listening, ListenAddress { host: bound.ip().to_string(), port: bound.port() }));
    }
    let listening = listen(address, sharing).await.map_err(|error| cannot_listen(address, &error))?;
    // The name that was typed is the one that a browser can open.
    let shown = ListenAddress { port: listening.address()?.port(), ..address.clone() };
    Ok((listening, shown))
}

fn cannot_inherit(error: &std::io::Error) -> anyhow::Error {
    let why = error.to_string();
    CommandError::new(format!("Cannot use the socket that was passed (LISTEN_FDS): {}.", printable(&why)))
        .hint("Pass one listening TCP socket, as a systemd socket unit with one ListenStream= does.")
        .into()
}

pub(super) fn cannot_listen(address: &ListenAddress, error: &std::io::Error) -> anyhow::Error {
    let message = match error.kind() {
        ErrorKind::AddrInUse => format!("{address} is already in use."),
        ErrorKind::PermissionDenied => format!("You don't have permission to listen at {address}."),
        ErrorKind::AddrNotAvailable => format!("{address} is not an address of this machine."),
        _ => format!("Cannot listen at {address}: {error}."),
    };
    let hint = match error.kind() {
        ErrorKind::AddrInUse => {
            let occupant = occupant::of_port(address.port).unwrap_or("another server".to_owned());
            let other =
                ListenAddress { port: address.port.checked_add(1).unwrap_or(8000), ..address.clone() };
            format!("It is used by {}: stop it, or use another port, as in `{other}`.", printable(&occupant))
        }
        ErrorKind::PermissionDenied => "Ports below 1024 need root: use a higher one.".to_owned(),
        _ => "Use an address of this machine, or 127.0.0.1.".to_owned(),
    };
    CommandError::new(message).hint(hint).into()
}
