//! The parameters and the schemes of database URLs: what is accepted, what is refused, and what to write
//! instead.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use manage::settings::{Address, Backend, DatabaseSettings, Origin, SslMode, TlsVersion, UrlProblem};
use manage_test_support::case;

fn try_read(url: &str) -> Result<DatabaseSettings, UrlProblem> {
    DatabaseSettings::from_url("default", url, Origin::Code).map_err(|error| error.problem)
}

fn read(url: &str) -> DatabaseSettings {
    try_read(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn postgres(query: &str) -> DatabaseSettings {
    read(&format!("postgres://app@db/blog?{query}"))
}

fn mysql(query: &str) -> DatabaseSettings {
    read(&format!("mysql://app@db/blog?{query}"))
}

#[case]
fn parameters_of_libpq() {
    for (name, values) in [
        (
            "target_session_attrs",
            &["any", "read-write", "read-only", "primary", "standby", "prefer-standby"][..],
        ),
        ("keepalives", &["0", "1"]),
        ("keepalives_idle", &["0", "30"]),
        ("keepalives_interval", &["0", "5"]),
        ("keepalives_count", &["0", "3"]),
        ("tcp_user_timeout", &["0", "3000"]),
        ("hostaddr", &["127.0.0.1", "::1"]),
        ("application_name", &["blog"]),
        ("fallback_application_name", &["blog"]),
        ("options", &["-c geqo=off"]),
        ("load_balance_hosts", &["disable", "random"]),
        ("channel_binding", &["disable", "prefer", "require"]),
    ] {
        for value in values {
            let settings = postgres(&format!("{name}={}", value.replace(' ', "%20").replace(':', "%3A")));
            assert_eq!(settings.parameters.get(name).map(String::as_str), Some(*value), "{name}");
            // What is read goes on to libpq itself.
            assert_eq!(read(settings.url().expose()), settings, "{name}={value}");
        }
    }
    assert_eq!(postgres("connect_timeout=0").connect_timeout, Duration::MAX);
    assert_eq!(postgres("connect_timeout=-1").connect_timeout, Duration::MAX, "as in libpq");
    assert_eq!(postgres("connect_timeout=1").connect_timeout, Duration::from_secs(1));
    assert!(postgres("connect_timeout=0").url().expose().contains("connect_timeout=0"));
    assert_eq!(postgres("sslrootcert=system").tls.mode, SslMode::VerifyFull);
    assert_eq!(postgres("ssl_min_protocol_version=TLSv1.3").tls.min_version, Some(TlsVersion::V1_3));
    assert_eq!(
        postgres("ssl_min_protocol_version=TLSv1").tls.min_version,
        None,
        "older ones are never spoken"
    );
    assert_eq!(postgres("ssl_max_protocol_version=TLSv1.2").tls.max_version, Some(TlsVersion::V1_2));
    let several = read("postgres://a:1,b:2/blog?hostaddr=10.0.0.1,10.0.0.2");
    assert_eq!(several.addresses, [Address::Tcp("a".into(), 1), Address::Tcp("b".into(), 2)]);
    assert_eq!(
        read("postgres:///blog?hostaddr=10.0.0.1&port=7").addresses,
        [Address::Tcp("10.0.0.1".into(), 7)]
    );
    // What follows the `?` takes precedence, as in libpq.
    assert_eq!(
        read("postgres://one:x@a/b?user=two&dbname=c&host=d").to_string(),
        "PostgreSQL at d:5432/c as two"
    );
}

#[case]
fn parameters_that_ask_for_what_happens_anyway() {
    for query in [
        "client_encoding=UTF8",
        "client_encoding=utf-8",
        "client_encoding=auto",
        "encoding=unicode",
        "charset=utf8",
        "gssencmode=disable",
        "gssencmode=prefer",
        "sslnegotiation=postgres",
        "sslsni=1",
        "sslcompression=0",
        "sslcertmode=allow",
        "replication=false",
        "max_protocol_version=latest",
        "reconnect=false",
    ] {
        assert_eq!(postgres(query), postgres(""), "{query}");
    }
    for query in [
        "charset=utf8mb4",
        "charset=utf8",
        "encoding=utf8mb4",
        "characterEncoding=UTF-8",
        "useUnicode=true",
        "reconnect=false",
        "allowPublicKeyRetrieval=false",
        "serverTimezone=UTC",
        "parseTime=true",
    ] {
        assert_eq!(mysql(query), mysql(""), "{query}");
    }
}

/// A URL's query, and what its message says.
const REFUSED: &[(&str, &str)] = &[
    ("postgres://h/d?target_session_attrs=master", "one of any, read-write, read-only, primary, standby"),
    ("postgres://h/d?keepalives_idle=soon", "`keepalives_idle` takes a number of seconds"),
    ("postgres://h/d?tcp_user_timeout=-1", "`tcp_user_timeout` takes a number of milliseconds"),
    ("postgres://h/d?hostaddr=db", "a name goes into the host's place"),
    ("postgres://a,b/d?hostaddr=10.0.0.1", "one address for each host"),
    ("postgres://h/d?client_encoding=LATIN1", "`client_encoding` takes UTF8"),
    ("postgres://h/d?gssencmode=require", "encrypt with sslmode=verify-full"),
    ("postgres://h/d?channel_binding=on", "one of disable, prefer, require"),
    ("postgres://h/d?require_auth=scram-sha-256", "channel_binding=require"),
    ("postgres://h/d?requirepeer=postgres", "sslmode=verify-full"),
    ("postgres://h/d?replication=database", "`replication` takes false"),
    ("postgres://h/d?sslmode=allow", "write prefer"),
    ("postgres://h/d?sslnegotiation=direct", "takes postgres"),
    ("postgres://h/d?ssl_min_protocol_version=SSLv3", "TLSv1.2 or TLSv1.3"),
    ("postgres://h/d?ssl_max_protocol_version=TLSv1.1", "TLSv1.2 or TLSv1.3"),
    ("postgres://h/d?ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2", "is above"),
    ("postgres://h/d?sslpassword=x", "openssl pkey"),
    ("postgres://h/d?sslcrl=x", "revocation lists"),
    ("postgres://h/d?load_balance_hosts=yes", "disable or random"),
    ("postgres://h/d?schema=blog", "options=-c%20search_path%3DNAME"),
    ("postgres://h/d?currentSchema=blog", "options=-c%20search_path%3DNAME"),
    ("postgres://h/d?statement_timeout=5", "options=-c%20statement_timeout"),
    ("postgres://h/d?ssl=true", "sslmode=verify-full"),
    ("postgres://h/d?sslMode=require", "write sslmode"),
    ("postgres://h/d?ApplicationName=x", "write application_name"),
    ("postgres://h/d?pool=5", "MANAGE_POOL_MAX_SIZE"),
    ("postgres://h/d?conn_max_age=600", "MANAGE_POOL_MAX_SIZE"),
    ("postgres://h/d?connection_limit=5", "MANAGE_POOL_MAX_SIZE"),
    ("postgres://h/d?pgbouncer=true", "leave it out"),
    ("postgres://h/d?connectTimeout=5", "connect_timeout, in seconds"),
    ("postgres://h/d?reconnect=true", "takes false"),
    ("mysql://h/d?charset=latin1", "`charset` takes utf8mb4 or utf8"),
    ("mysql://h/d?ssl-mode=on", "DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY"),
    ("mysql://h/d?useSSL=true", "ssl-mode=PREFERRED, REQUIRED or VERIFY_IDENTITY"),
    ("mysql://h/d?requireSSL=true", "ssl-mode=REQUIRED"),
    ("mysql://h/d?tls=skip-verify", "REQUIRED for `skip-verify`"),
    ("mysql://h/d?connectTimeout=5", "connect_timeout takes seconds"),
    ("mysql://h/d?timeout=5", "connect_timeout, in seconds"),
    ("mysql://h/d?serverTimezone=Europe/Berlin", "takes UTC"),
    ("mysql://h/d?collation=utf8mb4_bin", "the collation"),
    ("mysql://h/d?init_command=x", "leave it out"),
    ("mysql://h/d?autoReconnect=true", "takes false"),
    ("mysql://h/d?pool=5", "MANAGE_POOL_MAX_SIZE"),
    ("mysql://h/d?application_name=x", "MySQL has none"),
    ("mysql://h/d?char-set=x", "perhaps `charset` is meant"),
    ("jdbc:postgresql://h/d?user=u&password=Hunter2-xyz", "does not begin with `jdbc:`"),
    ("jdbc:mysql://h/d", "does not begin with `jdbc:`"),
    ("cockroachdb://u:Hunter2-xyz@h/d", "advisory locks"),
    ("mysqlx://u:Hunter2-xyz@h/d", "write mysql://"),
    ("oracle://u:Hunter2-xyz@h/d", "known are postgres, mysql"),
    ("postgresql+://h/d", "scheme"),
    ("sqlite+pysqlcipher:///x.db", "sqlite:PATH"),
    ("sqlite+aiosqlite:x.db", "`//` must follow"),
    ("sqlite+aiosqlite://x.db", "three slashes"),
    ("postgresql+asyncpg:h/d", "`//` must follow"),
];

#[case]
fn what_is_refused_says_what_to_write() {
    for (url, words) in REFUSED {
        let message = try_read(url).expect_err(url).to_string();
        assert!(message.contains(words), "{url}: {message}");
    }
}

#[case]
fn parameters_of_mysql() {
    for (spelling, value, mode) in [
        ("ssl-mode", "DISABLED", SslMode::Disable),
        ("ssl-mode", "PREFERRED", SslMode::Prefer),
        ("ssl_mode", "required", SslMode::Require),
        ("sslMode", "VERIFY_CA", SslMode::VerifyCa),
        ("sslmode", "verify-full", SslMode::VerifyFull),
        ("sslmode", "VERIFY_IDENTITY", SslMode::VerifyFull),
        ("ssl-mode", "verify-identity", SslMode::VerifyFull),
        ("useSSL", "false", SslMode::Disable),
    ] {
        assert_eq!(mysql(&format!("{spelling}={value}")).tls.mode, mode, "{spelling}={value}");
    }
    for spelling in ["ssl-ca", "ssl_ca", "sslca", "sslrootcert"] {
        assert_eq!(
            mysql(&format!("{spelling}=/ca.pem")).tls.root_cert.as_deref(),
            Some(Path::new("/ca.pem"))
        );
    }
    for spelling in ["socket", "unix_socket", "unixSocket"] {
        assert_eq!(
            mysql(&format!("{spelling}=/run/my.sock")).addresses,
            [Address::Unix("/run/my.sock".into(), 3306)]
        );
    }
    assert_eq!(mysql("connect_timeout=7").connect_timeout, Duration::from_secs(7));
    assert_eq!(mysql("connectTimeout=1500").connect_timeout, Duration::from_millis(1500));
    assert_eq!(mysql("connectTimeout=0").connect_timeout, Duration::MAX);
}

#[case]
fn schemes_of_other_frameworks() {
    for scheme in [
        "postgres",
        "postgresql",
        "pgsql",
        "psql",
        "postgis",
        "timescale",
        "postgresql+psycopg",
        "postgresql+psycopg2",
        "postgresql+asyncpg",
        "postgresql+pg8000",
        "postgres+asyncpg",
        "POSTGRESQL",
    ] {
        let settings = read(&format!("{scheme}://app@db/blog"));
        assert_eq!(settings.to_string(), "PostgreSQL at db:5432/blog as app", "{scheme}");
    }
    for scheme in
        ["mysql", "mysql2", "trilogy", "mysql+pymysql", "mysql+mysqldb", "mysql+aiomysql", "mysql-connector"]
    {
        let settings = read(&format!("{scheme}://app@db/blog"));
        assert_eq!(settings.to_string(), "MySQL at db:3306/blog as app", "{scheme}");
    }
    for scheme in ["mariadb", "mariadb+pymysql", "mariadb+mariadbconnector"] {
        let settings = read(&format!("{scheme}://app@db/blog"));
        assert_eq!(settings.to_string(), "MariaDB at db:3306/blog as app", "{scheme}");
    }
}

#[case]
fn paths_of_sqlalchemy() {
    for (url, path) in [
        ("sqlite+aiosqlite:///x.db", "x.db"),
        ("sqlite+pysqlite:////srv/x.db", "/srv/x.db"),
        ("sqlite+aiosqlite://", ":memory:"),
        ("sqlite+aiosqlite:///:memory:", ":memory:"),
        ("sqlite3:x.db", "x.db"),
        ("sqlite:///srv/x.db", "/srv/x.db"),
    ] {
        let settings = read(url);
        assert_eq!((settings.backend, settings.name.as_str()), (Backend::Sqlite, path), "{url}");
    }
}

#[case]
fn no_message_shows_a_password() {
    for (url, _) in REFUSED {
        let Some((scheme, rest)) = url.split_once("://") else { continue };
        let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
        let with_password = format!("{scheme}://app:Hunter2-xyz@{rest}");
        let message = format!("{:?} {}", try_read(&with_password), try_read(&with_password).expect_err(url));
        assert!(!message.contains("Hunter2"), "{with_password}: {message}");
    }
    // A password whose second half looks like a parameter.
    for query in ["password=a&hunter2=x", "password=a&hunter2", "password=a&Hunter2-xyz=1"] {
        let message = try_read(&format!("postgres://h/d?{query}")).expect_err(query).to_string();
        assert!(!message.to_lowercase().contains("hunter2"), "{query}: {message}");
    }
}

#[case]
fn the_docs_list_every_parameter() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/database-urls.md");
    let docs = std::fs::read_to_string(path).expect("docs/guide/database-urls.md");
    let written: BTreeSet<&str> = docs
        .lines()
        .filter(|line| line.starts_with("| "))
        .flat_map(|line| line.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2))
        .map(|name| name.split('=').next().unwrap_or(name))
        .collect();
    for url in ["postgres://h/d?zzz=1", "mysql://h/d?zzz=1"] {
        let Err(UrlProblem::UnknownParameter(_, _, known)) = try_read(url) else { panic!("{url}") };
        for name in known {
            assert!(written.contains(name), "{name} is not in docs/guide/database-urls.md");
        }
    }
    for (url, _) in REFUSED {
        let Some((_, query)) = url.split_once('?') else { continue };
        for name in query.split('&').filter_map(|pair| pair.split('=').next()) {
            let is_listed = written.contains(name) || ["char-set", "user", "password"].contains(&name);
            assert!(is_listed, "{name} is not in docs/guide/database-urls.md");
        }
    }
}
