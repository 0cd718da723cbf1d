//! Misspelt settings: names that are not read but resemble one that is.
//!
//! Only names are compared and shown, never a value.

use std::collections::BTreeSet;

use strsim::damerau_levenshtein;

use super::libpq::is_variable;
use super::variables::FAMILIES;
use crate::settings::file::Parsed;
use crate::settings::variables::Variables;
use crate::settings::{Backend, DatabaseSettings, Origin, SAFE_DIRECTORY};

/// A setting that is not read, or that has no effect alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NearMiss {
    /// The problem, as a sentence.
    pub(crate) text: String,
    /// What to write instead, as a sentence.
    pub(crate) hint: String,
}

#[cfg(feature = "runserver")]
impl NearMiss {
    /// Returns whether this setting is probably meant.
    pub(crate) fn means(&self, variable: &str) -> bool {
        self.hint == did_you_mean(variable)
    }
}

fn did_you_mean(variable: &str) -> String {
    format!("Did you mean {variable}?")
}

/// Names for the URL in other frameworks and on other platforms, and common misspellings.
const URLS: &[&str] = &[
    "DB_URL",
    "DB_URI",
    "DB_DSN",
    "DATABASE",
    "DATABASE_URI",
    "DATABASE_DSN",
    "DATABASE_LINK",
    "DATABASE_ADDRESS",
    "DATABASE_CONNECTION",
    "DATABASE_CONNECTION_STRING",
    "DATABASE_CONNECTION_URL",
    "DATABASE_PRIVATE_URL",
    "DATABASE_PUBLIC_URL",
    "DB_CONNECTION",
    "DB_CONNECTION_STRING",
    "DB_CONNECTION_URL",
    "CONNECTION_STRING",
    "CONN_STR",
    "POSTGRES_URL",
    "POSTGRES_URI",
    "POSTGRES_DSN",
    "POSTGRES_CONNECTION_STRING",
    "POSTGRESQL_URL",
    "POSTGRESQL_URI",
    "PG_URL",
    "PG_URI",
    "PG_DSN",
    "PGURL",
    "PGURI",
    "MYSQL_URL",
    "MYSQL_URI",
    "MYSQL_DSN",
    "MARIADB_URL",
    "MARIADB_URI",
    "SQLITE_URL",
    "SQLITE_URI",
    "SQLITE_PATH",
    "SQLITE_FILE",
    "SQLALCHEMY_DATABASE_URI",
    "SQLALCHEMY_DATABASE_URL",
    "SPRING_DATASOURCE_URL",
    "JAWSDB_URL",
    "JAWSDB_MARIA_URL",
];

/// Our own variables, and common other names for them.
const OWN: &[(&str, &[&str])] = &[
    ("MANAGE_ENV", &["MANAGE_ENVIRONMENT", "MANAGE_ENV_NAME", "MANAGE_STAGE", "MANAGE_MODE"]),
    (
        "MANAGE_SETTINGS",
        &[
            "MANAGE_SETTINGS_FILE",
            "MANAGE_SETTINGS_MODULE",
            "MANAGE_CONFIG",
            "MANAGE_CONFIG_FILE",
            "MANAGE_TOML",
        ],
    ),
    (
        "MANAGE_RUNSERVER_ADDRESS",
        &["MANAGE_RUNSERVER", "MANAGE_RUNSERVER_ADDR", "MANAGE_ADDRESS", "MANAGE_ADDR"],
    ),
    (
        "MANAGE_SERVER_ADDRESS",
        &["MANAGE_SERVE_ADDRESS", "MANAGE_SERVER", "MANAGE_SERVER_ADDR", "MANAGE_BIND"],
    ),
    ("MANAGE_SERVER_ALLOWED_HOSTS", &["MANAGE_ALLOWED_HOSTS", "MANAGE_SERVER_HOSTS", "MANAGE_HOSTS"]),
    (
        "MANAGE_SERVER_TRUSTED_PROXIES",
        &["MANAGE_TRUSTED_PROXIES", "MANAGE_SERVER_TRUSTED_PROXY", "MANAGE_SERVER_PROXIES", "MANAGE_PROXIES"],
    ),
    ("MANAGE_SERVER_FORWARDED_HEADER", &["MANAGE_FORWARDED_HEADER", "MANAGE_SERVER_FORWARDED"]),
    ("MANAGE_SERVER_METRICS_ADDRESS", &["MANAGE_METRICS_ADDRESS", "MANAGE_SERVER_METRICS", "MANAGE_METRICS"]),
    ("MANAGE_SERVER_MAX_CONNECTIONS", &["MANAGE_MAX_CONNECTIONS", "MANAGE_SERVER_CONNECTIONS"]),
    (
        "MANAGE_SERVER_MAX_HEAD_BYTES",
        &["MANAGE_MAX_HEAD_BYTES", "MANAGE_SERVER_MAX_HEAD", "MANAGE_SERVER_MAX_HEADER_BYTES"],
    ),
    (
        "MANAGE_SERVER_MAX_BODY_BYTES",
        &["MANAGE_MAX_BODY_BYTES", "MANAGE_SERVER_MAX_BODY", "MANAGE_SERVER_MAX_BODY_SIZE"],
    ),
    ("MANAGE_SERVER_CLIENT_TIMEOUT", &["MANAGE_CLIENT_TIMEOUT", "MANAGE_SERVER_CLIENT_TIMEOUT_SECONDS"]),
    (
        "MANAGE_SERVER_REQUEST_TIMEOUT",
        &["MANAGE_REQUEST_TIMEOUT", "MANAGE_SERVER_TIMEOUT", "MANAGE_SERVER_REQUEST_TIMEOUT_SECONDS"],
    ),
    (
        "MANAGE_POOL_MAX_SIZE",
        &["MANAGE_POOL_SIZE", "MANAGE_POOL", "MANAGE_POOL_MAX_CONNECTIONS", "MANAGE_MAX_POOL_SIZE"],
    ),
    ("MANAGE_POOL_MIN_IDLE", &["MANAGE_POOL_MIN_SIZE", "MANAGE_MIN_IDLE"]),
    ("MANAGE_POOL_IDLE_TIMEOUT", &["MANAGE_IDLE_TIMEOUT", "MANAGE_POOL_IDLE_TIMEOUT_SECONDS"]),
    (
        "MANAGE_POOL_MAX_LIFETIME",
        &["MANAGE_MAX_LIFETIME", "MANAGE_POOL_MAX_LIFETIME_SECONDS", "MANAGE_CONN_MAX_AGE"],
    ),
    ("MANAGE_POOL_CONNECTION_TIMEOUT", &["MANAGE_POOL_TIMEOUT", "MANAGE_POOL_CONNECT_TIMEOUT"]),
    (
        "MANAGE_MIGRATIONS_LINT_START_AFTER",
        &["MANAGE_LINT_START_AFTER", "MANAGE_MIGRATIONS_START_AFTER", "MANAGE_MIGRATE_LINT_START_AFTER"],
    ),
    (
        "MANAGE_MIGRATIONS_LINT_DISABLE",
        &["MANAGE_LINT_DISABLE", "MANAGE_MIGRATIONS_LINT_DISABLED", "MANAGE_MIGRATIONS_LINT_IGNORE"],
    ),
    ("MANAGE_COLORS", &["MANAGE_COLOR", "MANAGE_COLOUR", "MANAGE_COLOURS"]),
    (
        SAFE_DIRECTORY,
        &["MANAGE_SAFE_DIR", "MANAGE_SAFE_DIRS", "MANAGE_SAFE_DIRECTORIES", "MANAGE_TRUSTED_DIRECTORY"],
    ),
];

/// Returns the names of the variables that this program has of its own, and those of the official images, for a test
/// of the documentation.
pub(crate) fn variable_names() -> Vec<String> {
    let images = FAMILIES.iter().flat_map(|(prefix, _, database)| family_names(prefix, database));
    OWN.iter().map(|(name, _)| (*name).to_owned()).chain(images).collect()
}

/// The same for the variable that names the file with the URL.
const URL_FILES: &[&str] =
    &["DATABASE_FILE", "DB_URL_FILE", "DATABASE_URI_FILE", "DATABASE_URLFILE", "DATABASE_URL_PATH"];

/// Prefixes of parts that are not read here: they do not say which kind of server it is.
const PARTS_OF_ANY: &[&str] = &["DB_", "DATABASE_", "SQL_", "RDS_"];

/// Other names for a part, after a prefix, and ours.
const WORDS: &[(&str, &str)] = &[
    ("SERVER", "HOST"),
    ("HOSTNAME", "HOST"),
    ("HOST_NAME", "HOST"),
    ("ADDRESS", "HOST"),
    ("ADDR", "HOST"),
    ("PASS", "PASSWORD"),
    ("PASSWD", "PASSWORD"),
    ("PWD", "PASSWORD"),
    ("SECRET", "PASSWORD"),
    ("USERNAME", "USER"),
    ("USER_NAME", "USER"),
    ("LOGIN", "USER"),
    ("NAME", "name"),
    ("DBNAME", "name"),
    ("DB_NAME", "name"),
    ("DB", "name"),
    ("DATABASE", "name"),
    ("SSL_MODE", "SSLMODE"),
    ("SSL", "SSLMODE"),
];

/// Returns the near misses, given the settings of the database `default`, which are the built-in ones if
/// nothing sets them.
pub(super) fn near_misses(
    variables: &Variables<'_>,
    parsed: &Parsed,
    default: &DatabaseSettings,
) -> Vec<NearMiss> {
    let names: BTreeSet<String> = variables.names("").into_iter().filter(|name| is_plain(name)).collect();
    let scan = Scan { variables, names: &names };
    let mut found = Vec::new();
    scan.own(&mut found);
    if default.origin == Origin::Default {
        scan.empty(&mut found);
        scan.urls(&mut found);
        scan.aliases(parsed, &mut found);
        for family in &FAMILIES {
            scan.family_without_host(family, &mut found);
        }
        scan.libpq_alone(&mut found);
        scan.parts_of_any(&mut found);
    } else {
        scan.parts_of(default, &mut found);
    }
    found
}

/// Returns whether a name is a valid shell variable, and may be shown.
fn is_plain(name: &str) -> bool {
    name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Returns whether a name is another one with one or two typos. Short names allow only one.
fn is_like(name: &str, meant: &str) -> bool {
    let slips = if meant.len() < 10 { 1 } else { 2 };
    // Each typo adds or removes at most one character, and few pairs are that close: the distance itself costs a
    // hundred times as much, for each variable of the environment.
    let (theirs, ours) = (characters(name), characters(meant));
    name != meant
        && name.len().abs_diff(meant.len()) <= slips
        && (theirs & !ours).count_ones() as usize <= slips
        && (ours & !theirs).count_ones() as usize <= slips
        && damerau_levenshtein(&name.to_ascii_uppercase(), meant) <= slips
}

/// Returns a set of a name's characters, regardless of case. Some share a bit.
fn characters(name: &str) -> u32 {
    name.bytes().fold(0, |set, byte| set | 1 << (byte & 31))
}

/// Returns all variable names of one image that are read: `POSTGRES_HOST` and so on.
fn family_names(prefix: &str, database: &str) -> Vec<String> {
    ["HOST", "PORT", "USER", "PASSWORD", database, "SSLMODE", "SSLROOTCERT"]
        .iter()
        .map(|part| format!("{prefix}_{part}"))
        .collect()
}

struct Scan<'a> {
    variables: &'a Variables<'a>,
    names: &'a BTreeSet<String>,
}

impl Scan<'_> {
    fn is_set(&self, name: &str) -> bool {
        self.variables.plain(name).is_ok_and(|value| value.is_some())
    }

    /// Returns the variable and its origin: `DATABASE_URI (environment)`.
    fn shown(&self, name: &str) -> String {
        match self.variables.plain(name) {
            Ok(Some(value)) => value.origin.to_string(),
            _ => name.to_owned(),
        }
    }

    /// Lists some variables and the origin of the first.
    fn list(&self, names: &[&str]) -> String {
        match names {
            [one] => self.shown(one),
            [many @ .., last] => format!("{} and {}", many.join(", "), self.shown(last)),
            [] => String::new(),
        }
    }

    /// Returns the matching names that are set and not empty.
    fn set_names(&self, wanted: impl Fn(&str) -> bool) -> Vec<&str> {
        self.names.iter().map(String::as_str).filter(|name| wanted(name) && self.is_set(name)).collect()
    }

    /// Reports variables that would set the database, but are empty.
    fn empty(&self, found: &mut Vec<NearMiss>) {
        let hosts = FAMILIES.iter().map(|family| format!("{}_HOST", family.0));
        let all = ["DATABASE_URL".to_owned()].into_iter().chain(hosts);
        for name in all.flat_map(|name| [format!("{name}_FILE"), name]) {
            if self.names.contains(&name) && !self.is_set(&name) {
                let place = self.variables.place_of(&name);
                found.push(NearMiss {
                    text: format!("{place} is set, but empty."),
                    hint: format!("Give {name} a value, or unset it."),
                });
            }
        }
    }

    fn urls(&self, found: &mut Vec<NearMiss>) {
        let is_alias = |name: &str| name.starts_with("DATABASE_URL_");
        let like_url = |name: &str| {
            let upper = name.to_ascii_uppercase();
            let other = upper.ends_with("_DATABASE_URL") && !upper.starts_with("TEST_");
            let heroku = upper.starts_with("HEROKU_POSTGRESQL_") && upper.ends_with("_URL");
            other
                || heroku
                || URLS.contains(&&*upper)
                || is_like(name, "DATABASE_URL")
                || name != upper && upper == "DATABASE_URL"
        };
        let like_file = |name: &str| {
            URL_FILES.contains(&&*name.to_ascii_uppercase()) || is_like(name, "DATABASE_URL_FILE")
        };
        for name in self.set_names(|name| name != "DATABASE_URL_FILE" && like_file(name)) {
            self.not_read(name, "DATABASE_URL_FILE", found);
        }
        for name in self
            .set_names(|name| !is_alias(name) && !like_file(name) && name != "DATABASE_URL" && like_url(name))
        {
            self.not_read(name, "DATABASE_URL", found);
        }
    }

    fn own(&self, found: &mut Vec<NearMiss>) {
        // A file must not decide which files are trusted.
        if let Some(origin) =
            self.variables.file.and_then(|file| Some(file.get(SAFE_DIRECTORY).ok()??.origin))
        {
            found.push(NearMiss {
                text: format!("{origin} is not read."),
                hint: format!("Set {SAFE_DIRECTORY} in the environment."),
            });
        }
        for (meant, others) in OWN {
            let like = |name: &str| others.contains(&name) || is_like(name, meant);
            for name in self.set_names(|name| OWN.iter().all(|(own, _)| *own != name) && like(name)) {
                self.not_read(name, meant, found);
            }
        }
    }

    fn not_read(&self, name: &str, meant: &str, found: &mut Vec<NearMiss>) {
        found
            .push(NearMiss { text: format!("{} is not read.", self.shown(name)), hint: did_you_mean(meant) });
    }

    /// Reports other databases whose names resemble `default`.
    fn aliases(&self, parsed: &Parsed, found: &mut Vec<NearMiss>) {
        let like = |alias: &str| is_like(alias, "DEFAULT") || damerau_levenshtein(alias, "default") <= 2;
        for (alias, table) in
            parsed.file.databases.0.iter().filter(|(alias, _)| is_plain(alias) && like(alias))
        {
            found.push(NearMiss {
                text: format!(
                    "[databases.{alias}] (line {}) is not the database 'default'.",
                    parsed.line(table.span())
                ),
                hint: "Did you mean [databases.default]?".to_owned(),
            });
        }
        let suffix =
            |name: &str| name.strip_prefix("DATABASE_URL_").is_some_and(|alias| like(&alias.to_lowercase()));
        for name in self.set_names(suffix) {
            found.push(NearMiss {
                text: format!("{} is not the database 'default'.", self.shown(name)),
                hint: "Did you mean DATABASE_URL?".to_owned(),
            });
        }
    }

    /// Reports an image's variables without the host, which alone makes them a database to connect to.
    fn family_without_host(
        &self,
        &(prefix, backend, database): &(&str, Backend, &str),
        found: &mut Vec<NearMiss>,
    ) {
        let host = format!("{prefix}_HOST");
        let known = family_names(prefix, database);
        let is_known =
            |name: &str| known.iter().any(|known| known == name.strip_suffix("_FILE").unwrap_or(name));
        let like_host = |name: &str| {
            let rest = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
            !is_known(name) && (is_like(name, &host) || rest.is_some_and(|rest| word(rest) == Some("HOST")))
        };
        let hosts = self.set_names(like_host);
        for name in &hosts {
            self.not_read(name, &host, found);
        }
        // Kubernetes sets a port for each service of this name.
        let is_port = |name: &str| name == format!("{prefix}_PORT");
        let parts = self.set_names(|name| is_known(name) && !is_port(name));
        if hosts.is_empty() && !parts.is_empty() {
            let are = if parts.len() == 1 { "is" } else { "are" };
            found.push(NearMiss {
                text: format!("{} {are} set, but {host} is not.", self.list(&parts)),
                hint: format!("Set {host} to the name of the {backend} server to use it."),
            });
        }
    }

    /// Reports libpq's variables alone: they complete a database, but do not define one.
    fn libpq_alone(&self, found: &mut Vec<NearMiss>) {
        const TELLING: [&str; 8] = [
            "PGHOST",
            "PGHOSTADDR",
            "PGPORT",
            "PGDATABASE",
            "PGUSER",
            "PGPASSWORD",
            "PGPASSFILE",
            "PGSERVICE",
        ];
        let set = self.set_names(|name| TELLING.contains(&name));
        let slips = self.set_names(|name| !is_variable(name) && libpq_meant(name).is_some());
        if !set.is_empty() {
            let (are, them) = if set.len() == 1 { ("is", "it") } else { ("are", "them") };
            found.push(NearMiss {
                text: format!("{} {are} set, but no PostgreSQL database is.", self.list(&set)),
                hint: format!("Set DATABASE_URL=postgres:// to use {them}."),
            });
        }
        for name in slips {
            self.not_read(name, libpq_meant(name).unwrap_or_default(), found);
        }
    }

    fn parts_of_any(&self, found: &mut Vec<NearMiss>) {
        let is_part = |name: &str| {
            let rest = PARTS_OF_ANY.iter().find_map(|prefix| name.strip_prefix(prefix));
            let rest = rest.map(|rest| rest.strip_suffix("_FILE").unwrap_or(rest));
            rest.is_some_and(|rest| ["HOST", "USER", "PASSWORD"].contains(&rest) || word(rest).is_some())
        };
        let parts =
            self.set_names(|name| is_part(name) && !URLS.contains(&name) && !URL_FILES.contains(&name));
        if !parts.is_empty() {
            let are = if parts.len() == 1 { "is" } else { "are" };
            found.push(NearMiss {
                text: format!("{} {are} of no use without DATABASE_URL.", self.list(&parts)),
                hint: "Set DATABASE_URL, or the parts by the names POSTGRES_HOST, POSTGRES_USER, POSTGRES_PASSWORD and \
                       POSTGRES_DB (MYSQL_… with MYSQL_DATABASE)."
                    .to_owned(),
            });
        }
    }

    /// Reports variables that resemble a part that the configured database lacks.
    fn parts_of(&self, default: &DatabaseSettings, found: &mut Vec<NearMiss>) {
        if default.backend == Backend::Sqlite {
            return;
        }
        let (Origin::Environment(origin) | Origin::EnvFile(origin, ..)) = &default.origin else { return };
        let family = FAMILIES.iter().find(|(prefix, ..)| {
            *origin == format!("{prefix}_HOST") || *origin == format!("{prefix}_HOST_FILE")
        });
        let known: Vec<String> = match family {
            Some((prefix, _, database)) => family_names(prefix, database),
            None => Vec::new(),
        };
        let known =
            known.into_iter().chain(default.password.is_none().then(|| "DATABASE_PASSWORD".to_owned()));
        let known: Vec<String> = known.collect();
        let is_known =
            |name: &str| known.iter().any(|known| known == name.strip_suffix("_FILE").unwrap_or(name));
        let lacking = known.iter().filter(|name| !self.is_set(name) && !self.is_set(&format!("{name}_FILE")));
        for meant in lacking {
            let (prefix, part) = meant.split_once('_').unwrap_or((meant, ""));
            let like = |name: &str| {
                let rest = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
                let is_name = part == "DB" || part == "DATABASE";
                let word =
                    rest.and_then(word).map(|word| if word == "name" && is_name { part } else { word });
                // The password of the server's superuser is not that of a user.
                !is_known(name) && (is_like(name, meant) || word == Some(part))
            };
            for name in self.set_names(like) {
                self.not_read(name, meant, found);
            }
        }
        if default.backend == Backend::Postgres {
            for name in self.set_names(|name| !is_variable(name)) {
                if let Some(meant) = libpq_meant(name).filter(|meant| !self.is_set(meant)) {
                    self.not_read(name, meant, found);
                }
            }
        }
    }
}

/// Returns our name for a part that has another name there.
fn word(rest: &str) -> Option<&'static str> {
    WORDS.iter().find(|(other, _)| *other == rest).map(|(_, ours)| *ours)
}

/// Returns libpq's variable that a name with an extra underscore, or with another word, probably means.
fn libpq_meant(name: &str) -> Option<&'static str> {
    const WRITTEN: &[(&str, &str)] = &[
        ("PG_HOST", "PGHOST"),
        ("PG_PORT", "PGPORT"),
        ("PG_USER", "PGUSER"),
        ("PG_USERNAME", "PGUSER"),
        ("PGUSERNAME", "PGUSER"),
        ("PG_PASSWORD", "PGPASSWORD"),
        ("PG_PASS", "PGPASSWORD"),
        ("PGPASS", "PGPASSWORD"),
        ("PG_DATABASE", "PGDATABASE"),
        ("PG_DB", "PGDATABASE"),
        ("PG_DBNAME", "PGDATABASE"),
        ("PGDB", "PGDATABASE"),
        ("PGDBNAME", "PGDATABASE"),
        ("PG_SSLMODE", "PGSSLMODE"),
        ("PGSSL_MODE", "PGSSLMODE"),
    ];
    let upper = name.to_ascii_uppercase();
    if !upper.starts_with("PG") {
        return None;
    }
    let written = WRITTEN.iter().find(|(other, _)| *other == upper).map(|(_, meant)| *meant);
    let long = ["PGPASSWORD", "PGDATABASE", "PGSSLMODE"].into_iter().find(|meant| is_like(name, meant));
    written.or(long)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The cheap comparison before the exact one rejects no typo.
        #[test]
        fn a_name_with_two_typos_is_alike(
            meant in prop::sample::select(OWN.iter().map(|(name, _)| *name).collect::<Vec<_>>()),
            typos in prop::collection::vec((0..4_usize, 0..40_usize, "[A-Za-z0-9_]"), 1..=2),
        ) {
            let mut name = meant.as_bytes().to_vec();
            for (kind, place, letter) in &typos {
                let place = place % (name.len() - 1);
                let letter = letter.as_bytes()[0];
                match kind {
                    0 => name[place] = letter,
                    1 => name.insert(place, letter),
                    2 => drop(name.remove(place)),
                    _ => name.swap(place, place + 1),
                }
            }
            let name = String::from_utf8(name).unwrap();
            let slips = damerau_levenshtein(&name.to_ascii_uppercase(), meant);
            prop_assert_eq!(is_like(&name, meant), name != meant && slips <= 2);
        }
    }
}
