//! Database URLs: what is read can be written, and is then read as it was.

use std::time::Duration;

use manage::settings::{Address, Backend, DatabaseSettings, Origin, Secret, SslMode};
use manage_test_support::case;
use manage_test_support::fuzz::proptest::prelude::*;
use manage_test_support::fuzz::{any_text, mutated, sentence};

use super::target;

const TOKENS: &[&str] = &[
    "postgres://",
    "postgresql://",
    "mysql://",
    "mariadb://",
    "sqlite:",
    "sqlite://",
    "sqlite+aiosqlite:///",
    "file:",
    "jdbc:",
    "http://",
    ":memory:",
    "://",
    ":",
    "/",
    "//",
    "@",
    "?",
    "&",
    "=",
    "#",
    ",",
    "%",
    "%2F",
    "%2f",
    "%00",
    "%25",
    "%40",
    "%zz",
    "%C3%A9",
    "%C3",
    "%2C",
    "%5D",
    "[",
    "]",
    "[::1]",
    "::1",
    "[fe80::1%25eth0]",
    "[fe80::1%ab]",
    "localhost",
    "db",
    "10.0.0.1",
    "5432",
    "0",
    "65536",
    "app",
    "secret",
    "blog",
    "a b",
    "é",
    "密",
    "\u{0}",
    "\n",
    " ",
    "\\",
    "'",
    "\"",
    ";",
    "+",
    "host=",
    "hostaddr=",
    "port=",
    "user=",
    "password=",
    "dbname=",
    "socket=",
    "unix_socket=",
    "sslmode=",
    "ssl-mode=",
    "ssl_mode=",
    "disable",
    "require",
    "verify-ca",
    "verify-full",
    "REQUIRED",
    "VERIFY_IDENTITY",
    "sslrootcert=",
    "system",
    "sslcert=",
    "sslkey=",
    "ssl_ca=",
    "connect_timeout=",
    "connectTimeout=",
    "1500",
    "-1",
    "options=",
    "-c%20x%3Dy",
    "application_name=",
    "target_session_attrs=",
    "read-write",
    "keepalives=",
    "channel_binding=",
    "ssl_min_protocol_version=",
    "TLSv1.3",
    "TLSv1.2",
    "load_balance_hosts=",
    "random",
    "service=none",
    "passfile=none",
    "2147483647",
    "2147483648",
];

/// That these settings are what their URL is read as.
fn is_read_back(settings: &DatabaseSettings) -> Result<(), String> {
    let url = settings.url();
    let read = DatabaseSettings::from_url("default", url.expose(), Origin::Code)
        .map_err(|error| format!("{:?} is refused: {error}", url.expose()))?;
    let mut expected = settings.clone();
    // Drivers have one name for both.
    expected.is_mariadb = false;
    // Drivers take whole seconds.
    let seconds =
        |limit: Duration| Duration::from_secs(limit.as_secs() + u64::from(limit.subsec_nanos() > 0));
    if expected.backend == Backend::Sqlite {
        // A path that would be read as something else is written as a URI of the same file.
        let is_uri = read.name.starts_with("file:") && percent_decoded(&read.name) == uri_of(&expected.name);
        if is_uri {
            expected.name.clone_from(&read.name);
        }
    } else if expected.connect_timeout != Duration::MAX {
        expected.connect_timeout = seconds(expected.connect_timeout);
    }
    if read == expected {
        Ok(())
    } else {
        Err(format!("{:?} is read as {read:#?}, not {expected:#?}", url.expose()))
    }
}

fn uri_of(path: &str) -> String {
    match path {
        path if path.starts_with("file:") => percent_decoded(path),
        path if path.starts_with("//") => format!("file://{path}"),
        path => format!("file:{path}"),
    }
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[case]
fn urls_are_read_back() {
    let target = target("urls");
    let urls =
        prop_oneof![4 => mutated(target.examples(), TOKENS), 2 => sentence(TOKENS, 12), 1 => any_text(60)];
    target.texts(urls, |url| match DatabaseSettings::from_url("default", url, Origin::Code) {
        Ok(settings) => is_read_back(&settings),
        Err(error) if error.to_string().is_empty() => Err("an error without a text".to_owned()),
        Err(_) => Ok(()),
    });
}

/// Settings as code would make them: a URL for each, and back.
#[case]
fn settings_are_read_back() {
    // One text carries all parts, so that it can be kept as a file and made smaller.
    let part = || {
        prop_oneof![3 => any_text(12), 1 => sentence(TOKENS, 3)]
            .prop_map(|text| text.replace(['\0', '\n'], ""))
    };
    let parts = prop::collection::vec(part(), 9).prop_map(|parts| parts.join("\n"));
    target("url_parts").texts(parts, |text| is_read_back(&settings_of(text)));
}

fn settings_of(text: &str) -> DatabaseSettings {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default().to_owned();
    let numbers =
        |text: &str| text.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let mut settings = DatabaseSettings::sqlite("default", "", Origin::Code);
    let kind = numbers(&next());
    settings.backend = [Backend::Postgres, Backend::Mysql, Backend::Sqlite][(kind % 3) as usize];
    settings.name = some(next()).unwrap_or_else(|| "blog".to_owned());
    if settings.backend == Backend::Sqlite {
        return settings;
    }
    settings.user = some(next());
    settings.password = some(next()).map(Secret::new);
    for _ in 0..1 + kind / 3 % 3 {
        let host = next();
        let port = (numbers(&host) % 65_535 + 1) as u16;
        settings.addresses.push(match host.trim_start_matches('/') {
            "" => Address::Tcp("localhost".to_owned(), port),
            path if kind / 9 % 3 == 0 => Address::Unix(format!("/{path}").into(), port),
            // A host's name that holds these is a URL in the wrong place.
            name => Address::Tcp(name.replace('@', "").replace("://", ""), port),
        });
    }
    for address in &mut settings.addresses {
        if matches!(address, Address::Tcp(host, _) if host.is_empty() || host.starts_with('/')) {
            *address = Address::Tcp("localhost".to_owned(), 1);
        }
    }
    settings.connect_timeout = match kind / 27 % 4 {
        0 => Duration::MAX,
        1 => Duration::from_millis(1 + kind % 100_000),
        2 => Duration::from_secs(i32::MAX as u64),
        _ => DatabaseSettings::DEFAULT_CONNECT_TIMEOUT,
    };
    settings.tls.mode = SslMode::parse(SslMode::NAMES[(kind / 108 % 5) as usize]).expect("a mode");
    // The word `system` is none of a file's name, as in libpq.
    settings.tls.root_cert = some(next()).filter(|path| path != "system").map(Into::into);
    if let Some(key) = some(next()) {
        settings.tls.client_key = Some(key.into());
    }
    if settings.backend == Backend::Postgres
        && let Some(options) = some(next())
    {
        settings.parameters.insert("options".to_owned(), options);
    }
    settings
}
