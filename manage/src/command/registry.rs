//! The commands of a program: found by `inventory`, ordered by the list of apps.

use std::fmt;
use std::sync::Arc;

use super::Command;

/// The app label of the built-in commands.
pub(crate) const BUILT_IN: &str = "manage";

/// The built-ins that no app may replace.
pub(crate) const FIXED: [&str; 2] = ["help", "version"];

/// What `#[manage::command]` registers: a command and its source location.
#[derive(Clone, Copy)]
pub struct Registration {
    command: &'static dyn Command,
    location: Location,
}

impl Registration {
    #[doc(hidden)]
    pub const fn new(
        command: &'static dyn Command,
        module_path: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self { command, location: Location::new(module_path, file, line) }
    }
}

inventory::collect!(Registration);

/// A location in the source where something was registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    app: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl Location {
    /// Creates a location. The app's label is extracted at compile time, because each start-up visits all
    /// locations.
    pub(crate) const fn new(module_path: &'static str, file: &'static str, line: u32) -> Self {
        let bytes = module_path.as_bytes();
        let mut end = 0;
        while end < bytes.len() && bytes[end] != b':' {
            end += 1;
        }
        Self { app: module_path.split_at(end).0, file, line }
    }

    /// Returns the app's label: the name of its crate.
    pub fn app(&self) -> &'static str {
        self.app
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What `manage::commands!` registers: an app, and the directory of its package.
#[doc(hidden)]
pub struct App {
    location: Location,
    folder: &'static str,
}

impl App {
    #[doc(hidden)]
    pub const fn new(module_path: &'static str, folder: &'static str) -> Self {
        Self { location: Location::new(module_path, "", 0), folder }
    }

    /// Returns the directory of an app's package on the machine where the program was built.
    pub(crate) fn folder(label: &str) -> Option<&'static str> {
        let app = inventory::iter::<Self>.into_iter().find(|app| app.location.app() == label)?;
        Some(app.folder)
    }
}

inventory::collect!(App);

/// A command and the app that it belongs to.
#[derive(Clone)]
pub struct RegisteredCommand {
    /// The app's label.
    pub app: &'static str,
    /// Where the command was written; unknown for one that was created at run time.
    pub location: Option<Location>,
    command: CommandRef,
}

#[derive(Clone)]
enum CommandRef {
    Registered(&'static dyn Command),
    Made(Arc<dyn Command>),
}

impl RegisteredCommand {
    /// Wraps a command that was created at run time and belongs to no app.
    pub(crate) fn made(command: Arc<dyn Command>) -> Self {
        Self { app: "", location: None, command: CommandRef::Made(command) }
    }

    /// Returns the command itself.
    pub fn command(&self) -> &dyn Command {
        match &self.command {
            CommandRef::Registered(command) => *command,
            CommandRef::Made(command) => &**command,
        }
    }

    /// Returns whether it can run isolated: the lock is in the database that `wait_for_db` waits for.
    pub(crate) fn can_be_isolated(&self) -> bool {
        self.app != BUILT_IN || self.command().name() != "wait_for_db"
    }

    fn answers_to(&self, name: &str) -> bool {
        self.command().name() == name || self.command().properties().aliases.contains(&name)
    }

    /// As in Django, a file whose name begins with `_` is not a command.
    fn is_public(&self) -> bool {
        !self.command().name().starts_with('_')
    }
}

/// Two commands of one name inside one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    pub(crate) name: String,
    pub(crate) app: &'static str,
    pub(crate) places: [String; 2],
}

impl Duplicate {
    pub(crate) const HINT: &str = "Choose another alias, or rename a command: its file and its function.";
}

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = &self.places;
        write!(f, "The name '{}' is ambiguous in the app '{}': {first} and {second}.", self.name, self.app)
    }
}

/// All commands of a program.
#[derive(Clone, Default)]
pub struct Registry {
    apps: Vec<&'static str>,
    made: Vec<RegisteredCommand>,
}

impl Registry {
    pub(crate) fn new(apps: &[&'static str]) -> Self {
        Self { apps: apps.to_vec(), made: Vec::new() }
    }

    pub(crate) fn add(&mut self, app: &'static str, command: Arc<dyn Command>) {
        if !self.apps.contains(&app) {
            self.apps.push(app);
        }
        self.made.push(RegisteredCommand { app, location: None, command: CommandRef::Made(command) });
    }

    /// Returns the labels of the apps, in their order of precedence.
    pub fn apps(&self) -> &[&'static str] {
        &self.apps
    }

    /// Iterates over all registered commands, in no order.
    pub(super) fn entries(&self) -> impl Iterator<Item = RegisteredCommand> + '_ {
        let registered = inventory::iter::<Registration>.into_iter().map(|registration| RegisteredCommand {
            app: registration.location.app(),
            location: Some(registration.location),
            command: CommandRef::Registered(registration.command),
        });
        registered.chain(self.made.iter().cloned())
    }

    /// Iterates over the commands of the listed apps and the built-ins, each with its rank.
    pub(super) fn ranked(&self) -> impl Iterator<Item = (usize, RegisteredCommand)> + '_ {
        self.entries()
            .filter(RegisteredCommand::is_public)
            .filter_map(|found| Some((self.rank(found.app, found.command().name())?, found)))
    }

    /// Returns the precedence, the lowest first: fixed built-ins, the apps as listed, the other built-ins.
    fn rank(&self, app: &str, name: &str) -> Option<usize> {
        if app == BUILT_IN {
            return Some(if FIXED.contains(&name) { 0 } else { usize::MAX });
        }
        self.apps.iter().position(|listed| *listed == app).map(|position| position + 1)
    }

    /// Finds the command that runs under this name. It walks the list once and builds no parser.
    pub(crate) fn find(&self, name: &str) -> Result<Option<RegisteredCommand>, Duplicate> {
        let mut best: Option<(usize, RegisteredCommand)> = None;
        let mut rival: Option<(usize, RegisteredCommand)> = None;
        // The name is compared first: of a thousand commands, all but one stop there.
        let named = self.entries().filter(|found| found.answers_to(name) && found.is_public());
        for found in named {
            let Some(rank) = self.rank(found.app, found.command().name()) else { continue };
            match &best {
                Some((strongest, _)) if rank > *strongest => {}
                Some((strongest, _)) if rank == *strongest => rival = Some((rank, found)),
                _ => best = Some((rank, found)),
            }
        }
        match (best, rival) {
            (Some((rank, first)), Some((same, second))) if rank == same => {
                Err(duplicate(name, &first, &second))
            }
            (best, _) => Ok(best.map(|(_, found)| found)),
        }
    }

    /// Returns every command that can run, by app in order of precedence and by name.
    pub fn all(&self) -> Vec<RegisteredCommand> {
        let mut entries: Vec<(usize, RegisteredCommand)> = self.ranked().collect();
        entries.sort_by(|(a_rank, a), (b_rank, b)| {
            (a_rank, a.command().name()).cmp(&(b_rank, b.command().name()))
        });
        let mut seen = std::collections::HashSet::new();
        entries.retain(|(_, found)| seen.insert(found.command().name().to_owned()));
        entries.into_iter().map(|(_, found)| found).collect()
    }

    /// Returns every pair of commands with the same name in one app.
    pub(crate) fn duplicates(&self) -> Vec<Duplicate> {
        let mut entries: Vec<(String, RegisteredCommand)> = self
            .ranked()
            .flat_map(|(_, found)| {
                let aliases = found.command().properties().aliases.iter().map(|alias| (*alias).to_owned());
                let names: Vec<String> = aliases.chain([found.command().name().to_owned()]).collect();
                names.into_iter().map(move |name| (name, found.clone()))
            })
            .collect();
        entries.sort_by(|(a_name, a), (b_name, b)| (a.app, a_name, place(a)).cmp(&(b.app, b_name, place(b))));
        entries
            .windows(2)
            .filter(|pair| pair[0].0 == pair[1].0 && pair[0].1.app == pair[1].1.app)
            .map(|pair| duplicate(&pair[0].0, &pair[0].1, &pair[1].1))
            .collect()
    }

    /// Returns the crates that register commands but are not listed in `main!`, each with one location.
    pub(crate) fn unlisted(&self) -> Vec<(&'static str, Location)> {
        let mut apps: Vec<(&'static str, Location)> = inventory::iter::<Registration>
            .into_iter()
            .map(|registration| (registration.location.app(), registration.location))
            .filter(|(app, _)| self.rank(app, "").is_none())
            .collect();
        apps.sort_by_key(|(app, location)| (*app, location.file, location.line));
        apps.dedup_by_key(|(app, _)| *app);
        apps
    }
}

fn duplicate(name: &str, first: &RegisteredCommand, second: &RegisteredCommand) -> Duplicate {
    let mut places = [described(name, first), described(name, second)];
    // The order of commands depends on the linker; that of a message should not.
    places.sort();
    Duplicate { name: name.to_owned(), app: first.app, places }
}

/// Returns `the command 'copy' (src/…/copy.rs:5)`, or `an alias of the command …`.
fn described(name: &str, found: &RegisteredCommand) -> String {
    let own = found.command().name();
    let alias = if own == name { "" } else { "an alias of " };
    format!("{alias}the command '{own}' ({})", place(found))
}

fn place(found: &RegisteredCommand) -> String {
    found.location.map_or_else(|| "created at run time".to_owned(), |location| location.to_string())
}
