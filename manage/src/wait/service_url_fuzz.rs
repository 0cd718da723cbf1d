//! Properties of every service URL: it is parsed as written, or the error repeats nothing of it.

use manage_test_support::fuzz::proptest::prelude::*;
use manage_test_support::fuzz::{Fuzz, any_text, mutated, sentence};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::*;

const TOKENS: &[&str] = &[
    "redis://",
    "rediss://",
    "tcp://",
    "http://",
    "https://",
    "amqp://",
    "amqps://",
    "file://",
    "postgres://",
    "://",
    ":",
    "/",
    "//",
    "@",
    "?",
    "#",
    "%",
    "%2F",
    "%40",
    "%00",
    "%C3",
    "[",
    "]",
    "[::1]",
    "localhost",
    "db",
    "6379",
    "0",
    "65536",
    "+1",
    "app",
    "secret",
    "é",
    "密",
    " ",
    "\n",
    "\u{0}",
    "\\",
    "..",
    "/run/ready",
];

/// Characters of which no message contains four in a row.
const PASSWORD: &[&str] =
    &["qxzj", "zzvk", "wqkj", "vvxq", "jwzq", ":", "@", "/", "?", "#", "%", "[", "]", "&", " ", "é"];

fn parse(url: &str) -> Result<Service, ServiceUrlError> {
    Service::parse(url, &Expected::default())
}

#[test]
fn any_service_url_is_parsed_or_refused() {
    let target = Fuzz::new(env!("CARGO_MANIFEST_DIR"), "service_urls");
    let examples = [
        "redis://:secret@db:6379/1",
        "amqp://app:secret@[::1]/%2F",
        "http://db:80/health?a=b#c",
        "file:///run/ready",
    ];
    let examples = examples.map(str::to_owned).to_vec();
    let urls = prop_oneof![4 => mutated(examples, TOKENS), 2 => sentence(TOKENS, 10), 1 => any_text(50)];
    target.texts(urls, |url| match parse(url) {
        Ok(Service { kind: Kind::File(path), .. }) if path.is_absolute() => Ok(()),
        Ok(service) if service.port > 0 && !service.host.is_empty() => Ok(()),
        Ok(service) => Err(format!("no port or no host: {service:?}")),
        Err(error) if error.to_string().is_empty() => Err("an error without a text".to_owned()),
        Err(_) => Ok(()),
    });
}

#[test]
fn encoded_parts_are_read_back() {
    let target = Fuzz::new(env!("CARGO_MANIFEST_DIR"), "service_logins");
    let part = || prop_oneof![2 => any_text(10), 1 => sentence(TOKENS, 3)];
    let parts = prop::collection::vec(part(), 3).prop_map(|parts| parts.join("\u{1f}"));
    let hosts =
        [("db", "db"), ("10.0.0.1", "10.0.0.1"), ("[::1]", "::1"), ("my-host.example", "my-host.example")];
    target.texts(parts, |text| {
        // No part may contain control characters.
        let parts: Vec<String> =
            text.split('\u{1f}').map(|part| part.replace(char::is_control, "")).collect();
        let [user, password, vhost] = parts.as_slice() else { return Ok(()) };
        let encoded = |part: &str| utf8_percent_encode(part, NON_ALPHANUMERIC).to_string();
        let some = |part: &str| Some(part.to_owned()).filter(|part| !part.is_empty());
        for (written, host) in hosts {
            let url =
                format!("amqp://{}:{}@{written}:5671/{}", encoded(user), encoded(password), encoded(vhost));
            let service = parse(&url).map_err(|error| format!("{url}: {error}"))?;
            let found = (
                service.user,
                service.password.map(|password| password.expose().to_owned()),
                service.database,
            );
            if found != (some(user), some(password), some(vhost))
                || (service.host.as_str(), service.port) != (host, 5671)
            {
                return Err(format!("{url} is parsed as {found:?} at {}:{}", service.host, service.port));
            }
        }
        Ok(())
    });
}

#[test]
fn no_error_repeats_a_password() {
    let target = Fuzz::new(env!("CARGO_MANIFEST_DIR"), "service_passwords");
    target.texts(sentence(PASSWORD, 6), |password| {
        for url in
            ["redis://app:{p}@db", "{p}://app@db", "amqp://{p}@db/a", "http://db:{p}/", "tcp://{p}", "{p}"]
        {
            let url = url.replace("{p}", password);
            let Err(error) = parse(&url) else { continue };
            // An unknown scheme is shown unless a login follows: `qxzj://` has nothing of a password.
            if let ServiceUrlError::Scheme(Some(scheme)) = &error
                && url.strip_prefix(scheme.as_str()).is_some_and(|rest| rest.starts_with("://"))
                && !url.contains('@')
            {
                continue;
            }
            let said = format!("{error} {error:?}");
            let pieces = PASSWORD.iter().filter(|piece| piece.len() == 4);
            if let Some(piece) =
                pieces.filter(|piece| password.contains(**piece)).find(|piece| said.contains(**piece))
            {
                return Err(format!("{url:?}: {piece} shows in {said}"));
            }
        }
        Ok(())
    });
}
