//! `manage publish`.

use manage_test_servers::Suite;

use crate::project::{Project, on_each_backend};

pub(crate) fn add(suite: &mut Suite) {
    on_each_backend(suite, "publish::a_draft_appears", a_draft_appears);
    on_each_backend(suite, "publish::a_date_to_come_can_be_kept", a_date_to_come_can_be_kept);
    on_each_backend(suite, "publish::an_unknown_slug_is_told", an_unknown_slug_is_told);
}

fn a_draft_appears(project: Project) {
    let project = project.filled();
    let kept = project.run(&["publish", "draft-of-mine", "--keep-date"]).expect_code(1);
    assert!(kept.stderr.contains("“Draft Of Mine” has no date to keep."), "{kept}");
    let done = project.run(&["publish", "draft-of-mine"]).expect_success();
    assert_eq!(done.stdout, "Published “Draft Of Mine”.\n");
    assert_eq!(project.serve().slugs()[0], "draft-of-mine");
    let again = project.run(&["publish", "crlf"]).expect_success();
    assert_eq!(again.stdout, "“Windows: line ends” was already published, on 2021-05-08 15:30:00 UTC.\n");
}

fn a_date_to_come_can_be_kept(project: Project) {
    let project = project.migrated();
    let name = project.write("9000-01-01-later.md", "---\n---\nLater\n");
    project.run(&["import_posts", &name]).expect_success();
    assert!(project.serve().slugs().is_empty());
    let kept = project.run(&["publish", "later", "--keep-date"]).expect_success();
    assert_eq!(kept.stdout, "“Later” keeps its date: it appears on 9000-01-01 00:00:00 UTC.\n");
    assert!(project.serve().slugs().is_empty());
    project.run(&["publish", "later"]).expect_success();
    assert_eq!(project.serve().slugs(), ["later"]);
}

fn an_unknown_slug_is_told(project: Project) {
    let project = project.filled();
    let close = project.run(&["publish", "draft-of-mime"]).expect_code(1);
    assert!(close.stderr.contains("There is no article “draft-of-mime”."), "{close}");
    assert!(close.stderr.contains("Did you mean “draft-of-mine”?"), "{close}");
    let far = project.run(&["publish", "xyz"]).expect_code(1);
    assert!(!far.stderr.contains("Did you mean"), "{far}");
}
