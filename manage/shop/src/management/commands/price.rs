use manage::prelude::*;

/// Show the price of an article
#[command(requires_checks = "none")]
pub fn price(
    cx: &mut Context,
    /// The article's slug
    slug: String,
) -> Result<()> {
    tracing::info!(slug, "looking up a price");
    let prices = [("teapot", 24), ("cup", 6)];
    let found = prices.iter().find(|(article, _)| *article == slug);
    let Some((_, price)) = found else {
        let error = CommandError::new("There is no such article.").hint("The shop has: teapot, cup.");
        return Err(error.exit_code(3).into());
    };
    cx.line(price)
}
