//! The hosts and ports of a database URL.

use std::path::PathBuf;

use super::parameters::Parameters;
use super::{Address, Backend, UrlProblem, decode};

/// The addresses that a URL names. The parameters `host`, `port` and `socket` go before what stands in its middle.
pub(super) fn addresses(
    backend: Backend,
    authority: &str,
    parameters: &Parameters,
) -> Result<Vec<Address>, UrlProblem> {
    let mut hosts = Vec::new();
    for host in authority.split(',') {
        let (host, port) = split_port(host)?;
        hosts.push((decode(host, "host")?, port));
    }
    if let Some(names) = &parameters.hosts {
        let port = hosts[0].1;
        hosts = names.split(',').map(|name| (name.to_owned(), port)).collect();
    }
    if let Some(ports) = &parameters.ports {
        let ports = ports.split(',').map(port_number).collect::<Result<Vec<_>, _>>()?;
        if ports.len() != 1 && ports.len() != hosts.len() {
            return Err(UrlProblem::PortCount);
        }
        for (i, host) in hosts.iter_mut().enumerate() {
            host.1 = Some(*ports.get(i).unwrap_or(&ports[0]));
        }
    }
    if let Some(socket) = &parameters.socket {
        let port = hosts[0].1.unwrap_or(backend.default_port());
        return Ok(vec![Address::Unix(socket.clone(), port)]);
    }
    Ok(hosts
        .into_iter()
        .map(|(host, port)| {
            let port = port.unwrap_or(backend.default_port());
            match host.as_str() {
                "" => Address::Tcp("localhost".to_owned(), port),
                path if path.starts_with('/') => Address::Unix(PathBuf::from(path), port),
                _ => Address::Tcp(host, port),
            }
        })
        .collect())
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`: the host still percent-encoded.
fn split_port(text: &str) -> Result<(&str, Option<u16>), UrlProblem> {
    if let Some(text) = text.strip_prefix('[') {
        let (host, behind) = text.split_once(']').ok_or(UrlProblem::Host)?;
        return match behind.strip_prefix(':') {
            Some(port) => Ok((host, Some(port_number(port)?))),
            None if behind.is_empty() => Ok((host, None)),
            None => Err(UrlProblem::Host),
        };
    }
    match text.rsplit_once(':') {
        // Two colons without brackets: an IPv6 address, or a login that lost its `@`.
        Some((host, _)) if host.contains(':') => Err(UrlProblem::Host),
        Some((host, "")) => Ok((host, None)),
        Some((host, port)) => Ok((host, Some(port_number(port)?))),
        None => Ok((text, None)),
    }
}

fn port_number(text: &str) -> Result<u16, UrlProblem> {
    text.parse().ok().filter(|port| *port > 0).ok_or(UrlProblem::Port)
}
