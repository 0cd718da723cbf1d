//! `manage check_pages`.

use manage_test_support::{TestDatabase, case, free_port};

use crate::project::{Project, on_each_backend};

#[case(on_each_backend)]
fn every_page_is_asked_for(project: Project) {
    let project = project.filled();
    let server = project.serve();
    let done = project.run(&["check_pages", &server.url, "--concurrency", "1"]).expect_success();
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{done}");
    for (line, path) in lines.iter().zip(["/", "/api/articles", "/articles/crlf/", "/articles/%EB"]) {
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some("200"), "{done}");
        assert!(words.next().is_some_and(|number| number.parse::<u64>().is_ok()), "{done}");
        assert_eq!(words.next(), Some("ms"), "{done}");
        assert!(words.next().is_some_and(|shown| shown.starts_with(path)), "{done}");
    }
    assert_eq!(lines[4], "All 4 pages answered with 200.");
}

#[case]
fn a_page_that_fails_is_reported() {
    // Without tables.
    let project = Project::new(TestDatabase::sqlite());
    let server = project.serve();
    let failed = project.run(&["check_pages", &server.url]).expect_code(1);
    assert!(failed.stdout.starts_with("500 "), "{failed}");
    assert!(failed.stderr.contains("Error: 2 of 2 pages did not answer with 200."), "{failed}");
}

#[case]
fn what_cannot_be_asked_is_reported() {
    let project = Project::new(TestDatabase::sqlite());
    let https = project.run(&["check_pages", "https://blog.example/"]).expect_code(2);
    assert!(https.stderr.contains("https:// is not supported"), "{https}");
    let user = project.run(&["check_pages", "http://u:very-secret@127.0.0.1/"]).expect_code(2);
    assert!(user.stderr.contains("a user and a password have no place in it."), "{user}");
    assert!(!user.stderr.contains("very-secret"), "{user}");
    let nobody = project.run(&["check_pages", &format!("http://127.0.0.1:{}/", free_port())]).expect_code(1);
    assert!(nobody.stdout.contains("onnection refused"), "{nobody}");
}
