//! What a page shows of a request.

use hyper::Request;

use crate::console::printable;

/// The headers whose values are shown. All others may contain a secret.
const SHOWN: [&str; 24] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "host",
    "if-modified-since",
    "if-none-match",
    "origin",
    "range",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "te",
    "upgrade-insecure-requests",
    "user-agent",
    "x-forwarded-proto",
    "x-request-id",
];

/// The parts of a request that contain no secret.
pub(super) struct ShownRequest {
    pub(super) method: String,
    pub(super) path: String,
    /// The names of the query's parameters.
    pub(super) parameters: Vec<String>,
    /// Names and values; no value if it is hidden.
    pub(super) headers: Vec<(String, Option<String>)>,
}

impl ShownRequest {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let names = query.split('&').filter(|part| !part.is_empty());
        let parameters = names.map(|part| {
            let name = part.split_once('=').map_or("(without a name)", |(name, _)| name);
            printable(name).into_owned()
        });
        let mut headers: Vec<(String, Option<String>)> = request
            .headers()
            .iter()
            .map(|(name, value)| {
                let is_shown = SHOWN.contains(&name.as_str());
                let value =
                    is_shown.then(|| printable(&*String::from_utf8_lossy(value.as_bytes())).into_owned());
                (name.to_string(), value)
            })
            .collect();
        headers.sort();
        Self {
            method: request.method().to_string(),
            path: printable(request.uri().path()).into_owned(),
            parameters: parameters.collect(),
            headers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out() {
        let request = Request::builder()
            .uri("/soups?name=lentil&key=Hunter2&Hunter2")
            .header("host", "localhost")
            .header("cookie", "session=Hunter2")
            .header("authorization", "Bearer Hunter2")
            .header("x-api-key", "Hunter2")
            .header("referer", "http://localhost/?token=Hunter2")
            .body(())
            .unwrap();
        let shown = ShownRequest::of(&request);
        assert_eq!(shown.path, "/soups");
        assert_eq!(shown.parameters, ["name", "key", "(without a name)"]);
        assert!(shown.headers.contains(&("host".to_owned(), Some("localhost".to_owned()))));
        let hidden = shown.headers.iter().filter(|(_, value)| value.is_none()).count();
        assert_eq!(hidden, 4);
        assert!(!format!("{:?}{:?}", shown.headers, shown.parameters).contains("Hunter2"));
    }
}
