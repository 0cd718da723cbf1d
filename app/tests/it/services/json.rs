//! `--format json`: every event has the fields that docs/reference/json.md lists, and no others.

use manage_test_support::case;
use serde_json::Value;

use super::{LONG, serve, wait, waiter};

fn events(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/json.md");
    std::fs::read_to_string(path).expect("docs/reference/json.md")
}

/// The field names of `{"event":"ready","target":…}` on the page, in order.
fn documented(event: &str) -> Vec<String> {
    let page = page();
    let start = page.find(&format!("`{{\"event\":\"{event}\"")).expect("the event on the page");
    let object = page[start + 1..].split('`').next().expect("its end");
    // As JSON, with something in place of what differs.
    let object = object.replace("[…]", "0").replace('…', "0");
    let mut names: Vec<String> = serde_json::from_str::<serde_json::Map<String, Value>>(&object)
        .unwrap_or_else(|error| panic!("{object}: {error}"))
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.sort();
    names
}

fn names(value: &Value) -> Vec<String> {
    let mut names: Vec<String> = value.as_object().expect("an object").keys().cloned().collect();
    names.sort();
    names
}

#[case]
fn each_event_is_as_the_page_has_it() {
    let port = manage_test_support::free_port();
    let ready = serve("127.0.0.1", drop);
    let ready = format!("tcp://127.0.0.1:{ready}");
    let url = format!("tcp://127.0.0.1:{port}");
    let ran = wait(&url, &["--for", &ready, "--timeout", "0.5", "--format", "json"]).expect_code(124);
    assert_eq!(ran.stderr, "");
    let events = events(&ran.stdout);
    for event in ["waiting", "unavailable", "ready", "summary"] {
        let found: Vec<&Value> = events.iter().filter(|value| value["event"] == event).collect();
        assert!(!found.is_empty(), "{event}: {ran}");
        found.iter().for_each(|value| assert_eq!(names(value), documented(event), "{value}"));
    }
    let summary = events.last().expect("the last line");
    assert_eq!(events.iter().filter(|value| value["event"] == "summary").count(), 1);
    let down = &summary["targets"][0];
    assert_eq!((&down["reason"], &down["code"]), (&"refused".into(), &"ECONNREFUSED".into()), "{down}");
    assert_eq!(
        (&down["ready"], &down["transient"], &down["reached"]),
        (&false.into(), &true.into(), &Value::Null)
    );
    let up = &summary["targets"][1];
    assert_eq!((&up["ready"], &up["attempts"]), (&true.into(), &1.into()), "{up}");
    assert!(up["reached"].is_string() && up["target"].is_string() && up["reason"].is_null(), "{up}");
    let target = documented_target();
    for state in [down, up] {
        assert!(names(state) == target, "{state}");
    }
}

/// What the page says of the objects in the summary's `targets`.
fn documented_target() -> Vec<String> {
    let page = page();
    let start = page.find("`{\"target\":").expect("the summary's targets on the page");
    let object = page[start + 1..].split('`').next().expect("its end").replace('…', "0");
    let object: Value = serde_json::from_str(&object).unwrap_or_else(|error| panic!("{object}: {error}"));
    names(&object)
}

#[case]
fn each_outcome_has_its_name_and_code() {
    let port = manage_test_support::free_port();
    let ssh = serve("127.0.0.1", |mut stream| {
        let _ = std::io::Write::write_all(&mut stream, b"SSH-2.0-x\r\n");
        super::until_gone(&mut stream);
    });
    let open = serve("127.0.0.1", drop);
    let (open, refused) = (format!("tcp://127.0.0.1:{open}"), format!("tcp://127.0.0.1:{port}"));
    let ssh = format!("redis://127.0.0.1:{ssh}");
    for (url, options, outcome, code) in [
        (&open, &[][..], "ready", 0),
        (&open, &["--stable-for", "0.3"], "ready", 0),
        (&refused, &["--timeout", "0.3"], "timed_out", 124),
        (&refused, &["--once"], "not_ready", 1),
        (&ssh, &["--once"], "configuration_error", 78),
        (&ssh, &["--fail-fast-after", "0"], "configuration_error", 78),
        (&"nonsense".to_owned(), &[], "usage_error", 2),
    ] {
        let ran = waiter(url, options).args(["--format", "json"]).run(LONG).expect_code(code);
        let events = events(&ran.stdout);
        let summary = events.last().expect("a line");
        assert_eq!((&summary["event"], &summary["outcome"]), (&"summary".into(), &outcome.into()), "{ran}");
        assert_eq!((&summary["exit_code"], ran.stderr.as_str()), (&code.into(), ""), "{ran}");
        let hints = events.iter().filter_map(|event| event["hint"].as_str());
        for text in hints.chain(summary["message"].as_str()) {
            let last = text.chars().last();
            assert!(
                text.starts_with(|c: char| c.is_uppercase() || c == '-') && matches!(last, Some('.' | '?')),
                "{text}"
            );
        }
    }
    // `unstable` is an event like any other.
    let ran = waiter(&open, &["--stable-for", "0.3", "--format", "json"]).run(LONG).expect_success();
    assert!(events(&ran.stdout).iter().any(|event| event["reason"] == "unstable"), "{ran}");
}
