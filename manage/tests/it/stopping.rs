//! SIGINT and SIGTERM, sent to this test program as the program `manage`, and cancelling by code.

use std::process::Command;
use std::time::{Duration, Instant};

use manage::{Cancellation, Exit, StopSignal};
use manage_test_support::{Program, Running, Signal, Transcript, case, only_if, wait_until};

use crate::project::Project;

const SOON: Duration = Duration::from_secs(60);

/// Makes this test program run its command line as `manage` does.
const AS_PROGRAM: &str = "MANAGE_IT_IS_THE_PROGRAM";

/// Whether this process was started by [`program`].
pub(crate) fn is_program() -> bool {
    std::env::var_os(AS_PROGRAM).is_some()
}

/// The commands of this test program, as a program of its own.
pub(crate) fn program(line: &str) -> Program {
    let path = std::env::current_exe().expect("this program");
    Program::new(path).env(AS_PROGRAM, "1").args(line.split_whitespace())
}

const SIGNALS: [(Signal, i32, &str); 2] = [(Signal::INT, 130, "SIGINT"), (Signal::TERM, 143, "SIGTERM")];

fn started(line: &str, sign: &str) -> Running {
    let mut running = program(line).spawn();
    running.wait_for_line(sign, SOON);
    running
}

/// Runs a command and sends it one signal as soon as it says that it is at work.
fn signalled(line: &str, sign: &str, signal: Signal) -> Transcript {
    let mut running = started(line, sign);
    running.signal(signal);
    running.wait(SOON)
}

#[case]
fn one_that_never_asks_ends_at_once() {
    for (signal, code, _) in SIGNALS {
        let transcript = signalled("never_asks", "working", signal).expect_code(code);
        assert_eq!(
            (transcript.stdout.as_str(), transcript.stderr.as_str()),
            ("working\n", ""),
            "{transcript}"
        );
    }
}

#[case]
fn one_that_polls_ends_in_its_own_way() {
    for (signal, code, name) in SIGNALS {
        let transcript = signalled("polls well", "working", signal).expect_code(code);
        assert_eq!(transcript.stdout, "working\ncleaning up\n", "{transcript}");
        assert_eq!(transcript.stderr, "", "{transcript}");
        let transcript = signalled("polls check", "working", signal).expect_code(code);
        let expected = format!("Error: The soup is half done.\nCaused by: Stopped by {name}.\n");
        assert_eq!(transcript.stderr, expected, "{transcript}");
    }
}

#[case]
fn its_own_exit_code_takes_precedence() {
    signalled("polls chosen", "working", Signal::INT).expect_code(7);
    let transcript = signalled("polls fails", "working", Signal::TERM).expect_code(9);
    assert_eq!(transcript.stderr, "Error: The pot does not fit.\n", "{transcript}");
}

#[case]
fn a_signal_after_a_second_ends_at_once() {
    for (first, second, code) in
        [(Signal::INT, Signal::INT, 130), (Signal::INT, Signal::TERM, 143), (Signal::TERM, Signal::INT, 130)]
    {
        let mut running = started("polls never", "working");
        let sent = Instant::now();
        running.signal(first);
        running.wait_for_line("cleaning up", SOON);
        wait_until(SOON, "it ends", || {
            running.signal(second);
            !running.is_running()
        });
        assert!(sent.elapsed() >= Duration::from_secs(1), "{:?}", sent.elapsed());
        running.wait(SOON).expect_code(code);
    }
}

const CLEANED: &str = "working\ncleaning up\nclean\n";

#[case]
fn signals_within_a_second_are_one() {
    let pairs = [
        (Signal::INT, Signal::INT),
        (Signal::INT, Signal::TERM),
        (Signal::TERM, Signal::INT),
        (Signal::TERM, Signal::TERM),
    ];
    for (first, second) in pairs {
        // At once, and when the command is already cleaning up.
        for waits in [false, true] {
            let mut running = started("polls slowly", "working");
            running.signal(first);
            if waits {
                running.wait_for_line("cleaning up", SOON);
            }
            for _ in 0..3 {
                running.signal(second);
            }
            let transcript = running.wait(SOON);
            assert_eq!(transcript.stdout, CLEANED, "{transcript}");
            let code = if first == Signal::INT { 130 } else { 143 };
            match waits {
                true => drop(transcript.expect_code(code)),
                // Of two that are pending at once the system chooses the first.
                false => assert!([Some(130), Some(143)].contains(&transcript.code()), "{transcript}"),
            }
        }
    }
    // The last words of a profile are said once, and in full.
    let mut running = started("never_asks --profile", "working");
    running.signal(Signal::TERM);
    running.signal(Signal::TERM);
    let transcript = running.wait(SOON).expect_code(143);
    assert_eq!(transcript.stderr.matches("never_asks").count(), 1, "{transcript}");
}

/// `timeout` signals its child and then its process group, which the child is in.
#[case]
fn timeout_signals_twice() {
    let this = std::env::current_exe().expect("this program");
    for round in 0..20 {
        let supervised =
            Program::new("timeout").env(AS_PROGRAM, "1").args(["3600".as_ref(), this.as_os_str()]);
        let mut running = supervised.args(["polls", "slowly"]).spawn();
        running.wait_for_line("working", SOON);
        // What it does when the time is over, it also does when it is signalled itself.
        running.signal(Signal::TERM);
        let transcript = running.wait(SOON);
        assert_eq!(transcript.stdout, CLEANED, "round {round}: {transcript}");
    }
}

#[case]
fn a_process_group_is_signalled_too() {
    for (_, code, name) in SIGNALS {
        for _ in 0..5 {
            let running = started("polls slowly", "working");
            let (pid, name) = (running.pid(), &name[3..]);
            let both = format!("kill -{name} {pid}; kill -{name} -{pid}");
            assert!(Command::new("sh").args(["-c", &both]).status().expect("a shell").success());
            assert_eq!(running.wait(SOON).expect_code(code).stdout, CLEANED);
        }
    }
}

#[case(only_if(cfg!(feature = "async")))]
fn one_that_awaits_is_notified() {
    for (signal, code, name) in SIGNALS {
        let transcript = signalled("awaits", "serving", signal).expect_code(code);
        assert_eq!(transcript.stdout, format!("serving\nstopped by {name}\n"), "{transcript}");
        signalled("awaits --well", "serving", signal).expect_success();
    }
}

#[case]
fn code_cancels_as_a_signal_does() {
    let cancellation = Cancellation::new();
    let project = Project::with(manage::Program::new(&["it"]).with_cancellation(cancellation.clone()));
    let ran = project.run_and_after("polls check", "working", || cancellation.cancel(StopSignal::Terminate));
    assert_eq!(ran.exit, Exit::TERMINATED, "{}", ran.all());
    let ran = project.run("polls well");
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::TERMINATED, "working\ncleaning up\n"), "{}", ran.err);
}
