//! Units for systemd: systemd checks them, and the server is started as they say.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use manage_test_support::{Need, Program, Signal, case, free_port, needs, wait_until};

use super::Workspace;
use crate::project::AS_PROGRAM;

const PATIENCE: Duration = Duration::from_secs(60);

/// The exposure that `systemd-analyze security` finds, in tenths, from 0 to 100. Without the sandbox it is 96.
const EXPOSURE: &str = "20";

const TIMER: [&str; 5] = ["systemd", "--timer", "check --deploy", "--schedule", "Mon..Fri *-*-* 03:30:00"];

/// Returns the written units.
fn units(workspace: &Workspace) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(workspace.path("deploy/systemd")).expect("units");
    let mut units: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    units.sort();
    units
}

/// Returns the values of a key in a unit.
fn values(unit: &str, key: &str) -> Vec<String> {
    let prefix = format!("{key}=");
    unit.lines().filter_map(|line| Some(line.strip_prefix(&prefix)?.to_owned())).collect()
}

fn verify(units: &[PathBuf]) -> Result<(), String> {
    let mut verify = Command::new("systemd-analyze");
    let output = verify.args(["--man=no", "verify"]).args(units).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() && said.is_empty() { Ok(()) } else { Err(said) }
}

#[case(needs(Need::Program("systemd-analyze")))]
fn the_units_are_valid_and_confined() {
    for url in ["postgres://shop:hunter2@db.invalid/shop", "sqlite:db.sqlite3"] {
        let workspace = Workspace::new().url(url).settings("[apps.it]\nnote = \"50% of $1; \\\"x\\\"\"\n");
        workspace.write(&[&TIMER[..], &["--executable", "/bin/true"]].concat());
        let units = units(&workspace);
        let names: Vec<_> = units.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        let expected =
            ["shop-check.service", "shop-check.timer", "shop-migrate.service", "shop.service", "shop.socket"];
        assert_eq!(names, expected);
        verify(&units).expect("valid units");
        for unit in units.iter().filter(|unit| unit.extension().is_some_and(|end| end == "service")) {
            let output = Command::new("systemd-analyze")
                .args(["security", "--offline=true", "--no-pager", &format!("--threshold={EXPOSURE}")])
                .arg(unit)
                .output()
                .expect("it runs");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{}\n{said}", unit.display());
            assert!(said.contains("Overall exposure level for "), "{said}");
        }
        // The tool finds what is wrong.
        let service = workspace.path("deploy/systemd/shop.service");
        let text = std::fs::read_to_string(&service).expect("a unit");
        std::fs::write(&service, text.replace("Restart=on-failure", "Restart=sometimes")).expect("a unit");
        verify(&[service]).expect_err("a wrong value");
    }
}

#[case(needs(Need::Program("systemd-socket-activate")))]
fn the_server_starts_as_the_unit_says() {
    let port = free_port();
    let workspace = Workspace::new().settings(&format!("[server]\naddress = \"localhost:{port}\"\n"));
    let program = std::env::current_exe().expect("this program");
    workspace.write(&["systemd", "--executable", program.to_str().expect("a path")]);
    let service = workspace.read("deploy/systemd/shop.service");
    let listen = values(&workspace.read("deploy/systemd/shop.socket"), "ListenStream");
    assert_eq!(listen, [format!("127.0.0.1:{port}")]);

    // What systemd does: the directory of credentials, and the variables.
    let credentials = tempfile::tempdir().expect("a folder");
    let [credential] = &values(&service, "LoadCredential")[..] else { panic!("{service}") };
    assert_eq!(credential, "DATABASE_URL:/etc/shop/DATABASE_URL");
    std::fs::write(credentials.path().join("DATABASE_URL"), "postgres://shop:hunter2@127.0.0.1:1/shop\n")
        .expect("a file");
    let directory = credentials.path().display().to_string();
    let variables = values(&service, "Environment").into_iter().map(|text| text.replace("%d", &directory));
    let [start] = &values(&service, "ExecStart")[..] else { panic!("{service}") };
    let running = Program::new("systemd-socket-activate").args(["--listen", &listen[0]]);
    let running = running.arg(format!("--setenv={AS_PROGRAM}=1")).arg("--setenv=RUST_BACKTRACE=0");
    let running = running.args(variables.map(|variable| format!("--setenv={variable}")));
    let mut running = running.args(start.split(' ')).arg("--skip-checks").cwd(workspace.path("")).spawn();
    wait_until(PATIENCE, "the socket", || TcpStream::connect(&listen[0]).is_ok());
    let answer = |path: &str| {
        let mut stream = TcpStream::connect(&listen[0]).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n")
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    assert!(answer("/healthz").starts_with("HTTP/1.1 200 "), "{}", answer("/healthz"));
    // It has read the credential: the database of that URL does not answer.
    assert!(answer("/readyz").ends_with("not ready: database\n"), "{}", answer("/readyz"));
    running.signal(Signal::TERM);
    let ended = running.wait(PATIENCE).expect_success();
    assert!(ended.stderr.contains("127.0.0.1:1"), "{ended}");
}
