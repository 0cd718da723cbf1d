//! The hosts and ports of a database URL.

use std::path::PathBuf;

use super::parameters::Parameters;
use super::{Address, Backend, UrlProblem, decode};

/// Returns the addresses that a URL names. The parameters `host`, `port` and `socket` take precedence over
/// the URL's authority.
pub(super) fn addresses(
    backend: Backend,
    authority: &str,
    parameters: &mut Parameters,
) -> Result<Vec<Address>, UrlProblem> {
    let mut hosts = Vec::new();
    for host in authority.split(',') {
        let (host, port) = split_port(host)?;
        hosts.push((decode(host, "host")?, port));
    }
    if hosts.iter().any(|(host, _)| !host.is_empty()) {
        parameters.given.insert("host");
    }
    if hosts.iter().any(|(_, port)| port.is_some()) {
        parameters.given.insert("port");
    }
    combine(backend, hosts, parameters, None)
}

/// Combines these hosts and ports with those of the parameters, which take precedence. `ips` are addresses
/// that were given separately.
pub(in crate::settings) fn combine(
    backend: Backend,
    mut hosts: Vec<(String, Option<u16>)>,
    parameters: &Parameters,
    ips: Option<&String>,
) -> Result<Vec<Address>, UrlProblem> {
    if let Some(names) = &parameters.hosts {
        let ports: Vec<_> = hosts.iter().map(|host| host.1).collect();
        let names = names.split(',').enumerate();
        hosts = names.map(|(i, name)| (name.to_owned(), *ports.get(i).unwrap_or(&ports[0]))).collect();
    }
    // Percent-encoded, or in a parameter or variable: a URL in place of a host contains a password.
    if hosts.iter().any(|(host, _)| !host.starts_with('/') && (host.contains('@') || host.contains("://"))) {
        return Err(UrlProblem::UrlAsHost);
    }
    if let Some(ips) = parameters.handed_on.get("hostaddr").or(ips) {
        let ips: Vec<&str> = ips.split(',').collect();
        if hosts.iter().all(|(host, _)| host.is_empty()) && hosts.len() == 1 {
            hosts = vec![hosts[0].clone(); ips.len()];
        }
        if ips.len() != hosts.len() {
            return Err(UrlProblem::AddressCount);
        }
        // If the host has no name, its address is used as the name.
        for (host, ip) in hosts.iter_mut().zip(ips).filter(|(host, _)| host.0.is_empty()) {
            ip.clone_into(&mut host.0);
        }
    }
    if let Some(ports) = &parameters.ports {
        // libpq's default for an empty port in a list.
        let number =
            |port: &str| if port.is_empty() { Ok(backend.default_port()) } else { port_number(port) };
        let ports = ports.split(',').map(number).collect::<Result<Vec<_>, _>>()?;
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

/// Splits `host`, `host:port`, `[v6]`, `[v6]:port`. The host remains percent-encoded.
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
