//! Jekyll's posts: Markdown files with YAML in front.
//!
//! In reading order: `files` finds them in folders; `file` takes one apart into front matter and body;
//! `front_matter` reads the YAML, with the line of every field; `post` makes an article of it by Jekyll's
//! rules, with the help of `slug`, `date` and `drafts`; `reading` does it for many files; `import` stores
//! them. Whatever is wrong with a file is a [`Problem`] with its line, and all of them are reported at once.

mod date;
mod drafts;
mod file;
mod files;
mod front_matter;
mod import;
mod post;
mod problem;
mod reading;
mod slug;

pub(crate) use import::import;
pub(crate) use post::{Appearance, Post};
pub(crate) use problem::Problem;
pub(crate) use reading::{Reading, read};
