//! With the feature `tracing`, a project's subscriber gets the servers' log.

use manage_test_support::case;

use crate::project::AS_PROGRAM;
use crate::serving::{SOON, Server};

/// The value of the variable that gives this program a subscriber.
const TRACED: &str = "traced";

/// Installs a subscriber that writes to stdout, if this process is to have one.
pub(crate) fn subscribe() {
    if std::env::var_os(AS_PROGRAM).is_some_and(|value| value == TRACED) {
        tracing_subscriber::fmt().with_writer(std::io::stdout).init();
    }
}

#[case]
fn a_subscriber_gets_requests_and_messages() {
    for command in ["serve", "runserver"] {
        let program = manage_test_support::Program::new(std::env::current_exe().expect("this program"));
        let variables = [(AS_PROGRAM, TRACED), ("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")];
        let mut server = Server::of_command(program, command, &["--log-format", "json"], &variables);
        // The query may be confidential.
        assert!(server.get("/?token=secret").ends_with("ok\n"));
        let line = server.running.wait_for_line("manage::request: request ", SOON);
        for field in [
            " INFO ",
            "request_id=\"",
            "client=127.0.0.1",
            "method=\"GET\"",
            "path=\"/\"",
            "status=200",
            "bytes=3",
            "duration_ms=",
        ] {
            assert!(line.contains(field), "{field}: {line}");
        }
        assert!(!line.contains("secret") && !line.contains("note="), "{line}");
        let id = line.split("request_id=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id");
        let logged = server.running.wait_for_line("\"event\":\"request\"", SOON);
        assert!(logged.contains(&format!("\"request_id\":\"{id}\"")), "the same request: {logged}");

        // A panic is a message of its own; its request is an error.
        assert!(server.get("/panics").starts_with("HTTP/1.1 500 "));
        let line = server.running.wait_for_line("manage::server: ", SOON);
        assert!(line.contains("ERROR") && line.contains("the soup is"), "{line}");
        assert!(!line.contains('\u{9b}') && !line.contains("Error: "), "{line:?}");
        let id = line.split("request_id=").nth(1).and_then(|rest| rest.split(' ').next()).expect("an id");
        let id = id.trim_end_matches(',').to_owned();
        let line = server.running.wait_for_line("path=\"/panics\"", SOON);
        assert!(line.contains("ERROR") && line.contains("status=500"), "{line}");
        assert!(line.contains(&format!("request_id={id}")), "the request of {id}: {line}");

        // What nobody can answer has no path; the note says why.
        drop(server.send("nonsense\r\n\r\n"));
        let line = server.running.wait_for_line("note=", SOON);
        assert!(line.contains("WARN") && !line.contains("path=") && line.contains("status=400"), "{line}");
    }
}

#[case]
fn the_subscriber_alone_gets_the_log() {
    for command in ["serve", "runserver"] {
        let program = manage_test_support::Program::new(std::env::current_exe().expect("this program"));
        let variables = [(AS_PROGRAM, TRACED), ("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")];
        let mut server = Server::of_command(program, command, &["--log-format", "tracing"], &variables);
        assert!(server.get("/panics").starts_with("HTTP/1.1 500 "));
        server.running.wait_for_line("the soup is", SOON);
        let line = server.running.wait_for_line("path=\"/panics\"", SOON);
        assert!(line.contains("manage::request: request "), "{line}");
        // What a subscriber on stderr would double.
        let stderr = server.running.stderr();
        assert!(!stderr.contains("/panics") && !stderr.contains("the soup is"), "{stderr}");
        assert_eq!(server.stop(), [""; 0]);
    }
}

#[case]
fn without_a_subscriber_nothing_would_be_logged() {
    for command in ["serve 0", "runserver 0 --noreload"] {
        let program = manage_test_support::Program::new(std::env::current_exe().expect("this program"));
        let failed = program
            .env(AS_PROGRAM, "1")
            .env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")
            .cwd(std::env::temp_dir())
            .args(command.split(' '))
            .args(["--skip-checks", "--log-format", "tracing"])
            .run(SOON)
            .expect_code(2);
        let text = "--log-format tracing: the program has installed no subscriber of tracing";
        assert!(failed.stderr.contains(text), "{failed}");
    }
}
