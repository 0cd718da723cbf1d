//! From files to pages.

use manage_test_support::case;

use crate::project::{PATIENCE, Project, Server, on_each_backend};

#[case(on_each_backend)]
fn pages_show_what_was_imported(project: Project) {
    let project = project.filled();
    let server = project.serve();
    let (status, front) = server.get("/");
    assert_eq!(status, 200, "{front}");
    let path = "/articles/%EB%9F%AC%EC%8A%A4%ED%8A%B8-%EC%B2%AB%EA%B1%B8%EC%9D%8C/";
    for part in [
        "<html lang=\"en\">",
        "<article lang=\"ko\">",
        &format!("<a href=\"{path}\">러스트 첫걸음</a>"),
        "<time datetime=\"2021-05-08T15:30:00Z\"",
        "8 May 2021",
        "값에는 주인이 하나뿐이다.",
    ] {
        assert!(front.contains(part), "{part} is missing:\n{front}");
    }
    // The newest first, and no drafts.
    assert!(front.find("Windows: line ends") < front.find("러스트 첫걸음"), "{front}");
    assert!(!front.contains("Draft Of Mine"), "{front}");
    let (status, page) = server.get(path);
    assert_eq!(status, 200, "{page}");
    for part in ["<strong>주인</strong>", "<code class=\"language-yml\">---\nnot: front matter\n---"] {
        assert!(page.contains(part), "{part} is missing:\n{page}");
    }
    let (_, list) = server.get("/api/articles");
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let expected = serde_json::json!([
        {"slug": "crlf", "title": "Windows: line ends", "published_at": "2021-05-08T15:30:00Z", "url": "/articles/crlf/"},
        {"slug": "러스트-첫걸음", "title": "러스트 첫걸음", "published_at": "2021-05-08T00:00:00Z", "url": path},
    ]);
    assert_eq!(list, expected);
    // A draft, another slug, the same in capitals and with a space, no UTF-8, NUL, and no address of ours.
    for path in [
        "/articles/draft-of-mine/",
        "/articles/none/",
        "/articles/CRLF/",
        "/articles/crlf%20/",
        "/articles/%ff/",
        "/articles/%00/",
        "/other",
    ] {
        let (status, page) = server.get(path);
        assert_eq!(status, 404, "{path}");
        assert!(page.contains("There is no such page"), "{path}: {page}");
    }
}

#[case(on_each_backend)]
fn migrations_go_back_and_forth(project: Project) {
    let project = project.filled();
    project.run(&["migrate", "--check"]).expect_success();
    project.run(&["migrate", "zero"]).expect_success();
    project.run(&["migrate", "--check"]).expect_code(1);
    let project = project.filled();
    assert_eq!(project.serve().slugs().len(), 2);
}

/// Nothing listens there, and nobody shall see the password.
#[case]
fn a_variable_limits_the_front_page() {
    const NAME: &str = "MANAGE_APPS__APP__FRONT_PAGE_ARTICLES";
    let project = Project::new(manage_test_support::TestDatabase::sqlite()).filled();
    project.write("manage.toml", "[apps.app]\nfront_page_articles = 2\n");
    let front = |value: &str| Server::start(project.program().env(NAME, value)).get("/").1;
    let (newest, older) = ("Windows: line ends", "러스트 첫걸음");
    let one = front("1");
    assert!(one.contains(newest) && !one.contains(older), "{one}");
    let two = front("");
    assert!(two.contains(newest) && two.contains(older), "{two}");
    let wrong = project
        .program()
        .env(NAME, "many")
        .args(["runserver", "--noreload", "0"])
        .run(PATIENCE)
        .expect_code(78);
    let error = format!("{NAME} (environment): expected a whole number from 0 up, found a text.\nHint: ");
    assert!(wrong.stderr.contains(&error), "{wrong}");
}

const DEAD: &str = "postgres://blog:very-secret@127.0.0.1:1/blog";

#[case]
fn without_a_database_pages_say_so() {
    let project = Project::new(manage_test_support::TestDatabase::sqlite());
    let mut server = Server::start(project.program().env("DATABASE_URL", DEAD).arg("--skip-checks"));
    for path in ["/", "/articles/any/"] {
        let (status, page) = server.get(path);
        assert_eq!(status, 503, "{page}");
        assert!(page.contains("The database does not answer."), "{page}");
        assert!(!page.contains("127.0.0.1") && !page.contains("very-secret"), "{page}");
    }
    let (status, list) = server.get("/api/articles");
    assert_eq!((status, list.as_str()), (503, "{\"error\":\"The database is not available.\"}"));
    assert_eq!(server.get("/other").0, 404);
    let line = server.running.wait_for_line("refuses the connection", std::time::Duration::from_secs(10));
    assert!(line.contains("PostgreSQL at 127.0.0.1:1/blog"), "{line}");
    // The place of the `?` in the view.
    assert!(line.contains("GET / failed at app/src/views.rs:"), "{line}");
    assert!(!(server.running.stderr() + &server.running.stdout()).contains("very-secret"));
}
