//! `manage import_posts`.

use manage_test_support::case;

use crate::project::{Project, on_each_backend, posts};

#[case(on_each_backend)]
fn adds_and_updates(project: Project) {
    let project = project.migrated();
    let dry = project.run(&["import_posts", "--dry-run", &posts("good")]).expect_success();
    assert!(dry.stdout.contains("3 posts: 3 added, 0 updated, 0 unchanged."), "{dry}");
    assert!(project.serve().slugs().is_empty());
    let first = project.run(&["import_posts", &posts("good")]).expect_success();
    assert!(first.stdout.contains("3 posts: 3 added, 0 updated, 0 unchanged."), "{first}");
    assert!(first.stdout.contains("added     crlf ← "), "{first}");
    assert!(first.stdout.contains("Skipped 1 file that is not Markdown: "), "{first}");
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

#[case(on_each_backend)]
fn all_or_nothing(project: Project) {
    let project = project.migrated();
    let latin = project.write("latin.md", b"---\ntitle: ok\n---\n\nCaf\xe9\n");
    let failed = project.run(&["import_posts", &posts("broken"), &latin, "missing.md"]).expect_code(1);
    let stderr = failed.stderr.replace(&posts("broken"), "broken");
    for line in [
        "broken/bad-yaml.md:4: this is no YAML: ",
        "broken/no-front-matter.md:1: there is no front matter",
        "broken/same-slug.md:3: the slug “good” is also that of broken/2021-01-01-good.md: give one of the two another `slug:`",
        "broken/wrong-type.md:3: `title` must be a text, and is a list or a map",
        "broken/wrong-type.md:5: `published` must be true or false, without quotes",
        "latin.md:5: this is not UTF-8: a byte 0xe9",
        "missing.md: there is no such file or directory",
        "Error: Nothing was imported: 7 problems found.",
        "Hint: ",
    ] {
        assert!(stderr.contains(line), "{line} is missing:\n{failed}");
    }
    assert!(project.serve().slugs().is_empty());
    project.run(&["publish", "good"]).expect_code(1);
}

#[case(on_each_backend)]
fn keeps_what_was_published_by_hand(project: Project) {
    let project = project.filled();
    project.run(&["publish", "draft-of-mine"]).expect_success();
    let changed = project.write("draft-of-mine.md", "---\ntitle: 초안\n---\nText\n");
    project.run(&["import_posts", &changed]).expect_success();
    let server = project.serve();
    assert_eq!(server.slugs().len(), 3);
    assert!(server.get("/articles/draft-of-mine/").1.contains("초안"));
}

#[case(on_each_backend)]
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

#[case(on_each_backend)]
fn a_draft_is_a_draft_whatever_its_date(project: Project) {
    let project = project.migrated();
    project.write("blog/_posts/2021-01-01-post.md", "---\n---\n");
    project.write("blog/_posts/2021-01-02-by-word.md", "---\ndraft: true\n---\n");
    project.write("blog/_drafts/dated.md", "---\ndate: 2021-01-01\n---\n");
    project.write("blog/_drafts/2021-01-01-named.md", "---\npublished: true\n---\n");
    project.write("blog/docs/_drafts/deep/er.md", "---\ndate: 2021-01-01\n---\n");
    let first = project.run(&["import_posts", "blog"]).expect_success();
    assert!(first.stdout.contains("added     dated ← blog/_drafts/dated.md (draft)\n"), "{first}");
    assert!(first.stdout.contains("5 posts: 5 added"), "{first}");
    assert_eq!(first.stdout.matches("(draft)").count(), 4, "{first}");
    let server = project.serve();
    assert_eq!(server.slugs(), ["post"]);
    for slug in ["by-word", "dated", "named", "er"] {
        assert_eq!(server.get(&format!("/articles/{slug}/")).0, 404, "{slug}");
    }
    // Named alone, or from inside of its directory, it is no less a draft.
    project.run(&["import_posts", "blog/_drafts/dated.md"]).expect_success();
    let inside = project.program().cwd(project.folder().join("blog/_drafts")).args(["import_posts", "."]);
    let inside = inside.run(std::time::Duration::from_secs(60)).expect_success();
    assert!(inside.stdout.contains("2 posts: 0 added, 0 updated, 2 unchanged."), "{inside}");
    assert_eq!(server.slugs(), ["post"]);
    // What was public becomes a draft when its file is moved there.
    std::fs::rename(
        project.folder().join("blog/_posts/2021-01-01-post.md"),
        project.folder().join("blog/_drafts/2021-01-01-post.md"),
    )
    .expect("a move");
    project.run(&["import_posts", "blog"]).expect_success();
    assert!(server.slugs().is_empty());
}

/// A directory as people have them: what is no post is counted, and no name reaches the terminal raw.
#[cfg(target_os = "linux")]
#[case(on_each_backend)]
fn odd_names(project: Project) {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let project = project.migrated();
    let posts = project.folder().join("posts");
    for number in 0..994 {
        project.write(&format!("posts/assets/{number:03}.png"), "");
    }
    let write = |name: &[u8], text: &str| {
        std::fs::write(posts.join(OsStr::from_bytes(name)), text).expect("a file");
    };
    write(b"\x1b[2J\xc2\x9b31m\nnew.txt", "");
    write("2021-01-01-exe\u{202e}gpj.md".as_bytes(), "---\ntitle: a \u{202e}title\n---\n");
    write(b"2021-01-02-caf\xe9.md", "---\nslug: first\n---\n");
    write(b"2021-01-02-caf\xe8.md", "---\nslug: second\n---\n");
    let imported = project.run(&["import_posts", "posts"]).expect_success();
    let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}' || c == '\u{fffd}';
    assert!(!imported.to_string().contains(raw), "{imported:?}");
    let skipped = imported.stdout.lines().next().expect("a line");
    assert_eq!(
        skipped,
        r"Skipped 995 files that are not Markdown: posts/\u{1b}[2J\u{9b}31m\nnew.txt, posts/assets/000.png, posts/assets/001.png, and 992 more (`-v 2` lists them)."
    );
    for line in [
        r"added     exe-gpj ← posts/2021-01-01-exe\u{202e}gpj.md",
        r"added     first ← posts/2021-01-02-caf\xe9.md",
        r"added     second ← posts/2021-01-02-caf\xe8.md",
    ] {
        assert!(imported.stdout.contains(line), "{line} is missing:\n{imported}");
    }
    let all = project.run(&["import_posts", "posts", "-v2"]).expect_success();
    assert!(all.stdout.contains("\n  posts/assets/993.png\n"), "{all}");
    assert!(all.stdout.lines().all(|line| line.len() < 200), "{all}");
    let published = project.run(&["publish", "exe-gpj"]).expect_success();
    assert!(published.stdout.contains(r"“a \u{202e}title” was already published"), "{published}");
    // Without a slug of their own these two would be one article.
    write(b"2021-01-02-caf\xe9.md", "---\n---\n");
    write(b"bad\xc2\x9b.md", "---\ndate: \"a\\x9b\"\n---\n");
    let failed = project.run(&["import_posts", "posts"]).expect_code(1);
    let expected = r"posts/2021-01-02-caf\xe9.md: the file's name is not UTF-8: rename it, or add a `slug:`";
    assert!(failed.stderr.contains(expected), "{failed}");
    assert!(failed.stderr.contains(r"posts/bad\u{9b}.md:2: `date` is no date: “a\u{9b}”"), "{failed}");
    assert!(!failed.to_string().contains(raw), "{failed:?}");
}

#[case(on_each_backend)]
fn slugs_differ_by_case(project: Project) {
    let project = project.migrated();
    for name in ["posts/2021-01-01-hello.md", "posts/2021-01-02-Hello.md", "posts/2021-01-03-héllo.md"] {
        project.write(name, "---\n---\n");
    }
    let done = project.run(&["import_posts", "posts"]).expect_success();
    assert!(done.stdout.contains("3 posts: 3 added"), "{done}");
    assert_eq!(project.serve().slugs(), ["héllo", "Hello", "hello"]);
}

#[case(on_each_backend)]
fn a_large_post(project: Project) {
    let project = project.migrated();
    let body = "한글 문장 하나. ".repeat(50_000);
    let name = project.write("2021-01-01-large.md", format!("---\n---\n{body}"));
    project.run(&["import_posts", &name]).expect_success();
    let (status, page) = project.serve().get("/articles/large/");
    assert_eq!((status, page.matches("한글 문장 하나.").count()), (200, 50_000));
}
