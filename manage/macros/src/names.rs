//! Texts that the macro takes from the source: the command's name and its help.

use syn::{Attribute, Expr, ExprLit, Ident, Lit, Meta};

/// The name of a command: its function's name, without the `r#` of a raw identifier.
pub(crate) fn command_name(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

/// The help of a command: the first paragraph on one line and without its full stop, and the whole text where
/// there is more.
pub(crate) fn help(attributes: &[Attribute]) -> (String, Option<String>) {
    let lines: Vec<String> = attributes.iter().filter_map(doc_line).collect();
    let text = lines.join("\n");
    let text = text.trim();
    let paragraphs: Vec<String> = text.split("\n\n").map(flowing).collect();
    let first = paragraphs[0].split_whitespace().collect::<Vec<_>>().join(" ");
    let short = match first.strip_suffix('.') {
        Some(without) if !without.ends_with('.') => without.to_owned(),
        _ => first,
    };
    let long = (paragraphs.len() > 1).then(|| format!("{short}\n\n{}", paragraphs[1..].join("\n\n")));
    (short, long)
}

/// A paragraph on one line, for the terminal to wrap; a list or a block that is indented keeps its lines.
fn flowing(paragraph: &str) -> String {
    let keeps = |line: &str| {
        line.starts_with([' ', '\t', '-', '*', '|', '>', '`']) || line.starts_with(char::is_numeric)
    };
    let mut text = String::new();
    for line in paragraph.trim_end().lines() {
        if !text.is_empty() {
            text.push(if keeps(line) { '\n' } else { ' ' });
        }
        text.push_str(line);
    }
    text
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    if !pair.path.is_ident("doc") {
        return None;
    }
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
    let text = text.value();
    // A `/** … */` comment arrives as one attribute of many lines.
    Some(text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n"))
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
