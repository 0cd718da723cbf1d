//! The program, as a process of its own.

use std::process::Command;

#[test]
fn events_are_in_the_span_of_their_command() {
    let ran = Command::new(env!("CARGO_BIN_EXE_manage")).args(["count", "2"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "2\n");
    let log = String::from_utf8_lossy(&ran.stderr);
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 3, "{log}");
    assert!(
        lines.iter().all(|line| line.contains(r#""name":"command""#) || line.contains(r#""name":"count""#)),
        "{log}"
    );
    assert!(lines[2].contains(r#""exit":0"#), "{log}");
}
