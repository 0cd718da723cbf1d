//! A workflow of GitHub Actions that tests the project with the databases that it uses.

use super::deployment::{DeployedDatabase, Deployment};
use super::names::dns_name;
use super::project::CargoProject;
use super::template::{fill, quoted};
use super::{DeployError, NewFile};
use crate::settings::Backend;

const WORKFLOW: &str = include_str!("../../../templates/deploy/github-actions.yml.tmpl");
const POSTGRES: &str = include_str!("../../../templates/deploy/github-actions-postgres.yml.tmpl");
const MYSQL: &str = include_str!("../../../templates/deploy/github-actions-mysql.yml.tmpl");

/// Returns the workflow, in the directory of the repository. `images` replaces the images of the databases with
/// these aliases.
pub(crate) fn github_actions(
    project: &CargoProject,
    deployment: &Deployment,
    images: &[(String, String)],
) -> Result<Vec<NewFile>, DeployError> {
    let name = &dns_name(&project.package)?;
    if !deployment.databases.is_empty() {
        deployment.check_databases()?;
    }
    let mut services = String::new();
    let mut environment = String::new();
    let mut ports = [5432, 3306];
    for database in &deployment.databases {
        let variable = database.variable();
        // The user of each owns the server: tests make databases of their own.
        let (template, scheme, user, port) = match database.backend {
            Backend::Postgres => (POSTGRES, "postgres", "postgres", &mut ports[0]),
            Backend::Mysql => (MYSQL, "mysql", "root", &mut ports[1]),
            Backend::Sqlite => {
                let file = if database.is_default() { "db" } else { &database.alias };
                environment.push_str(&format!("{variable}: sqlite:{file}.sqlite3\n"));
                continue;
            }
        };
        let given = images.iter().find(|(alias, _)| *alias == database.alias);
        let image = given.map_or_else(|| image(database), |(_, image)| image);
        let values = [
            ("alias", database.alias.as_str()),
            ("image", &quoted(image)),
            ("name", name),
            ("port", &port.to_string()),
        ];
        services.push_str(&fill(template, &values));
        environment.push_str(&format!("{variable}: {scheme}://{user}:throwaway@127.0.0.1:{port}/{name}\n"));
        *port += 1;
    }
    if !services.is_empty() {
        let indented: String = services.lines().map(|line| format!("  {line}\n")).collect();
        services = format!("services:\n{indented}");
    }
    if !environment.is_empty() {
        environment = format!("# Servers of this job alone, which end with it.\n{environment}");
    }
    let run = format!("cargo run --quiet --locked {} --bin {} --", project.selection(), project.program);
    let mut wait = deployment.wait().join(" ");
    let mut migrations = deployment.migrations();
    if migrations.is_empty() {
        // The SQLite file that is assumed where nothing is set.
        wait = "wait_for_db".to_owned();
        migrations.push(vec!["migrate".to_owned()]);
    }
    let migrations: Vec<String> =
        migrations.iter().map(|words| format!("{run} {}", words.join(" "))).collect();
    let relative = project.workspace.strip_prefix(&project.repository).ok().and_then(|path| path.to_str());
    let directory = relative.filter(|path| !path.is_empty());
    let working = directory.map(|path| format!("defaults:\n  run:\n    working-directory: {}", quoted(path)));
    let target = directory.map_or_else(String::new, |path| format!("{path}/"));
    let text = fill(
        WORKFLOW,
        &[
            ("program", &project.program),
            ("working", &working.unwrap_or_default()),
            ("services", &services),
            ("environment", &environment),
            ("toolchain", &toolchain(project)),
            ("target", &target),
            ("selection", &project.selection()),
            ("wait", &format!("{run} {wait}")),
            ("migrations", &migrations.join("\n")),
            ("tests", &tests(project)),
        ],
    );
    let path = project.repository.join(".github/workflows/test.yml");
    Ok(vec![NewFile { path, text }])
}

/// Returns the official image of a database's server, with the version that its project supports longest.
fn image(database: &DeployedDatabase) -> &'static str {
    match (database.backend, database.is_mariadb) {
        (Backend::Mysql, true) => "mariadb:11.8",
        (Backend::Mysql, false) => "mysql:8.4",
        _ => "postgres:18",
    }
}

/// Returns the command that installs Rust.
fn toolchain(project: &CargoProject) -> String {
    match &project.toolchain {
        // rustup reads the file.
        Some(_) => "rustup toolchain install".to_owned(),
        None => "rustup toolchain install stable --profile minimal && rustup default stable".to_owned(),
    }
}

/// Returns the arguments of `cargo test`: all packages of the workspace, unless that would turn on the default
/// features which the program is built without.
fn tests(project: &CargoProject) -> String {
    let members = project.packages.iter().filter(|package| package.workspace == project.workspace);
    if members.count() == 1 || !project.default_features {
        return project.selection();
    }
    let features: Vec<String> =
        project.features.iter().map(|feature| format!("{}/{feature}", project.package)).collect();
    match features.is_empty() {
        true => "--workspace".to_owned(),
        false => format!("--workspace --features {}", features.join(",")),
    }
}
