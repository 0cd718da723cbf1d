//! Sources of completion values: functions of the project, and those of the framework.

use std::ffi::OsStr;
use std::path::Path;

use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};

use super::request::Request;
use super::{Candidate, Completer};
use crate::checks::Selection;
use crate::command;
use crate::command::{Context, Program};
use crate::error::Result;
use crate::migrations::Migrations;
use crate::settings::{Backend, DatabaseSettings};

/// Completes with the values of a function, for `#[arg(add = …)]`. It is called only if such a value is being
/// completed.
pub fn values<F, I>(function: F) -> Completer
where
    F: Fn(&Context) -> Result<I> + Send + Sync + 'static,
    I: IntoIterator<Item: Into<Candidate>>,
{
    asking(move |request| Ok(function(&request.cx)?.into_iter().map(Into::into).collect()))
}

/// Completes with the aliases of the databases in the settings, without opening a database.
pub fn databases() -> Completer {
    asking(|request| {
        let databases = request.cx.settings()?.databases();
        Ok(databases.map(|database| (database.alias.clone(), database.to_string()).into()).collect())
    })
}

/// Completes with the labels of the program's apps.
pub fn apps() -> Completer {
    asking(|request| {
        Ok(request.cx.program().registry().apps().iter().map(|app| Candidate::from(*app)).collect())
    })
}

/// Completes with the tags of the system checks. Tags that only deployment checks have are included after
/// `--deploy`.
pub(crate) fn tags() -> Completer {
    asking(|request| {
        let deploy =
            request.matches.as_ref().and_then(|matches| matches.try_get_one("deploy").ok().flatten());
        let selection = Selection { deploy: deploy.copied().unwrap_or_default(), ..Selection::default() };
        let tags = selection.available_tags(&request.cx);
        Ok(tags.into_iter().map(Candidate::from).collect())
    })
}

/// Completes with `zero` and the migrations that are compiled into the program, for the database of the
/// command's option `--database`. No database is opened.
pub fn migrations() -> Completer {
    asking(|request| {
        let Some(migrations) = compiled_in(request)? else { return Ok(Vec::new()) };
        let mut candidates = migrations.names().map(Candidate::from).collect::<Vec<_>>();
        candidates.push(("zero", "Before the first").into());
        Ok(candidates)
    })
}

/// Completes with the apps that have migrations, and as [`migrations`] does.
pub fn apps_and_migrations() -> Completer {
    asking(|request| {
        let Some(migrations) = compiled_in(request)? else { return Ok(Vec::new()) };
        let apps = migrations.apps().into_iter().map(|app| Candidate::from((app, "App")));
        let mut candidates: Vec<Candidate> = apps.chain(migrations.names().map(Candidate::from)).collect();
        candidates.push(("zero", "Before the first").into());
        Ok(candidates)
    })
}

/// Returns the migrations for the database of the command's option `--database`.
fn compiled_in(request: &Request) -> Result<Option<Migrations>> {
    let backends = match backend(request) {
        Ok(backend) => vec![backend],
        Err(error) => {
            request.note(&error);
            // Migrations usually have the same names for all backends.
            vec![Backend::Sqlite, Backend::Postgres, Backend::Mysql]
        }
    };
    let mut last = Ok(None);
    for backend in backends {
        match Migrations::of_program(request.cx.program(), backend) {
            Ok(found) => return Ok(found),
            Err(error) => last = Err(error.into()),
        }
    }
    last
}

fn backend(request: &Request) -> Result<Backend> {
    let alias = request.typed("database").map_or(DatabaseSettings::DEFAULT_ALIAS, String::as_str);
    Ok(request.cx.database(alias)?.backend)
}

/// Completes with the names of the program's commands, without building any command's parser.
pub fn commands() -> Completer {
    Completer::candidates(ArgValueCandidates::new(|| {
        Request::ask(|request| Ok(command_names(request.cx.program())))
    }))
}

/// Completes with a command's name and then its subcommands, for an argument named `path` that takes several
/// values.
pub(crate) fn command_path() -> Completer {
    Completer::candidates(ArgValueCandidates::new(|| {
        Request::ask(|request| {
            let matches = request.matches.as_ref();
            let path = matches.and_then(|matches| matches.try_get_many::<String>("path").ok().flatten());
            let path: Vec<String> = path.unwrap_or_default().cloned().collect();
            if path.is_empty() {
                return Ok(command_names(request.cx.program()));
            }
            // An unknown name has no subcommands; this is not an error.
            let Ok(command) = command::resolve(request.cx.program(), &path, usize::MAX) else {
                return Ok(Vec::new());
            };
            let shown = command.get_subcommands().filter(|inner| !inner.is_hide_set());
            Ok(shown
                .map(|inner| CompletionCandidate::new(inner.get_name()).help(inner.get_about().cloned()))
                .collect())
        })
    }))
}

/// Completes with a program on PATH and then with files, for an argument that is a command line.
pub fn programs() -> Completer {
    struct Programs;

    impl ValueCompleter for Programs {
        fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
            self.complete_at(0, current)
        }

        fn complete_at(&self, index: usize, current: &OsStr) -> Vec<CompletionCandidate> {
            let current = current.to_string_lossy();
            Request::ask(|request| {
                // A list of all programs would not help. The engine counts from the second word after `--`.
                let is_first = index == 0 && !request.is_behind_escape;
                if !is_first || current.is_empty() || current.contains(std::path::is_separator) {
                    let folder = request.environment.folder();
                    return Ok(PathCompleter::any().current_dir(folder).complete(current.as_ref().as_ref()));
                }
                let path = request.environment.text("PATH").unwrap_or_default();
                let files = std::env::split_paths(&path)
                    .filter_map(|folder| folder.read_dir().ok())
                    .flatten()
                    .flatten();
                let named = files.filter(|file| file.file_name().to_string_lossy().starts_with(&*current));
                let mut names: Vec<_> =
                    named.filter(|file| is_program(&file.path())).map(|file| file.file_name()).collect();
                names.sort();
                names.dedup();
                Ok(names.into_iter().map(CompletionCandidate::new).collect())
            })
        }
    }

    Completer::choosing(ArgValueCompleter::new(Programs))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("exe"))
}

/// Completes with the listed commands. Aliases are offered only if nothing else matches.
pub(super) fn command_names(program: &Program) -> Vec<CompletionCandidate> {
    let mut names = Vec::new();
    let mut commands = program.registry().all();
    commands.retain(|found| !found.command().properties().hidden);
    commands.sort_by(|a, b| a.command().name().cmp(b.command().name()));
    for found in commands {
        let command = found.command();
        let about = || Some(command.about().to_owned().into());
        names.push(CompletionCandidate::new(command.name()).help(about()));
        let aliases = command.properties().aliases.iter();
        names.extend(aliases.map(|alias| CompletionCandidate::new(*alias).help(about()).hide(true)));
    }
    names
}

fn asking(values: impl Fn(&Request) -> Result<Vec<Candidate>> + Send + Sync + 'static) -> Completer {
    Completer::candidates(ArgValueCandidates::new(move || {
        Request::ask(&values).into_iter().map(Candidate::for_engine).collect()
    }))
}
