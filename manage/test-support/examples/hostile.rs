//! Starts one hostile server by its name, and prints what it receives:
//!
//!     cargo run -p manage-test-support --example hostile -- postgres endless-rows
//!
//! A man in the middle takes the port of a real server as its last argument. Without arguments this lists
//! every attack.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use std::process::ExitCode;
    use std::time::Duration;

    use manage_test_support::hostile::catalog;

    let words: Vec<String> = std::env::args().skip(1).collect();
    let entries = catalog();
    let [protocol, case, rest @ ..] = words.as_slice() else {
        for entry in &entries {
            println!("{:<9} {:<26} {}", entry.protocol, entry.case, entry.description);
        }
        return ExitCode::SUCCESS;
    };
    let Some(entry) = entries.iter().find(|entry| entry.protocol == protocol && entry.case == case) else {
        eprintln!("There is no attack `{protocol} {case}`. Without arguments all are listed.");
        return ExitCode::from(2);
    };
    let server = match rest {
        [port] => port.parse().ok(),
        [] if protocol != "middle" => Some(0),
        _ => None,
    };
    let Some(server) = server else {
        eprintln!(
            "`middle` takes the port of a real server on 127.0.0.1; no other attack takes an argument."
        );
        return ExitCode::from(2);
    };
    let hostile = entry.start(server);
    println!("{}\nlistening on 127.0.0.1:{}: {}", entry.description, hostile.port(), hostile.url());
    let (mut connections, mut shown) = (0, 0);
    loop {
        std::thread::sleep(Duration::from_millis(100));
        if hostile.accepted() > connections {
            connections = hostile.accepted();
            println!("connections: {connections}");
        }
        let received = hostile.received();
        if received.len() > shown {
            println!("received: {}", received[shown..].escape_ascii());
            shown = received.len();
        }
    }
}

#[cfg(not(unix))]
fn main() {}
