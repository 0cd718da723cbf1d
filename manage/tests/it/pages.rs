//! The pages of `runserver`: when they show up, what they show, and what they never show.

use std::io::Read;

use diesel::prelude::*;
use manage::axum::extract::State;
use manage::axum::http::StatusCode;
use manage::axum::routing::get;
use manage::database::Connection;
use manage::prelude::*;
use manage::server::{HandlerError, Routes, Site};
use manage_test_support::case;

use crate::serving::{SOON, Server};

const SECRET: &str = "Hunter2-xyz";

#[manage::router(prefix = "/pages")]
fn urls(site: &Site) -> Result<Routes> {
    Ok(Routes::new()
        .route("/fails", get(fails))
        .route("/panics", get(panics))
        .route("/unmigrated", get(unmigrated))
        .route("/unconnected", get(unconnected))
        .route("/own", get(async || (StatusCode::NOT_FOUND, "no such soup\n")))
        .route("/empty", get(async || StatusCode::NOT_FOUND))
        .with_state(site.clone()))
}

async fn fails() -> Result<String, HandlerError> {
    let number: u32 = "many".parse::<u32>().context("the soup <b>has</b> no number")?;
    Ok(number.to_string())
}

async fn panics() -> String {
    panic!("the <i>soup</i> is \u{202e}cold")
}

diesel::table! { books (id) { id -> Integer, } }

async fn unmigrated(State(site): State<Site>) -> Result<String, HandlerError> {
    let count =
        |connection: &mut Connection| -> Result<i64> { Ok(books::table.count().get_result(connection)?) };
    Ok(site.pool().run(count).await?.to_string())
}

async fn unconnected(State(site): State<Site>) -> Result<String, HandlerError> {
    site.pool().run(|_| Ok::<_, anyhow::Error>("connected".to_owned())).await.map_err(Into::into)
}

/// A server and its directory, which has an SQLite file for a database.
pub(crate) fn server(variables: &[(&str, &str)]) -> Server {
    Server::with(&[], variables)
}

/// An answer in its parts.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

fn send(server: &Server, request: &str, body: &str) -> Answer {
    let length = body.len();
    let mut text = Vec::new();
    let request = format!("{request}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    server.send(request).read_to_end(&mut text).expect("an answer");
    let text = String::from_utf8(text).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// What a browser gets.
fn browse(server: &Server, path: &str) -> Answer {
    let accept = "Accept: text/html,application/xhtml+xml\r\n";
    send(server, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{accept}"), "")
}

#[track_caller]
fn has(answer: &Answer, parts: &[&str]) {
    for part in parts {
        assert!(answer.body.contains(part), "{part} is missing:\n{}\n{}", answer.head, answer.body);
    }
}

#[case]
fn a_failed_request_shows_its_causes_and_source() {
    let mut server = server(&[]);
    let cookie = format!("Cookie: session={SECRET}\r\nAuthorization: Bearer {SECRET}\r\n");
    let request =
        format!("GET /pages/fails?key={SECRET} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n{cookie}");
    let answer = send(&server, &request, "");
    assert_eq!(answer.status, 500);
    has(
        &answer,
        &[
            "the soup &lt;b&gt;has&lt;/b&gt; no number",
            "invalid digit found in string",
            "manage/tests/it/pages.rs:",
            ".context(&quot;the soup",
            "authorization",
            "Query parameters",
            "SQLite at ",
        ],
    );
    assert!(!answer.body.contains(SECRET) && !answer.body.contains("<b>"), "{}", answer.body);
    for policy in ["default-src 'none'", "frame-ancestors 'none'", "no-store", "nosniff"] {
        assert!(answer.head.contains(policy), "{policy}: {}", answer.head);
    }
    let line = server.running.wait_for_line("Error: GET /pages/fails failed at ", SOON);
    assert!(line.ends_with("the soup <b>has</b> no number: invalid digit found in string"), "{line}");
    // A program gets the short text.
    let answer = server.get("/pages/fails");
    assert!(answer.ends_with("\r\n\r\nInternal Server Error\n"), "{answer}");
}

#[case]
fn a_panic_shows_its_message_and_source() {
    let mut server = server(&[]);
    let answer = browse(&server, "/pages/panics");
    assert_eq!(answer.status, 500);
    has(
        &answer,
        &[
            "the &lt;i&gt;soup&lt;/i&gt; is \\u{202e}cold",
            "manage/tests/it/pages.rs:",
            "panic!(&quot;the &lt;i&gt;soup",
        ],
    );
    server.running.wait_for_line("Error: GET /pages/panics panicked at manage/tests/it/pages.rs:", SOON);
    assert!(server.get("/pages/panics").ends_with("\r\n\r\nInternal Server Error\n"));
}

#[case]
fn a_missing_page_lists_the_routes() {
    let server = server(&[]);
    let answer = browse(&server, "/pages/none");
    assert_eq!(answer.status, 404);
    has(&answer, &["No route for", "/pages/fails", "/routing/orders/{id}", "manage/tests/it/routing.rs:"]);
    // A program, and a project's own 404s.
    assert!(server.get("/pages/none").ends_with("\r\n\r\n"));
    assert_eq!(browse(&server, "/pages/own").body, "no such soup\n");
    assert_eq!(browse(&server, "/pages/empty").body, "");
    assert_eq!(browse(&server, "/routing/none").body, "nothing here\n");
}

#[case]
fn a_project_without_routes_gets_a_welcome() {
    let answer = browse(&Server::bare(), "/");
    assert_eq!(answer.status, 200);
    has(&answer, &["No app of this project has routes yet.", "#[manage::router]"]);
}

#[case]
fn production_shows_none() {
    let url = format!("postgres://chef:{SECRET}@127.0.0.1:1/kitchen");
    let server = server(&[("MANAGE_ENV", "production"), ("DATABASE_URL", &url)]);
    for (path, status, body) in [
        ("/pages/fails", 500, "Internal Server Error\n"),
        ("/pages/panics", 500, "Internal Server Error\n"),
        ("/pages/unconnected", 503, "Service Unavailable\n"),
        ("/pages/none", 404, ""),
        ("/__manage__/", 404, ""),
        ("/__manage__/migrations", 404, ""),
    ] {
        let answer = browse(&server, path);
        assert_eq!((answer.status, &*answer.body), (status, body), "{path}");
    }
}

/// A page of the internet may resolve its name to this machine.
#[case]
fn foreign_hosts_get_none() {
    let server = server(&[("MANAGE_SERVER_ALLOWED_HOSTS", "*")]);
    for path in ["/__manage__/", "/__manage__/migrations", "/pages/none"] {
        let answer =
            send(&server, &format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nAccept: text/html\r\n"), "");
        assert_eq!((answer.status, &*answer.body), (404, ""), "{path}");
    }
    assert_eq!(browse(&server, "/__manage__/").status, 200);
}

#[case]
fn the_project_page_shows_what_there_is() {
    let down = format!("postgres://chef:{SECRET}@127.0.0.1:1/archive");
    let server = server(&[("DATABASE_URL_ARCHIVE", &down), ("DATABASE_URL", "sqlite:db.sqlite3")]);
    let answer = browse(&server, "/__manage__/");
    assert_eq!(answer.status, 200);
    has(
        &answer,
        &[
            "<span class=\"good\">ready</span>",
            "not available",
            "archive",
            "showmigrations",
            "/pages/fails",
            "4 migrations are not applied",
            "skipped",
        ],
    );
    assert!(!answer.body.contains(SECRET), "{}", answer.body);
    assert_eq!(browse(&server, "/__manage__/none").status, 404);
}

#[case]
fn a_button_applies_migrations() {
    let server = server(&[("DATABASE_URL", "sqlite:db.sqlite3")]);
    let failed = browse(&server, "/pages/unmigrated");
    assert_eq!(failed.status, 500);
    has(&failed, &["4 migrations are not applied", "no such table"]);
    let page = browse(&server, "/__manage__/migrations");
    has(&page, &["4 migrations are not applied", "Apply all"]);
    let token = page.body.split("name=\"token\" value=\"").nth(1).expect("a token");
    let token = format!("token={}", token.split('"').next().expect("its end"));
    let host = server.address.clone();
    let post = |headers: &str, body: &str| {
        send(
            &server,
            &format!("POST /__manage__/migrations HTTP/1.1\r\nAccept: text/html\r\n{headers}"),
            body,
        )
    };
    let own = format!("Host: {host}\r\n");
    for (headers, body) in [
        (format!("{own}Sec-Fetch-Site: cross-site\r\n"), &*token),
        (format!("{own}Origin: http://evil.example\r\n"), &*token),
        (format!("{own}Origin: null\r\n"), &*token),
        (own.clone(), "token=0"),
        (own.clone(), ""),
    ] {
        let answer = post(&headers, body);
        assert_eq!(answer.status, 403, "{headers}{body}: {}", answer.body);
    }
    // This host is rejected by the server itself.
    assert_eq!(post("Host: evil.example\r\n", &token).status, 400);
    has(&browse(&server, "/__manage__/migrations"), &["4 migrations are not applied"]);
    let same = format!("{own}Origin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n");
    let answer = post(&same, &token);
    assert_eq!(answer.status, 303, "{}", answer.body);
    has(&browse(&server, "/__manage__/migrations"), &["All migrations are applied"]);
    assert_eq!(browse(&server, "/pages/unmigrated").body, "0");
}
