use manage::console::{echo, printable};
use manage::prelude::*;

use crate::models::{self, Publication};

/// Publish an article now
#[command]
pub fn publish(
    cx: &mut Context,
    /// The article's slug
    #[arg(add = manage::completion::values(slugs))]
    slug: String,
    /// Keep its date: an article with a future date appears then
    #[arg(long)]
    keep_date: bool,
) -> Result<()> {
    let mut connection = cx.connect()?;
    let Some(publication) = models::publish(&mut connection, &slug, keep_date)? else {
        let error = CommandError::new(format!("There is no article “{}”.", echo(&slug)));
        return Err(match models::closest_slug(&mut connection, &slug)? {
            Some(closest) => error.hint(format!("Did you mean “{}”?", printable(&closest))),
            None => error.hint("The slug is the part of the article's address after /articles/."),
        }
        .into());
    };
    // A title may come from an imported file.
    match publication {
        Publication::Done(article) => cx.success(format_args!("Published “{}”.", printable(&article.title))),
        Publication::Already(article, time) => {
            cx.notice(format_args!("“{}” was already published, on {time} UTC.", printable(&article.title)))
        }
        Publication::Scheduled(article, time) => cx.notice(format_args!(
            "“{}” keeps its date: it appears on {time} UTC.",
            printable(&article.title)
        )),
        Publication::NoDate(article) => {
            Err(CommandError::new(format!("“{}” has no date to keep.", article.title))
                .hint("Publish it without --keep-date.")
                .into())
        }
    }
}

/// Returns what TAB offers: the slugs, each with its title.
fn slugs(cx: &Context) -> Result<Vec<(String, String)>> {
    Ok(models::slugs(&mut cx.connect()?)?)
}
