//! The name of an app.

use super::project::AppProject;
use crate::command::BUILT_IN;
use crate::console::echo;
use crate::error::{CommandError, Exit};
use crate::scaffold::command::KEYWORDS;

/// The crates of Rust's own, and those of the framework. One of the same name would hide them.
const CRATES: [&str; 9] =
    ["alloc", "core", "diesel", "diesel_manage", "manage_macros", "proc_macro", "rustfmt", "std", "test"];

/// The longest name, in characters: a longer one would not fit into the lines of the new files.
const LONGEST: usize = 24;

/// Fails if this cannot be the name of an app, or if an app has it already.
pub(super) fn check(name: &str, apps: &[&str]) -> Result<(), CommandError> {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let is_identifier = name.starts_with(|first: char| first.is_ascii_lowercase()) && name.chars().all(fits);
    if !is_identifier || KEYWORDS.contains(&name) || name.ends_with('_') || name.contains("__") {
        return Err(CommandError::new(format!("'{}' is not a valid app name.", echo(name)))
            .hint("An app is a crate: use lower-case letters, digits and single underscores, as in web_shop, and no Rust keyword.")
            .exit_code(Exit::USAGE));
    }
    if name.len() > LONGEST {
        return Err(CommandError::new(format!("'{}' is too long for an app name.", echo(name)))
            .hint(format!("It becomes part of names and paths: use at most {LONGEST} characters."))
            .exit_code(Exit::USAGE));
    }
    if apps.contains(&name) {
        return Err(CommandError::new(format!("The program has an app '{name}' already."))
            .hint(format!("The apps are: {}.", apps.join(", "))));
    }
    if name == BUILT_IN || CRATES.contains(&name) {
        return Err(conflict(name, "a crate that every project uses"));
    }
    Ok(())
}

/// Fails if a package of the workspace, or a dependency of the program's package, has the name.
pub(super) fn check_crates(name: &str, project: &AppProject) -> Result<(), CommandError> {
    if project.packages.iter().any(|other| other.replace('-', "_") == name) {
        return Err(conflict(name, "a package of the workspace"));
    }
    if project.dependencies.iter().any(|other| other.replace('-', "_") == name) {
        return Err(conflict(name, "a dependency of the program's package"));
    }
    Ok(())
}

fn conflict(name: &str, with: &str) -> CommandError {
    CommandError::new(format!("'{name}' cannot be the name of an app: it is the name of {with}."))
        .hint("Choose another name.")
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_name_is_an_identifier_that_nothing_else_has() {
        for name in ["blog", "web_shop", "a1", &"a".repeat(24)] {
            assert!(check(name, &["shop"]).is_ok(), "{name}");
        }
        for (name, why) in [
            ("", "is not a valid app name"),
            ("Blog", "is not a valid app name"),
            ("web-shop", "is not a valid app name"),
            ("1blog", "is not a valid app name"),
            ("_blog", "is not a valid app name"),
            ("blog_", "is not a valid app name"),
            ("a__b", "is not a valid app name"),
            ("../blog", "is not a valid app name"),
            ("a b", "is not a valid app name"),
            ("é", "is not a valid app name"),
            ("async", "is not a valid app name"),
            ("shop", "The program has an app 'shop' already"),
            ("std", "a crate that every project uses"),
            ("manage", "a crate that every project uses"),
            ("diesel", "a crate that every project uses"),
            (&"a".repeat(25), "is too long"),
        ] {
            let error = check(name, &["shop"]).expect_err(name).to_string();
            assert!(error.contains(why), "{name}: {error}");
        }
        let error = check("postgres://bob:hunter2@db", &[]).expect_err("a URL").to_string();
        assert_eq!(error, "'(a URL)' is not a valid app name.");
    }
}
