use std::path::PathBuf;

use manage::console::printable;
use manage::prelude::*;

use crate::models::Change;
use crate::posts::{self, Appearance, Post, Reading};

/// How many skipped files are named by default.
const NAMED: usize = 3;

/// Import Jekyll's posts as articles
///
/// Inserts each post, or updates the article with the same slug. If any post has an error, nothing is
/// imported. Files in a directory `_drafts`, and those with `draft: true` or `published: false`, are drafts
/// whatever their date.
#[command]
pub fn import_posts(
    cx: &mut Context,
    /// Markdown files, and directories to search for them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print the plan without running it
    #[arg(long)]
    dry_run: bool,
    /// The database to import into
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    database: String,
) -> Result<()> {
    let reading = posts::read(&paths);
    tell_others(cx, &reading.others)?;
    refuse_problems(cx, &reading)?;
    let mut connection = cx.database(&database)?.connect()?;
    let progress = cx.progress(reading.posts.len() as u64);
    let changes = posts::import(&mut connection, &reading.posts, dry_run, || progress.advance(1));
    drop(progress);
    let changes = changes.context("The posts could not be stored; nothing was imported.")?;
    if cx.verbosity() >= 1 {
        for (post, change) in reading.posts.iter().zip(&changes) {
            cx.line(reported(post, *change))?;
        }
    }
    let summary = summary(&changes);
    if dry_run {
        cx.notice(format_args!("{summary} This was a dry run: nothing was stored."))
    } else {
        cx.success(summary)
    }
}

/// Nothing is passed over in silence.
fn tell_others(cx: &Context, others: &[PathBuf]) -> Result<()> {
    if others.is_empty() {
        return Ok(());
    }
    let files = if others.len() == 1 { "file that is" } else { "files that are" };
    let named = if cx.verbosity() >= 2 { others.len() } else { NAMED };
    let mut names: Vec<_> = others.iter().take(named).map(printable).collect();
    if let Some(more) = others.len().checked_sub(named).filter(|more| *more > 0) {
        names.push(format!("and {more} more (`-v 2` lists them)").into());
    }
    // One file a line, so that a long list can be read.
    let list =
        if named > NAMED { format!("\n  {}", names.join("\n  ")) } else { format!(" {}.", names.join(", ")) };
    cx.notice(format_args!("Skipped {} {files} not Markdown:{list}", others.len()))
}

fn refuse_problems(cx: &Context, reading: &Reading) -> Result<()> {
    let count = reading.problems.len();
    if count == 0 {
        return Ok(());
    }
    for problem in &reading.problems {
        cx.error(problem)?;
    }
    let problems = if count == 1 { "problem" } else { "problems" };
    Err(CommandError::new(format!("Nothing was imported: {count} {problems} found."))
        .hint("Fix the problems above and import again; `--dry-run` only checks.")
        .into())
}

fn reported(post: &Post, change: Change) -> String {
    let verb = match change {
        Change::Added => "added",
        Change::Updated => "updated",
        Change::Unchanged => "unchanged",
    };
    let draft = if post.appearance == Appearance::Withheld { " (draft)" } else { "" };
    format!("{verb:<9} {} ← {}{draft}", post.slug, printable(&post.path))
}

fn summary(changes: &[Change]) -> String {
    let count = |wanted| changes.iter().filter(|change| **change == wanted).count();
    let posts = if changes.len() == 1 { "post" } else { "posts" };
    format!(
        "{} {posts}: {} added, {} updated, {} unchanged.",
        changes.len(),
        count(Change::Added),
        count(Change::Updated),
        count(Change::Unchanged)
    )
}
