//! What is wrong with a URL, or with other arguments and settings, is said before the first attempt.

use manage_test_support::{Program, case};

use super::{LONG, waiter};

const WRONG: &[(&str, &str)] = &[
    ("", "A URL begins with a scheme"),
    ("redis", "A URL begins with a scheme"),
    ("redis:6379", "A URL begins with a scheme"),
    ("//redis:6379", "A URL begins with a scheme"),
    ("gopher://redis", "The scheme `gopher` is not known; known are redis, rediss, tcp, http"),
    ("gopher://app:hunter2@redis", "A URL begins with a scheme"),
    ("hunter2://app@redis", "A URL begins with a scheme"),
    ("postgres://app:hunter2@db/app", "Name a database by its alias"),
    ("redis://", "The host is missing"),
    ("redis://:hunter2@", "The host is missing"),
    ("redis://:6379", "The host is missing"),
    ("redis://a b:6379", "The host is missing or invalid"),
    ("redis://::1:6379", "write an IPv6 address in brackets"),
    ("redis://[::1", "write an IPv6 address in brackets"),
    ("redis://[::1]6379", "write an IPv6 address in brackets"),
    ("redis://[redis]", "write an IPv6 address in brackets"),
    ("redis://redis:port", "The port is missing, or is not a number"),
    ("redis://redis:0", "The port is missing, or is not a number"),
    ("redis://redis:65536", "The port is missing, or is not a number"),
    ("redis://redis:+6379", "The port is missing, or is not a number"),
    ("redis://app:hunter2", "The port is missing, or is not a number"),
    ("tcp://redis", "The port is missing"),
    ("redis://app:hun/ter2@redis", "must be percent-encoded"),
    ("redis://app:hun?ter2@redis", "must be percent-encoded"),
    ("redis://app:hun#ter2@redis", "must be percent-encoded"),
    ("redis://app:%ffhunter2@redis", "The password is not UTF-8"),
    ("redis://app%0d%0ahunter2:x@redis", "The user is not UTF-8 after percent-decoding, or holds a control"),
    ("redis://redis/zero", "has no path but a database's number"),
    ("redis://redis/-1", "has no path but a database's number"),
    ("redis://redis?db=1", "has no parameters"),
    ("amqp://mq/a/b", "must be percent-encoded"),
    ("amqp://mq/?heartbeat=5", "must be percent-encoded"),
    ("tcp://app:hunter2@mail:25", "has no user"),
    ("tcp://mail:25/path", "has no path"),
    ("http://web/a b", "must be percent-encoded"),
    ("http://web/é", "must be percent-encoded"),
    ("file://ready", "A file's path is absolute"),
    ("file:///a%00b", "The path is not UTF-8 after percent-decoding, or holds a control character"),
    ("file://", "A file's path is absolute"),
];

#[case]
fn a_malformed_one_is_a_usage_error() {
    for (url, words) in WRONG {
        let ran = waiter(url, &[]).run(LONG).expect_code(2);
        let shown = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("Error: --for: "), "{ran}");
        assert!(shown.contains(words) && !shown.contains("hun") && !shown.contains("ter2"), "{ran}");
        assert!(shown.ends_with(".\n") && !shown.contains("..\n"), "{ran}");
    }
    let long = format!("amqp://mq/{}", "v".repeat(256));
    waiter(&long, &[]).run(LONG).expect_code(2);
}

#[case]
fn the_wrong_one_of_several_is_named() {
    let more = ["--for", "tcp://127.0.0.1", "--for", "tcp://127.0.0.1:2"];
    let ran = waiter("tcp://127.0.0.1:1", &more).run(LONG).expect_code(2);
    assert_eq!(
        ran.stderr,
        "Error: --for (2 of 3): The port is missing, or is not a number from 1 to 65535.\n"
    );
    assert_eq!(ran.stdout, "");
    let options = [&more[..], &["--format", "json"]].concat();
    let ran = waiter("tcp://127.0.0.1:1", &options).run(LONG).expect_code(2);
    let lines: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((lines.len(), ran.stderr.as_str()), (1, ""), "{ran}");
    assert_eq!(lines[0]["event"], "summary");
    assert_eq!((&lines[0]["outcome"], &lines[0]["exit_code"]), (&"usage_error".into(), &2.into()));
    assert!(
        lines[0]["message"].as_str().is_some_and(|text| text.starts_with("--for (2 of 3): The port")),
        "{ran}"
    );
    assert_eq!(lines[0]["targets"], serde_json::json!([]));
}

/// Settings end with 78, in text and in JSON, also where another target is fine or is never asked.
#[case]
fn settings_and_arguments_fail_first() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let also = format!("tcp://127.0.0.1:{port}");
    let run = |variables: &[(&str, &str)], options: &[&str]| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut program = Program::new(env!("CARGO_BIN_EXE_manage")).cwd(folder.path());
        for (name, value) in variables {
            program = program.env(name, value);
        }
        program.args(["wait_for_db", "--for", &also]).args(options).run(LONG)
    };
    let good = ("DATABASE_URL_GOOD", "sqlite:good.sqlite3");
    for (variables, options, names) in [
        (&[("DATABASE_URL", "oracle://app:hunter2@db/app")][..], &[][..], "DATABASE_URL"),
        (&[("DATABASE_URL", "postgres://app:hunter2@db:port/app"), good], &["--all"], "DATABASE_URL"),
        (
            &[("DATABASE_URL_BAD", "postgres://app:hunter2@db/app?sslmode=maybe"), good],
            &["--all"],
            "DATABASE_URL_BAD",
        ),
        (
            &[("DATABASE_PASSWORD_FILE", "missing"), ("DATABASE_URL", "postgres://app@db/app")],
            &[],
            "DATABASE_PASSWORD_FILE",
        ),
        (&[("POSTGRES_HOST", "db"), ("POSTGRES_PORT", "hunter2")], &[], "POSTGRES_PORT"),
    ] {
        let ran = run(variables, options).expect_code(78);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("Error: "), "{ran}");
        assert!(ran.stderr.contains(names) && !ran.stderr.contains("hunter2"), "{ran}");
        let ran = run(variables, &[options, &["--format", "json"]].concat()).expect_code(78);
        assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""), "{ran}");
        let summary: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!(summary["outcome"], "configuration_error", "{ran}");
        assert_eq!((&summary["exit_code"], &summary["attempts"]), (&78.into(), &0.into()), "{ran}");
        assert!(summary["message"].as_str().is_some_and(|text| text.contains(names)), "{ran}");
        assert!(!ran.stdout.contains("hunter2"), "{ran}");
    }
    let ran = run(&[good], &["--database", "good", "--database", "nope"]).expect_code(2);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("There is no database 'nope'"), "{ran}");
    let ran = run(&[good], &["--database", "nope", "--format", "json"]).expect_code(2);
    let summary: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&summary["outcome"], &summary["exit_code"]), (&"usage_error".into(), &2.into()), "{ran}");
    let ran = run(&[], &["--database", "postgres://app:hunter2@db/app"]).expect_code(2);
    assert!(ran.stderr.contains("by its alias, not by a URL.") && !ran.stderr.contains("hunter2"), "{ran}");
    assert!(listener.accept().is_err(), "nothing was asked");
}
