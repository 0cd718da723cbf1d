//! Markdown as a visitor sees it. It comes from the blog's own authors, so HTML in it stays as it is.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// How much of an article the list of articles shows, in characters.
const EXCERPT: usize = 180;

/// The whole text as HTML. The page has its heading already, so that a first heading in the text becomes a second one.
pub(super) fn html(markdown: &str) -> String {
    let mut html = String::with_capacity(markdown.len() * 3 / 2);
    let events = parser(markdown).map(|event| match event {
        Event::Start(Tag::Heading { level, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: below(level), id, classes, attrs })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below(level))),
        other => other,
    });
    pulldown_cmark::html::push_html(&mut html, events);
    html
}

fn below(level: HeadingLevel) -> HeadingLevel {
    HeadingLevel::try_from(level as usize + 1).unwrap_or(HeadingLevel::H6)
}

/// The beginning of the first paragraph, without any markup.
pub(super) fn excerpt(markdown: &str) -> String {
    let mut text = String::new();
    let paragraph = parser(markdown)
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

/// The language of an article, where its letters tell: browsers choose the font and break the lines by it.
pub(super) fn language(title: &str, body: &str) -> Option<&'static str> {
    let letters = || title.chars().chain(body.chars()).filter(|c| c.is_alphabetic());
    let hangul = letters().filter(|c| matches!(c, '\u{ac00}'..='\u{d7a3}')).count();
    // A Korean text about programs is half English.
    (hangul * 10 > letters().count()).then_some("ko")
}

fn parser(markdown: &str) -> Parser<'_> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS;
    Parser::new_ext(markdown, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_plain_text() {
        assert_eq!(excerpt("# Title\n\nOne *two* `three`\n[four](x).\n\nFive"), "One two three four.");
        assert_eq!(excerpt("```\ncode\n```\n"), "");
        let long = excerpt(&"안녕하세요 ".repeat(100));
        assert!(long.ends_with("안녕하세요…") && long.chars().count() <= EXCERPT + 1, "{long}");
        assert_eq!(excerpt(&"가".repeat(500)).chars().count(), EXCERPT + 1);
    }

    #[test]
    fn headings_stand_below_that_of_the_page() {
        assert_eq!(html("# One\n###### Six\n"), "<h2>One</h2>\n<h6>Six</h6>\n");
    }

    #[test]
    fn korean_is_told_from_english() {
        assert_eq!(language("장고 명령어", "Django command를 써보자"), Some("ko"));
        assert_eq!(language("Hello", "World 안"), None);
        assert_eq!(language("", ""), None);
    }
}
