//! `manage publish`.

use app::management::commands::publish::publish;
use diesel::prelude::*;
use manage::testing::Project;
use manage_test_support::case;

use crate::project::{in_process, posts};

diesel::table! {
    articles (id) {
        id -> Integer,
        slug -> Text,
        published_at -> Nullable<Timestamp>,
    }
}

/// The articles that a visitor sees, the newest first.
fn published(project: &Project) -> Vec<String> {
    articles::table
        .filter(articles::published_at.le(chrono::Utc::now().naive_utc()))
        .order(articles::published_at.desc())
        .select(articles::slug)
        .load(&mut project.connect())
        .expect("the articles")
}

#[case(in_process)]
fn a_draft_appears(project: Project) {
    project.run(["import_posts".into(), posts("good")]).expect_success();
    assert_eq!(
        project.run(["publish", "draft-of-mine", "--keep-date"]).to_string(),
        "$ manage publish draft-of-mine --keep-date\n\
         --- stderr ---\n\
         Error: “Draft Of Mine” has no date to keep.\n\
         Hint: Publish it without --keep-date.\n\
         --- exit code: 1 ---\n"
    );
    let done = project.call(|cx| publish(cx, "draft-of-mine".to_owned(), false));
    assert_eq!(done.transcript.stdout, "Published “Draft Of Mine”.\n");
    assert_eq!(published(&project)[0], "draft-of-mine");
    let again = project.run(["publish", "crlf"]).expect_success();
    assert_eq!(again.stdout, "“Windows: line ends” was already published, on 2021-05-08 15:30:00 UTC.\n");
}

#[case(in_process)]
fn a_date_to_come_can_be_kept(project: Project) {
    let post = project.folder().join("9000-01-01-later.md");
    project.write(&post, "---\n---\nLater\n");
    project.run(["import_posts".as_ref(), post.as_os_str()]).expect_success();
    let kept = project.run(["publish", "later", "--keep-date"]).expect_success();
    assert_eq!(kept.stdout, "“Later” keeps its date: it appears on 9000-01-01 00:00:00 UTC.\n");
    assert!(published(&project).is_empty());
    project.run(["publish", "later"]).expect_success();
    assert_eq!(published(&project), ["later"]);
}

#[case(in_process)]
fn an_unknown_slug_is_reported(project: Project) {
    project.run(["import_posts".into(), posts("good")]).expect_success();
    assert_eq!(
        project.run(["publish", "draft-of-mime"]).to_string(),
        "$ manage publish draft-of-mime\n\
         --- stderr ---\n\
         Error: There is no article “draft-of-mime”.\n\
         Hint: Did you mean “draft-of-mine”?\n\
         --- exit code: 1 ---\n"
    );
    let far = project.run(["publish", "xyz"]).expect_exit(1);
    assert!(!far.stderr.contains("Did you mean"), "{far}");
}
