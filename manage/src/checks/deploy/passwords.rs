//! Passwords that are easy to guess. No message repeats one, or describes what it resembles.

use std::collections::BTreeSet;

use crate::settings::{Address, Backend, DatabaseSettings, Part, Settings};

use super::super::Message;
use super::super::catalog::{NO_PASSWORD, WEAK_PASSWORD, WEAK_SECRET};

/// Passwords from examples, images and manuals, without trailing digits.
const KNOWN: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "passwort",
    "secret",
    "secretkey",
    "supersecret",
    "topsecret",
    "verysecret",
    "mysecret",
    "changeme",
    "changeit",
    "changethis",
    "replaceme",
    "pleasechangeme",
    "admin",
    "administrator",
    "root",
    "toor",
    "user",
    "guest",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "database",
    "default",
    "example",
    "test",
    "testing",
    "letmein",
    "qwerty",
    "qwertyuiop",
    "welcome",
    "docker",
    "master",
    "development",
    "production",
    "insecure",
    "abc",
    "iloveyou",
    "mypassword",
    "mysecretpassword",
    "yourpassword",
    "examplepassword",
    "rootpassword",
    "adminadmin",
    "passwordpassword",
    "djangoinsecure",
];

/// The minimum length of a database password, which a user may have to type.
const PASSWORD_LENGTH: usize = 8;

/// The minimum length of a key, which no user has to type.
const KEY_LENGTH: usize = 32;

pub(super) fn of_database(database: &DatabaseSettings) -> Option<Message> {
    if database.backend == Backend::Sqlite {
        return None;
    }
    let object = format!("database {}", database.alias);
    let Some(password) = &database.password else {
        let over_tcp = database.addresses.iter().any(|address| matches!(address, Address::Tcp(..)));
        return (over_tcp && database.tls.client_cert.is_none()).then(|| {
            NO_PASSWORD
                .message(format!(
                    "{database} has no password: anyone who can reach the server can log in, if this works."
                ))
                .about(object)
                .hint("Set DATABASE_PASSWORD, or DATABASE_PASSWORD_FILE, and make the server require it.")
        });
    };
    let mut names = vec![database.name.as_str(), database.alias.as_str()];
    names.extend(database.user.as_deref());
    names.extend(database.addresses.iter().filter_map(|address| match address {
        Address::Tcp(host, _) => Some(host.as_str()),
        Address::Unix(..) => None,
    }));
    is_weak(password.expose(), &names, PASSWORD_LENGTH).then(|| {
        WEAK_PASSWORD
            .message(format!(
                "The password of {database} ({}) is easy to guess.",
                database.origin_of(Part::Password)
            ))
            .about(object)
            .hint("Use a long random one, for example from `openssl rand -hex 24`.")
    })
}

/// Checks the secrets of the apps: the texts whose key names a secret.
pub(super) fn of_apps(settings: &Settings) -> Vec<Message> {
    let mut messages = Vec::new();
    for (label, key, text, place) in settings.app_secrets() {
        let least = if key.to_lowercase().ends_with("key") { KEY_LENGTH } else { PASSWORD_LENGTH };
        if is_weak(text.expose(), &[&label], least) {
            messages.push(
                WEAK_SECRET
                    .message(format!(
                        "{place}: {key} is easy to guess, or too short (less than {least} characters)."
                    ))
                    .about(format!("settings of {label}"))
                    .hint("Use a long random one, for example from `openssl rand -hex 32`."),
            );
        }
    }
    messages
}

fn is_weak(password: &str, names: &[&str], least: usize) -> bool {
    let distinct = password.chars().collect::<BTreeSet<_>>().len();
    let bare = bare(password);
    let is_name = |name: &&str| {
        let name = self::bare(name);
        !name.is_empty() && (bare == name || bare == name.repeat(2))
    };
    password.chars().count() < least
        || distinct < 5
        || bare.is_empty()
        || KNOWN.contains(&bare.as_str())
        || names.iter().any(is_name)
}

/// Returns the letters of a text, and all digits except those at its end: `Change-Me_123!` becomes
/// `changeme`.
fn bare(text: &str) -> String {
    let plain: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    plain.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_would_try_is_weak() {
        let names = ["warehouse", "application"];
        for password in [
            "",
            "x",
            "hunter2",
            "postgres",
            "Postgres1",
            "change me",
            "changeme2024!",
            "Password123",
            "warehouse",
            "application1",
            "WareHouse!!",
            "aaaaaaaaaaaa",
            "1234567890",
            "abababababab",
            "supersecret",
        ] {
            assert!(is_weak(password, &names, PASSWORD_LENGTH), "{password}");
        }
        for password in
            ["correct horse battery staple", "9f8e7d6c5b4a3921aa", "tr0ub4dor&3x", "p@ss:w/ord?#%"]
        {
            assert!(!is_weak(password, &names, PASSWORD_LENGTH), "{password}");
        }
        assert!(is_weak("9f8e7d6c5b4a3921aa", &[], KEY_LENGTH));
    }
}
