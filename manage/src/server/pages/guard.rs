//! Protects the button that applies migrations against requests of foreign sites.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use axum::extract::Request;
use hyper::HeaderMap;
use hyper::header::{HOST, ORIGIN};

/// The size limit of the form.
const LIMIT: usize = 1024;

/// A secret of this process, which only its own pages contain.
pub(super) struct Token(String);

impl Token {
    pub(super) fn random() -> Self {
        // Each state has keys from the operating system's random numbers.
        let part = || RandomState::new().build_hasher().finish();
        Self(format!("{:016x}{:016x}", part(), part()))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    fn is_in(&self, body: &[u8]) -> bool {
        body.strip_prefix(b"token=").is_some_and(|value| {
            // The time does not depend on where the first difference is.
            let different = value.iter().zip(self.0.as_bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
            value.len() == self.0.len() && different == 0
        })
    }
}

/// Returns why the request is not one of this server's own form.
pub(super) async fn check(token: &Token, request: Request) -> Result<(), &'static str> {
    check_site(request.headers())?;
    let body = axum::body::to_bytes(request.into_body(), LIMIT).await;
    match body {
        Ok(body) if token.is_in(&body) => Ok(()),
        Ok(_) => {
            Err("The form is not of this server, or the server has restarted since. Load the page again.")
        }
        Err(_) => Err("The form is too large."),
    }
}

/// Checks what a browser itself says about where the request comes from.
fn check_site(headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return Err("The request comes from another site.");
    }
    let host = text(HOST.as_str()).unwrap_or_default();
    let is_own = |origin: &str| {
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
    };
    match text(ORIGIN.as_str()) {
        Some(origin) if !is_own(origin) => Err("The request comes from another site."),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_requests_of_the_same_site_pass() {
        let passes = |rows: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in rows {
                let name: hyper::header::HeaderName = name.parse().unwrap();
                headers.insert(name, value.parse().unwrap());
            }
            check_site(&headers).is_ok()
        };
        let host = ("host", "localhost:8000");
        assert!(passes(&[host]));
        assert!(passes(&[host, ("origin", "http://localhost:8000"), ("sec-fetch-site", "same-origin")]));
        assert!(!passes(&[host, ("origin", "http://localhost:9000")]));
        assert!(!passes(&[host, ("origin", "http://evil.example")]));
        assert!(!passes(&[host, ("origin", "null")]));
        for site in ["cross-site", "same-site", "none"] {
            assert!(!passes(&[host, ("sec-fetch-site", site)]), "{site}");
        }
    }

    #[test]
    fn the_token_is_compared_as_a_whole() {
        let token = Token::random();
        assert_ne!(token.text(), Token::random().text());
        assert!(token.is_in(format!("token={}", token.text()).as_bytes()));
        for wrong in ["", "token=", "token=0", &token.text()[1..], &format!("token={}0", token.text())] {
            assert!(!token.is_in(wrong.as_bytes()), "{wrong}");
        }
    }
}
