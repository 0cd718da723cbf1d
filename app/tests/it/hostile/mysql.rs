//! Hostile MySQL servers: each ends a command by an error, in bounded time and memory, and none of them gets
//! the password.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use manage_test_support::hostile::Hostile;
use manage_test_support::hostile::mysql::{Case, PASSWORD};
use manage_test_support::{CaseName, Need, Program, Suite, Transcript, case, needs};

use crate::project::Server;

/// A test for each attack.
fn for_each_attack(suite: &mut Suite, name: &CaseName, test: fn(Case)) {
    for case in Case::ALL {
        suite.needs(Need::Program("openssl"), &name.row(case.name()), move || test(*case));
    }
}

/// A command must not last longer, though its limits are a few seconds.
const LONG: Duration = Duration::from_secs(60);

/// How much more memory a command may take than with a server that behaves, in bytes. The program itself,
/// most of all one that was not optimized, has more than that.
const LITTLE: u64 = 6 << 20;

const WAIT: &[&str] = &["wait_for_db", "--timeout", "3", "--fail-fast-after", "0"];

/// For a server that answers: on a busy machine it takes its time.
const PATIENTLY: &[&str] = &["wait_for_db", "--timeout", "20", "--fail-fast-after", "0"];

fn manage(url: &str, arguments: &[&str]) -> Program {
    Program::new(env!("CARGO_BIN_EXE_manage"))
        .cwd(std::env::temp_dir())
        .env("DATABASE_URL", format!("{url}&connect_timeout=3"))
        .args(arguments)
}

/// The program's end, and the most memory that it had, in bytes; it is read more often than for other tests.
fn measured(program: Program) -> (Transcript, u64) {
    let mut running = program.spawn();
    let started = Instant::now();
    while running.is_running() && started.elapsed() < LONG {
        std::thread::sleep(Duration::from_millis(2));
    }
    let transcript = running.wait(Duration::from_secs(1));
    let peak = transcript.peak_memory.unwrap_or(0);
    (transcript, peak)
}

/// An error by the table of exit codes, in words that are ours.
#[track_caller]
fn is_reported(transcript: &Transcript) {
    let code = transcript.code().unwrap_or_else(|| panic!("it did not end by itself\n{transcript}"));
    assert!((0..126).contains(&code) && code != 101, "{transcript}");
    let text = transcript.to_string();
    for word in ["panicked", "This is a bug", ".rs:", "unwrap", "mysql_async", PASSWORD] {
        let shown = format!("{}{}", transcript.stdout, transcript.stderr);
        assert!(!shown.contains(word), "{word}: {text}");
    }
}

/// The most that a command takes with a server that behaves. The last moment of a short life may be missed.
fn usual() -> u64 {
    static USUAL: OnceLock<u64> = OnceLock::new();
    *USUAL.get_or_init(|| {
        let honest = Hostile::start(Case::Honest);
        let runs = [WAIT, &["migrate"]].into_iter().cycle().take(10);
        runs.map(|arguments| measured(manage(honest.url(), arguments)).1).max().expect("some runs")
    })
}

#[case(for_each_attack)]
fn no_command_is_harmed(case: Case) {
    let (usual, hostile) = (usual(), Hostile::start(case));
    let commands: [&[&str]; 4] =
        [WAIT, &["check", "--database", "default"], &["showmigrations"], &["migrate"]];
    // A statement of a command may take any time.
    let commands = if case == Case::Silence { &commands[..2] } else { &commands };
    for arguments in commands {
        let (transcript, peak) = measured(manage(hostile.url(), arguments));
        is_reported(&transcript);
        assert!(peak < usual + LITTLE, "{peak} instead of {usual} bytes\n{transcript}");
    }
    assert!(hostile.accepted() > 0, "nobody came");
}

/// The same server at an address that is not the loopback's, though it is this machine.
fn elsewhere(hostile: &Hostile) -> String {
    hostile.url().replace("127.0.0.1", "0.0.0.0")
}

#[case(needs(Need::Program("openssl")))]
fn the_password_goes_to_no_stranger() {
    for case in [Case::ReadPassword, Case::SwitchAndReadPassword, Case::AskCleartext, Case::AskDialog] {
        let hostile = Hostile::start(case);
        for mode in ["PREFERRED", "DISABLED", "REQUIRED", "VERIFY_CA"] {
            let url = elsewhere(&hostile).replace("PREFERRED", mode);
            for arguments in [WAIT, &["migrate"], &["wait_for_db", "--once"]] {
                let transcript = manage(&url, arguments).run(LONG);
                assert!(!transcript.success(), "{transcript}");
                is_reported(&transcript);
                let asks = matches!(case, Case::ReadPassword | Case::SwitchAndReadPassword);
                if asks && ["PREFERRED", "DISABLED"].contains(&mode) {
                    let text = transcript.to_string();
                    assert!(text.contains("it asks for the password itself"), "{transcript}");
                }
            }
        }
        assert!(!hostile.has_received(PASSWORD), "{}", case.name());
    }
}

#[case(needs(Need::Program("openssl")))]
fn the_password_goes_where_settings_allow_it() {
    let hostile = Hostile::start(Case::ReadPassword);
    manage(&hostile.url().replace("PREFERRED", "DISABLED"), PATIENTLY).run(LONG).expect_success();
    assert!(hostile.has_received(PASSWORD), "the loopback needs no TLS");
    for parameter in ["get-server-public-key=true", "allowPublicKeyRetrieval=true"] {
        let hostile = Hostile::start(Case::ReadPassword);
        manage(&format!("{}&{parameter}", elsewhere(&hostile)), PATIENTLY).run(LONG).expect_success();
        assert!(hostile.has_received(PASSWORD), "{parameter}");
    }
    // Encrypted with a key that is another's, the password is of no use to the one who asks.
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("public_key.pem");
    let openssl = std::process::Command::new("sh")
        .args(["-c", "openssl genrsa 2048 2>&- | openssl rsa -pubout 2>&- > \"$0\""])
        .arg(&path)
        .status();
    assert!(openssl.expect("openssl").success());
    let hostile = Hostile::start(Case::ReadPassword);
    let url = format!("{}&server-public-key-path={}", elsewhere(&hostile), path.display());
    assert!(!manage(&url, PATIENTLY).run(LONG).success());
    assert!(!hostile.has_received(PASSWORD));
    std::fs::write(&path, "no key").expect("a file");
    let transcript = manage(&url, &["migrate"]).run(LONG);
    assert!(transcript.stderr.contains("public_key.pem: it holds no RSA key"), "{transcript}");
}

#[case]
fn reasons_are_plain() {
    for (case, reason) in [
        (Case::EmptyKey, "it sent no key to encrypt the password with"),
        (Case::KeyIsNoPem, "it sent no key that the password can be encrypted with"),
        (Case::KeyIsNoDer, "it sent no key that the password can be encrypted with"),
        (Case::KeyIsSmall, "it sent no key that the password can be encrypted with"),
        (Case::EmptyChallenge, "it sent no challenge for the password"),
        (Case::EmptyGreeting, "it began with something else than a greeting"),
        (Case::HugeColumnCount, "it announced more columns than any result has"),
        (Case::EndlessRows, "its answer is far longer than any to this query"),
    ] {
        let hostile = Hostile::start(case);
        let said = format!("annot be used (the server sent invalid data: {reason})");
        for (arguments, code) in [(WAIT, 78), (&["check", "--database", "default"], 1), (&["migrate"], 1)] {
            let transcript = manage(hostile.url(), arguments).run(LONG).expect_code(code);
            // A migration may get a statement's own error.
            let is_said = transcript.to_string().contains(&said) || transcript.to_string().contains(reason);
            assert!(is_said, "{}: {transcript}", case.name());
        }
    }
}

#[case]
fn runserver_goes_on() {
    for case in [Case::EmptyKey, Case::ShortRow, Case::EmptyRow, Case::HugeColumnCount] {
        let hostile = Hostile::start(case);
        let mut server = Server::start(manage(hostile.url(), &[]));
        for _ in 0..3 {
            let (status, page) = server.get("/api/articles");
            assert!([500, 503].contains(&status), "{}: {status} {page}", case.name());
            assert_eq!(server.get("/static/app/style.css").0, 200, "{}", case.name());
        }
        assert!(server.running.is_running(), "{}", case.name());
        let text = format!("{}{}", server.running.stdout(), server.running.stderr());
        assert!(text.contains("the server sent invalid data"), "{text}");
        assert!(!text.contains("panicked") && !text.contains(PASSWORD), "{text}");
    }
}
