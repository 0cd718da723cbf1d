//! The commands of docs/guide/deploying.md.

use manage_test_support::case;

use super::Workspace;

const DOCUMENT: &str = include_str!("../../../../docs/guide/deploying.md");

#[case]
fn each_command_writes_files() {
    let workspace = Workspace::new();
    let lines = DOCUMENT.lines().filter_map(|line| line.strip_prefix("manage startdeploy "));
    let mut count = 0;
    for line in lines {
        // Quotes keep the words of a schedule together.
        let parts = line.split('"').enumerate();
        let words = parts.flat_map(|(i, part)| match i % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        });
        let ran = workspace.write(&words.collect::<Vec<_>>());
        assert!(ran.out.contains("Wrote "), "{line}: {}", ran.out);
        count += 1;
    }
    assert_eq!(count, 5, "the commands of the page");
    // Each file that its table names exists.
    for name in DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(".yaml`")) {
        let name = name.0.replace("NAME", "check");
        assert!(workspace.path(&format!("deploy/kubernetes/{name}.yaml")).is_file(), "{name}");
    }
}
