//! Checks whether every command and every app can be reached by its name.

use std::path::Path;

use crate::command::{
    App, BUILT_IN, Clash, Context, Duplicate, FIXED, HiddenOption, Named, RegisteredCommand, RequiredChecks,
};
use crate::scaffold;
use crate::suggest::closest;

use super::Message;
use super::catalog::{
    ALIAS_CLASH, APP_HIDDEN, ARGUMENTS_REFUSED, BUILT_IN_REPLACED, DEFAULT_UNFIT, EMPTY_APP, FIXED_REPLACED,
    LISTED_TWICE, OPTION_HIDDEN, SAME_NAME, UNKNOWN_REQUIRED_TAG, UNLISTED_APP, UNNOTICED_COMMANDS,
};
use super::registration::Check;
use super::registration::{has_checks, registered};

/// The object of its messages is an app, which `manage check LABEL` filters by.
#[manage::check(tags = ["commands"])]
fn commands(cx: &Context) -> Vec<Message> {
    let registry = cx.program().registry();
    let duplicates = registry.duplicates();
    let mut messages: Vec<Message> = duplicates
        .iter()
        .map(|duplicate| SAME_NAME.message(duplicate.to_string()).about(duplicate.app).hint(Duplicate::HINT))
        .collect();
    messages.extend(registry.unlisted().into_iter().map(|(app, location)| {
        let text = format!(
            "The crate '{app}' has commands ({location}), but the program does not list it as an app."
        );
        UNLISTED_APP.message(text).about(app).hint(format!("Write `manage::main!(…, {app});`."))
    }));
    messages.extend(registry.clashes().iter().map(clash));
    messages.extend(registry.listed_twice().into_iter().map(|app| {
        LISTED_TWICE
            .message(format!("The app '{app}' is listed more than once; only the first place counts."))
            .about(app)
            .hint("Name it once in `manage::main!`.")
    }));
    messages.extend(empty_apps(cx));
    messages.extend(unnoticed_commands(cx));
    messages.extend(required_tags(cx));
    messages.extend(refused_arguments(cx));
    messages.extend(hidden_options(cx));
    messages
}

/// Reports common options that are hidden by an option of a command.
fn hidden_options(cx: &Context) -> Vec<Message> {
    let message = |found: &RegisteredCommand, hidden: HiddenOption| {
        let HiddenOption { own, common, without } = hidden;
        let what = if own == common {
            "the common option of this name".to_owned()
        } else {
            format!("that of {common}")
        };
        let (name, place) = (found.command().name(), found.place());
        let text = format!("The option '{own}' of the command '{name}'{place} hides {what}.");
        let hint = match without {
            Some(without) => format!(
                "Give it another name. If it is meant to, write `without = [\"{without}\"]` into the command's attribute."
            ),
            None => "Give it another name.".to_owned(),
        };
        OPTION_HIDDEN.message(text).about(found.app).hint(hint)
    };
    let commands = cx.program().registry().all();
    let messages = commands
        .iter()
        .flat_map(|found| found.hidden_options().into_iter().map(move |hidden| message(found, hidden)));
    messages.collect()
}

/// Reports argument definitions that clap rejects, and defaults that the arguments reject.
fn refused_arguments(cx: &Context) -> Vec<Message> {
    let reported = cx.program().registry().all().into_iter().filter_map(|found| {
        if let Some(why) = found.refusal() {
            let message = ARGUMENTS_REFUSED.message(why).about(found.app);
            return Some(message.hint("The command cannot run before this is fixed."));
        }
        let message = DEFAULT_UNFIT.message(found.unfit_default()?).about(found.app);
        Some(message.hint("Without the argument the command fails with a usage error."))
    });
    reported.collect()
}

fn clash(Clash { name, answers, hidden }: &Clash) -> Message {
    let (by, of) = (answers.found.app, hidden.found.app);
    if by == BUILT_IN && FIXED.contains(&name.as_str()) {
        let text =
            format!("The {} never runs: no app can override the built-in command '{name}'.", shown(hidden));
        return FIXED_REPLACED.message(text).about(of).hint("Rename it.");
    }
    if answers.is_alias || hidden.is_alias {
        let text = format!("'{name}' selects the {}, and never the {}.", shown(answers), shown(hidden));
        return ALIAS_CLASH
            .message(text)
            .about(if answers.is_alias { by } else { of })
            .hint("Choose another alias.");
    }
    if of == BUILT_IN {
        return BUILT_IN_REPLACED
            .message(format!("The command '{name}' of this app overrides the built-in one."))
            .about(by)
            .hint("If this is not intended, rename the file and its function.");
    }
    APP_HIDDEN
        .message(format!("The command '{name}' of this app never runs: the app '{by}', which is listed earlier, also has one."))
        .about(of)
        .hint("If this is not intended, rename one of the two.")
}

/// Returns `alias of the command 'copy' of the app 'shop' (src/…/copy.rs:5)`.
fn shown(Named { found, is_alias }: &Named) -> String {
    let place = found.location.map(|location| format!(" ({location})")).unwrap_or_default();
    let whose = match found.app {
        BUILT_IN => "built-in command".to_owned(),
        _ => "command".to_owned(),
    };
    let alias = if *is_alias { "alias of the " } else { "" };
    let app =
        if found.app == BUILT_IN { String::new() } else { format!(" of the app '{}'{place}", found.app) };
    format!("{alias}{whose} '{}'{app}", found.command().name())
}

/// Reports apps that register nothing: a line was probably forgotten.
fn empty_apps(cx: &Context) -> Vec<Message> {
    let registry = cx.program().registry();
    let empty = registry.apps().iter().filter(|app| {
        #[cfg(feature = "runserver")]
        let has_routes = crate::server::has_routes(app);
        #[cfg(not(feature = "runserver"))]
        let has_routes = false;
        !registry.knows_commands_of(app)
            && !crate::migrations::has_migrations(app)
            && !has_routes
            && !has_checks(app)
    });
    let reported = empty.map(|app| {
        EMPTY_APP
            .message(format!("The app '{app}' is listed, but it registers no commands or anything else."))
            .about(*app)
            .hint("Write `manage::commands!();` in its src/lib.rs.")
    });
    reported.collect()
}

/// Reports apps whose new commands the next build would not notice. Only if their source exists, and has
/// commands: cargo rebuilds a package on each build if its `build.rs` names a directory that does not exist.
fn unnoticed_commands(cx: &Context) -> Vec<Message> {
    let reported = cx.program().registry().apps().iter().filter_map(|app| {
        let package = Path::new(App::folder(app)?);
        let has_commands = package.join("src/management/commands").is_dir();
        let why = has_commands.then(|| scaffold::unnoticed(package)).flatten()?;
        let text = format!("Cargo does not notice new commands of the app '{app}': {why}.");
        let hint = format!("Write `{}` into the main function of its build.rs.", scaffold::LINE);
        Some(UNNOTICED_COMMANDS.message(text).about(*app).hint(hint))
    });
    reported.collect()
}

/// Reports tags that commands require but no check has.
fn required_tags(cx: &Context) -> Vec<Message> {
    let before_commands =
        registered(cx).filter(|check| !check.deploy && matches!(check.check, Check::Project(_)));
    let there: std::collections::BTreeSet<&str> = before_commands.flat_map(|check| check.tags()).collect();
    let mut messages = Vec::new();
    for found in cx.program().registry().all() {
        let RequiredChecks::Tagged(tags) = found.command().properties().requires_checks else { continue };
        for tag in tags.iter().filter(|tag| !there.contains(**tag)) {
            let place = found.location.map(|location| format!(" ({location})")).unwrap_or_default();
            let text = format!(
                "The command '{}'{place} requires the system checks with the tag \"{tag}\", but no check that runs \
                 before commands has it.",
                found.command().name()
            );
            let meant = closest(tag, there.iter().copied());
            let meant = meant.map(|meant| format!("Did you mean \"{meant}\"? ")).unwrap_or_default();
            let known = there.iter().copied().collect::<Vec<_>>().join(", ");
            messages.push(
                UNKNOWN_REQUIRED_TAG
                    .message(text)
                    .about(found.app)
                    .hint(format!("{meant}The tags are: {known}.")),
            );
        }
    }
    messages
}
