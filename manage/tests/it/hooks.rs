//! Hooks before and after a command.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use manage::console::Stream;
use manage::hooks::{Event, Stage};
use manage::prelude::*;
use manage::{Cancellation, Program, StopSignal};
use manage_test_support::case;

use crate::checks::kitchen;
use crate::project::Project;

/// Prints what it receives about one command.
#[manage::hook]
fn teller(cx: &Context, event: &Event<'_>) -> Result<()> {
    if event.command() != "hooked" {
        return Ok(());
    }
    assert!(event.started().elapsed().is_ok_and(|age| age.as_secs() < 3600));
    let reported = match event.stage() {
        Stage::Before => format!(
            "before {}.{} {:?} times={:?} how={:?} token={:?} none={:?}",
            event.app(),
            event.command(),
            event.arguments(),
            event.values("times"),
            event.values("end.how"),
            event.values("end.token"),
            event.values("nothing.at.all"),
        ),
        Stage::After(ended) => format!(
            "after exit={} error={:?} cancelled={:?}",
            ended.exit.0,
            ended.error.map(ToString::to_string),
            ended.cancelled().map(|cancelled| cancelled.signal),
        ),
        _ => return Ok(()),
    };
    cx.err().line(format_args!("first: {reported}"))?;
    Ok(())
}

/// The stages of the second hook's calls, for a test without a stream.
static TOLD_OF_PANIC: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Says when it goes.
struct Guard(Stream);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.line("second: let go");
    }
}

#[manage::hook]
fn second(cx: &Context, event: &Event<'_>) -> Result<Option<Guard>> {
    if event.command() != "hooked" {
        return Ok(None);
    }
    if let Stage::After(ended) = event.stage()
        && ended.exit.0 == 101
    {
        TOLD_OF_PANIC.lock().unwrap().push(ended.exit.0);
    }
    assert!(event.values("times") != Some(vec!["14".to_owned()]), "Fourteen is worse.");
    ensure!(event.values("times") != Some(vec!["13".to_owned()]), "Thirteen is too many.");
    let begins = matches!(event.stage(), Stage::Before);
    cx.err().line(if begins { "second: before" } else { "second: after" })?;
    Ok(begins.then(|| Guard(cx.err().clone())))
}

#[case]
fn they_are_called_before_and_after() {
    let ran = Project::new().run("looked_at end well --token hush");
    let expected = "\
first: before it.hooked [\"end\", \"end.how\", \"end.token\"] times=Some([\"1\"]) how=Some([\"well\"]) token=None none=None
second: before
second: after
second: let go
first: after exit=0 error=None cancelled=None
";
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("at work 1 hush\n", expected));
    let ran = Project::new().run("hooked --times 2 end well");
    assert!(ran.err.contains("[\"times\", \"end\", \"end.how\"] times=Some([\"2\"])"), "{}", ran.all());
}

#[case]
fn they_receive_the_result() {
    let cancellation = Cancellation::new();
    cancellation.cancel(StopSignal::Terminate);
    let cancelled = Project::with(Program::new(&["it"]).with_cancellation(cancellation));
    for (project, how, exit, line) in [
        (&Project::new(), "chosen", 7, "first: after exit=7 error=None cancelled=None"),
        (&Project::new(), "fails", 3, "first: after exit=3 error=Some(\"It broke.\") cancelled=None"),
        (
            &cancelled,
            "cancelled",
            143,
            "first: after exit=143 error=Some(\"Stopped by SIGTERM.\") cancelled=Some(Terminate)",
        ),
        (&cancelled, "well", 143, "first: after exit=143 error=None cancelled=None"),
    ] {
        let ran = project.run(&format!("hooked end {how}"));
        assert_eq!(ran.exit, Exit(exit), "{}", ran.all());
        assert!(ran.err.contains(line), "{}", ran.all());
    }
}

#[case]
fn they_are_called_after_checks_that_stop_a_command() {
    let ran = Project::new().env("DATABASE_URL", "oracle://db").run("hooked end well");
    assert_eq!((ran.exit, ran.out.as_str()), (Exit(78), ""), "{}", ran.all());
    assert!(
        ran.err.contains("first: after exit=78 error=Some(\"DATABASE_URL (environment): "),
        "{}",
        ran.all()
    );
    let ran = kitchen("hot = false").run("hooked end well");
    assert_eq!((ran.exit, ran.out.as_str()), (Exit(1), ""), "{}", ran.all());
    assert!(ran.err.contains("first: after exit=1 error=Some(\"System check"), "{}", ran.all());
    let wrong = Project::new().run("hooked --nonsense");
    assert!(!wrong.err.contains("first:"), "nothing ran: {}", wrong.all());
}

#[case]
fn they_are_called_after_a_panic() {
    let panic = catch_unwind(AssertUnwindSafe(|| Project::new().run("hooked end panics")));
    assert!(panic.is_err(), "it goes on");
    assert_eq!(*TOLD_OF_PANIC.lock().unwrap(), [101]);
}

#[case]
fn one_that_panics_is_a_warning() {
    let ran = Project::new().run("hooked --times 14 end well");
    assert_eq!((ran.exit, ran.out.as_str()), (Exit(0), "at work 14 \n"), "{}", ran.all());
    let warnings: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("Warning:")).collect();
    assert_eq!(warnings.len(), 2, "{}", ran.all());
    assert!(warnings[0].ends_with("panicked: Fourteen is worse."), "{}", ran.all());
    assert!(ran.err.contains("first: after exit=0"), "the others are called: {}", ran.all());
}

#[case]
fn one_that_fails_is_a_warning() {
    let ran = Project::new().run("hooked --times 13 end well");
    assert_eq!((ran.exit, ran.out.as_str()), (Exit(0), "at work 13 \n"), "{}", ran.all());
    let warnings: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("Warning:")).collect();
    assert_eq!(warnings.len(), 2, "{}", ran.all());
    assert!(warnings[0].contains("hooks.rs:") && warnings[0].ends_with("failed: Thirteen is too many."));
}

#[case]
fn those_of_an_unlisted_app_are_not_called() {
    // Only the built-in commands are there; the hooks of the app `it` are linked.
    let ran = Project::with(Program::new(&["other"])).run("version");
    assert_eq!((ran.exit, ran.err.as_str()), (Exit(0), ""), "{}", ran.all());
}
