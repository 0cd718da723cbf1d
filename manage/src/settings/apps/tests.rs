use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use super::names::segment;
use super::*;
use crate::settings::{Environment, Secret, Settings, Source};

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Shop {
    currency: String,
    port: Option<u16>,
    rate: f32,
    is_open: bool,
    #[serde(rename = "webhook-key")]
    webhook_key: Option<Secret>,
    #[serde(rename = "maxItems")]
    max_items: i64,
    countries: Vec<String>,
    sizes: Vec<u8>,
    pair: (u8, String),
    level: Level,
    mail: Mail,
    address: Option<IpAddr>,
    letter: Option<char>,
    opened: Option<toml::value::Datetime>,
    limits: BTreeMap<String, u32>,
    cert_file: Option<String>,
    name: Name,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mail {
    #[serde(default)]
    host: String,
    port: Option<u16>,
    #[serde(default)]
    login: Login,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Login {
    user: String,
    password: Secret,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    #[default]
    Low,
    VeryHigh,
    Own(u8),
    Range {
        from: u8,
        to: u8,
    },
}

#[derive(Debug, Default, PartialEq, Deserialize)]
struct Name(String);

fn settings(file: &str, variables: &[(&str, &str)]) -> (tempfile::TempDir, Settings) {
    let folder = tempfile::tempdir().expect("a directory");
    if !file.is_empty() {
        std::fs::write(folder.path().join("manage.toml"), file).expect("a file");
    }
    let environment = Environment::new(variables.iter().copied(), folder.path());
    let settings = Settings::load(&Source::new(environment, None)).expect("settings");
    (folder, settings)
}

fn shop(file: &str, variables: &[(&str, &str)]) -> Result<Shop, SettingsError> {
    settings(file, variables).1.app("shop")
}

/// Returns the error of a variable with this value, without its prefix.
fn refused(key: &str, value: &str) -> String {
    let name = format!("MANAGE_APPS__SHOP__{key}");
    let error = shop("", &[(&name, value)]).expect_err(value);
    let hint = error.hint_text().map(|hint| format!(" {hint}")).unwrap_or_default();
    let all = format!("{error}{hint}");
    assert!(value.len() < 4 || !all.contains(value), "{all}");
    all.strip_prefix(&format!("{name} (environment): ")).unwrap_or_else(|| panic!("{all}")).to_owned()
}

#[test]
fn a_name_is_written_in_one_way() {
    for (name, written) in [
        ("shop", "SHOP"),
        ("shop-admin", "SHOP_ADMIN"),
        ("shop_admin", "SHOP_ADMIN"),
        ("webhookKey", "WEBHOOK_KEY"),
        ("a__b", "A_B"),
        ("_a.b ", "A_B"),
        ("http2Port", "HTTP2_PORT"),
        ("größe", "GRÖSSE"),
        ("", ""),
    ] {
        assert_eq!(segment(name), written);
    }
}

#[test]
fn the_type_decides_what_a_text_is() {
    let set = [
        ("MANAGE_APPS__SHOP__CURRENCY", "0123"),
        ("MANAGE_APPS__SHOP__PORT", "0123"),
        ("MANAGE_APPS__SHOP__RATE", "2.5"),
        ("MANAGE_APPS__SHOP__IS_OPEN", "Yes"),
        ("MANAGE_APPS__SHOP__WEBHOOK_KEY", "true"),
        ("MANAGE_APPS__SHOP__MAX_ITEMS", " -7 "),
        ("MANAGE_APPS__SHOP__COUNTRIES", "FR, IT,,"),
        ("MANAGE_APPS__SHOP__SIZES", "[1, 2]"),
        ("MANAGE_APPS__SHOP__PAIR", "7,x"),
        ("MANAGE_APPS__SHOP__LEVEL", "very_high"),
        ("MANAGE_APPS__SHOP__MAIL__HOST", "mail"),
        ("MANAGE_APPS__SHOP__MAIL__LOGIN__PASSWORD", "1234567"),
        ("MANAGE_APPS__SHOP__ADDRESS", "::1"),
        ("MANAGE_APPS__SHOP__LETTER", "é"),
        ("MANAGE_APPS__SHOP__OPENED", "2026-07-01"),
        ("MANAGE_APPS__SHOP__LIMITS__PER_DAY", "5"),
        ("MANAGE_APPS__SHOP__CERT_FILE", "no-such-file.pem"),
        ("MANAGE_APPS__SHOP__NAME", "[a]"),
        // An empty variable counts as unset.
        ("MANAGE_APPS__SHOP__NOTHING", ""),
        ("MANAGE_APPS__SHOP_ADMIN__CURRENCY", "another app's"),
    ];
    let expected = Shop {
        currency: "0123".to_owned(),
        port: Some(123),
        rate: 2.5,
        is_open: true,
        webhook_key: Some(Secret::from("true")),
        max_items: -7,
        countries: vec!["FR".to_owned(), "IT".to_owned()],
        sizes: vec![1, 2],
        pair: (7, "x".to_owned()),
        level: Level::VeryHigh,
        mail: Mail {
            host: "mail".to_owned(),
            port: None,
            login: Login { user: String::new(), password: Secret::from("1234567") },
        },
        address: Some("::1".parse().expect("an address")),
        letter: Some('é'),
        opened: Some("2026-07-01".parse().expect("a date")),
        limits: BTreeMap::from([("per_day".to_owned(), 5)]),
        cert_file: Some("no-such-file.pem".to_owned()),
        name: Name("[a]".to_owned()),
    };
    assert_eq!(shop("", &set), Ok(expected));
}

#[test]
fn toml_is_read_where_a_list_or_a_table_is_wanted() {
    let read = shop(
        "",
        &[
            ("MANAGE_APPS__SHOP__COUNTRIES", "[\"a,b\", 'c']"),
            ("MANAGE_APPS__SHOP__MAIL", "{ host = \"mail\", port = 25 }"),
            ("MANAGE_APPS__SHOP__LEVEL", "{ own = 3 }"),
            ("MANAGE_APPS__SHOP__LIMITS", "{ a = 1 }"),
        ],
    )
    .expect("settings");
    assert_eq!(read.countries, ["a,b", "c"]);
    assert_eq!((read.mail.host.as_str(), read.mail.port, read.level), ("mail", Some(25), Level::Own(3)));
    assert_eq!(read.limits, BTreeMap::from([("a".to_owned(), 1)]));
    let read = shop("", &[("MANAGE_APPS__SHOP__COUNTRIES", "[]")]).expect("settings");
    assert!(read.countries.is_empty());
    for (name, level) in [
        ("MANAGE_APPS__SHOP__LEVEL__OWN", Level::Own(9)),
        ("MANAGE_APPS__SHOP__LEVEL__RANGE", Level::Range { from: 1, to: 2 }),
    ] {
        let value = if matches!(level, Level::Own(_)) { "9" } else { "{ from = 1, to = 2 }" };
        assert_eq!(shop("", &[(name, value)]).expect("settings").level, level);
    }
}

#[test]
fn a_variable_overrides_one_key() {
    let file = "[apps.shop]\ncurrency = \"EUR\"\nport = 1\nmaxItems = 5\nlimits = { perDay = 1, other = 2 }\n\
                [apps.shop.mail]\nhost = \"a\"\nport = 25\n";
    let read = shop(
        file,
        &[
            ("MANAGE_APPS__SHOP__PORT", "2"),
            ("MANAGE_APPS__SHOP__MAIL__HOST", "b"),
            ("MANAGE_APPS__SHOP__MAX_ITEMS", "6"),
            ("MANAGE_APPS__SHOP__LIMITS__PER_DAY", "3"),
            ("MANAGE_APPS__SHOP__CURRENCY", ""),
        ],
    )
    .expect("settings");
    assert_eq!((read.currency.as_str(), read.port, read.max_items), ("EUR", Some(2), 6));
    assert_eq!((read.mail.host.as_str(), read.mail.port), ("b", Some(25)));
    assert_eq!(read.limits, BTreeMap::from([("perDay".to_owned(), 3), ("other".to_owned(), 2)]));
}

#[test]
fn the_environment_is_stronger_than_env_and_that_than_the_file() {
    let file = "[apps.shop]\ncurrency = \"file\"\n";
    let with_env = |variables: &[(&str, &str)], env: &str| {
        let (folder, _) = settings(file, &[]);
        std::fs::write(folder.path().join(".env"), env).expect("a file");
        std::fs::write(folder.path().join("secret"), "of a file\n").expect("a file");
        let environment = Environment::new(variables.iter().copied(), folder.path());
        let settings = Settings::load(&Source::new(environment, None)).expect("settings");
        settings.app::<Shop>("shop").map(|shop| shop.currency).map_err(|error| error.to_string())
    };
    let name = "MANAGE_APPS__SHOP__CURRENCY";
    assert_eq!(with_env(&[], ""), Ok("file".to_owned()));
    assert_eq!(with_env(&[], &format!("{name}=env\n")), Ok("env".to_owned()));
    assert_eq!(with_env(&[(name, "process")], &format!("{name}=env\n")), Ok("process".to_owned()));
    assert_eq!(with_env(&[], &format!("{name}_FILE=secret\n")), Ok("of a file".to_owned()));
    assert_eq!(with_env(&[(name, "process")], &format!("{name}_FILE=secret\n")), Ok("process".to_owned()));
    let file_name = format!("{name}_FILE");
    assert_eq!(with_env(&[(&file_name, "secret")], &format!("{name}=env\n")), Ok("of a file".to_owned()));
    let both = with_env(&[(&file_name, "secret"), (name, "x")], "").expect_err("both");
    assert_eq!(both, format!("Both {name} and {name}_FILE (environment) are set."));
    let missing = with_env(&[(&file_name, "./none")], "").expect_err("no file");
    assert!(
        missing.contains("./none, which MANAGE_APPS__SHOP__CURRENCY_FILE (environment) names"),
        "{missing}"
    );
    let unfit =
        with_env(&[], "MANAGE_APPS__SHOP__PORT=\n\nMANAGE_APPS__SHOP__RATE=abcd\n").expect_err("a text");
    assert!(
        unfit.starts_with("MANAGE_APPS__SHOP__RATE (") && unfit.contains(".env, line 3): expected a number"),
        "{unfit}"
    );
}

#[test]
fn an_error_names_the_variable_and_not_the_value() {
    assert_eq!(
        refused("PORT", "70000"),
        "expected a whole number from 0 to 65535, found another whole number. Write it in digits alone."
    );
    assert_eq!(
        refused("PORT", "2.50"),
        "expected a whole number from 0 to 65535, found a number with a fraction. Write it in digits alone."
    );
    assert_eq!(refused("RATE", "hunter2"), "expected a number, found a text. Write it as in 2.5.");
    assert!(
        refused("IS_OPEN", "hunter2")
            .starts_with("expected true or false, found a text. Write true or false")
    );
    assert_eq!(
        refused("LEVEL", "hunter2"),
        "expected one of `low`, `very_high`, `own`, `range`, found another text."
    );
    assert!(refused("ADDRESS", "hunter2").starts_with("invalid IP address syntax"));
    assert!(
        refused("SIZES", "1,hunter2").starts_with("expected a whole number from 0 to 255, found a text.")
    );
    assert!(
        refused("SIZES", "[1, \"hunter2\"]")
            .starts_with("expected a whole number from 0 to 255, found a text.")
    );
    assert!(
        refused("SIZES", "[1, hunter2]")
            .starts_with("a list is not valid TOML. Write it as in [\"a\", \"b\"].")
    );
    assert!(refused("PAIR", "1,hunter2,3").contains("Write the values with commas between them"));
    assert_eq!(
        refused("MAIL", "hunter2"),
        "expected a table, found a text. Set one variable for each key, as MANAGE_APPS__SHOP__MAIL__<KEY>, or write a TOML \
         table: { key = \"value\" }."
    );
    assert!(refused("MAIL", "{ port = \"hunter2\" }").starts_with("expected a whole number"));
    assert!(
        refused("MAIL", "{ a = 1 }\nb = { c = 2 }")
            .starts_with("a value in TOML is followed by something else")
    );
    assert!(refused("MAIL", "{ port = hunter2").starts_with("a table is not valid TOML. Write it as in"));
    assert!(refused("COUNTRIES", "[\"hunter2\", b").starts_with("a list is not valid TOML. Write it as in"));
    assert!(
        refused("PORT", &"9".repeat(50)).ends_with("found another whole number. Write it in digits alone.")
    );
    assert!(
        refused("COUNTRIES__0", "hunter2")
            .ends_with("found a table. This key is no table. Set MANAGE_APPS__SHOP__COUNTRIES instead.")
    );
    assert!(refused("MAIL__PORT__X", "hunter2").ends_with("Set MANAGE_APPS__SHOP__MAIL__PORT instead."));
    let bracketed = shop("", &[("MANAGE_APPS__SHOP__COUNTRIES", "[::1]:80, [::2]:80")]).expect("two texts");
    assert_eq!(bracketed.countries, ["[::1]:80", "[::2]:80"]);
    assert!(refused("CURENCY", "hunter2").starts_with("unknown key `curency`, expected one of"));
    assert!(refused("CURENCY", "hunter2").ends_with("Did you mean MANAGE_APPS__SHOP__CURRENCY?"));
    assert!(refused("MAIL__HOTS", "hunter2").ends_with("Did you mean MANAGE_APPS__SHOP__MAIL__HOST?"));
    let both = shop("", &[("MANAGE_APPS__SHOP__MAIL", "{}"), ("MANAGE_APPS__SHOP__MAIL__HOST", "b")]);
    let both = both.expect_err("two variables").to_string();
    assert_eq!(
        both,
        "MANAGE_APPS__SHOP__MAIL: MANAGE_APPS__SHOP__MAIL and MANAGE_APPS__SHOP__MAIL__HOST are both set."
    );
}

#[test]
fn an_error_of_the_file_names_the_key() {
    let read = shop("[apps.shop]\nopened = 2026-07-01\n", &[]).expect("a date");
    assert!(read.opened.is_some());
    assert!(refused("OPENED", "hunter2").starts_with("expected a date, found a text. Write it as in"));
    let error = shop("\n[apps.shop.mail]\nport = \"x\"\n", &[]).expect_err("a text").to_string();
    assert!(
        error
            .ends_with("line 2: [apps.shop]: `mail`: expected a whole number from 0 to 65535, found a text."),
        "{error}"
    );
    #[derive(Debug, Default, Deserialize)]
    struct Strict {
        #[expect(dead_code, reason = "it is never there")]
        currency: String,
    }
    let (_folder, settings) = settings("", &[("MANAGE_APPS__SHOP__OTHER", "x")]);
    let error = settings.app::<Strict>("shop").expect_err("a key is missing");
    assert_eq!(error.to_string(), "[apps.shop]: missing key `currency`.");
    assert_eq!(error.hint_text(), Some("Set it in manage.toml, or set MANAGE_APPS__SHOP__CURRENCY."));
    assert!(settings.app::<Strict>("other").is_ok());
}

#[test]
fn what_takes_anything_gets_a_text() {
    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Flat {
        direct: u16,
        #[serde(flatten)]
        rest: BTreeMap<String, toml::Value>,
    }
    #[derive(Debug, Default, Deserialize)]
    struct Typed {
        #[serde(flatten)]
        _inner: Inner,
    }
    #[derive(Debug, Default, Deserialize)]
    struct Inner {
        #[serde(rename = "number")]
        _number: u16,
    }
    let (_folder, settings) = settings(
        "",
        &[
            ("MANAGE_APPS__SHOP__DIRECT", "1"),
            ("MANAGE_APPS__SHOP__OTHER", "2"),
            ("MANAGE_APPS__IN__NUMBER", "3"),
        ],
    );
    let flat = settings.app::<Flat>("shop").expect("settings");
    let rest = BTreeMap::from([("other".to_owned(), toml::Value::from("2"))]);
    assert_eq!(flat, Flat { direct: 1, rest });
    let error = settings.app::<Typed>("in").expect_err("a text below flatten");
    assert_eq!(error.to_string(), "[apps.in]: expected a whole number from 0 to 65535, found a text.");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("flatten")), "{error:?}");
}
