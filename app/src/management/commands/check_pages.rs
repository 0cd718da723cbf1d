use std::time::Duration;

use manage::console::Role;
use manage::prelude::*;

use crate::smoke::{self, Answer, BaseUrl, Limits};

/// Request every page from a running server
///
/// The front page, the list of articles and the page of every published article must answer with 200: a smoke
/// test after a deployment.
#[command(requires_checks = "none")]
pub async fn check_pages(
    cx: &mut Context,
    /// Where the server is
    #[arg(default_value = "http://127.0.0.1:8000/")]
    base_url: String,
    /// How many requests run at the same time
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u8).range(1..))]
    concurrency: u8,
    /// How long one request may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u16).range(1..))]
    timeout: u16,
) -> Result<()> {
    // clap would repeat the text, and with it a password.
    let base_url: BaseUrl = base_url.parse().map_err(|error| {
        let hint = "Write it like http://127.0.0.1:8000/.";
        CommandError::new(format!("The URL cannot be used: {error}.")).hint(hint).exit_code(2)
    })?;
    let limits = Limits { concurrency: concurrency.into(), timeout: Duration::from_secs(timeout.into()) };
    let answers = smoke::check(&base_url, limits, |answer| tell(cx, answer)).await?;
    let failed = answers.iter().filter(|answer| !answer.is_good()).count();
    if failed > 0 {
        let message = format!("{failed} of {} pages did not answer with 200.", answers.len());
        return Err(CommandError::new(message).hint("The server's log says why.").into());
    }
    cx.success(format_args!("All {} pages answered with 200.", answers.len()))
}

fn tell(cx: &Context, answer: &Answer) -> Result<()> {
    let (status, reason) = match &answer.status {
        Ok(status) => (status.as_str().to_owned(), String::new()),
        Err(reason) => ("---".to_owned(), format!(": {reason}")),
    };
    let role = if answer.is_good() { Role::HttpSuccess } else { Role::HttpServerError };
    let status = cx.out().style(role, status);
    cx.line(format_args!("{status} {:>6} ms  {}{reason}", answer.elapsed.as_millis(), answer.path))
}
