//! A `docker-compose.yml` that starts the project with its databases.

use super::DeployError;
use super::container::{PROGRAMS, listen};
use super::deployment::{DeployedDatabase, Deployment};
use super::template::{fill, quoted, quoted_list};
use crate::settings::Backend;

const COMPOSE: &str = include_str!("../../../templates/deploy/docker/docker-compose.yml.tmpl");
const POSTGRES: &str = include_str!("../../../templates/deploy/docker/postgres.yml.tmpl");
const MYSQL: &str = include_str!("../../../templates/deploy/docker/mysql.yml.tmpl");

/// What the file is written from.
pub(super) struct Compose<'a> {
    pub(super) name: &'a str,
    pub(super) program: &'a str,
    pub(super) deployment: &'a Deployment,
}

/// The parts that a database adds.
#[derive(Default)]
struct Parts {
    environment: String,
    services: String,
    volumes: String,
    /// The names of secrets.
    secrets: Vec<String>,
    /// What the service `app` gets beside that.
    app: String,
}

/// Returns the file.
pub(super) fn docker_compose(compose: &Compose<'_>) -> Result<String, DeployError> {
    let Compose { name, program, deployment } = compose;
    deployment.check_databases()?;
    let executable = format!("{PROGRAMS}/{program}");
    let port = deployment.address.1;
    let address = listen(port);
    let mut parts = Parts::default();
    for database in &deployment.databases {
        parts.add(database, name);
    }
    for variable in &deployment.variables.secrets {
        parts.secret(variable);
    }
    let hosts = "MANAGE_SERVER_ALLOWED_HOSTS";
    if !deployment.variables.plain.contains_key(hosts) {
        // The server always allows it, and requires a list.
        parts.environment.push_str(&format!("{hosts}: localhost\n"));
    }
    for (variable, text) in &deployment.variables.plain {
        // Compose replaces `$NAME`.
        parts.environment.push_str(&format!("{variable}: {}\n", quoted(&text.replace('$', "$$"))));
    }
    let health = format!("http://127.0.0.1:{port}/readyz");
    let health = ["CMD", &executable, "wait_for_db", "--once", "--no-database", "--for", &health];
    let grace = &deployment.shutdown()[2];
    let named = |name: &String| format!("{name}:\n  file: ./secrets/{name}\n");
    let listed = |name: &String| format!("- {name}\n");
    let block = |head: &str, inner: &str| match inner.is_empty() {
        true => String::new(),
        false => format!("{head}:\n{}", inner.lines().map(|line| format!("  {line}\n")).collect::<String>()),
    };
    let of_app: String = parts.secrets.iter().map(listed).collect();
    let files: String = parts.secrets.iter().map(named).collect();
    let secrets = parts.secrets.iter().map(|name| format!("secrets/{name}")).collect::<Vec<_>>().join(", ");
    let note = match secrets.is_empty() {
        true => String::new(),
        false => format!(
            "# Each secret is a file of one line, which the user {} must be able to read: {secrets}.",
            super::container::USER
        ),
    };
    Ok(fill(
        COMPOSE,
        &[
            ("program", program),
            ("name", name),
            ("note", &note),
            ("command", &quoted_list(&deployment.chain(&executable, &["serve", &address]))),
            ("health", &quoted_list(&health)),
            ("environment", &parts.environment),
            ("grace", grace),
            ("port", &port.to_string()),
            ("app", &(parts.app + &block("secrets", &of_app))),
            ("services", &parts.services),
            ("volumes", &block("volumes", &parts.volumes)),
            ("secrets", &block("secrets", &files)),
        ],
    ))
}

impl Parts {
    fn secret(&mut self, variable: &str) {
        self.environment.push_str(&format!("{variable}_FILE: /run/secrets/{variable}\n"));
        self.secrets.push(variable.to_owned());
    }

    fn add(&mut self, database: &DeployedDatabase, name: &str) {
        let alias = &database.alias;
        let host = if database.is_default() { "db" } else { alias };
        match database.backend {
            Backend::Sqlite => {
                let variable = database.variable();
                self.environment.push_str(&format!("{variable}: sqlite:/data/{host}.sqlite3\n"));
                if !self.volumes.contains("data:") {
                    self.volumes.push_str("data:\n");
                    self.app.push_str("volumes:\n  - data:/data\n");
                }
            }
            // Only `default` can be set in parts, so that its server reads the same file.
            backend if database.is_default() => {
                let (prefix, template, key) = match backend {
                    Backend::Mysql if database.is_mariadb => ("MARIADB", MYSQL, "DATABASE"),
                    Backend::Mysql => ("MYSQL", MYSQL, "DATABASE"),
                    _ => ("POSTGRES", POSTGRES, "DB"),
                };
                let image = match prefix {
                    "MARIADB" => "mariadb:11.8",
                    "MYSQL" => "mysql:8.4",
                    _ => "postgres:18",
                };
                let parts = format!("{prefix}_USER: {name}\n{prefix}_{key}: {name}\n");
                self.environment.push_str(&format!("{prefix}_HOST: db\n{parts}"));
                self.secret(&format!("{prefix}_PASSWORD"));
                let secret = format!("{prefix}_PASSWORD");
                self.services.push_str(&fill(
                    template,
                    &[("image", image), ("parts", &parts), ("secret", &secret), ("prefix", prefix)],
                ));
                self.volumes.push_str("database:\n");
            }
            // Its server is elsewhere: one file cannot hold a URL and a server's password.
            _ => self.secret(&database.variable()),
        }
    }
}
