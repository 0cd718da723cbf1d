//! What of a post's own HTML and addresses a page shows. Posts may be somebody else's: an imported blog, a
//! pull request.
//!
//! Tags without attributes that only mark text up stay, and are closed at the end of the post. All other HTML
//! is shown as text. So `<` comes from a fixed list, and no parser for HTML is needed that would have to read
//! it as each browser does.

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};

/// Tags that only mark text up.
const TAGS: [&str; 31] = [
    "abbr",
    "b",
    "blockquote",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "dl",
    "dt",
    "em",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "strong",
    "sub",
    "summary",
    "sup",
    "u",
    "ul",
    "var",
];

/// Tags that have no end.
const VOID_TAGS: [&str; 3] = ["br", "hr", "wbr"];

/// No tag of these is longer, with its end and a space.
const LONGEST: usize = 16;

/// Schemes of links. An address without a scheme leads to this site, or with `//` to another one.
const LINK_SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

const IMAGE_SCHEMES: [&str; 2] = ["http", "https"];

/// Pictures in the text itself. An SVG is none of them: opened alone, it is a page.
const IMAGE_DATA: [&str; 4] = ["data:image/gif;", "data:image/jpeg;", "data:image/png;", "data:image/webp;"];

/// What takes the place of an address that is not shown.
const NOWHERE: &str = "#";

/// Makes the events of one post harmless, in their order.
#[derive(Default)]
pub(super) struct Harmless {
    /// How many of each of the tags are open.
    open: [usize; TAGS.len()],
    /// Whether a comment goes on in the next line.
    in_comment: bool,
}

impl Harmless {
    pub(super) fn event<'a>(&mut self, event: Event<'a>) -> Event<'a> {
        match event {
            Event::Html(html) => Event::Html(self.html(&html).into()),
            Event::InlineHtml(html) => {
                let html = self.html(&html);
                self.in_comment = false;
                Event::InlineHtml(html.into())
            }
            Event::End(TagEnd::HtmlBlock) => {
                self.in_comment = false;
                Event::End(TagEnd::HtmlBlock)
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                // Its scheme is added later.
                let is_safe = link_type == LinkType::Email || is_link(&dest_url);
                Event::Start(Tag::Link { link_type, dest_url: address(dest_url, is_safe), title, id })
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let is_safe = is_image(&dest_url);
                Event::Start(Tag::Image { link_type, dest_url: address(dest_url, is_safe), title, id })
            }
            other => other,
        }
    }

    /// Returns the ends of the tags that are still open, so that they end with the post.
    pub(super) fn ends(&self) -> String {
        let open = TAGS.iter().zip(self.open);
        open.map(|(tag, count)| format!("</{tag}>").repeat(count)).collect()
    }

    fn html(&mut self, html: &str) -> String {
        let mut safe = String::with_capacity(html.len());
        let mut rest = html;
        loop {
            if self.in_comment {
                let Some((_, after)) = rest.split_once("-->") else { return safe };
                self.in_comment = false;
                rest = after;
            }
            let Some(start) = rest.find('<') else {
                safe.push_str(rest);
                return safe;
            };
            safe.push_str(&rest[..start]);
            rest = &rest[start..];
            if let Some(after) = rest.strip_prefix("<!--") {
                self.in_comment = true;
                rest = after;
            } else if let Some((tag, after)) = self.tag(rest) {
                safe.push_str(&tag);
                rest = after;
            } else {
                safe.push_str("&lt;");
                rest = &rest[1..];
            }
        }
    }

    /// Returns the tag at the beginning of a text, if it is one of ours, and what follows it.
    fn tag<'a>(&mut self, text: &'a str) -> Option<(String, &'a str)> {
        let end = text.bytes().take(LONGEST).position(|byte| byte == b'>')?;
        let (inner, after) = (&text[1..end], &text[end + 1..]);
        let is_end = inner.starts_with('/');
        let name = inner.strip_prefix('/').unwrap_or(inner);
        let name = name.strip_suffix('/').unwrap_or(name).trim_end_matches([' ', '\t']).to_ascii_lowercase();
        if !is_end && VOID_TAGS.contains(&name.as_str()) {
            return Some((format!("<{name}>"), after));
        }
        let open = &mut self.open[TAGS.iter().position(|tag| *tag == name)?];
        if !is_end {
            *open += 1;
            return Some((format!("<{name}>"), after));
        }
        // An end without a beginning could end what the page has opened.
        let is_open = *open > 0;
        *open = open.saturating_sub(1);
        Some((if is_open { format!("</{name}>") } else { String::new() }, after))
    }
}

fn address(address: CowStr<'_>, is_safe: bool) -> CowStr<'_> {
    if is_safe { address } else { NOWHERE.into() }
}

fn is_link(address: &str) -> bool {
    scheme(address).is_none_or(|scheme| LINK_SCHEMES.contains(&scheme.as_str()))
}

fn is_image(address: &str) -> bool {
    let plain = address.trim_start().to_ascii_lowercase();
    scheme(address).is_none_or(|scheme| IMAGE_SCHEMES.contains(&scheme.as_str()))
        || IMAGE_DATA.iter().any(|start| plain.starts_with(start))
}

/// Returns the scheme that a browser sees: it passes over control characters and spaces.
fn scheme(address: &str) -> Option<String> {
    let is_seen = |c: &char| *c > ' ' && !c.is_control() && !c.is_whitespace();
    let plain: String =
        address.chars().filter(is_seen).take_while(|c| !matches!(c, '/' | '?' | '#')).collect();
    plain.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase())
}
