//! The articles in the database.

use chrono::{NaiveDateTime, SubsecRound, Utc};
use diesel::prelude::*;
use manage::database::{Connection, MultiBackend};

use crate::schema::articles;

/// The longest slug and the longest title, in characters: the columns hold no more.
pub(crate) const MAX_LENGTH: usize = 200;

/// An article as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = articles, check_for_backend(MultiBackend))]
pub(crate) struct Article {
    pub(crate) id: i32,
    pub(crate) slug: String,
    pub(crate) title: String,
    /// Markdown.
    pub(crate) body: String,
    /// UTC. A draft has none; with a time to come, the article appears by itself.
    pub(crate) published_at: Option<NaiveDateTime>,
    pub(crate) source_file: Option<String>,
}

/// An article as an import brings it.
#[derive(Clone, Debug, Insertable, AsChangeset)]
#[diesel(table_name = articles)]
pub(crate) struct ImportedArticle<'a> {
    pub(crate) slug: &'a str,
    pub(crate) title: &'a str,
    pub(crate) body: &'a str,
    /// `None`: an update keeps the time that the article has, it may have been published by hand.
    /// `Some(None)`: an update takes the time away, and with it the article from the public.
    pub(crate) published_at: Option<Option<NaiveDateTime>>,
    pub(crate) source_file: Option<&'a str>,
}

/// What an import does to an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Updated,
    Unchanged,
}

/// What became of the wish to publish an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Publication {
    /// It appears from now on.
    Done(Article),
    /// It had appeared before, at this time.
    Already(Article, NaiveDateTime),
    /// It keeps its date, at which it will appear.
    Scheduled(Article, NaiveDateTime),
    /// It has no date to keep.
    NoDate(Article),
}

/// Returns the time, to the second: one of the databases keeps no fractions.
pub(crate) fn now() -> NaiveDateTime {
    Utc::now().naive_utc().trunc_subsecs(0)
}

/// Returns the articles that a visitor may see, the newest first; at most so many, or all.
pub(crate) fn published(connection: &mut Connection, most: Option<u32>) -> QueryResult<Vec<Article>> {
    articles::table
        .filter(articles::published_at.le(now()))
        .order((articles::published_at.desc(), articles::id.desc()))
        .limit(most.map_or(i64::MAX, i64::from))
        .select(Article::as_select())
        .load(connection)
}

/// Returns the slug and the title of every article, drafts as well.
pub(crate) fn slugs(connection: &mut Connection) -> QueryResult<Vec<(String, String)>> {
    articles::table.order(articles::slug).select((articles::slug, articles::title)).load(connection)
}

/// Returns the article of this slug, if a visitor may see it.
pub(crate) fn find_published(connection: &mut Connection, slug: &str) -> QueryResult<Option<Article>> {
    let now = now();
    Ok(find(connection, slug)?.filter(|article| article.published_at.is_some_and(|time| time <= now)))
}

/// Returns the article of this slug, a draft as well.
pub(crate) fn find(connection: &mut Connection, slug: &str) -> QueryResult<Option<Article>> {
    // PostgreSQL takes no such text, not even in a comparison.
    if slug.contains('\0') {
        return Ok(None);
    }
    let found = articles::table
        .filter(articles::slug.eq(slug))
        .select(Article::as_select())
        .first(connection)
        .optional()?;
    // MySQL takes no notice of spaces at the end.
    Ok(found.filter(|article: &Article| article.slug == slug))
}

/// Returns the slug that is most like this one, when one is like it at all.
pub(crate) fn closest_slug(connection: &mut Connection, slug: &str) -> QueryResult<Option<String>> {
    let slugs: Vec<String> = articles::table.select(articles::slug).order(articles::slug).load(connection)?;
    Ok(manage::command::closest(slug, slugs.iter().map(String::as_str)).map(str::to_owned))
}

/// Makes an article appear now; with `keep_date`, at the time that it has. Nothing where there is no such
/// article.
pub(crate) fn publish(
    connection: &mut Connection,
    slug: &str,
    keep_date: bool,
) -> QueryResult<Option<Publication>> {
    connection.transaction(|connection| {
        let Some(mut article) = find(connection, slug)? else { return Ok(None) };
        let now = now();
        Ok(Some(match article.published_at {
            Some(time) if time <= now => Publication::Already(article, time),
            Some(time) if keep_date => Publication::Scheduled(article, time),
            None if keep_date => Publication::NoDate(article),
            _ => {
                article.published_at = Some(now);
                diesel::update(articles::table.find(article.id))
                    .set(articles::published_at.eq(now))
                    .execute(connection)?;
                Publication::Done(article)
            }
        }))
    })
}

/// Returns the slugs of the articles that have no date, in order.
pub(crate) fn drafts(connection: &mut Connection) -> QueryResult<Vec<String>> {
    articles::table
        .filter(articles::published_at.is_null())
        .select(articles::slug)
        .order(articles::slug)
        .load(connection)
}

/// Deletes those of these articles that are drafts still.
pub(crate) fn delete(connection: &mut Connection, slugs: &[String]) -> QueryResult<usize> {
    connection.transaction(|connection| {
        let mut deleted = 0;
        for slug in slugs {
            let draft =
                articles::table.filter(articles::slug.eq(slug)).filter(articles::published_at.is_null());
            deleted += diesel::delete(draft).execute(connection)?;
        }
        Ok(deleted)
    })
}

/// Inserts an article, or updates the one that has its slug; with `dry_run`, says only which of them it would
/// be.
pub(crate) fn save(
    connection: &mut Connection,
    new: &ImportedArticle<'_>,
    dry_run: bool,
) -> QueryResult<Change> {
    let Some(old) = find(connection, new.slug)? else {
        if !dry_run {
            diesel::insert_into(articles::table).values(new).execute(connection)?;
        }
        return Ok(Change::Added);
    };
    // Another spelling of the path alone is no change.
    let same = old.title == new.title
        && old.body == new.body
        && new.published_at.is_none_or(|time| old.published_at == time);
    if same {
        return Ok(Change::Unchanged);
    }
    if !dry_run {
        diesel::update(articles::table.find(old.id)).set(new).execute(connection)?;
    }
    Ok(Change::Updated)
}
