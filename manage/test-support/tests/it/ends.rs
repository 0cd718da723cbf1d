//! Whatever ends a test process, nothing of its servers is left.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use manage_test_support::{
    CaseName, MariaDb, Need, Postgres, Program, Signal, Suite, TestDatabase, case, shared_mariadb,
    shared_postgres, wait_until,
};
use rustix::process::{Pid, test_kill_process};

use crate::ROLE;

/// A test for each way to end a process that has servers, and each kind of server.
fn in_each_way(suite: &mut Suite, name: &CaseName, test: fn(&str, Option<Signal>)) {
    for (need, server) in [(Need::Postgres, "postgres"), (Need::MariaDb, "mariadb")] {
        for (way, signal) in
            [("killed", Signal::KILL), ("interrupted", Signal::INT), ("terminated", Signal::TERM)]
        {
            let name = name.row(format!("{server}_when_{way}"));
            suite.needs(need.clone(), &name, move || test(server, Some(signal)));
        }
        for way in ["return", "panic", "exit"] {
            let name = name.row(format!("{server}_after_{way}"));
            suite.needs(need.clone(), &name, move || test(&format!("{server} {way}"), None));
        }
    }
}

/// Starts a process with servers, ends it, and looks for what it has listed.
#[case(in_each_way)]
fn nothing_is_left(what: &str, signal: Option<Signal>) {
    let mut holder =
        Program::new(std::env::current_exe().unwrap()).env(ROLE, "holder").env("HOLD", what).spawn();
    holder.wait_for_line("holding", Duration::from_secs(60));
    let listed = holder.stdout();
    if let Some(signal) = signal {
        holder.signal(signal);
    }
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
        Some((_, "panic")) => panic!("as requested"),
        #[expect(clippy::disallowed_methods, reason = "this is what is tested")]
        Some((_, "exit")) => std::process::exit(1),
        _ => loop {
            std::thread::park();
        },
    }
    ExitCode::SUCCESS
}
