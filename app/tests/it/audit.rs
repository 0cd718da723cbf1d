//! The line of the hook in `src/audit.rs`.

use manage_test_support::{TestDatabase, Transcript, case};

use crate::project::Project;

#[case]
fn a_line_for_each_command_with_v2() {
    let project = Project::new(TestDatabase::sqlite()).migrated();
    let audited = |words: &[&str]| -> (Transcript, Vec<String>) {
        let transcript = project.run(words);
        let lines = transcript.stderr.lines().filter(|line| line.starts_with("audit: "));
        (transcript.clone(), lines.map(str::to_owned).collect())
    };
    let (transcript, lines) = audited(&["publish", "my-secret-plan", "--keep-date", "-v2"]);
    let [line] = lines.as_slice() else { panic!("{transcript}") };
    assert!(line.contains("Z app.publish slug keep_date: exit 1 after 0."), "{transcript}");
    assert!(!line.contains("my-secret-plan"), "{transcript}");
    let (transcript, lines) = audited(&["version", "-v2"]);
    assert!(
        matches!(lines.as_slice(), [line] if line.contains(" manage.version: exit 0 after ")),
        "{transcript}"
    );
    assert!(audited(&["version"]).1.is_empty(), "nobody asked");
}
