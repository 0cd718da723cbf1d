//! Asks a running server whether it shows its pages.

mod client;

use std::str::FromStr;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde::Deserialize;
use tokio::task::JoinSet;

/// The list of the published articles.
const LIST: &str = "/api/articles";

/// Where a server is: `http://HOST[:PORT][/PREFIX]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// A name or an address; IPv6 without brackets.
    host: String,
    port: u16,
    /// As it was written, for the `Host` header.
    authority: String,
    /// Without a slash at its end.
    prefix: String,
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: hyper::Uri = text.parse().map_err(|_| "this is no URL".to_owned())?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(
                    "https:// is not supported: name the server behind the proxy, with http://".to_owned()
                );
            }
            _ => return Err("a URL begins with http://".to_owned()),
        }
        let authority = uri.authority().ok_or("a URL has a host")?;
        if authority.as_str().contains('@') {
            return Err("a user and a password have no place in it".to_owned());
        }
        if uri.query().is_some() {
            return Err("the URL of a server has no `?`".to_owned());
        }
        Ok(Self {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(80),
            authority: authority.to_string(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) path: String,
    pub(crate) elapsed: Duration,
    /// The status, or why there is none.
    pub(crate) status: Result<StatusCode, String>,
}

impl Answer {
    pub(crate) fn is_good(&self) -> bool {
        self.status == Ok(StatusCode::OK)
    }
}

/// How to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many requests run at the same time.
    pub(crate) concurrency: usize,
    /// How long one of them may take.
    pub(crate) timeout: Duration,
}

/// Asks for the front page, the list, and every page that the list names. `tell` gets each answer as it
/// comes.
pub(crate) async fn check<E>(
    base: &BaseUrl,
    limits: Limits,
    mut tell: impl FnMut(&Answer) -> Result<(), E>,
) -> Result<Vec<Answer>, E> {
    let mut answers = Vec::new();
    let (front, _) = ask(base.clone(), "/".to_owned(), limits.timeout).await;
    tell(&front)?;
    answers.push(front);
    let (mut list, body) = ask(base.clone(), LIST.to_owned(), limits.timeout).await;
    let mut paths = Vec::new();
    if list.is_good() {
        match paths_in(&body) {
            Ok(found) => paths = found,
            Err(reason) => list.status = Err(reason),
        }
    }
    tell(&list)?;
    answers.push(list);
    let mut paths = paths.into_iter();
    let mut running = JoinSet::new();
    loop {
        for path in paths.by_ref().take(limits.concurrency.saturating_sub(running.len())) {
            running.spawn(ask(base.clone(), path, limits.timeout));
        }
        let Some(done) = running.join_next().await else { return Ok(answers) };
        let (answer, _) = done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        tell(&answer)?;
        answers.push(answer);
    }
}

/// What the list says of an article, as far as it matters here.
#[derive(Deserialize)]
struct Listed {
    url: String,
}

fn paths_in(body: &[u8]) -> Result<Vec<String>, String> {
    let list: Vec<Listed> =
        serde_json::from_slice(body).map_err(|error| format!("this is no list of articles: {error}"))?;
    Ok(list.into_iter().map(|listed| listed.url).collect())
}

async fn ask(base: BaseUrl, path: String, timeout: Duration) -> (Answer, Vec<u8>) {
    let start = Instant::now();
    let result = match tokio::time::timeout(timeout, client::get(&base, &path)).await {
        Ok(result) => result,
        Err(_) => Err(format!("no answer within {} s", timeout.as_secs_f64())),
    };
    let elapsed = start.elapsed();
    let (status, body) = match result {
        Ok((status, body)) => (Ok(status), body),
        Err(reason) => (Err(reason), Vec::new()),
    };
    (Answer { path, elapsed, status }, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(String, u16, String), String> {
        text.parse().map(|base: BaseUrl| (base.host, base.port, base.prefix))
    }

    #[test]
    fn urls_of_servers_are_read() {
        let is = |host: &str, port, prefix: &str| Ok((host.to_owned(), port, prefix.to_owned()));
        assert_eq!(parsed("http://127.0.0.1:8000/"), is("127.0.0.1", 8000, ""));
        assert_eq!(parsed("http://blog.example"), is("blog.example", 80, ""));
        assert_eq!(parsed("http://[::1]:80/blog/"), is("::1", 80, "/blog"));
    }

    #[test]
    fn others_are_refused() {
        for (text, reason) in [
            ("https://blog.example/", "https:// is not supported"),
            ("blog.example", "begins with http://"),
            ("localhost:8000", "begins with http://"),
            ("ftp://blog.example", "begins with http://"),
            ("http://user:secret@blog.example/", "no place in it"),
            ("http://blog.example/?a=b", "no `?`"),
            ("http://", "no URL"),
            ("", "no URL"),
        ] {
            let error = parsed(text).expect_err(text);
            assert!(error.contains(reason) && !error.contains("secret"), "{text}: {error}");
        }
    }
}
