//! `runserver` while its sources change: a small project is built by cargo, edited, and asked all the time.
//!
//! `MANAGE_TEST_EDITS=100` makes as many edits, instead of ten; `manage/benches/reload.sh` does that, and shows
//! the figures.

#[cfg(target_os = "linux")]
mod following;
mod load;
mod site;
mod standing_in;

use std::io::Write;
use std::time::{Duration, Instant};

use manage_test_support::{Signal, builds, case, happens_within, wait_until};

use load::{Load, get};
use site::Site;

/// Cargo may have to wait for other tests.
const BUILD: Duration = Duration::from_secs(300);
const SOON: Duration = Duration::from_secs(30);

/// A part of the warning about options of `cargo run` that are not known.
const OTHERWISE: &str = "Cargo would not build this program as it was built";

/// What an edit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    Works,
    DoesNotCompile,
    Crashes,
}

/// Of ten edits, two do not compile and one crashes.
fn edit(number: u32) -> Edit {
    match number % 10 {
        3 | 7 => Edit::DoesNotCompile,
        5 => Edit::Crashes,
        _ => Edit::Works,
    }
}

#[case(builds)]
fn no_request_fails_while_the_sources_change() {
    let edits = std::env::var("MANAGE_TEST_EDITS").ok().and_then(|count| count.parse().ok()).unwrap_or(10);
    let site = Site::new();
    let mut server = site.serve(&[]);
    let load = Load::start(&server.address);
    let mut after_cargo = Vec::new();
    for number in 1..=edits {
        let version = number.to_string();
        match edit(number) {
            Edit::Works => {
                site.edit(&version, "");
                server.running.wait_for_line("Finished", BUILD);
                let built = Instant::now();
                wait_until(SOON, "the new code", || {
                    get(&server.address, "/").is_ok_and(|body| body == version)
                });
                after_cargo.push(built.elapsed());
                server.running.wait_for_line("The new program serves after", SOON);
                // The old one accepts nothing any more.
                for _ in 0..20 {
                    assert_eq!(get(&server.address, "/").as_deref(), Ok(&*version));
                }
            }
            Edit::DoesNotCompile => {
                let before = get(&server.address, "/").expect("a response");
                site.edit(&version, "this is no Rust;");
                server.running.wait_for_line("error: expected", BUILD);
                server.running.wait_for_line("The build failed. The previous program goes on.", SOON);
                assert_eq!(get(&server.address, "/").expect("a response"), before);
            }
            Edit::Crashes => {
                let before = get(&server.address, "/").expect("a response");
                site.edit(&version, "pub fn check() { panic!(\"the dough did not rise\") }");
                server.running.wait_for_line("the dough did not rise", BUILD);
                server.running.wait_for_line(
                    "The program ended before it was ready (exit code 101). The previous",
                    SOON,
                );
                assert_eq!(get(&server.address, "/").expect("a response"), before);
            }
        }
    }
    let done = load.stop();
    after_cargo.sort();
    let (median, worst) = (after_cargo[after_cargo.len() / 2], after_cargo[after_cargo.len() - 1]);
    let figures =
        format!("{edits} edits, {done}; new code after cargo's end: median {median:?}, worst {worst:?}");
    let _ = writeln!(std::io::stderr(), "{figures}");
    assert_eq!(done.failures, [""; 0], "{done}");
    assert!(!server.running.stderr().contains(OTHERWISE), "{}", server.running.stderr());
    assert!(done.kept_alive > 0 && done.new_connections > 0 && done.events > 0, "{done}");
    server.stop();
    assert_eq!(site.processes(), [0; 0], "no program is left");
}

#[case(builds)]
fn a_change_during_a_build_cancels_it() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    for round in 1..=3 {
        site.edit(&format!("a{round}"), "");
        server.running.wait_for_line("uilding the program.", SOON);
        site.edit(&format!("b{round}"), "");
        server.running.wait_for_line("uilding the program.", SOON);
        let newest = format!("b{round}");
        wait_until(BUILD, "the newest code", || get(&server.address, "/").is_ok_and(|body| body == newest));
        assert!(!server.running.stdout().contains("build failed"), "{}", server.running.stdout());
    }
    server.stop();
}

#[case(builds)]
fn only_a_program_that_changed_is_started() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let before = site.processes();
    site.edit("0", "// a comment that changes no line number: the same program");
    server.running.wait_for_line("uilding the program.", SOON);
    server.running.wait_for_line("The program is the same as before.", BUILD);
    assert_eq!(site.processes(), before);
    // Files that the program is not made of.
    site.write("README.md", "# A site\n");
    site.write("src/notes.txt", "none\n");
    site.write("src/.lib.rs.swp", "none\n");
    site.write("target/debug/some.rs", "none\n");
    site.edit("1", "");
    let line = server.running.wait_for_line("changed: building the program.", SOON);
    assert_eq!(line, "src/version.rs changed: building the program.");
    server.running.wait_for_line("The new program serves after", BUILD);
    assert_eq!(site.build_script_runs(), 1, "only what depends on the change was built");
    server.stop();
}

#[case(builds)]
fn settings_are_read_anew_without_a_build() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    site.write(".env", "GREETING=hello\n");
    let line = server.running.wait_for_line("restarting the program", SOON);
    assert_eq!(line, ".env changed: restarting the program.");
    server.running.wait_for_line("The new program serves after", SOON);
    site.write(".env", "DATABASE_URL=nonsense://\n");
    server.running.wait_for_line("The program ended before it was ready (exit code 78). The previous", SOON);
    assert_eq!(get(&server.address, "/").as_deref(), Ok("0"));
    site.remove(".env");
    server.running.wait_for_line("The new program serves after", SOON);
    server.stop();
}

/// Nothing says what it was.
#[case(builds)]
fn a_program_that_was_built_otherwise_is_announced() {
    let site = Site::new();
    site.build_with(&["--config", "profile.dev.package.site.opt-level=1"]);
    let mut server = site.serve(&[]);
    server.running.wait_for_line(OTHERWISE, BUILD);
    site.edit("1", "");
    wait_until(BUILD, "the new code", || get(&server.address, "/").as_deref() == Ok("1"));
    server.stop();
}

#[case(builds)]
fn a_path_that_a_build_script_misses_is_named() {
    let site = Site::new();
    site.write("build.rs", "fn main() {\n    println!(\"cargo::rerun-if-changed=seeds\");\n}\n");
    site.build();
    let mut server = site.serve(&[]);
    let line = server.running.wait_for_line("Warning: Each build compiles site v0.1.0 (", BUILD);
    assert!(line.contains("): the file `seeds` is missing. Its build script names that"), "{line}");
    server.stop();
}

/// Cargo then has something to do because of the edit, and has done it when it is asked again.
#[case(builds)]
fn an_edit_while_the_selection_is_looked_for() {
    let mut site = Site::new();
    site.slow_down_first_cargo();
    let mut server = site.serve(&[]);
    site.edit("1", "");
    server.running.wait_for_line("The new program serves after", BUILD);
    assert_eq!(get(&server.address, "/").as_deref(), Ok("1"));
    assert!(!server.running.stderr().contains(OTHERWISE), "{}", server.running.stderr());
    server.stop();
}

#[case(builds)]
fn polling_sees_changes_too() {
    let site = Site::new();
    let server = site.serve(&["--poll"]);
    site.edit("1", "");
    wait_until(BUILD, "the new code", || get(&server.address, "/").as_deref() == Ok("1"));
    server.stop();
}

#[case(builds)]
fn a_request_without_end_is_cut_at_the_limit() {
    let site = Site::new();
    let mut server = site.serve(&["--shutdown-timeout", "2"]);
    let address = server.address.clone();
    let endless = std::thread::spawn(move || get(&address, "/never"));
    wait_until(SOON, "the request", || get(&server.address, "/waiting").as_deref() == Ok("1"));
    site.edit("1", "");
    server.running.wait_for_line("The new program serves after", BUILD);
    assert!(endless.join().expect("no panic").is_err());
    wait_until(SOON, "the old program's end", || site.processes().len() == 2);
    server.stop();
}

#[case(builds)]
fn a_program_of_another_version_says_so() {
    let site = Site::new();
    let program = site.program("127.0.0.1:0").env("LISTEN_FDNAMES", "manage-reload-1-4");
    let ran = program.run(SOON).expect_code(1);
    assert_eq!(
        ran.stderr,
        "Error: This program was built with another version of diesel-manage than the runserver that reloads it: \
         start runserver again.\n"
    );
}

/// The supervisor cannot clean up after SIGKILL.
#[case(builds)]
fn nothing_outlives_a_killed_supervisor() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    wait_until(SOON, "supervisor and program", || site.processes().len() == 2);
    server.running.signal(Signal::KILL);
    assert!(
        happens_within(Duration::from_secs(10), || site.processes().is_empty()),
        "{:?}",
        site.processes()
    );
    assert!(get(&server.address, "/").is_err());
}

#[case(builds)]
fn a_program_that_ends_is_reported() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let _ = get(&server.address, "/exit");
    server.running.wait_for_line("The program ended (exit code 7). Waiting for a change.", SOON);
    site.edit("1", "");
    server.running.wait_for_line("The new program serves after", BUILD);
    assert_eq!(get(&server.address, "/").as_deref(), Ok("1"));
    server.stop();
}

#[case(builds)]
fn it_serves_without_reloading_where_nothing_can_be_built() {
    let site = Site::new();
    let alone = site.serve(&["--noreload"]);
    assert_eq!(site.processes().len(), 1);
    assert!(!alone.running.stdout().contains("Watching"), "{}", alone.running.stdout());
    alone.stop();
    // As in an image: the program alone.
    let copied = site.serve_a_copy();
    assert_eq!(copied.running.stdout().matches("Serving without reloading: ").count(), 1);
    assert_eq!(get(&copied.address, "/").as_deref(), Ok("0"));
    assert!(!get(&copied.address, "/page").expect("a page").contains("<script"), "nothing to follow");
    copied.stop();
}

#[case(builds)]
fn pages_follow_the_program() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let page = get(&server.address, "/page").expect("a page");
    assert!(page.starts_with("<!doctype html><title>0</title>\n<script data-generation=\"1\""), "{page}");
    let mut events = load::Events::open(&server.address).expect("events");
    assert_eq!(events.next().expect("an event"), ("program".to_owned(), "1".to_owned()));
    assert_eq!(events.next().expect("an event").0, "fine");
    site.edit("1", "this is no Rust;");
    let (event, message) = events.next().expect("an event");
    assert_eq!(event, "failed");
    assert!(message.contains("error: expected") && message.contains("src/version.rs"), "{message}");
    assert!(!message.contains("\\u001b"), "{message}");
    site.edit("2", "");
    server.running.wait_for_line("The new program serves after", BUILD);
    // The old program ends the events; the page connects again, perhaps by the same connection.
    assert!(events.next().is_err());
    let mut events = load::Events::open(&server.address).expect("events");
    let (event, generation) = events.next().expect("an event");
    assert_eq!(event, "program");
    assert_ne!(generation, "1");
    server.stop();
}
