//! Lets a browser follow the program: HTML pages get a script that reloads them when a newer program serves,
//! and that shows why there is none.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ETAG, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use hyper::{Method, StatusCode};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::reload::BuildState;

/// Where the events of the script come from.
pub(super) const EVENTS: &str = "/__manage__/events";

/// An extension of a response that is not logged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unlogged;

const SCRIPT: &str = include_str!("follow.js");

/// How often a comment is sent, so that a client that has vanished is noticed.
const PULSE: Duration = Duration::from_secs(15);

/// The program that serves, and what becomes of the next one.
#[derive(Clone)]
pub(crate) struct Following {
    /// The number of the program among those of one supervisor.
    pub(crate) generation: u64,
    pub(crate) build: watch::Receiver<Arc<BuildState>>,
    /// How often files have changed that pages contain.
    pub(crate) pages: Option<watch::Receiver<u64>>,
}

impl Following {
    /// Waits until such files change.
    async fn pages_change(pages: &mut Option<watch::Receiver<u64>>) {
        let is_known = match pages {
            Some(pages) => pages.changed().await.is_ok(),
            None => false,
        };
        if !is_known {
            std::future::pending::<()>().await;
        }
    }
}

/// Adds the script to the HTML pages of these routes, and the events for it.
pub(crate) fn with_script(routes: Router, following: Following) -> Router {
    let events = following.clone();
    let script = Arc::new(Script::new(following.generation));
    let event_stream = get(move || async move { stream(events) });
    let pages =
        routes.layer(middleware::from_fn(move |request, next| add(Arc::clone(&script), request, next)));
    Router::new().route(EVENTS, event_stream).fallback_service(pages)
}

/// The element that goes into pages.
struct Script {
    element: Bytes,
    /// As a source of a Content-Security-Policy.
    source: String,
}

impl Script {
    fn new(generation: u64) -> Self {
        let source = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(SCRIPT)));
        let element = format!(
            "\n<script data-generation=\"{generation}\" data-events=\"{EVENTS}\">{SCRIPT}</script>\n"
        );
        Self { element: element.into(), source }
    }
}

async fn add(script: Arc<Script>, mut request: Request, next: Next) -> Response {
    let is_get = request.method() == Method::GET;
    // A page that the browser keeps would have the script of an older program.
    if is_get && accepts_html(request.headers()) {
        request.headers_mut().remove(IF_NONE_MATCH);
        request.headers_mut().remove(IF_MODIFIED_SINCE);
    }
    let mut response = next.run(request).await;
    if !is_get || !is_page(&response) {
        return response;
    }
    let headers = response.headers_mut();
    for policy in headers.iter_mut().filter(|(name, _)| *name == CONTENT_SECURITY_POLICY) {
        permit(policy.1, &script.source);
    }
    if let Some(length) =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok())
    {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length + script.element.len()));
    }
    for name in [ETAG, LAST_MODIFIED, ACCEPT_RANGES] {
        headers.remove(name);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let end = Some(script.element.clone());
    response.map(|body| Body::new(Extended { body, end }))
}

pub(super) fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(hyper::header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Returns whether a response is a whole HTML page that can be read.
fn is_page(response: &Response) -> bool {
    let headers = response.headers();
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let has_body = !matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT
    );
    has_body && kind.trim_start().starts_with("text/html") && !headers.contains_key(CONTENT_ENCODING)
}

/// Changes a policy so that it permits the script and its events, and nothing else.
fn permit(policy: &mut HeaderValue, script: &str) {
    let Ok(text) = policy.to_str() else { return };
    let mut directives: Vec<(String, Vec<String>)> = text
        .split(';')
        .filter_map(|directive| {
            let mut words = directive.split_whitespace().map(str::to_owned);
            Some((words.next()?.to_ascii_lowercase(), words.collect()))
        })
        .collect();
    for (name, source) in [("script-src", script), ("connect-src", "'self'")] {
        let of = |wanted: &str| directives.iter().position(|(name, _)| name == wanted);
        // Scripts as elements have a directive of their own, which takes precedence.
        let own = (name == "script-src").then(|| of("script-src-elem")).flatten().or_else(|| of(name));
        let at = match (own, of("default-src")) {
            (Some(at), _) => at,
            (None, Some(default)) => {
                let sources = directives[default].1.clone();
                directives.push((name.to_owned(), sources));
                directives.len() - 1
            }
            // Everything is permitted.
            (None, None) => continue,
        };
        let sources = &mut directives[at].1;
        // A hash would take the effect of this from other scripts, and is not needed beside it.
        if sources.iter().any(|other| other == "'unsafe-inline'") && name == "script-src" {
            let has_hash = |other: &String| other.starts_with("'sha") || other.starts_with("'nonce-");
            if !sources.iter().any(has_hash) {
                continue;
            }
        }
        sources.retain(|other| other != "'none'");
        if !sources.iter().any(|other| other == source) {
            sources.push(source.to_owned());
        }
    }
    let text: Vec<String> =
        directives.into_iter().map(|(name, sources)| [vec![name], sources].concat().join(" ")).collect();
    if let Ok(changed) = HeaderValue::from_str(&text.join("; ")) {
        *policy = changed;
    }
}

/// A body with something after it.
struct Extended {
    body: Body,
    end: Option<Bytes>,
}

impl HttpBody for Extended {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(match frame {
            None => self.end.take().map(|end| Ok(Frame::data(end))),
            frame => frame,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.end.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, more) = (self.body.size_hint(), self.end.as_ref().map_or(0, Bytes::len) as u64);
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + more);
        }
        hint.set_lower(hint.lower() + more);
        hint
    }
}

/// Returns the events of one page.
fn stream(following: Following) -> Response {
    let mut response = Response::new(Body::new(Events { next: Some(next(following, true)) }));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Unlogged);
    response
}

type NextEvent = Pin<Box<dyn Future<Output = Option<(Bytes, Following)>> + Send>>;

/// Waits for the next event; `None` after the last one.
fn next(mut following: Following, is_first: bool) -> NextEvent {
    Box::pin(async move {
        if is_first {
            // The page has just read them.
            following.pages.iter_mut().for_each(watch::Receiver::mark_unchanged);
        } else {
            tokio::select! {
                build = following.build.changed() => {
                    // The supervisor is gone, and soon this program.
                    build.ok()?;
                }
                () = Following::pages_change(&mut following.pages) => {
                    return Some((Bytes::from_static(b"event: pages\ndata:\n\n"), following));
                }
                () = tokio::time::sleep(PULSE) => {
                    return Some((Bytes::from_static(b":\n\n"), following));
                }
            }
        }
        let state = Arc::clone(&following.build.borrow_and_update());
        let mut text = String::new();
        if is_first {
            text = format!("retry: 300\nevent: program\ndata: {}\n\n", following.generation);
        }
        match &*state {
            BuildState::UpToDate => text.push_str("event: fine\ndata:\n\n"),
            BuildState::Building => text.push_str(":\n\n"),
            BuildState::Failed(why) => {
                let why = serde_json::to_string(why).unwrap_or_default();
                text.push_str(&format!("event: failed\ndata: {why}\n\n"));
            }
            // The page connects again, which the newer program answers.
            BuildState::Replaced => return None,
        }
        Some((text.into(), following))
    })
}

struct Events {
    next: Option<NextEvent>,
}

impl HttpBody for Events {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(next_event) = &mut self.next else { return Poll::Ready(None) };
        let event = ready!(next_event.as_mut().poll(cx));
        self.next = None;
        Poll::Ready(event.map(|(bytes, following)| {
            self.next = Some(next(following, false));
            Ok(Frame::data(bytes))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_permits_the_script_and_nothing_else() {
        for (before, after) in [
            ("default-src 'self'", "default-src 'self'; script-src 'self' H; connect-src 'self'"),
            (
                "default-src 'none'; frame-ancestors 'none'",
                "default-src 'none'; frame-ancestors 'none'; script-src H; connect-src 'self'",
            ),
            ("script-src 'none'; connect-src https://a.b", "script-src H; connect-src https://a.b 'self'"),
            ("script-src 'unsafe-inline'", "script-src 'unsafe-inline'"),
            ("script-src 'unsafe-inline' 'nonce-x'", "script-src 'unsafe-inline' 'nonce-x' H"),
            (
                "script-src-elem a.b; script-src 'none'; default-src *",
                "script-src-elem a.b H; script-src 'none'; default-src *; connect-src * 'self'",
            ),
            ("img-src *", "img-src *"),
            ("", ""),
        ] {
            let mut policy = HeaderValue::from_static(before);
            permit(&mut policy, "H");
            assert_eq!(policy, after, "{before}");
        }
    }

    async fn page(body: &'static str, kind: &'static str) -> Response {
        let script = Arc::new(Script::new(7));
        let routes = Router::new()
            .route("/", get(move || async move { ([(CONTENT_TYPE, kind), (ETAG, "\"1\"")], body) }))
            .layer(middleware::from_fn(move |request, next| add(Arc::clone(&script), request, next)));
        let request = Request::builder().uri("/").body(Body::empty()).expect("a request");
        tower_service::Service::call(&mut routes.with_state(()), request).await.expect("infallible")
    }

    #[tokio::test]
    async fn pages_get_the_script_and_other_responses_do_not() {
        let response = page("<p>é</p>", "text/html; charset=utf-8").await;
        assert_eq!(response.headers().get(ETAG), None);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let text = String::from_utf8(body.to_vec()).expect("UTF-8");
        assert!(text.starts_with("<p>é</p>\n<script data-generation=\"7\""), "{text}");
        assert!(text.ends_with("</script>\n"), "{text}");
        let response = page("{}", "application/json").await;
        assert_eq!(response.headers()[ETAG], "\"1\"");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        assert_eq!(&body[..], b"{}");
    }

    #[tokio::test]
    async fn events_tell_the_program_and_its_failed_successor() {
        let (build, state) = watch::channel(Arc::default());
        let (files, pages) = watch::channel(0);
        files.send_replace(1);
        let mut events = stream(Following { generation: 7, build: state, pages: Some(pages) }).into_body();
        let mut frame = async || {
            let frame = std::future::poll_fn(|cx| Pin::new(&mut events).poll_frame(cx)).await;
            frame.map(|frame| frame.expect("no error").into_data().expect("data"))
        };
        assert_eq!(
            frame().await.expect("an event"),
            "retry: 300\nevent: program\ndata: 7\n\nevent: fine\ndata:\n\n"
        );
        build.send_replace(Arc::new(BuildState::Failed("error:\n \"x\"".to_owned())));
        assert_eq!(frame().await.expect("an event"), "event: failed\ndata: \"error:\\n \\\"x\\\"\"\n\n");
        files.send_replace(2);
        assert_eq!(frame().await.expect("an event"), "event: pages\ndata:\n\n");
        build.send_replace(Arc::new(BuildState::Replaced));
        assert_eq!(frame().await, None);
        assert_eq!(frame().await, None);
    }
}
