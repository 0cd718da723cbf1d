//! Stores posts as articles: all of them or none.

use diesel::QueryResult;
use manage::console::printable;
use manage::database::Connection;

use super::post::{Appearance, Post};
use crate::models::{self, Change, ImportedArticle};

/// Inserts or updates the article of every post, in one transaction. `each` is called after every post.
pub(crate) fn import(
    connection: &mut Connection,
    posts: &[Post],
    dry_run: bool,
    mut each: impl FnMut(),
) -> QueryResult<Vec<Change>> {
    connection.transaction(|connection| {
        posts
            .iter()
            .map(|post| {
                // A column of text holds no other bytes; they are written as escapes, so that none is lost.
                let source_file = match post.path.to_str() {
                    Some(path) => path.into(),
                    None => printable(&post.path),
                };
                let article = ImportedArticle {
                    slug: &post.slug,
                    title: &post.title,
                    body: &post.body,
                    published_at: match post.appearance {
                        Appearance::At(time) => Some(Some(time)),
                        Appearance::Unknown => None,
                        Appearance::Withheld => Some(None),
                    },
                    source_file: Some(&source_file),
                };
                let change = models::save(connection, &article, dry_run)?;
                each();
                Ok(change)
            })
            .collect()
    })
}
