//! Texts that the macro takes from the source: the command's name and its help.

use syn::{Attribute, Expr, ExprLit, Ident, Lit, Meta};

/// Returns the name of a command: its function's name, without the `r#` of a raw identifier.
pub(crate) fn command_name(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

/// Returns the help of a command: the first paragraph on one line and without its full stop, and the whole
/// text where there is more.
pub(crate) fn help(attributes: &[Attribute]) -> (String, Option<String>) {
    let lines: Vec<String> = attributes.iter().filter_map(doc_line).collect();
    let text = lines.join("\n");
    let text = text.trim();
    let (first, rest) = first_paragraph(text);
    let first = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let short = match first.strip_suffix('.') {
        Some(without) if !without.ends_with('.') => without.to_owned(),
        _ => first,
    };
    let rest = flowing(rest);
    let long = (!rest.is_empty()).then(|| format!("{short}\n\n{rest}"));
    (short, long)
}

/// Returns what is before the first empty line, list or block of code; and the rest.
fn first_paragraph(text: &str) -> (&str, &str) {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let begins_another = line.trim().is_empty() || is_a_line_of_its_own(line) || fence_of(line).is_some();
        if end > 0 && begins_another {
            break;
        }
        end += line.len();
    }
    text.split_at(end)
}

/// Returns the marks that begin or end a block of code, of three or more.
fn fence_of(line: &str) -> Option<&str> {
    let bare = line.trim();
    let of = |mark: char| &bare[..bare.len() - bare.trim_start_matches(mark).len()];
    [of('`'), of('~')].into_iter().find(|marks| marks.len() >= 3)
}

/// Returns each paragraph on one line, for the terminal to wrap. Lists, tables and headings keep their lines;
/// code between fences is indented instead, which reads well in a terminal and is code in Markdown too.
fn flowing(text: &str) -> String {
    let mut shown = String::new();
    let mut fence: Option<&str> = None;
    let mut ends_there = true;
    for line in text.lines() {
        let bare = line.trim();
        let mark = fence_of(line);
        match fence {
            Some(open) if mark.is_some_and(|mark| mark.starts_with(open) && mark == bare) => {
                fence = None;
                ends_there = true;
                shown.push_str("\n\n");
            }
            Some(_) if bare.is_empty() => shown.push('\n'),
            Some(_) => shown.push_str(&format!("\n    {line}")),
            None if mark.is_some() => {
                fence = mark;
                shown.push('\n');
            }
            None if bare.is_empty() => {
                ends_there = true;
                shown.push_str("\n\n");
            }
            None => {
                if !ends_there {
                    shown.push(if is_a_line_of_its_own(line) { '\n' } else { ' ' });
                }
                shown.push_str(line);
                ends_there = false;
                if line.starts_with(['|', '#']) {
                    shown.push('\n');
                    ends_there = true;
                }
            }
        }
    }
    without_gaps(&shown)
}

/// Returns whether a line does not go on with the one before: it is indented, or begins an item, a row, a
/// quotation or a heading.
fn is_a_line_of_its_own(line: &str) -> bool {
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with([' ', '\t', '|', '>', '#'])
        || ["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark))
        || (number.len() < line.len() && [". ", ") "].iter().any(|mark| number.starts_with(mark)))
}

/// Returns at most one empty line in a row, and none at the ends.
fn without_gaps(text: &str) -> String {
    let mut shown: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !line.is_empty() || shown.last().is_some_and(|last| !last.is_empty()) {
            shown.push(line);
        }
    }
    shown.join("\n").trim_end().to_owned()
}

/// Returns whether it is a documentation comment whose text is known.
pub(crate) fn is_text(attribute: &Attribute) -> bool {
    doc_line(attribute).is_some()
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    if !pair.path.is_ident("doc") {
        return None;
    }
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
    let text = text.value();
    // A `/** … */` comment arrives as one attribute of many lines, which may each begin with a star.
    let starred = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('*');
    let has_stars = text.lines().count() > 1 && text.lines().skip(1).all(starred);
    let lines = text.lines().enumerate().map(|(number, line)| match number > 0 && has_stars {
        true => line.trim_start().trim_start_matches('*'),
        false => line,
    });
    Some(lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn the_first_paragraph_is_the_short_help() {
        let (short, long) =
            help(&[parse_quote!(#[doc = " Publish an"]), parse_quote!(#[doc = " article now."])]);
        assert_eq!(short, "Publish an article now");
        assert_eq!(long, None);
    }

    #[test]
    fn further_paragraphs_are_the_long_help() {
        let docs = [" Publish.", "", " It keeps", "     its indent.", "", " The end", " flows."];
        let attributes: Vec<Attribute> = docs.iter().map(|line| parse_quote!(#[doc = #line])).collect();
        let (short, long) = help(&attributes);
        assert_eq!(short, "Publish");
        assert_eq!(long.as_deref(), Some("Publish\n\nIt keeps\n    its indent.\n\nThe end flows."));
    }

    fn long(text: &str) -> String {
        let lines = format!("Short.\n\n{text}");
        let lines = lines.lines().map(|line| format!(" {line}"));
        let attributes: Vec<Attribute> = lines.map(|line| parse_quote!(#[doc = #line])).collect();
        let long = help(&attributes).1.expect("more than a line");
        long.strip_prefix("Short\n\n").expect("the short text first").to_owned()
    }

    #[test]
    fn code_between_fences_is_indented() {
        assert_eq!(
            long("As in\n```sh\nmanage report --by 3\n\n\n  manage report\n```\nand so on\nand on."),
            "As in\n\n    manage report --by 3\n\n      manage report\n\nand so on and on."
        );
        assert_eq!(long("~~~\n```\n~~~"), "    ```");
        assert_eq!(long("````\n```\ncode\n```\n````\nafter"), "    ```\n    code\n    ```\n\nafter");
        assert_eq!(long("```\nnever closed"), "    never closed");
    }

    #[test]
    fn only_what_is_a_block_keeps_its_lines() {
        let prose = "Nothing is opened. With\n`--deploy` it looks for\n*more*, at\n3 places and\n-5 degrees.";
        assert_eq!(
            long(prose),
            "Nothing is opened. With `--deploy` it looks for *more*, at 3 places and -5 degrees."
        );
        assert_eq!(
            long("- one\n- two\n  goes on\n1. first\n2) second"),
            "- one\n- two\n  goes on\n1. first\n2) second"
        );
        assert_eq!(
            long("# Examples\nare\nthese:\n| a | b |\n|---|---|\nend"),
            "# Examples\nare these:\n| a | b |\n|---|---|\nend"
        );
    }

    #[test]
    fn a_list_ends_the_first_paragraph() {
        let (short, long) = help(&[parse_quote!(#[doc = " Clears.\n - caches\n - sessions"])]);
        assert_eq!((short.as_str(), long.as_deref()), ("Clears", Some("Clears\n\n- caches\n- sessions")));
        let (short, long) = help(&[parse_quote!(#[doc = " Runs\n ```sh\n it\n ```"])]);
        assert_eq!((short.as_str(), long.as_deref()), ("Runs", Some("Runs\n\n    it")));
    }

    #[test]
    fn a_block_comment_has_no_stars() {
        let (short, long) = help(&[
            parse_quote!(#[doc = "\n     * Greets.\n     *\n     * - a list\n     * - of two\n     "]),
        ]);
        assert_eq!((short.as_str(), long.as_deref()), ("Greets", Some("Greets\n\n- a list\n- of two")));
    }

    #[test]
    fn an_ellipsis_stays() {
        let (short, _) = help(&[parse_quote!(#[doc = " Waits..."])]);
        assert_eq!(short, "Waits...");
    }

    #[test]
    fn a_raw_identifier_loses_its_prefix() {
        assert_eq!(command_name(&parse_quote!(r#move)), "move");
    }
}
