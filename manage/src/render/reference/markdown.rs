//! The reference in Markdown: a heading for each app, each command and each subcommand, and tables of their
//! arguments.

use std::fmt::Write;

use crate::catalog::{Argument, Catalog, CommandOption, Description};

/// Returns the whole reference. Hidden commands, options and values are omitted.
pub(super) fn reference(catalog: &Catalog) -> String {
    let program = &catalog.program;
    let mut text = format!("# Commands of {program}\n");
    let mut app = "";
    for entry in &catalog.commands {
        // A command that was named is described even if it is hidden.
        if entry.command.hidden && catalog.commands.len() > 1 {
            continue;
        }
        if entry.app != app {
            app = &entry.app;
            push(&mut text, format_args!("\n## {}\n", escaped(app)));
        }
        describe(&mut text, &entry.command, &entry.without, program, 3);
    }
    push(
        &mut text,
        "\n## Common options\n\nEvery command takes them, before and after its name, unless its description leaves some out.\n",
    );
    options(&mut text, &catalog.common_options);
    text
}

fn describe(text: &mut String, command: &Description, without: &[String], above: &str, level: usize) {
    let name = format!("{above} {}", command.name);
    push(text, format_args!("\n{:#<level$} {}\n\n", "", escaped(&name)));
    // The longer text is a doc comment, which is Markdown.
    match &command.long_about {
        Some(about) => push(text, format_args!("{}\n\n", with_fences(about))),
        None if command.about.is_empty() => {}
        None => push(text, format_args!("{}\n\n", escaped(&command.about))),
    }
    push(text, format_args!("```text\n{}\n```\n", command.usage));
    if !command.aliases.is_empty() {
        let aliases: Vec<String> = command.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        push(text, format_args!("\nAliases: {}\n", aliases.join(", ")));
    }
    let arguments: Vec<&Argument> = command.arguments.iter().filter(|argument| !argument.hidden).collect();
    if !arguments.is_empty() {
        push(text, "\n| argument | meaning | default |\n|---|---|---|\n");
        for argument in arguments {
            row(text, &argument.name, argument);
        }
    }
    options(text, &command.options);
    if !without.is_empty() {
        let dashed = |name: &String| if name.starts_with('-') { name.clone() } else { format!("--{name}") };
        let without: Vec<String> = without.iter().map(|name| code(&dashed(name))).collect();
        push(text, format_args!("\nWithout the common options {}.\n", without.join(", ")));
    }
    for inner in command.subcommands.iter().filter(|inner| !inner.hidden) {
        describe(text, inner, &[], &name, (level + 1).min(6));
    }
}

/// Puts indented lines, such as examples, between fences: in a paragraph they would be filled. Below an item of a list
/// they belong to that.
fn with_fences(about: &str) -> String {
    let is_item =
        |line: &str| line.starts_with(['-', '*', '+']) || line.starts_with(|c: char| c.is_ascii_digit());
    let mut out = String::new();
    let (mut in_code, mut in_list) = (false, false);
    for line in about.lines() {
        let is_code = line.starts_with("  ") && !in_list;
        if is_code != in_code {
            out.push_str(if is_code { "\n```text\n" } else { "```\n" });
            in_code = is_code;
        }
        if !line.starts_with(' ') {
            in_list = is_item(line) || in_list && line.is_empty();
        }
        out.push_str(if is_code { &line[2..] } else { line });
        out.push('\n');
    }
    out.push_str(if in_code { "```" } else { "" });
    out.trim_end().to_owned()
}

fn options(text: &mut String, options: &[CommandOption]) {
    let options: Vec<&CommandOption> = options.iter().filter(|option| !option.argument.hidden).collect();
    if options.is_empty() {
        return;
    }
    push(text, "\n| option | meaning | default |\n|---|---|---|\n");
    for option in options {
        let short = option.short.map(|short| format!("-{short}"));
        let long = option.long.iter().chain(&option.aliases).map(|long| format!("--{long}"));
        let mut shown = short.into_iter().chain(long).collect::<Vec<_>>().join(", ");
        if option.takes_value {
            let Argument { name, min_values, .. } = &option.argument;
            shown += &match (option.requires_equals, min_values) {
                (true, 0) => format!("[={name}]"),
                (true, _) => format!("={name}"),
                (false, 0) => format!(" [{name}]"),
                (false, _) => format!(" {name}"),
            };
        }
        row(text, &shown, &option.argument);
    }
}

fn row(text: &mut String, shown: &str, argument: &Argument) {
    let mut meaning = cell(argument.long_help.as_deref().unwrap_or(&argument.help));
    if !argument.possible_values.is_empty() {
        let values: Vec<String> = argument.possible_values.iter().map(|value| code(&value.name)).collect();
        let _ = write!(meaning, " ({})", values.join(", "));
    }
    if argument.required {
        meaning.push_str(" (required)");
    }
    let default: Vec<String> = argument.default.iter().map(|value| code(value)).collect();
    push(text, format_args!("| {} | {} | {} |\n", code(shown), meaning.trim(), default.join(", ")));
}

fn push(text: &mut String, more: impl std::fmt::Display) {
    // Writing to a string does not fail.
    let _ = write!(text, "{more}");
}

/// Formats code in the cell of a table, where a bar would end the cell even in code.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|").replace('`', "'"))
}

fn cell(text: &str) -> String {
    escaped(text).replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Escapes what Markdown would read as HTML, emphasis or a link.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_code = false;
    for letter in text.chars() {
        in_code ^= letter == '`';
        // An underscore inside a word is literal.
        let marks = letter != '_' || !out.ends_with(char::is_alphanumeric);
        if !in_code && marks && matches!(letter, '<' | '*' | '_' | '[' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{cell, code, escaped, with_fences};

    #[test]
    fn indented_lines_are_code() {
        assert_eq!(with_fences("A\n\nRun:\n  a  > b\n  c\n\nD"), "A\n\nRun:\n\n```text\na  > b\nc\n```\n\nD");
        assert_eq!(with_fences("Run:\n  a"), "Run:\n\n```text\na\n```");
        assert_eq!(with_fences("- one\n  and more\n- two"), "- one\n  and more\n- two");
        assert_eq!(with_fences("One\n\nTwo"), "One\n\nTwo");
    }

    #[test]
    fn nothing_is_taken_for_markup() {
        assert_eq!(escaped("a <b> of `x_y` and z_1*"), "a \\<b> of `x_y` and z_1\\*");
        assert_eq!(escaped("_x"), "\\_x");
        assert_eq!(cell("one | two\nthree"), "one \\| two three");
        assert_eq!(code("text|json"), "`text\\|json`");
    }
}
