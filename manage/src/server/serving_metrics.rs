//! Where `serve` serves its metrics: at an address that is not the site's.

use std::net::IpAddr;

use super::configure::{cannot_listen, listen_address};
use super::listening::{Listening, Sharing, listen};
use super::{IpVersion, ListenAddress};
use crate::error::{CommandError, Exit, Result};
use crate::settings::{Origin, Settings};

/// Serves the metrics at the address in the settings, if there is one. Returns the address to show. `site` is
/// the site's address, `site_origin` says where it comes from.
pub(crate) async fn serve_metrics(
    settings: &Settings,
    site: &ListenAddress,
    site_origin: &str,
) -> Result<Option<ListenAddress>> {
    let Some(setting) = &settings.server.metrics_address else { return Ok(None) };
    let origin = &setting.1;
    if !cfg!(feature = "metrics") {
        return Err(CommandError::new(format!("{origin}: this program was built without metrics."))
            .exit_code(Exit::CONFIGURATION)
            .hint("Turn on the feature `metrics` of diesel-manage, or unset this address.")
            .into());
    }
    let address = listen_address(None, ("metrics_address", Some(setting)), IpVersion::V4)?;
    if overlap(&address, site).await {
        return Err(CommandError::new(format!(
            "{origin}: the metrics need an address of their own, but metrics_address {address} overlaps the site's \
             address {site} ({site_origin})."
        ))
        .exit_code(Exit::CONFIGURATION)
        .hint(
            "Give one of them another port: MANAGE_SERVER_METRICS_ADDRESS=127.0.0.1:9000, or metrics_address = \
             \"127.0.0.1:9000\" below [server] in manage.toml.",
        )
        .into());
    }
    let listening =
        listen(&address, Sharing::Exclusive).await.map_err(|error| cannot_listen(&address, &error))?;
    let shown = ListenAddress { port: listening.address()?.port(), ..address };
    start_metrics(listening, origin)?;
    Ok(Some(shown))
}

#[cfg(feature = "metrics")]
fn start_metrics(listening: Listening, origin: &Origin) -> Result<()> {
    use super::metrics::{MetricsListener, start};

    let metrics = MetricsListener::new(listening).map_err(|error| {
        CommandError::new(format!("{origin}: cannot record metrics: {error}."))
            .exit_code(Exit::CONFIGURATION)
            .hint("If the program installs a recorder of the crate `metrics` itself, unset this address.")
    })?;
    start(metrics);
    Ok(())
}

#[cfg(not(feature = "metrics"))]
fn start_metrics(_: Listening, _: &Origin) -> Result<()> {
    Ok(())
}

/// Returns whether two addresses have the same port of the same host, by whatever name: one may also be that
/// of all hosts. A name that cannot be resolved is reported when it is bound.
async fn overlap(one: &ListenAddress, other: &ListenAddress) -> bool {
    if one.port != other.port || one.port == 0 {
        return false;
    }
    if one.host.eq_ignore_ascii_case(&other.host) {
        return true;
    }
    let resolve = async |address: &ListenAddress| {
        let found = tokio::net::lookup_host((address.host.as_str(), address.port)).await;
        found
            .map(|all| all.map(|address| address.ip().to_canonical()).collect::<Vec<_>>())
            .unwrap_or_default()
    };
    let (ones, others) = (resolve(one).await, resolve(other).await);
    ones.iter().any(|one| others.iter().any(|other| includes(*one, *other) || includes(*other, *one)))
}

/// Returns whether a socket at one address also gets the connections of the other. `::` also has those of
/// IPv4, unless the operating system is set up otherwise.
fn includes(all: IpAddr, one: IpAddr) -> bool {
    all == one || (all.is_unspecified() && (all.is_ipv6() || one.is_ipv4()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_overlap_by_name_and_wildcard() {
        let parse = |text| ListenAddress::parse(Some(text), IpVersion::V4).expect("an address");
        for (one, other, expected) in [
            ("8000", "127.0.0.1:8000", true),
            ("8000", "8001", false),
            ("0", "0", false),
            ("localhost:8000", "127.0.0.1:8000", true),
            ("0.0.0.0:8000", "127.0.0.2:8000", true),
            ("[::]:8000", "127.0.0.1:8000", true),
            ("[::]:8000", "0.0.0.0:8000", true),
            ("0.0.0.0:8000", "[::1]:8000", false),
            ("127.0.0.1:8000", "127.0.0.2:8000", false),
            ("127.0.0.1:8000", "[::1]:8000", false),
            ("no-such-host.invalid:8000", "127.0.0.1:8000", false),
            ("No-Such-Host.invalid:8000", "no-such-host.invalid:8000", true),
        ] {
            let (one, other) = (parse(one), parse(other));
            assert_eq!(overlap(&one, &other).await, expected, "{one} {other}");
            assert_eq!(overlap(&other, &one).await, expected, "{other} {one}");
        }
    }
}
