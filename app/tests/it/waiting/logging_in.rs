//! PostgreSQL's ways to log in: what `wait_for_db` accepts, every other command accepts, and they refuse in
//! the same words.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::time::Duration;

use manage_test_support::{
    Backend, CaseName, Postgres, Program, Suite, Transcript, case, execute, scram_verifier,
};

use super::bench::{LONG, Wait, shared_url};
use super::{on_postgres, on_postgres_with_tls};

const PASSWORD: &str = "right-Passw0rd";
const TOO_MANY: &str = "stored with more than 100000 SCRAM iterations";

/// A test for each number of iterations, and whether it is supported.
fn for_each_number(suite: &mut Suite, name: &CaseName, test: fn(u32, bool)) {
    for (number, is_supported) in
        [(1, true), (4_096, true), (100_000, true), (100_001, false), (200_000, false)]
    {
        on_postgres(suite, &name.row(format!("{number}_scram_iterations")), move || {
            test(number, is_supported)
        });
    }
}

/// Another command than the one that waits.
fn showmigrations(url: &str) -> Transcript {
    let program = Program::new(env!("CARGO_BIN_EXE_manage")).cwd(std::env::temp_dir());
    program.arg("showmigrations").env("DATABASE_URL", url).run(LONG)
}

#[case(for_each_number)]
fn scram_iterations(iterations: u32, is_supported: bool) {
    let user = format!("iterations_{iterations}");
    let verifier = scram_verifier(PASSWORD, NonZeroU32::new(iterations).expect("some"));
    execute(Backend::Postgres, &format!("CREATE ROLE {user} LOGIN PASSWORD '{verifier}'"));
    let url = shared_url(Backend::Postgres, &user, PASSWORD, "postgres");
    if is_supported {
        // The driver hashes a password without a pause, which takes seconds in a test's build on a busy
        // machine.
        Wait::new(&url, "--once --attempt-timeout 60").end().ready();
        showmigrations(&url).expect_success();
        let wrong = shared_url(Backend::Postgres, &user, "wrong-Passw0rd", "postgres");
        Wait::new(&wrong, "--once --attempt-timeout 60").end().misconfigured("credentials", "28P01");
        return;
    }
    Wait::new(&url, "--once").end().misconfigured("unsupported_login", "").says(TOO_MANY);
    let waited =
        Wait::text(&url, "--timeout 30 --fail-fast-after 0").end().says("scram_iterations").says(TOO_MANY);
    assert_eq!(waited.transcript.code(), Some(78), "{}", waited.transcript);
    let shown = showmigrations(&url).expect_code(78);
    assert!(shown.stderr.contains(TOO_MANY) && shown.stderr.contains("Hint: Store it again"), "{shown}");
}

/// PostgreSQL 16 and later store a password with any number of iterations.
#[case(on_postgres)]
fn iterations_that_the_server_is_configured_with() {
    let server = Postgres::start().expect("PostgreSQL");
    for (iterations, is_supported) in [(4_097, true), (200_000, false)] {
        let role = format!("CREATE ROLE iterations_{iterations} LOGIN PASSWORD '{PASSWORD}'");
        let url = server.url_as("127.0.0.1", &format!("iterations_{iterations}"), PASSWORD, "postgres");
        if server.version() < 16 {
            // Before, the setting does not exist, and a role has always 4,096.
            server.execute(&role);
            Wait::new(&url, "--once").end().ready();
            continue;
        }
        server.execute(&format!("SET scram_iterations = {iterations}; {role}"));
        let waited = Wait::new(&url, "--once --attempt-timeout 60").end();
        if is_supported {
            waited.ready();
            showmigrations(&url).expect_success();
        } else {
            waited.misconfigured("unsupported_login", "").says(TOO_MANY);
            showmigrations(&url).expect_code(78);
        }
    }
}

/// What a fake server sends once it knows the user.
type Speech = fn(&mut TcpStream) -> std::io::Result<()>;

/// Its thread ends with the process.
fn false_server(speech: Speech) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // A client that leaves has read enough.
            let _ = stream.read(&mut [0; 1024]).and_then(|_| speech(&mut stream));
        }
    });
    format!("postgres://app:{PASSWORD}@{address}/app?sslmode=disable")
}

/// Asks for a password with so many iterations, and proves nothing.
fn ask_for_scram(stream: &mut TcpStream, iterations: u32) -> std::io::Result<()> {
    let mut bytes = [0; 1024];
    // AuthenticationSASL, AuthenticationSASLContinue, AuthenticationSASLFinal
    stream.write_all(&message(&[&[0, 0, 0, 10][..], b"SCRAM-SHA-256\0\0"].concat()))?;
    let length = stream.read(&mut bytes)?;
    let first = String::from_utf8_lossy(&bytes[..length]).into_owned();
    let nonce = first.rsplit_once("r=").map_or("", |(_, nonce)| nonce);
    let challenge = format!("r={nonce}more,s=MDEyMzQ1Njc4OWFiY2RlZg==,i={iterations}");
    stream.write_all(&message(&[&[0, 0, 0, 11][..], challenge.as_bytes()].concat()))?;
    if stream.read(&mut bytes)? > 0 {
        let none = b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        stream.write_all(&message(&[&[0, 0, 0, 12][..], none].concat()))?;
        let _ = stream.read(&mut bytes)?;
    }
    Ok(())
}

/// A message about the log-in.
fn message(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("short").to_be_bytes();
    [b"R", &length[..], body].concat()
}

#[case(on_postgres)]
fn no_server_keeps_it_busy() {
    let speeches: [Speech; 2] =
        [|stream| ask_for_scram(stream, 10_000_000), |stream| ask_for_scram(stream, u32::MAX)];
    for speech in speeches {
        let url = false_server(speech);
        let once = Wait::new(&url, "--once").end().misconfigured("unsupported_login", "");
        let took = once.transcript.duration;
        assert!(took < Duration::from_secs(15), "{took:?}: {}", once.transcript);
        let shown = showmigrations(&url).expect_code(78);
        assert!(shown.stderr.contains(TOO_MANY), "{shown}");
    }
}

#[case(on_postgres)]
fn a_server_that_does_not_know_the_password() {
    let url = false_server(|stream| ask_for_scram(stream, 4_096));
    let said = "the server could not prove that it knows the password";
    Wait::new(&url, "--once").end().misconfigured("credentials", "").says(said);
    let shown = showmigrations(&url).expect_code(1);
    assert!(shown.stderr.contains(said), "{shown}");
}

#[case(on_postgres)]
fn a_method_that_is_not_supported() {
    // AuthenticationGSS
    let url = false_server(|stream| stream.write_all(&message(&[0, 0, 0, 7])));
    Wait::new(&url, "--once").end().misconfigured("unsupported_login", "").says("scram-sha-256 is supported");
    showmigrations(&url).expect_code(78);
}

#[case(on_postgres)]
fn without_a_password() {
    execute(Backend::Postgres, "CREATE ROLE no_password LOGIN PASSWORD 'right-Passw0rd'");
    let url =
        shared_url(Backend::Postgres, "no_password", "", "postgres").replace("no_password:@", "no_password@");
    let said = "the server asks for a password, and none is set";
    Wait::new(&url, "--once").end().misconfigured("credentials", "").says(said);
    let shown = showmigrations(&url).expect_code(1);
    assert!(shown.stderr.contains(said), "{shown}");
}

#[case(on_postgres_with_tls)]
fn a_login_bound_to_its_channel() {
    let server = Postgres::builder().tls().start().expect("PostgreSQL");
    let url = server.url("postgres");
    let bound = format!("{url}?sslmode=require&channel_binding=require");
    Wait::new(&bound, "--once").end().ready();
    showmigrations(&bound).expect_success();
    let said = "did not bind the login to the encrypted channel";
    let unbound = format!("{url}?sslmode=disable&channel_binding=require");
    Wait::new(&unbound, "--once").end().misconfigured("credentials", "").says(said);
    let shown = showmigrations(&unbound).expect_code(1);
    assert!(shown.stderr.contains(said), "{shown}");
}

#[case(on_postgres)]
fn by_md5_or_in_clear_text() {
    let rules = ["host all by_md5 127.0.0.1/32 md5", "host all by_text 127.0.0.1/32 password"];
    let server = Postgres::builder().hba(rules).start().expect("PostgreSQL");
    server.execute("SET password_encryption = 'md5'; CREATE ROLE by_md5 LOGIN PASSWORD 'right-Passw0rd'");
    server.execute("CREATE ROLE by_text LOGIN PASSWORD 'right-Passw0rd'");
    for user in ["by_md5", "by_text"] {
        Wait::new(&server.url_as("127.0.0.1", user, PASSWORD, "postgres"), "--once").end().ready();
        let wrong = server.url_as("127.0.0.1", user, "wrong-Passw0rd", "postgres");
        Wait::new(&wrong, "--once").end().misconfigured("credentials", "28P01");
    }
}
