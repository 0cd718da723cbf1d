//! The servers' log as JSON.

use std::io::Read;

use manage_test_support::{Signal, case};
use serde_json::{Value, json};

use crate::serving::{SOON, Server};

/// Every line of a log, which must be JSON.
fn lines(log: &str) -> Vec<Value> {
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[case]
fn each_line_is_an_object() {
    let options = ["--log-format", "json", "--shutdown-timeout", "0"];
    let variables = [("MANAGE_ENV", "production"), ("DATABASE_URL", "sqlite:db.sqlite3")];
    let mut server = Server::production(&options, &variables);
    for path in
        ["/?a='1'", "/none", "/panics?secret=1", "/pages/fails", "/streams/fails", "/exe\u{202e}gpj\u{9b}"]
    {
        server.get(path);
    }
    server.send("\x16\x03\x01\x02\x00\x01\x00").read_to_end(&mut Vec::new()).expect("an answer");
    drop(server.send("GET / HTTP/1.1\r\nHost: lo"));
    server.running.wait_for_line("499", SOON);
    let _waiting = server.send("GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n");
    server.get("/?last");
    server.running.signal(Signal::TERM);
    let transcript = server.running.wait(SOON).expect_success();
    assert_eq!(transcript.stdout, "");
    let raw = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{9b}".contains(c);
    assert!(!transcript.stderr.contains(raw), "{:?}", transcript.stderr);
    let lines = lines(&transcript.stderr);
    for line in &lines {
        let time = line["time"].as_str().expect("a time");
        assert!(time.len() == 27 && time.ends_with('Z'), "{time}");
        assert!(["info", "warn", "error"].contains(&line["level"].as_str().expect("a level")), "{line}");
    }
    let request = |target: &str| {
        let mut found = lines.iter().filter(|line| line["target"] == target);
        let line = found.next().unwrap_or_else(|| panic!("no {target}: {}", transcript.stderr));
        assert!(found.next().is_none(), "{target} twice");
        line
    };
    let first = request("/?a='1'");
    let keys: Vec<&str> = first.as_object().expect("an object").keys().map(String::as_str).collect();
    let expected = [
        "bytes",
        "client",
        "duration_ms",
        "event",
        "level",
        "method",
        "note",
        "request_id",
        "status",
        "target",
        "time",
        "version",
    ];
    assert_eq!(keys, expected);
    for (key, value) in [
        ("event", json!("request")),
        ("client", json!("127.0.0.1")),
        ("method", json!("GET")),
        ("version", json!("HTTP/1.1")),
        ("status", json!(200)),
        ("bytes", json!(3)),
        ("note", Value::Null),
    ] {
        assert_eq!(first[key], value, "{first}");
    }
    assert!(first["duration_ms"].as_f64().is_some_and(|number| number > 0.0), "{first}");
    assert_eq!(request("/none")["level"], "warn");
    assert_eq!(request("/panics?secret=1")["level"], "error");
    assert_eq!(request("/exe\u{202e}gpj\u{9b}")["status"], 404);
    assert_eq!(request("/never")["note"], "cut off: the server stopped");
    let notes: Vec<&str> = lines.iter().filter_map(|line| line["note"].as_str()).collect();
    assert!(notes.iter().any(|note| note.starts_with("a TLS handshake")), "{notes:?}");
    for (target, text) in [("/panics?secret=1", "panicked"), ("/pages/fails", "GET /pages/fails failed at ")]
    {
        let is_meant = |line: &&Value| line["message"].as_str().is_some_and(|message| message.contains(text));
        let message = lines.iter().find(is_meant).unwrap_or_else(|| panic!("no {text}"));
        assert!(message["request_id"].is_string(), "{message}");
        assert_eq!(message["request_id"], request(target)["request_id"]);
    }
    let messages: Vec<&str> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
    for start in [
        "Starting production server at http://127.0.0.1:",
        "GET /panics panicked at ",
        "GET /streams/fails: the response body failed: no more",
        "Aborted the requests that were still running after 0 s.",
    ] {
        assert!(messages.iter().any(|message| message.starts_with(start)), "{start}: {messages:?}");
    }
}

#[case]
fn the_development_server_has_it_too() {
    let mut server = Server::start(&["--log-format", "json"]);
    server.get("/?one");
    let line = server.running.wait_for_line("/?one", SOON);
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["target"], "/?one");
}
