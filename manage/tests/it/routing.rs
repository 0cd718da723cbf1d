//! The routes of apps: prefixes, precedence, and their list.

use manage::Program;
use manage::axum::Router;
use manage::axum::body::Body;
use manage::axum::http::{Request, StatusCode};
use manage::axum::middleware::{Next, from_fn};
use manage::axum::response::Response;
use manage::axum::routing::{any, get, post};
use manage::server::{Routes, Site};
use manage_test_support::case;

use crate::project::Project;
use crate::serving::Server;

#[manage::router(prefix = "/routing")]
fn urls(_site: &Site) -> manage::Result<Routes> {
    let orders = Routes::new()
        .route("/", post(async || "ordered\n"))
        .route("/{id}", get(async || "an order\n").delete(async || "deleted\n"))
        .fallback(async || (StatusCode::NOT_FOUND, "no such order\n"));
    let unlisted = Router::new().route("/hidden", get(async || "hidden\n"));
    Ok(Routes::new()
        .route("/", get(async || "welcome\n"))
        .route("/anything", any(async || "anything\n"))
        .route_service("/service", get(async || "service\n"))
        .nest("/orders", orders)
        .nest("/unlisted", unlisted)
        .merge(
            Routes::new()
                .route("/state", get(async |state: manage::axum::extract::State<u8>| state.0.to_string())),
        )
        .fallback(async || (StatusCode::NOT_FOUND, "nothing here\n"))
        .layer(from_fn(named))
        .with_state(7_u8))
}

/// It has the same paths as the function above, and comes after it.
#[manage::router]
fn hidden(_site: &Site) -> manage::Result<Routes> {
    Ok(Routes::new()
        .route("/routing/orders/{order}", get(async || "never\n"))
        .route("/routing/unlisted/hidden", get(async || "never\n"))
        .route("/routing/late", get(async || "never\n"))
        .route("/routing-after", get(async || "after\n")))
}

async fn named(request: Request<Body>, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert("x-layer", "routing".parse().expect("a value"));
    response
}

/// The lines of the list about these routes.
fn listed(project: &Project) -> Vec<String> {
    let ran = project.run("show_urls");
    assert_eq!((ran.exit.0, &*ran.err), (0, ""), "{}", ran.all());
    let lines = ran.out.lines().filter(|line| line.starts_with("/routing"));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[case]
fn routes_are_listed_with_their_methods_and_places() {
    let file = "manage/tests/it/routing.rs";
    let text = include_str!("routing.rs");
    let place = |code: &str| {
        let line = text.lines().position(|line| line.contains(code)).expect(code) + 1;
        format!("{file}:{line}")
    };
    let expected = [
        ("/routing GET,HEAD", "\"/\", get(async || \"welcome", None),
        ("/routing/anything ANY", "\"/anything\", any", None),
        ("/routing/service ANY", "\"/service\", get", None),
        ("/routing/orders POST", "\"/\", post", None),
        ("/routing/orders/{id} GET,HEAD,DELETE", "\"/{id}\", get", None),
        ("/routing/unlisted/… (not listed)", ".nest(\"/unlisted\"", None),
        ("/routing/state GET,HEAD", "\"/state\", get", None),
        ("/routing/orders/… (fallback)", ".fallback(async || (StatusCode::NOT_FOUND, \"no such order", None),
        ("/routing/… (fallback)", ".fallback(async || (StatusCode::NOT_FOUND, \"nothing here", None),
        ("/routing/orders/{order} GET,HEAD", "\"/routing/orders/{order}\"", Some("\"/{id}\", get")),
        // The function is all that is known of the route in its `Router`.
        (
            "/routing/unlisted/hidden GET,HEAD",
            "\"/routing/unlisted/hidden\"",
            Some("#[manage::router(prefix"),
        ),
        // A fallback below the prefix has all its paths.
        ("/routing/late GET,HEAD", "\"/routing/late\"", Some("#[manage::router(prefix")),
        ("/routing-after GET,HEAD", "\"/routing-after\"", None),
    ];
    let expected = expected.map(|(start, code, shadow)| {
        let shadow = shadow.map(|code| format!(" (never reached: {} has this path)", place(code)));
        format!("{start} it {}{}", place(code), shadow.unwrap_or_default())
    });
    assert_eq!(listed(&Project::new()), expected);
}

#[case]
fn the_list_is_also_json() {
    let ran = Project::new().run("show_urls it --format json");
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let routes = report["routes"].as_array().expect("a list");
    let order = routes.iter().find(|route| route["path"] == "/routing/orders/{id}").expect("a route");
    assert_eq!(order["methods"], serde_json::json!(["GET", "HEAD", "DELETE"]));
    assert_eq!(order["app"], "it");
    let hidden = routes.iter().find(|route| route["path"] == "/routing/orders/{order}").expect("a route");
    assert_eq!(hidden["shadowed_by"], order["place"]);
    let fallbacks = routes.iter().filter(|route| route["is_fallback"] == true);
    let of_routing: Vec<_> = fallbacks.filter(|route| route["path"].as_str() == Some("/routing")).collect();
    assert_eq!(of_routing.len(), 1, "{of_routing:?}");
    assert!(!ran.out.contains("/healthz"), "it is of no app");
    let ran = Project::new().run("show_urls nope");
    assert!(ran.exit.0 == 1 && ran.err.contains("No installed app with label 'nope'."), "{}", ran.all());
}

/// What answers without a route of an app is listed, too.
#[case]
fn health_checks_come_first() {
    let list = |program: Program| {
        let ran = Project::with(program).run("show_urls");
        assert_eq!((ran.exit.0, &*ran.err), (0, ""), "{}", ran.all());
        let lines = ran.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.collect::<Vec<_>>()
    };
    let expected = ["/healthz GET,HEAD manage health check", "/readyz GET,HEAD manage health check"];
    assert_eq!(list(Program::new(&[])), expected, "without apps nothing else answers");
    assert_eq!(list(Program::new(&["it"]))[..2], expected);
}

#[case]
fn requests_find_their_routes_below_a_prefix() {
    let server = Server::start(&[]);
    let ends = |path: &str, end: &str| {
        let answer = server.get(path);
        assert!(answer.ends_with(&format!("\r\n\r\n{end}")), "{path}: {answer}");
        answer
    };
    for (path, body) in [
        ("/routing", "welcome\n"),
        ("/routing/anything", "anything\n"),
        ("/routing/service", "service\n"),
        ("/routing/orders/7", "an order\n"),
        ("/routing/unlisted/hidden", "hidden\n"),
        ("/routing/state", "7"),
        // A fallback below a prefix stays, although other functions follow.
        ("/routing/orders/7/8", "no such order\n"),
        ("/routing/none", "nothing here\n"),
    ] {
        assert!(ends(path, body).contains("x-layer: routing"), "{path}");
    }
    // A layer is for the routes of its own function.
    assert!(!ends("/routing-after", "after\n").contains("x-layer"));
    assert!(server.get("/orders/7").starts_with("HTTP/1.1 404 "));
}
