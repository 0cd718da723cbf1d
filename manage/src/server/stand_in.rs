//! Answers in place of a program that does not run: a page that says why, and follows what becomes of it.

use std::io;
use std::net::TcpListener;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::response::{Html, IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use maud::{Markup, html};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::document::{document, policy};
use super::follow::{Following, accepts_html, with_script};
use super::listening::Listening;
use super::phase::Phase;
use super::serve::{ServeOptions, serve};
use super::{draining::Draining, page};
use crate::reload::{BuildState, StandIn};

const STYLE: &str = include_str!("stand_in.css");

static POLICY: LazyLock<String> = LazyLock::new(|| policy(STYLE));

/// The server of a supervisor, at the same socket as those of its programs.
#[derive(Debug)]
pub(crate) struct StandInServer {
    listener: TcpListener,
    options: ServeOptions,
    runtime: Handle,
    /// Present while it accepts connections.
    phase: Option<watch::Sender<Phase>>,
}

impl StandInServer {
    /// Creates one that does not answer yet. Must be called within a tokio runtime.
    pub(crate) fn new(listening: &Listening, options: ServeOptions) -> io::Result<Self> {
        Ok(Self { listener: listening.try_clone()?, options, runtime: Handle::current(), phase: None })
    }
}

impl StandIn for StandInServer {
    fn begin(&mut self, build: watch::Receiver<Arc<BuildState>>) {
        let _runtime = self.runtime.enter();
        // Without a socket the clients wait, as they would without this server.
        let Ok(listening) = self.listener.try_clone().and_then(Listening::from_std) else { return };
        let options = ServeOptions { draining: Draining::default(), ..self.options.clone() };
        let (phase, phases) = watch::channel(Phase::Serve);
        self.phase = Some(phase);
        self.runtime.spawn(serve(listening, routes(build), options, phases, || ()));
    }

    fn end(&mut self) {
        if let Some(phase) = self.phase.take() {
            let _ = phase.send(Phase::HandOver);
        }
    }
}

/// Returns the routes: the same answer for each path, and the events for the script of the page.
fn routes(build: watch::Receiver<Arc<BuildState>>) -> Router {
    // Programs have numbers from 1, so a page of any program is loaded again, and this one by the next.
    let following = Following { generation: 0, build: build.clone(), pages: None };
    let answer = move |headers: HeaderMap| {
        let state = Arc::clone(&build.borrow());
        async move { answer(&state, accepts_html(&headers)) }
    };
    with_script(Router::new().fallback(answer), following)
}

fn answer(state: &BuildState, is_page: bool) -> Response {
    let why = match state {
        BuildState::Failed(why) => why.trim(),
        BuildState::UpToDate | BuildState::Building | BuildState::Replaced => "It is being built.",
    };
    let mut response = match is_page {
        true => in_html(why),
        false => page::text(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("Service Unavailable: the program does not run.\n\n{why}\n"),
        ),
    };
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn in_html(why: &str) -> Response {
    let page = content(why).into_string();
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, Html(page)).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn content(why: &str) -> Markup {
    let body = html! {
        main {
            h1 { "The program does not run" }
            p { "This page is loaded again as soon as it does." }
            // The script looks for it.
            pre id="manage-reason" role="status" tabindex="0" aria-label="Reason" { (why) }
        }
    };
    document("The program does not run", STYLE, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(response: Response) -> String {
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        String::from_utf8(body.to_vec()).expect("UTF-8")
    }

    #[tokio::test]
    async fn browsers_get_a_page_and_others_text() {
        let failed = BuildState::Failed("error[E0425]: no <b>\n".to_owned());
        let page = answer(&failed, true);
        assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(page.headers()[RETRY_AFTER], "1");
        let page = text(page).await;
        assert!(page.contains("aria-label=\"Reason\">error[E0425]: no &lt;b&gt;</pre>"), "{page}");
        let plain = answer(&failed, false);
        assert_eq!(plain.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(
            text(plain).await,
            "Service Unavailable: the program does not run.\n\nerror[E0425]: no <b>\n"
        );
        assert!(text(answer(&BuildState::Building, false)).await.ends_with("\n\nIt is being built.\n"));
    }
}
