use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::settings::{PartOrigins, PoolSettings, TlsSettings};

fn read(url: &str) -> DatabaseSettings {
    DatabaseSettings::from_url("default", url, Origin::Code).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn error(url: &str) -> String {
    DatabaseSettings::from_url("default", url, Origin::Code).expect_err(url).problem.to_string()
}

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp(host.to_owned(), port)
}

/// A reproducible random generator.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn password(&mut self) -> String {
        const ODD: &[char] = &[
            ':', '@', '/', '?', '#', '%', '[', ']', ' ', '\\', '\'', '"', '&', '=', '+', ',', ';', 'é', '漢',
            '🦀', '\u{1}', '\t', '\n', '\u{7f}', 'a', 'Z', '0', '2', '5', 'F',
        ];
        (0..self.below(24) + 1).map(|_| ODD[self.below(ODD.len())]).collect()
    }
}

#[test]
fn the_usual_urls() {
    let full =
        read("postgres://app:pw@db:6543/blog?sslmode=require&connect_timeout=3&application_name=x%20y");
    assert_eq!(full.to_string(), "PostgreSQL at db:6543/blog as app");
    assert_eq!(full.password.as_ref().map(Secret::expose), Some("pw"));
    assert_eq!(full.tls.mode, SslMode::Require);
    assert_eq!(full.connect_timeout, Duration::from_secs(3));
    assert_eq!(full.parameters["application_name"], "x y");

    let short = read("postgresql://app@");
    assert_eq!((short.name.as_str(), short.addresses), ("app", vec![tcp("localhost", 5432)]));
    let nothing = read("postgres://");
    assert_eq!((nothing.name.as_str(), nothing.user), ("", None));

    let maria = read("mariadb://root@[::1]/blog?ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca.pem");
    assert_eq!(maria.addresses, [tcp("::1", 3306)]);
    assert_eq!(maria.tls.mode, SslMode::VerifyFull);
    assert_eq!(maria.tls.root_cert, Some(PathBuf::from("/ca.pem")));

    let query = read("postgres://?host=a,b&port=1,2&user=u%40c&password=p%26&dbname=d");
    assert_eq!(query.addresses, [tcp("a", 1), tcp("b", 2)]);
    assert_eq!((query.user.as_deref(), query.name.as_str()), (Some("u@c"), "d"));
    assert_eq!(query.password.as_ref().map(Secret::expose), Some("p&"));
}

#[test]
fn hosts_and_sockets() {
    assert_eq!(
        read("postgres://a:1,[fe80::1%25eth0],:3/n").addresses,
        [tcp("a", 1), tcp("fe80::1%eth0", 5432), tcp("localhost", 3)]
    );
    let socket = [Address::Unix(PathBuf::from("/var/run/postgresql"), 5432)];
    assert_eq!(read("postgres://u@%2Fvar%2Frun%2Fpostgresql/n").addresses, socket);
    assert_eq!(read("postgres:///n?host=/var/run/postgresql").addresses, socket);
    let socket = [Address::Unix(PathBuf::from("/run/mysqld/mysqld.sock"), 3306)];
    assert_eq!(read("mysql://u@localhost/n?socket=/run/mysqld/mysqld.sock").addresses, socket);
    assert_eq!(read("mysql://u@%2Frun%2Fmysqld%2Fmysqld.sock/n").addresses, socket);
}

#[test]
fn sqlite_in_all_spellings() {
    for (url, path) in [
        ("db.sqlite3", "db.sqlite3"),
        ("/srv/a b.db", "/srv/a b.db"),
        (r"C:\data\a.db", r"C:\data\a.db"),
        ("sqlite:db.sqlite3", "db.sqlite3"),
        ("sqlite://db.sqlite3", "db.sqlite3"),
        ("sqlite:///srv/a%20b.db", "/srv/a b.db"),
        ("sqlite::memory:", ":memory:"),
        ("sqlite://:memory:", ":memory:"),
        (":memory:", ":memory:"),
        ("file:a.db?mode=ro", "file:a.db?mode=ro"),
        ("file:///srv/a.db", "file:///srv/a.db"),
        ("FILE:a.db?mode=ro", "file:a.db?mode=ro"),
        ("File:///srv/a.db", "file:///srv/a.db"),
    ] {
        let settings = read(url);
        assert_eq!((settings.backend, settings.name.as_str()), (Backend::Sqlite, path), "{url}");
        assert_eq!(settings.url().expose(), path);
    }
}

#[test]
fn errors_say_what_to_write() {
    for url in
        ["postgres:///a?host=u:hunter2%40h", "postgres:///a?host=postgres://h", "mysql://u%3Ahunter2%40h/a"]
    {
        assert!(error(url).contains("a host is a name or an IP address alone"), "{url}: {}", error(url));
    }
    assert!(error("postgress://a/b").contains("`postgress`; known are postgres, postgresql, mysql"));
    assert!(error("localhost:5432").contains("it is neither a URL"));
    assert!(error("localhost:5432/app").contains("it is neither a URL"));
    assert!(error("app:pw@db/app").contains("it is neither a URL"));
    assert!(error("postgres:app").contains("`//`"));
    assert!(error("mysql://root@db").contains("name is missing"));
    assert!(error("postgres://db:0/a").contains("from 1 to 65535"));
    assert!(error("postgres://::1/a").contains("brackets"));
    assert!(
        error("postgres://db/a?sslmod=require").contains("`sslmod` is not known; perhaps `sslmode` is meant")
    );
    assert!(error("postgres://db/a?zzz=1").contains("`zzz` is not known; known are sslmode, "));
    assert!(error("postgres://db/a?sslmode=on").contains("disable, prefer, require, verify-ca, verify-full"));
    assert!(error("mysql://db/a?ssl-mode=on").contains("VERIFY_IDENTITY"));
    assert!(error("postgres://db/a?connect_timeout=soon").contains("seconds"));
    assert!(error("postgres://db/a?sslmode=require&sslrootcert=system").contains("verify-full"));
    assert!(error("sqlite:").contains("path"));
    assert!(error("").contains("empty"));
    let origin = Origin::Environment("DATABASE_URL".to_owned());
    let named = DatabaseSettings::from_url("default", "", origin).expect_err("empty").to_string();
    assert_eq!(named, "DATABASE_URL (environment): the database URL is empty");
}

#[test]
fn system_roots_ask_for_the_strictest_mode() {
    assert_eq!(read("postgres://db/a?sslrootcert=system").tls.mode, SslMode::VerifyFull);
}

#[test]
fn a_raw_password_works_where_it_is_plain_what_is_meant() {
    for password in ["p@ss", "a:b:c", "@@", "x@y:z", "100%", "ü"] {
        let settings = read(&format!("postgres://app:{password}@db:5432/blog"));
        assert_eq!(settings.password.as_ref().map(Secret::expose), Some(password));
        assert_eq!(settings.addresses, [tcp("db", 5432)]);
    }
    for password in ["p/ss", "p?ss", "p#ss", "12?ss", "1/2", "a@b/c", "x?y=z", "p?sslmode=z"] {
        for backend in ["postgres", "mysql"] {
            let error = error(&format!("{backend}://app:{password}@db:5432/blog"));
            assert!(error.contains("percent-encoded"), "{error}");
        }
    }
}

#[test]
fn writing_and_reading_give_the_same() {
    let mut noise = Noise(7);
    for round in 0..2_000 {
        let backend = if round % 2 == 0 { Backend::Postgres } else { Backend::Mysql };
        let addresses = match round % 5 {
            0 => vec![Address::Unix(PathBuf::from("/run/a b"), 5433)],
            1 => vec![tcp("::1", 1), tcp("db.example", 65535)],
            _ => vec![tcp("db", backend.default_port())],
        };
        let settings = DatabaseSettings {
            alias: "default".to_owned(),
            backend,
            is_mariadb: false,
            name: noise.password(),
            addresses,
            user: (round % 7 > 0).then(|| noise.password()),
            password: (round % 3 > 0).then(|| Secret::new(noise.password())),
            tls: TlsSettings {
                mode: SslMode::parse(SslMode::NAMES[round % 5]).expect("one of the names"),
                root_cert: (round % 2 > 0).then(|| PathBuf::from("/etc/a b&c.pem")),
                client_cert: (round % 4 > 0).then(|| PathBuf::from("cert?.pem")),
                client_key: None,
                min_version: (round % 6 == 0)
                    .then_some(TlsVersion::V1_3)
                    .filter(|_| backend == Backend::Postgres),
                max_version: (round % 8 == 0)
                    .then_some(TlsVersion::V1_2)
                    .filter(|_| round % 6 != 0 && backend == Backend::Postgres),
            },
            connect_timeout: Duration::from_secs(noise.below(100) as u64 + 1),
            pool: PoolSettings::default(),
            parameters: match backend {
                Backend::Postgres => [("options".to_owned(), format!("-c x={}", noise.password()))].into(),
                _ => HandedOn::new(),
            },
            origin: Origin::Code,
            part_origins: PartOrigins::default(),
        };
        assert_eq!(read(settings.url().expose()), settings);
    }
}

#[test]
fn no_error_ever_holds_the_password() {
    let mut noise = Noise(11);
    let mut errors = 0;
    for round in 0_usize..4_000 {
        let password = format!("Tr0ub{}dor", noise.password());
        let scheme = ["postgres", "mysql", "sqlite", "mongodb"][round % 4];
        let url = format!("{scheme}://app:{password}@db:5432/blog?sslmode=require&connect_timeout=5");
        let mut mangled: Vec<char> = url.chars().collect();
        for _ in 0..noise.below(6) {
            let at = noise.below(mangled.len());
            match noise.below(3) {
                // Only outside of the password, so that the test knows what must not be shown.
                0 if !(15..url.chars().count() - 40).contains(&at) => drop(mangled.remove(at)),
                1 => mangled.insert(at.min(12), [':', '/', '?', '#', '@', '&', '%'][noise.below(7)]),
                _ => mangled.push([':', '/', '?', '#', '@', '&', '='][noise.below(7)]),
            }
        }
        let url: String = mangled.into_iter().collect();
        if let Err(error) = DatabaseSettings::from_url("default", &url, Origin::Code) {
            errors += 1;
            for shown in [error.to_string(), format!("{error:?}")] {
                assert!(!shown.contains("Tr0ub") && !shown.contains("dor"), "{url:?}: {shown}");
            }
        }
    }
    assert!(errors >= 1_000, "only {errors} of the URLs were bad");
}
