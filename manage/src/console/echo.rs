//! Repeats user input in messages without exposing misplaced secrets.

use std::borrow::Cow;
use std::ffi::OsStr;

use percent_encoding::percent_decode_str;

use super::printable;

/// Returns user input (an argument or a setting) in a form that is safe for messages.
///
/// Users misplace URLs and passwords in place of names, and messages are logged. So a URL, a user with a
/// password, a connection string, and text that resembles a key or a token are replaced by a description such
/// as `(a URL)`. Of `NAME=value` only a well-known name is repeated. Any other text is [`printable`]. The
/// message itself must name the source of the text.
///
/// A password alone cannot be distinguished from any other word and is repeated. Use a
/// [`Secret`](crate::settings::Secret) for known secrets.
///
/// ```
/// use manage::console::echo;
///
/// assert_eq!(echo("migarte"), "migarte");
/// assert_eq!(echo("postgres://app:hunter2@db/app"), "(a URL)");
/// assert_eq!(echo("PGPASSWORD=hunter2"), "PGPASSWORD=…");
/// ```
pub fn echo<T: AsRef<OsStr> + ?Sized>(text: &T) -> Cow<'_, str> {
    let text = text.as_ref();
    let lossy = text.to_string_lossy();
    match Guess::of(&lossy) {
        Some(guess) => guess.shown().into(),
        None => printable(text),
    }
}

/// Like [`echo`], for text that may be valid, such as a user's name: text that resembles a key or contains a
/// `=` is shown.
pub(crate) fn echo_name<T: AsRef<OsStr> + ?Sized>(text: &T) -> Cow<'_, str> {
    let text = text.as_ref();
    match Guess::of(&text.to_string_lossy()).filter(Guess::is_connection) {
        Some(guess) => guess.shown().into(),
        None => printable(text),
    }
}

/// Returns whether [`echo_name`] replaces a text.
pub(crate) fn is_connection(text: &str) -> bool {
    Guess::of(text).is_some_and(|guess| guess.is_connection())
}

/// Returns whether a text is `NAME=value`, as in a shell before a program's name.
pub(crate) fn is_assignment(text: &str) -> bool {
    !text.starts_with('-') && assignment(text).is_some()
}

/// Returns the replacement of a word that certainly contains a password or a token; `None` for any other
/// word. A URL without a password may be a valid argument, and is repeated.
pub(crate) fn instead_of_credential(word: &str) -> Option<String> {
    let guess = Guess::of(word)?;
    let is_sure = match &guess {
        Guess::Url => decodings(word).any(|text| has_userinfo(&text) || has_secret_parameter(&text)),
        Guess::Login | Guess::ConnectionString | Guess::Token => true,
        Guess::Parameters | Guess::Random => false,
        Guess::Assignment(name) => name.as_deref().is_some_and(names_secret),
    };
    is_sure.then(|| guess.shown())
}

/// The most likely kind of a text.
#[derive(Debug, PartialEq, Eq)]
enum Guess {
    Url,
    /// `user:password@host`.
    Login,
    /// `host=db password=x`, or any other text with a named password.
    ConnectionString,
    /// `host=db user=x`, or any other list of parameters.
    Parameters,
    /// The form of a well-known kind of key or token.
    Token,
    /// Characters as in a generated key.
    Random,
    /// `NAME=value`. The name is set if settings use it: any other name may be part of a password.
    Assignment(Option<String>),
}

impl Guess {
    fn of(text: &str) -> Option<Self> {
        let guess = decodings(text).find_map(|text| Self::of_plain(&text));
        guess.filter(|guess| *guess != Self::Login || !is_drive_path(text))
    }

    fn of_plain(text: &str) -> Option<Self> {
        let assignment = assignment(text);
        // The name of a single parameter may be shown.
        let is_alone =
            assignment.is_some() && !text.contains(char::is_whitespace) && !text.contains([';', '&']);
        if text.contains("://") && !is_alone {
            Some(Self::Url)
        } else if (has_secret_parameter(text) && !is_alone) || is_password_line(text) || is_statement(text) {
            Some(Self::ConnectionString)
        } else if has_several_parameters(text) {
            Some(Self::Parameters)
        } else if let Some(name) = assignment {
            Some(Self::Assignment(is_settings_name(name).then(|| name.to_owned())))
        } else if is_login(text) {
            Some(Self::Login)
        } else if is_token(text) {
            Some(Self::Token)
        } else if is_random(text) {
            Some(Self::Random)
        } else {
            None
        }
    }

    fn is_connection(&self) -> bool {
        match self {
            Self::Url | Self::Login | Self::ConnectionString | Self::Token => true,
            Self::Assignment(name) => name.as_deref().is_some_and(names_secret),
            Self::Parameters | Self::Random => false,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Url => "(a URL)".to_owned(),
            Self::Login => "(a user and a password)".to_owned(),
            Self::ConnectionString | Self::Parameters => "(a connection string)".to_owned(),
            Self::Token | Self::Random => "(a key or a token)".to_owned(),
            Self::Assignment(Some(name)) => format!("{name}=…"),
            Self::Assignment(None) => "(NAME=value)".to_owned(),
        }
    }
}

/// Returns the text itself, its percent-decodings (once and twice), and the decoded text without the
/// backslashes that JSON and shells put before `/` and `:`.
fn decodings(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let once = percent_decode_str(text).decode_utf8_lossy();
    let twice = percent_decode_str(&once).decode_utf8_lossy().into_owned();
    let bare = twice.replace('\\', "");
    [Cow::Borrowed(text), once, Cow::Owned(twice), Cow::Owned(bare)].into_iter()
}

/// Returns the name of `NAME=value`, with the hyphens of an option.
fn assignment(text: &str) -> Option<&str> {
    let (name, value) = text.split_once('=')?;
    let bare = name.trim_start_matches('-');
    let is_name = bare.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && bare.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    // Base64 may end with two equal signs.
    (is_name && !value.trim_end_matches('=').is_empty()).then_some(name)
}

/// Returns whether a text has a password between a colon and an `@`.
fn is_login(text: &str) -> bool {
    let login = text.rsplit_once('@').map(|(login, _)| login);
    login.and_then(|login| login.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
}

/// Returns whether it is `C:\Users\bob@example.org`, which has no other colon.
fn is_drive_path(text: &str) -> bool {
    text.split_once(':').is_some_and(|(drive, rest)| {
        drive.len() == 1
            && drive.chars().all(|c| c.is_ascii_alphabetic())
            && rest.starts_with(['\\', '/'])
            && !rest.contains(':')
    })
}

/// Returns whether a URL has a user, which may itself be a token, or a password.
fn has_userinfo(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| rest.contains('@'))
}

/// Words for a secret, with which a longer name may end.
const SECRETS: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "apikey",
    "credential",
    "credentials",
    "signature",
    "sig",
];

/// Other words in names of settings.
const SETTINGS: [&str; 18] = [
    "url", "uri", "dsn", "host", "hostaddr", "port", "user", "username", "db", "database", "dbname", "name",
    "env", "settings", "file", "debug", "log", "sslmode",
];

/// Returns whether a name ends with one of the words, as `DB_PASSWORD` and `PGPASSWORD` do.
fn ends_with(name: &str, words: &[&str]) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    let name = name.trim_start_matches('_');
    let name = name.strip_suffix("_file").unwrap_or(name);
    words.iter().any(|word| {
        name.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('_') || rest == "pg")
    })
}

/// Returns whether a name is that of a secret.
pub(crate) fn names_secret(name: &str) -> bool {
    ends_with(name, &SECRETS)
}

fn is_settings_name(name: &str) -> bool {
    names_secret(name) || ends_with(name, &SETTINGS)
}

/// Returns whether the text contains a named secret: `password=x`, `Pwd = x;`, `"password": "x"`,
/// `Authorization: Bearer x`.
fn has_secret_parameter(text: &str) -> bool {
    let lower = text.to_lowercase();
    let is_basic = lower.strip_prefix("basic ").is_some_and(|rest| rest.len() >= 8 && !rest.contains(' '));
    if is_basic
        || lower.contains("bearer ")
        || lower.contains("authorization:")
        || lower.starts_with("cookie:")
    {
        return true;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    lower.match_indices(['=', ':']).any(|(at, sign)| {
        let (before, after) = (&lower[..at], &lower[at + 1..]);
        let quoted = before.trim_end();
        let name = quoted.trim_end_matches(['"', '\'']);
        let name = name.rsplit(|c| !is_name(c)).next().unwrap_or_default();
        // A colon without a space or quotes joins the parts of a name, as in `token:create`.
        let is_value = match sign {
            "=" => !after.trim_start().is_empty(),
            _ => {
                after.starts_with(char::is_whitespace) && !after.trim_start().is_empty()
                    || after.starts_with(['"', '\''])
                    || lower.starts_with('{')
            }
        };
        is_value && names_secret(name)
    })
}

/// Returns whether it is a line of PostgreSQL's password file: `host:port:database:user:password`.
fn is_password_line(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(5, ':').collect();
    let [host, port, _, user, password] = parts[..] else { return false };
    let is_port = port == "*" || (!port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    // In an address or a time, the fields are numbers.
    let is_number = |field: &str| field.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_port && !password.is_empty() && !(is_number(host) && is_number(user))
}

/// Returns whether it is a statement that sets a password, or a line of `.netrc`.
fn is_statement(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let is_login = words.first().is_some_and(|word| word == "machine");
    words.windows(2).any(|pair| {
        let is_quoted = pair[1].starts_with(['\'', '"']);
        (pair[0] == "password" && (is_quoted || is_login)) || (pair[0] == "by" && is_quoted)
    })
}

/// Returns whether it is a list of parameters, as in `host=db user=app`, `Server=db;Uid=app` and `a=1&b=2`.
fn has_several_parameters(text: &str) -> bool {
    let parts = text.split(|c: char| c.is_whitespace() || ";&".contains(c));
    parts.filter(|part| assignment(part).is_some()).count() > 1
}

/// Well-known prefixes of keys, which their issuers made recognizable.
const TOKENS: [&str; 17] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxr-",
    "xoxs-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "dop_v1_",
    "AIza",
];

/// Prefixes of keys with which the name of a host, a database or a command may also begin:
/// `sk-orders-eu-west.example.org`.
const TOKENS_LIKE_NAMES: [&str; 7] = ["sk-", "AKIA", "ASIA", "npm_", "pypi-", "hvs.", "SG."];

/// Returns whether it is a key with one of those prefixes, a JSON Web Token, or a PEM key.
fn is_token(text: &str) -> bool {
    let after = |starts: &[&str]| {
        let rest = starts.iter().find_map(|start| text.strip_prefix(start));
        rest.filter(|rest| rest.len() >= 12 && !rest.contains(' '))
    };
    let is_jwt = text.starts_with("eyJ") && text.split('.').count() == 3;
    is_jwt
        || text.contains("-----BEGIN ")
        || after(&TOKENS).is_some()
        || after(&TOKENS_LIKE_NAMES).is_some_and(has_generated_word)
}

/// Returns whether a word of the text is long and contains letters and digits, with digits not only at its
/// end, as in names.
fn has_generated_word(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
        word.len() >= 12 && name.contains(|c: char| c.is_ascii_digit())
    })
}

/// Returns whether a part of the text is as long and as mixed as a generated key. Names rarely alternate
/// between lower case, upper case and digits. A path does not count.
fn is_random(text: &str) -> bool {
    if ["/", "./", "../", "~"].iter().any(|start| text.starts_with(start)) {
        return false;
    }
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "+=_-".contains(c))).any(|run| {
        let is_hex = run.len() >= 32
            && run.bytes().all(|byte| byte.is_ascii_hexdigit())
            && run.bytes().any(|byte| byte.is_ascii_digit())
            && run.bytes().any(|byte| byte.is_ascii_alphabetic());
        is_hex || is_mixed(run)
    })
}

fn is_mixed(run: &str) -> bool {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        _ => None,
    };
    let classes: Vec<usize> = run.bytes().filter_map(class).collect();
    let changes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    classes.len() >= 20 && (0..3).all(|class| classes.contains(&class)) && changes * 5 >= classes.len() * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_secret_is_repeated() {
        for text in [
            "",
            "migarte",
            "cache:clear",
            "token:create",
            "password:reset",
            "reset a password",
            "sk-orders-eu-west.example.org",
            "sk-customersdatabase2024",
            "npm_registry_mirror_2",
            "ASIACUSTOMERS2024",
            "10:30:12:11:09",
            "2001:10:0:f:1",
            "a:b:c:d:e",
            "wait-for-db",
            "--databse",
            "2026-01-01-000000_create_articles",
            "20260101000000_CreateArticlesAndTheirTags2",
            "127.0.0.1:8000",
            "[::1]:80000",
            "localhost",
            "bob@example.org",
            "git@example.org:shop",
            "npm:@scope/package",
            "posts/2026 (draft).md",
            "/run/secrets/db_password",
            "/var/lib/docker/overlay2/3f1c2a9d4b5e6f708192a3b4c5d6e7f8",
            "C:\\shop\\manage.toml",
            "C:\\Users\\bob@example.org\\manage.toml",
            "d:/bob@example.org",
            "0c6b4c1e-7b5d-4f0e-9a63-2f1f6b7d8e90",
            "새 제목",
            "a = b",
            "key",
            "secret",
            "DATABASE_URL",
            "DATABASE_URL_REPORTING_2",
            "100%",
        ] {
            assert_eq!(echo(text), text);
            assert_eq!(instead_of_credential(text), None, "{text}");
        }
        assert_eq!(echo("a\nb"), "a\\nb");
    }

    #[test]
    fn what_may_be_a_secret_is_named() {
        for (text, shown) in [
            ("postgres://bob:hunter2@db/prod", "(a URL)"),
            ("POSTGRES://BOB:hunter2@DB", "(a URL)"),
            ("jdbc:postgresql://db/prod?user=bob&password=hunter2", "(a URL)"),
            ("postgres%3A%2F%2Fbob%3Ahunter2%40db", "(a URL)"),
            ("postgres%253A%252F%252Fbob%253Ahunter2%2540db", "(a URL)"),
            ("https:\\/\\/hooks.example.org\\/hunter2", "(a URL)"),
            ("postgres://bob:hun\nter2@db", "(a URL)"),
            ("https://hooks.example.org/hunter2", "(a URL)"),
            ("--postgres://bob:hunter2@db", "(a URL)"),
            ("bob:hunter2@db/prod", "(a user and a password)"),
            (":hunter2@db", "(a user and a password)"),
            ("b:hunter2@db", "(a user and a password)"),
            ("p:\\\\bob:hunter2@db", "(a user and a password)"),
            ("bob:hun@ter2@db", "(a user and a password)"),
            ("bob:hun\nter2@db", "(a user and a password)"),
            ("postgres:bob:hunter2@db", "(a user and a password)"),
            ("host=db password=hunter2", "(a connection string)"),
            ("host=db user=hunter2", "(a connection string)"),
            ("Server=db;Uid=bob;Pwd=hunter2", "(a connection string)"),
            ("{\"password\": \"hunter2\"}", "(a connection string)"),
            ("password: hunter2", "(a connection string)"),
            ("db.example.org:5432:app:bob:hunter2", "(a connection string)"),
            ("*:*:*:*:hunter2", "(a connection string)"),
            ("machine db login bob password hunter2", "(a connection string)"),
            ("ALTER ROLE bob PASSWORD 'hunter2'", "(a connection string)"),
            ("IDENTIFIED BY 'hunter2'", "(a connection string)"),
            ("Cookie: session=hunter2", "(a connection string)"),
            ("{password:hunter2}", "(a connection string)"),
            ("Authorization: Bearer hunter2", "(a connection string)"),
            ("Bearer hunter2", "(a connection string)"),
            ("PGPASSWORD=hunter2", "PGPASSWORD=…"),
            ("--password=hunter2", "--password=…"),
            ("DATABASE_URL=postgres://bob:hunter2@db", "DATABASE_URL=…"),
            ("QXZ=hunter2", "(NAME=value)"),
            ("ghp_hunter2hunter2hunter2", "(a key or a token)"),
            ("AKIAHUNTER2HUNTER2H2", "(a key or a token)"),
            ("sk-proj-hunter2hunter2hunter2", "(a key or a token)"),
            ("npm_hunter2hunter2hunter2", "(a key or a token)"),
            ("eyJhbGciOi.eyJzdWIi.hunter2", "(a key or a token)"),
            ("-----BEGIN PRIVATE KEY-----\nhunter2", "(a key or a token)"),
            ("tR4x9KqW2mZp7LbN3vYc", "(a key or a token)"),
            ("cG9zdGdyZXM6Ly9ib2I6aHVudGVyMkBkYg==", "(a key or a token)"),
            ("9f86d081884c7d659a2feaa0c55ad015", "(a key or a token)"),
        ] {
            assert_eq!(echo(text), shown, "{text}");
        }
    }

    #[test]
    fn only_a_sure_credential_is_cut_out_of_messages_of_others() {
        for (word, shown) in [
            ("https://example.org/feed.xml", None),
            ("https://token@example.org/feed.xml", Some("(a URL)")),
            ("https://example.org/feed.xml?token=hunter2", Some("(a URL)")),
            ("bob:hunter2@db", Some("(a user and a password)")),
            ("DB_PASSWORD=hunter2", Some("DB_PASSWORD=…")),
            ("title=hunter2", None),
            ("tR4x9KqW2mZp7LbN3vYc", None),
        ] {
            assert_eq!(instead_of_credential(word).as_deref(), shown, "{word}");
        }
    }

    #[test]
    fn a_name_of_a_cloud_is_shown() {
        for name in [
            "postgres.abcdefghijklmnop",
            "tR4x9KqW2mZp7LbN3vYc",
            "bob@server",
            "a=b",
            "de:mo",
            "sk-orders-eu-west.example.org",
            "ASIACUSTOMERS",
        ] {
            assert_eq!(echo_name(name), name);
        }
        assert_eq!(echo_name("postgres://bob:hunter2@db"), "(a URL)");
    }
}
