//! The image, built by the repository's own Dockerfile and `.dockerignore`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

use manage_test_support::{Need, build_log, case, needs};

use super::engine::{docker, root, text};

/// It stays on the engine, so that the next run compiles only what has changed.
const IMAGE: &str = "manage-test-app";

/// The image of an edited source.
const EDITED: &str = "manage-test-edited";

/// Builds the image once in this process, and returns its name. `MANAGE_TEST_IMAGE` names another one, such as
/// an optimised one.
pub(super) fn image() -> &'static str {
    static BUILT: OnceLock<String> = OnceLock::new();
    BUILT.get_or_init(|| {
        std::env::var("MANAGE_TEST_IMAGE").unwrap_or_else(|_| {
            build(IMAGE, &[]);
            IMAGE.to_owned()
        })
    })
}

/// Returns the log of the build. Each of `changes` is a file and what is appended to it.
fn build(tag: &str, changes: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    copy_repository(folder.path());
    for (file, text) in changes {
        let path = folder.path().join(file);
        let changed = std::fs::read_to_string(&path).expect("a file") + text;
        std::fs::write(path, changed).expect("a file");
    }
    let script = root().join("app/tests/docker/image.sh");
    build_log(
        &Command::new(script).arg(tag).arg(folder.path()).stdin(Stdio::null()).output().expect("the script"),
    )
}

/// Copies the files that git knows.
pub(super) fn copy_repository(folder: &Path) {
    let files = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git");
    for file in text(&files).split_terminator('\0') {
        let (from, to) = (root().join(file), folder.join(file));
        // A file that was deleted, and not yet committed.
        if from.is_file() {
            std::fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
            std::fs::copy(from, to).expect("a copy");
        }
    }
}

/// Returns the steps of the build that compiled something.
fn compiled(log: &str) -> Vec<&str> {
    log.split("\nStep ").filter(|step| step.contains(" Compiling ")).collect()
}

#[case(needs(Need::Docker))]
fn an_edit_of_the_app_compiles_the_app_alone() {
    image();
    // One that no earlier run has made: the engine keeps layers.
    let edit = format!("\n// {}\n", UNIX_EPOCH.elapsed().expect("a time of this century").as_nanos());
    let log = build(EDITED, &[("app/src/urls.rs", &edit)]);
    let steps = compiled(&log);
    assert_eq!(steps.len(), 1, "{log}");
    assert_eq!(steps[0].matches(" Compiling ").count(), 1, "{}", steps[0]);
    assert!(steps[0].contains("Compiling app "), "{}", steps[0]);
}

#[case(needs(Need::Docker))]
fn an_edit_of_a_test_compiles_nothing() {
    image();
    let edit = "\n// An edit.\n";
    let log = build(
        EDITED,
        &[("app/tests/it/main.rs", edit), ("manage/tests/it/main.rs", edit), ("README.md", edit)],
    );
    assert_eq!(compiled(&log), [] as [&str; 0]);
}

#[case(needs(Need::Docker))]
fn the_image_holds_the_program_and_what_it_needs() {
    let container = docker(&["create", image()]);
    let container = container.trim();
    let export = Command::new("sh")
        .args(["-c", &format!("docker export {container} | tar -t")])
        .output()
        .expect("a shell");
    docker(&["rm", container]);
    let files = text(&export);
    // What the engine itself puts there.
    let engine =
        [".dockerenv", "dev/", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf", "proc/", "sys/"];
    let files: Vec<&str> = files
        .lines()
        .filter(|file| !file.ends_with('/') && !engine.iter().any(|own| file.starts_with(own)))
        .collect();
    let name = |file: &str| file.rsplit('/').next().unwrap_or_default().to_owned();
    let mut names: Vec<String> = files.iter().map(|file| name(file)).collect();
    names.sort();
    let libraries = |name: &String| name.contains(".so");
    assert!(names.iter().any(|name| name == "manage"), "{files:?}");
    assert_eq!(names.iter().filter(|name| libraries(name)).count(), 4, "{files:?}");
    let others: Vec<&String> = names.iter().filter(|name| !libraries(name) && *name != "manage").collect();
    assert_eq!(others, ["ca-certificates.crt", "group", "nsswitch.conf", "passwd"], "{files:?}");
}
