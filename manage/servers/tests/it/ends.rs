//! Whatever ends a test process, nothing of its servers is left.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use manage_test_servers::{
    MariaDb, Need, Postgres, Program, Running, Signal, Suite, TestDatabase, shared_mariadb, shared_postgres,
    wait_until,
};
use rustix::process::{Pid, test_kill_process};

use crate::ROLE;

pub(crate) fn add(suite: &mut Suite) {
    for (need, server) in [(Need::Postgres, "postgres"), (Need::MariaDb, "mariadb")] {
        for (name, signal) in
            [("killed", Signal::KILL), ("interrupted", Signal::INT), ("terminated", Signal::TERM)]
        {
            suite.needs(need.clone(), format!("ends::{server}_when_{name}"), move || {
                nothing_is_left(server, |holder| holder.signal(signal));
            });
        }
        for way in ["return", "panic", "exit"] {
            suite.needs(need.clone(), format!("ends::{server}_after_{way}"), move || {
                nothing_is_left(&format!("{server} {way}"), |_| {});
            });
        }
    }
}

/// Starts a process with servers, ends it, and looks for what it has listed.
fn nothing_is_left(what: &str, end: impl FnOnce(&mut Running)) {
    let mut holder =
        Program::new(std::env::current_exe().unwrap()).env(ROLE, "holder").env("HOLD", what).spawn();
    holder.wait_for_line("holding", Duration::from_secs(60));
    let listed = holder.stdout();
    end(&mut holder);
    let transcript = holder.wait(Duration::from_secs(10));
    assert!(transcript.timed_out.is_none(), "{transcript}");
    for line in listed.lines() {
        match line.split_once(' ') {
            Some(("pid", pid)) => {
                let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
                wait_until(Duration::from_secs(3), &format!("{line} is gone"), || {
                    test_kill_process(pid).is_err()
                });
            }
            Some(("folder", folder)) => {
                wait_until(Duration::from_secs(3), &format!("{line} is gone"), || {
                    !Path::new(folder).exists()
                });
            }
            _ => {}
        }
    }
}

/// The other process: holds a shared server, a paused one and a file, and lists them.
#[expect(clippy::print_stdout, reason = "its parent reads it")]
pub(crate) fn hold() -> ExitCode {
    let what = std::env::var("HOLD").unwrap();
    let list = |pid: Option<u32>, folder: &Path| {
        println!("pid {}\nfolder {}", pid.unwrap(), folder.display());
    };
    let file = TestDatabase::sqlite();
    println!("folder {}", file.path().unwrap().parent().unwrap().display());
    let (mut postgres, mut mariadb) = (None, None);
    if what.starts_with("postgres") {
        let shared = shared_postgres().unwrap();
        list(shared.pid(), shared.folder());
        let server = postgres.insert(Postgres::start().unwrap());
        list(server.pid(), server.folder());
        for pid in
            server.query_value("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()").lines()
        {
            println!("pid {pid}");
        }
        server.pause();
    } else {
        let shared = shared_mariadb().unwrap();
        list(shared.pid(), shared.folder());
        let server = mariadb.insert(MariaDb::start().unwrap());
        list(server.pid(), server.folder());
        server.pause();
    }
    let program = Program::new("sleep").arg("1000").spawn();
    println!("pid {}\nholding", program.pid());
    match what.split_once(' ') {
        Some((_, "return")) => {}
        Some((_, "panic")) => panic!("as it was told"),
        #[expect(clippy::disallowed_methods, reason = "this is what is tested")]
        Some((_, "exit")) => std::process::exit(1),
        _ => loop {
            std::thread::park();
        },
    }
    ExitCode::SUCCESS
}
