//! Markdown as a visitor sees it.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::harmless::Harmless;

/// How much of an article the list of articles shows, in characters.
const EXCERPT: usize = 180;

/// How much of an article is read for the list, in bytes: the list has many articles.
const BEGINNING: usize = 16 << 10;

/// Returns the whole text as HTML. The page has its heading already, so that a first heading in the text
/// becomes a second one.
pub(super) fn html(markdown: &str) -> String {
    let mut html = String::with_capacity(markdown.len() * 3 / 2);
    let mut harmless = Harmless::default();
    let events = parser(markdown).map(|event| match harmless.event(event) {
        Event::Start(Tag::Heading { level, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: below(level), id, classes, attrs })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below(level))),
        other => other,
    });
    pulldown_cmark::html::push_html(&mut html, events);
    html.push_str(&harmless.ends());
    html
}

fn below(level: HeadingLevel) -> HeadingLevel {
    HeadingLevel::try_from(level as usize + 1).unwrap_or(HeadingLevel::H6)
}

/// Returns the beginning of the first paragraph, without any markup.
pub(super) fn excerpt(markdown: &str) -> String {
    let mut text = String::new();
    let paragraph = parser(beginning(markdown))
        .skip_while(|event| !matches!(event, Event::Start(Tag::Paragraph)))
        .take_while(|event| !matches!(event, Event::End(TagEnd::Paragraph)));
    for event in paragraph {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    shortened(text.trim())
}

fn shortened(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(EXCERPT) else { return text.to_owned() };
    let start = &text[..end];
    // At the end of a word, unless the last one is very long.
    let end = start.rfind(char::is_whitespace).filter(|end| *end > start.len() / 2).unwrap_or(start.len());
    format!("{}…", start[..end].trim_end())
}

/// Returns the language of an article, where its letters tell: browsers choose the font and break the lines
/// by it.
pub(super) fn language(title: &str, body: &str) -> Option<&'static str> {
    let body = beginning(body);
    let letters = || title.chars().chain(body.chars()).filter(|c| c.is_alphabetic());
    let hangul = letters().filter(|c| matches!(c, '\u{ac00}'..='\u{d7a3}')).count();
    // A Korean text about programs is half English.
    (hangul * 10 > letters().count()).then_some("ko")
}

fn beginning(text: &str) -> &str {
    let mut end = text.len().min(BEGINNING);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn parser(markdown: &str) -> Parser<'_> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS;
    Parser::new_ext(markdown, options)
}

#[cfg(test)]
#[path = "markdown_tests.rs"]
mod tests;
