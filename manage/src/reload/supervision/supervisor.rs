//! Decides what follows what: a change, a build, a new program, the end of the old one.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::cargo::{Building, Outcome, without_colors};
use super::keys::Key;
use super::link::Order;
use super::origin::Selection;
use super::scope::{Changes, Demand};
use super::served::{News, Served};
use super::watching::{Seen, Watching};
use super::{BuildState, Event, Reloading, Report, lock_holder};

/// How long a program must have served until its end is an accident after which it is started again, rather
/// than what it will do each time.
const STABLE: Duration = Duration::from_secs(5);

/// How much longer than its own limit an old program may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// What happens, in the order in which the supervisor deals with it.
#[derive(Debug)]
pub(super) enum Input {
    Seen(Seen),
    Key(Key),
    /// How the program was built, if that could be found out. `is_changed`: its sources have changed since then.
    Selected {
        selection: Option<Selection>,
        is_changed: bool,
        /// Why cargo has something to do each time.
        missing: Option<String>,
    },
    /// A report, or the outcome, of the build of this number.
    Report(u64, Report),
    Outcome(u64, Outcome),
    /// News of the program of this number.
    News(u64, News),
    /// The supervisor itself is to end.
    Stop,
}

/// What a supervisor needs.
pub(super) struct Supervisor<'a> {
    pub(super) reloading: Reloading,
    pub(super) inputs: Receiver<Input>,
    /// For those who cause inputs.
    pub(super) sender: Sender<Input>,
    pub(super) report: &'a mut dyn FnMut(Event),
}

/// A build that runs.
struct Current {
    number: u64,
    building: Building,
}

/// The state.
struct State<'a> {
    given: Supervisor<'a>,
    watching: Watching,
    /// How to build; `None` until that is found out.
    selection: Option<Selection>,
    /// What changed before that.
    postponed: Option<Vec<PathBuf>>,
    next: u64,
    /// The latest program that cargo has made.
    executable: PathBuf,
    /// When the first change was seen that is not served yet.
    changed: Option<Instant>,
    built_in: Duration,
    build: Option<Current>,
    starting: Option<Served>,
    serving: Option<(Served, Instant)>,
    /// Old programs, each with the time at which it is killed.
    ending: Vec<(Served, Instant)>,
    /// The old program that may still accept connections, and when the change was seen that replaces it.
    giving_way: Option<(u64, Instant)>,
    /// Present while the stand-in answers.
    vacant: Option<watch::Sender<Arc<BuildState>>>,
    /// Whether the program must restart even if the build that runs changes nothing.
    restart: bool,
    is_stopping: bool,
}

impl Supervisor<'_> {
    /// Starts the program and replaces it after each change, until it gets the order to stop.
    pub(super) fn run(self, watching: Watching) {
        let executable = self.reloading.origin.executable.clone();
        let mut state = State {
            given: self,
            watching,
            selection: None,
            postponed: None,
            next: 1,
            executable,
            changed: None,
            built_in: Duration::ZERO,
            build: None,
            starting: None,
            serving: None,
            ending: Vec::new(),
            giving_way: None,
            vacant: None,
            restart: false,
            is_stopping: false,
        };
        state.start();
        while !(state.is_stopping && state.has_ended()) {
            match state.next_input() {
                Ok(input) => state.handle(input),
                Err(RecvTimeoutError::Timeout) => state.kill_late(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    }
}

impl State<'_> {
    fn has_ended(&self) -> bool {
        self.starting.is_none() && self.serving.is_none() && self.ending.is_empty()
    }

    fn next_input(&self) -> Result<Input, RecvTimeoutError> {
        match self.ending.iter().map(|(_, end)| end).min() {
            Some(end) => self.given.inputs.recv_timeout(end.saturating_duration_since(Instant::now())),
            None => self.given.inputs.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn handle(&mut self, input: Input) {
        match input {
            Input::Stop | Input::Key(Key::Quit) => self.stop(),
            _ if self.is_stopping && !matches!(input, Input::News(..)) => {}
            Input::Selected { selection, is_changed, missing } => {
                // Cargo may have another build of the same sources, for which it has nothing to do, either.
                let is_another =
                    self.newest().is_some_and(|newest| !newest.is(&self.executable).unwrap_or(true));
                if let Some(missing) = missing {
                    self.report(Event::Missing(missing));
                } else if !is_changed && (selection.is_none() || is_another) {
                    self.report(Event::BuiltOtherwise);
                }
                self.selection = selection.or(self.given.reloading.origin.selections.last().cloned());
                if let Some(files) = self.postponed.take() {
                    self.build(files);
                }
            }
            Input::Key(Key::Rebuild) => self.build(Vec::new()),
            Input::Seen(Seen::Polling(why)) => self.report(Event::Polling(why)),
            Input::Seen(Seen::Changes(Changes { files, demand: Demand::Build })) => self.build(files),
            Input::Seen(Seen::Changes(Changes { files, demand: Demand::Pages })) => {
                if let Some((served, _)) = &self.serving {
                    served.tell(&Order::Pages);
                }
                self.report(Event::Pages(files));
            }
            Input::Seen(Seen::Changes(Changes { files, demand: Demand::Restart })) => {
                self.changed.get_or_insert_with(Instant::now);
                self.report(Event::Settings(files));
                self.restart = true;
                // After a build that runs it starts anyway.
                if self.build.is_none() {
                    self.built_in = Duration::ZERO;
                    self.start();
                }
            }
            Input::Report(number, report) if self.is_current(number) => self.pass_on(report),
            Input::Outcome(number, outcome) if self.is_current(number) => self.built(outcome),
            // Of a build that was cancelled.
            Input::Report(..) | Input::Outcome(..) => {}
            Input::News(number, News::Ready(pages)) => self.ready(number, pages),
            Input::News(number, News::Finishes) => self.gave_way(number),
            Input::News(number, News::Failed(why)) => {
                let serving = self.serving.as_mut().map(|(served, _)| served);
                let mut programs = self.starting.as_mut().into_iter().chain(serving);
                if let Some(program) = programs.find(|program| program.generation == number) {
                    program.reason = Some(why);
                }
            }
            Input::News(number, News::Ended(status)) => self.ended(number, status),
        }
    }

    /// Returns the latest program that was started.
    fn newest(&self) -> Option<&Served> {
        self.starting.as_ref().or(self.serving.as_ref().map(|(served, _)| served))
    }

    fn report(&mut self, event: Event) {
        (self.given.report)(event);
    }

    fn is_current(&self, number: u64) -> bool {
        self.build.as_ref().is_some_and(|build| build.number == number)
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Begins to build. A build that runs is of old files.
    fn build(&mut self, files: Vec<PathBuf>) {
        if let Some(old) = self.build.take() {
            old.building.cancel();
        }
        self.changed.get_or_insert_with(Instant::now);
        let Some(selection) = self.selection.clone() else {
            self.postponed.get_or_insert_default().extend(files);
            return;
        };
        self.report(Event::Building(files));
        self.tell(&BuildState::Building);
        let number = self.number();
        let (reports, outcomes) = (self.given.sender.clone(), self.given.sender.clone());
        let started = Building::start(
            &self.given.reloading.origin.cargo,
            &selection,
            self.given.reloading.color,
            move |report| drop(reports.send(Input::Report(number, report))),
            move |outcome| drop(outcomes.send(Input::Outcome(number, outcome))),
        );
        match started {
            Ok(building) => self.build = Some(Current { number, building }),
            Err(error) => self.cannot_start(error),
        }
    }

    fn pass_on(&mut self, report: Report) {
        if report == Report::Waits {
            let directory = self.given.reloading.origin.executable.parent().unwrap_or(Path::new(""));
            let holders = lock_holder::holders(directory);
            return self.report(Event::Waiting(holders));
        }
        self.report(Event::Cargo(report));
    }

    fn built(&mut self, outcome: Outcome) {
        self.build = None;
        self.watching.refresh();
        match outcome {
            Outcome::Cancelled => {}
            Outcome::Failed(messages) => {
                self.changed = None;
                let is_served = self.serving.is_some();
                self.report(Event::BuildFailed { is_served });
                self.fail(without_colors(&messages));
                if self.restart {
                    self.start();
                }
            }
            Outcome::Built { executable } => {
                self.built_in = self.changed.map(|changed| changed.elapsed()).unwrap_or_default();
                self.executable = executable;
                // What cannot be compared is started.
                let is_same =
                    self.newest().is_some_and(|newest| newest.is(&self.executable).unwrap_or(false));
                if is_same && !self.restart {
                    if self.starting.is_none() {
                        self.changed = None;
                        self.tell(&BuildState::UpToDate);
                        self.report(Event::Unchanged);
                    }
                } else {
                    self.start();
                }
            }
        }
    }

    /// Starts the latest program. One that is not ready yet is of an older build or older settings.
    fn start(&mut self) {
        self.restart = false;
        if let Some(old) = self.starting.take() {
            self.end(old, &Order::Stop);
        }
        let (number, sender) = (self.number(), self.given.sender.clone());
        let started = Served::start(
            number,
            &self.executable,
            &self.given.reloading.arguments,
            &self.given.reloading.listener,
            move |news| drop(sender.send(Input::News(number, news))),
        );
        match started {
            Ok(served) => self.starting = Some(served),
            Err(error) => self.cannot_start(error),
        }
    }

    fn cannot_start(&mut self, error: std::io::Error) {
        let why = format!("A program cannot be started: {error}.");
        self.report(Event::CannotStart(error));
        self.fail(why);
    }

    /// Passes on to the pages why there is no newer program. If none runs at all, the stand-in begins to answer.
    fn fail(&mut self, why: String) {
        let state = BuildState::Failed(why);
        self.tell(&state);
        if self.vacant.is_none() && self.serving.is_none() && self.starting.is_none() {
            let (vacant, build) = watch::channel(Arc::new(state));
            if let Some(stand_in) = &mut self.given.reloading.stand_in {
                stand_in.begin(build);
            }
            self.vacant = Some(vacant);
        }
    }

    /// Ends the answers of the stand-in.
    fn is_occupied(&mut self) {
        if let Some(vacant) = self.vacant.take() {
            let _ = vacant.send(Arc::new(BuildState::Replaced));
            if let Some(stand_in) = &mut self.given.reloading.stand_in {
                stand_in.end();
            }
        }
    }

    fn ready(&mut self, number: u64, pages: Vec<PathBuf>) {
        let Some(new) = self.starting.take_if(|starting| starting.generation == number) else { return };
        self.watching.pages(pages);
        let is_building = self.build.is_some();
        new.tell(&Order::Build(if is_building { BuildState::Building } else { BuildState::UpToDate }));
        let old = self.serving.replace((new, Instant::now())).map(|(old, _)| old);
        // Without an old one, nobody has to give way.
        let waits_for = old.as_ref().map_or(number, |old| old.generation);
        if let Some(old) = old {
            self.end(old, &Order::Finish);
        }
        self.is_occupied();
        if let Some(changed) = self.changed.take_if(|_| !is_building) {
            self.giving_way = Some((waits_for, changed));
            if waits_for == number {
                self.gave_way(number);
            }
        }
    }

    /// Reports that the new program serves, now that the old one of this number accepts nothing any more.
    fn gave_way(&mut self, number: u64) {
        if let Some((_, changed)) = self.giving_way.take_if(|(old, _)| *old == number) {
            self.report(Event::Ready { after: changed.elapsed(), build: self.built_in });
        }
    }

    fn ended(&mut self, number: u64, status: ExitStatus) {
        let is = |served: &Served| served.generation == number;
        if let Some(at) = self.ending.iter().position(|(served, _)| is(served)) {
            self.ending.swap_remove(at);
            self.gave_way(number);
        } else if let Some(started) = self.starting.take_if(|served| is(served)) {
            // A build that runs is of a later change.
            self.changed = self.changed.filter(|_| self.build.is_some());
            if !self.is_stopping {
                let is_served = self.serving.is_some();
                self.report(Event::FailedToStart { status, is_served });
                self.fail(why("The program ended before it was ready", status, started.reason));
            }
        } else if let Some((served, since)) = self.serving.take_if(|(served, _)| is(served))
            && !self.is_stopping
        {
            let restarts = since.elapsed() >= STABLE && self.starting.is_none();
            self.report(Event::Died { status, restarts });
            if restarts {
                self.start();
            } else {
                self.fail(why("The program ended", status, served.reason));
            }
        }
    }

    /// Passes on what becomes of a change, for the pages in browsers.
    fn tell(&self, state: &BuildState) {
        if let Some((served, _)) = &self.serving {
            served.tell(&Order::Build(state.clone()));
        }
        if let Some(vacant) = &self.vacant {
            vacant.send_replace(Arc::new(state.clone()));
        }
    }

    /// Lets an old program end.
    fn end(&mut self, old: Served, order: &Order) {
        old.tell(order);
        self.ending.push((old, Instant::now() + self.given.reloading.grace + PATIENCE));
    }

    fn kill_late(&mut self) {
        let now = Instant::now();
        for (served, end) in &mut self.ending {
            if *end <= now {
                served.kill();
                // Its end is reported as that of any other.
                *end = now + PATIENCE;
            }
        }
    }

    fn stop(&mut self) {
        self.is_stopping = true;
        self.is_occupied();
        if let Some(build) = self.build.take() {
            build.building.cancel();
        }
        let programs = self.starting.take().into_iter().chain(self.serving.take().map(|(served, _)| served));
        for program in programs.collect::<Vec<_>>() {
            self.end(program, &Order::Stop);
        }
        for (old, _) in &self.ending {
            old.tell(&Order::Stop);
        }
    }
}

/// Returns why a program has ended, as far as it said so itself.
fn why(what: &str, status: ExitStatus, reason: Option<String>) -> String {
    let reason = reason.unwrap_or_else(|| "Its output is in the terminal.".to_owned());
    format!("{what} ({status}).\n\n{reason}")
}
