//! A workflow of GitHub Actions, and its schema.

use std::process::Command;

use manage_test_support::{Need, case, needs, python};
use serde_json::{Value, json};

use super::Workspace;

const FILE: &str = ".github/workflows/test.yml";

fn refused(workspace: &Workspace) -> Option<String> {
    let output = Command::new(python())
        .args(["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"])
        .arg(workspace.path(FILE))
        .output()
        .expect("Python");
    (!output.status.success()).then(|| format!("{output:?}"))
}

/// Returns the commands of the steps.
fn commands(workflow: &Value) -> Vec<&str> {
    let steps = workflow["jobs"]["test"]["steps"].as_array().expect("steps");
    steps.iter().filter_map(|step| Some(step.get("run")?.as_str()?.trim_end())).collect()
}

#[case(needs(Need::CheckJsonschema))]
fn the_workflow_has_its_schema() {
    let workspace = Workspace::new();
    let workspace = Workspace(
        workspace
            .0
            .env("DATABASE_URL_ARCHIVE", "postgres://old:hunter2@db.invalid/old")
            .env("DATABASE_URL_STOCK", "mariadb://stock:hunter2@db.invalid/stock"),
    );
    workspace.write(&["github-actions", "--image", "archive=postgres:16"]);
    assert_eq!(refused(&workspace), None, "{}", workspace.read(FILE));
    let [workflow] = &workspace.yaml(FILE)[..] else { panic!("one document") };
    let job = &workflow["jobs"]["test"];
    let image =
        |alias: &str| (job["services"][alias]["image"].clone(), job["services"][alias]["ports"].clone());
    assert_eq!(image("default"), (json!("postgres:18"), json!(["5432:5432"])));
    assert_eq!(image("archive"), (json!("postgres:16"), json!(["5433:5432"])));
    assert_eq!(image("stock"), (json!("mariadb:11.8"), json!(["3306:3306"])));
    assert_eq!(job["env"]["DATABASE_URL"], "postgres://postgres:throwaway@127.0.0.1:5432/shop");
    assert_eq!(job["env"]["DATABASE_URL_ARCHIVE"], "postgres://postgres:throwaway@127.0.0.1:5433/shop");
    assert_eq!(job["env"]["DATABASE_URL_STOCK"], "mysql://root:throwaway@127.0.0.1:3306/shop");
    let run = "cargo run --quiet --locked --package shop --features mysql --bin manage --";
    let migrations =
        ["", " --database archive", " --database stock"].map(|which| format!("{run} migrate{which}"));
    assert_eq!(
        commands(workflow),
        [
            "rustup toolchain install stable --profile minimal && rustup default stable",
            "cargo build --locked --package shop --features mysql --bin manage",
            &format!("{run} wait_for_db --all --timeout 300"),
            &migrations.join("\n"),
            "cargo test --locked --workspace --features shop/mysql",
        ]
    );
    // The schema finds what is wrong.
    let text = workspace.read(FILE).replace("runs-on:", "runs_on:");
    std::fs::write(workspace.path(FILE), text).expect("a file");
    assert!(refused(&workspace).is_some());
}

#[case(needs(Need::CheckJsonschema))]
fn a_workspace_below_the_repository_on_sqlite() {
    let workspace = Workspace::below("backend");
    std::fs::create_dir(workspace.path(".git")).expect("a folder");
    workspace.write(&["github-actions"]);
    assert_eq!(refused(&workspace), None, "{}", workspace.read(FILE));
    let [workflow] = &workspace.yaml(FILE)[..] else { panic!("one document") };
    assert_eq!(workflow["defaults"]["run"]["working-directory"], "backend");
    let job = &workflow["jobs"]["test"];
    assert_eq!((&job["services"], &job["env"]["DATABASE_URL"]), (&Value::Null, &Value::Null));
    assert!(job["steps"][2]["with"]["path"].as_str().expect("paths").contains("backend/target"), "{job}");
    assert!(commands(workflow)[2].ends_with("-- wait_for_db"), "{workflow}");
}
