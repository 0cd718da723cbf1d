//! `manage import_posts`.

use manage_test_servers::Suite;

use crate::project::{Project, on_each_backend, posts};

pub(crate) fn add(suite: &mut Suite) {
    on_each_backend(suite, "import_posts::adds_and_updates", adds_and_updates);
    on_each_backend(suite, "import_posts::all_or_nothing", all_or_nothing);
    on_each_backend(
        suite,
        "import_posts::keeps_what_was_published_by_hand",
        keeps_what_was_published_by_hand,
    );
    on_each_backend(suite, "import_posts::takes_back_what_is_withheld", takes_back_what_is_withheld);
    on_each_backend(suite, "import_posts::slugs_differ_by_case", slugs_differ_by_case);
    on_each_backend(suite, "import_posts::a_large_post", a_large_post);
}

fn adds_and_updates(project: Project) {
    let project = project.migrated();
    let dry = project.run(&["import_posts", "--dry-run", &posts("good")]).expect_success();
    assert!(dry.stdout.contains("3 posts: 3 added, 0 updated, 0 unchanged."), "{dry}");
    assert!(project.serve().slugs().is_empty());
    let first = project.run(&["import_posts", &posts("good")]).expect_success();
    assert!(first.stdout.contains("3 posts: 3 added, 0 updated, 0 unchanged."), "{first}");
    assert!(first.stdout.contains("added     crlf ← "), "{first}");
    assert!(first.stdout.contains("1 file is no Markdown and left out: "), "{first}");
    assert!(first.stdout.contains("notes.txt."), "{first}");
    // No bar into a pipe.
    assert_eq!(first.stderr, "");
    let again = project.run(&["import_posts", &posts("good"), "-v0"]).expect_success();
    assert!(again.stdout.ends_with("3 posts: 0 added, 0 updated, 3 unchanged.\n"), "{again}");
    assert!(!again.stdout.contains("←"), "{again}");
    let spelled = posts("../posts/good");
    let again = project.run(&["import_posts", &spelled, "-v0"]).expect_success();
    assert!(again.stdout.ends_with("3 posts: 0 added, 0 updated, 3 unchanged.\n"), "{again}");
    let changed = project.write("2021-05-10-crlf.md", "---\ntitle: 새 제목\n---\nNew\n");
    let third = project.run(&["import_posts", &changed]).expect_success();
    assert_eq!(
        third.stdout,
        "updated   crlf ← 2021-05-10-crlf.md\n1 post: 0 added, 1 updated, 0 unchanged.\n"
    );
    let (_, page) = project.serve().get("/articles/crlf/");
    assert!(page.contains("새 제목") && page.contains("10 May 2021"), "{page}");
}

fn all_or_nothing(project: Project) {
    let project = project.migrated();
    let latin = project.write("latin.md", b"---\ntitle: ok\n---\n\nCaf\xe9\n");
    let failed = project.run(&["import_posts", &posts("broken"), &latin, "missing.md"]).expect_code(1);
    let stderr = failed.stderr.replace(&posts("broken"), "broken");
    for line in [
        "broken/bad-yaml.md:4: this is no YAML: ",
        "broken/no-front-matter.md:1: there is no front matter",
        "broken/same-slug.md:3: the slug “good” is also that of broken/2021-01-01-good.md",
        "broken/wrong-type.md:3: `title` must be a text, and is a list or a map",
        "broken/wrong-type.md:5: `published` must be true or false, without quotes",
        "latin.md:5: this is not UTF-8: a byte 0xe9",
        "missing.md: there is no such file or folder",
        "Error: Nothing was imported: 7 problems found.",
        "Hint: ",
    ] {
        assert!(stderr.contains(line), "{line} is missing:\n{failed}");
    }
    assert!(project.serve().slugs().is_empty());
    project.run(&["publish", "good"]).expect_code(1);
}

fn keeps_what_was_published_by_hand(project: Project) {
    let project = project.filled();
    project.run(&["publish", "draft-of-mine"]).expect_success();
    let changed = project.write("draft-of-mine.md", "---\ntitle: 초안\n---\nText\n");
    project.run(&["import_posts", &changed]).expect_success();
    let server = project.serve();
    assert_eq!(server.slugs().len(), 3);
    assert!(server.get("/articles/draft-of-mine/").1.contains("초안"));
}

fn takes_back_what_is_withheld(project: Project) {
    let project = project.migrated();
    let name = project.write("2021-01-01-hello.md", "---\n---\nText\n");
    project.run(&["import_posts", &name]).expect_success();
    let server = project.serve();
    assert_eq!(server.slugs(), ["hello"]);
    project.write(&name, "---\npublished: false\n---\nText\n");
    let taken = project.run(&["import_posts", &name]).expect_success();
    assert!(taken.stdout.contains("1 updated"), "{taken}");
    assert!(server.slugs().is_empty());
    let again = project.run(&["import_posts", &name]).expect_success();
    assert!(again.stdout.contains("1 unchanged"), "{again}");
    project.write(&name, "---\n---\nText\n");
    project.run(&["import_posts", &name]).expect_success();
    assert_eq!(server.slugs(), ["hello"]);
}

fn slugs_differ_by_case(project: Project) {
    let project = project.migrated();
    for name in ["posts/2021-01-01-hello.md", "posts/2021-01-02-Hello.md", "posts/2021-01-03-héllo.md"] {
        project.write(name, "---\n---\n");
    }
    let done = project.run(&["import_posts", "posts"]).expect_success();
    assert!(done.stdout.contains("3 posts: 3 added"), "{done}");
    assert_eq!(project.serve().slugs(), ["héllo", "Hello", "hello"]);
}

fn a_large_post(project: Project) {
    let project = project.migrated();
    let body = "한글 문장 하나. ".repeat(50_000);
    let name = project.write("2021-01-01-large.md", format!("---\n---\n{body}"));
    project.run(&["import_posts", &name]).expect_success();
    let (status, page) = project.serve().get("/articles/large/");
    assert_eq!((status, page.matches("한글 문장 하나.").count()), (200, 50_000));
}
