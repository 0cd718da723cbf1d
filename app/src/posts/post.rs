//! An article made of a file, by Jekyll's rules.

use std::path::{Path, PathBuf};

use chrono::{NaiveDateTime, NaiveTime};

use super::file;
use super::front_matter::FrontMatter;
use super::problem::Fault;
use super::{date, drafts, slug};
use crate::models::MAX_LENGTH;

/// An article made of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) path: PathBuf,
    pub(crate) slug: String,
    /// The line that names the slug; nothing where the file's name does.
    pub(super) slug_line: Option<usize>,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) appearance: Appearance,
}

/// When an article appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Appearance {
    /// At this time, in UTC.
    At(NaiveDateTime),
    /// The file does not say: a draft, unless it is published by hand.
    Unknown,
    /// Not at all, whatever its date: the file says that it is a draft, or lies among drafts.
    Withheld,
}

impl Post {
    /// Reads the bytes of a file of this name; or everything that is wrong with them.
    pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Vec<Fault>> {
        let parts = file::parts(bytes).map_err(|fault| vec![fault])?;
        let front_matter = FrontMatter::parse(&parts.yaml).map_err(|fault| vec![fault])?;
        let name = Name::of(path);
        let mut faults: Vec<Fault> = ["title", "slug", "date", "published", "draft"]
            .iter()
            .filter_map(|field| front_matter.duplicate(field))
            .collect();
        let slug = noted(slug_of(&front_matter, &name), &mut faults);
        let title = noted(title_of(&front_matter, slug.as_ref().map(|(slug, _)| slug.as_str())), &mut faults);
        let among_drafts = drafts::is_among_drafts(path);
        let appearance = noted(appearance(&front_matter, &name, among_drafts), &mut faults);
        match (slug, title, appearance) {
            (Some((slug, slug_line)), Some(title), Some(appearance)) if faults.is_empty() => {
                Ok(Self { path: path.to_owned(), slug, slug_line, title, body: parts.body, appearance })
            }
            _ => Err(faults),
        }
    }
}

fn noted<T>(result: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

/// What the name of a file says: `2020-04-11-hello.md`.
struct Name {
    /// What looks like a date.
    date: Option<String>,
    rest: String,
    /// Two names that differ only in bytes that are not UTF-8 would give the same slug.
    is_utf8: bool,
}

impl Name {
    fn of(path: &Path) -> Self {
        let stem = path.file_stem().unwrap_or_default();
        let is_utf8 = stem.to_str().is_some();
        let stem = stem.to_string_lossy().into_owned();
        let mut parts = stem.splitn(4, '-');
        if let (Some(year), Some(month), Some(day), Some(rest)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        {
            let digits = |text: &str, lengths: &[usize]| {
                lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
            };
            if digits(year, &[4]) && digits(month, &[1, 2]) && digits(day, &[1, 2]) {
                return Self { date: Some(format!("{year}-{month}-{day}")), rest: rest.to_owned(), is_utf8 };
            }
        }
        Self { date: None, rest: stem, is_utf8 }
    }
}

fn slug_of(front_matter: &FrontMatter, name: &Name) -> Result<(String, Option<usize>), Fault> {
    let field = front_matter.get("slug");
    let line = field.map(|field| field.line);
    let text = match field {
        Some(field) => field.text("slug")?,
        None => &name.rest,
    };
    let slug = slug::slug(text);
    let reason = if line.is_none() && !name.is_utf8 {
        "the file's name is not UTF-8: rename it, or add a `slug:` to its front matter".to_owned()
    } else if slug.is_empty() && line.is_some() {
        "nothing of `slug` can stand in an address".to_owned()
    } else if slug.is_empty() && front_matter.get("title").is_none() {
        "the file's name gives neither a slug nor a title: add `slug:` and `title:` to its front matter"
            .to_owned()
    } else if slug.is_empty() {
        "the file's name gives no slug: add a `slug:` to its front matter".to_owned()
    } else if let Some(length) = too_long(&slug) {
        format!("the slug has {length} characters, and may have {MAX_LENGTH}")
    } else {
        return Ok((slug, line));
    };
    Err(Fault { line, reason })
}

fn title_of(front_matter: &FrontMatter, slug: Option<&str>) -> Result<String, Fault> {
    let field = front_matter.get("title");
    let text = field.map(|field| field.text("title")).transpose()?.unwrap_or_default();
    let given = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = field.map(|field| field.line);
    if given.contains(char::is_control) {
        return Err(Fault { line, reason: "the title has a control character".to_owned() });
    }
    // Without a slug there is a complaint already.
    let title = if given.is_empty() { slug.map(slug::title).unwrap_or_default() } else { given };
    match too_long(&title) {
        Some(length) => {
            let reason = format!("the title has {length} characters, and may have {MAX_LENGTH}");
            Err(Fault { line, reason })
        }
        None => Ok(title),
    }
}

fn too_long(text: &str) -> Option<usize> {
    let length = text.chars().count();
    (length > MAX_LENGTH).then_some(length)
}

/// Returns when it appears: at the date of the front matter, else at that of the file's name, unless it is
/// withheld.
fn appearance(front_matter: &FrontMatter, name: &Name, among_drafts: bool) -> Result<Appearance, Fault> {
    let time = match (front_matter.get("date"), &name.date) {
        (Some(field), _) => {
            let text = field.text("date")?;
            let reason = || {
                let forms = "`2020-04-11`, `2020-04-11 10:24:21` or `2020-04-11 10:24:21 +0900`";
                Fault::at(field.line, format!("`date` is no date: “{text}”; write {forms}"))
            };
            Some(date::parse(text).ok_or_else(reason)?)
        }
        (None, Some(text)) => {
            let reason =
                || Fault::from(format!("the file's name begins with a date that does not exist: {text}"));
            Some(date::date(text).ok_or_else(reason)?.and_time(NaiveTime::MIN))
        }
        (None, None) => None,
    };
    let says = |name| front_matter.get(name).map(|field| field.is_true(name)).transpose();
    let (published, draft) = (says("published")?, says("draft")?);
    Ok(match time {
        _ if among_drafts || published == Some(false) || draft == Some(true) => Appearance::Withheld,
        Some(time) => Appearance::At(time),
        None => Appearance::Unknown,
    })
}

#[cfg(test)]
#[path = "post_tests.rs"]
mod tests;
