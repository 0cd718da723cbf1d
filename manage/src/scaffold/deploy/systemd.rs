//! Units for systemd.

use std::net::IpAddr;

use super::container::PROGRAMS;
use super::deployment::Deployment;
use super::names::{dns_name, joined};
use super::project::CargoProject;
use super::schedule::check_calendar;
use super::template::fill;
use super::{DeployError, NewFile, Scheduled};
use crate::settings::Backend;

const SOCKET: &str = include_str!("../../../templates/deploy/systemd/socket.tmpl");
const SERVICE: &str = include_str!("../../../templates/deploy/systemd/service.tmpl");
const MIGRATE: &str = include_str!("../../../templates/deploy/systemd/migrate.service.tmpl");
const COMMAND: &str = include_str!("../../../templates/deploy/systemd/command.service.tmpl");
const TIMER: &str = include_str!("../../../templates/deploy/systemd/timer.tmpl");
const SANDBOX: &str = include_str!("../../../templates/deploy/systemd/sandbox.tmpl");

/// The longest name of a user, which the service's is.
const LONGEST_USER: usize = 31;

/// What the units are written for.
#[derive(Clone, Debug)]
pub(crate) struct SystemdRequest {
    /// Where the program is installed, if not in the usual directory.
    pub(crate) executable: Option<String>,
    pub(crate) timer: Option<Scheduled>,
}

/// Returns the units, below `deploy/systemd` in the workspace.
pub(crate) fn systemd(
    project: &CargoProject,
    deployment: &Deployment,
    request: &SystemdRequest,
) -> Result<Vec<NewFile>, DeployError> {
    deployment.check_databases()?;
    deployment.check_hosts()?;
    let name = &dns_name(&project.package)?;
    if name.len() > LONGEST_USER {
        return Err(DeployError::Name(name.clone(), "the name of a user"));
    }
    let executable = match &request.executable {
        Some(path) => path.clone(),
        None => format!("{PROGRAMS}/{}", project.program),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if !executable.starts_with('/') || !executable.chars().all(is_plain) {
        return Err(DeployError::Name(executable, "the absolute path of a program"));
    }
    let [_, timeout, grace] = deployment.shutdown();
    let (environment, credentials) = (environment(deployment, name), credentials(deployment, name));
    let directory = match deployment.databases.iter().any(|database| database.backend == Backend::Sqlite) {
        true => format!("# The SQLite files.\nStateDirectory={name}"),
        false => String::new(),
    };
    let sandbox = fill(SANDBOX, &[("name", name), ("directory", &directory)]);
    let migrations = [deployment.wait()].into_iter().chain(deployment.migrations());
    let migrations: Vec<String> = migrations.map(|words| exec_start(&executable, &words)).collect();
    let serve = ["serve".to_owned(), "--shutdown-timeout".to_owned(), timeout];
    let listen = listen_stream(deployment)?;
    let mut secrets: Vec<String> = deployment
        .secrets()
        .iter()
        .map(|secret| {
            format!("#   /etc/{name}/{secret}, mode 0600, of root: one line, the value of {secret}")
        })
        .collect();
    if !secrets.is_empty() {
        secrets.insert(0, "# The secrets are in no unit:".to_owned());
    }
    let common = [
        ("name", name.as_str()),
        ("program", project.program.as_str()),
        ("environment", &environment),
        ("credentials", &credentials),
        ("sandbox", &sandbox),
        ("secrets", &secrets.join("\n")),
    ];
    let with = |template: &str, more: &[(&str, &str)]| fill(template, &[&common[..], more].concat());
    let mut files = vec![
        (format!("{name}.socket"), with(SOCKET, &[("listen", &listen)])),
        (
            format!("{name}.service"),
            with(SERVICE, &[("serve", &exec_start(&executable, &serve)), ("grace", &grace)]),
        ),
        (format!("{name}-migrate.service"), with(MIGRATE, &[("migrations", &migrations.join("\n"))])),
    ];
    if let Some(timer) = &request.timer {
        check_calendar(&timer.schedule)?;
        let unit = joined(name, &timer.command, 200, "the name of a unit")?;
        let mut wait = deployment.wait();
        wait.extend(["--".to_owned(), executable.clone(), timer.command.clone()]);
        wait.extend(timer.arguments.iter().cloned());
        let values = [
            ("command", timer.command.as_str()),
            ("start", &exec_start(&executable, &wait)),
            ("schedule", &timer.schedule),
        ];
        files.push((format!("{unit}.service"), with(COMMAND, &values)));
        files.push((format!("{unit}.timer"), with(TIMER, &values)));
    }
    let directory = project.workspace.join("deploy/systemd");
    Ok(files.into_iter().map(|(name, text)| NewFile { path: directory.join(name), text }).collect())
}

/// Returns the address of the socket, as `ListenStream=` takes it.
fn listen_stream(deployment: &Deployment) -> Result<String, DeployError> {
    let (host, port) = &deployment.address;
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => Ok(format!("{address}:{port}")),
        Ok(IpAddr::V6(address)) => Ok(format!("[{address}]:{port}")),
        Err(_) if host == "localhost" => Ok(format!("127.0.0.1:{port}")),
        Err(_) => Err(DeployError::HostName(host.clone())),
    }
}

/// Returns the lines that set variables which are no secrets.
fn environment(deployment: &Deployment, name: &str) -> String {
    let mut lines = vec!["Environment=MANAGE_ENV=production".to_owned()];
    for database in deployment.databases.iter().filter(|database| database.backend == Backend::Sqlite) {
        let (variable, alias) = (database.variable(), &database.alias);
        let file = if database.is_default() { "db" } else { alias };
        lines.push(format!("Environment={variable}=sqlite:%S/{name}/{file}.sqlite3"));
    }
    let plain = deployment.variables.plain.iter();
    lines.extend(plain.map(|(name, text)| format!("Environment={}", escaped(&format!("{name}={text}"), ""))));
    lines.join("\n")
}

/// Returns the lines that pass on secrets. The program reads each from a file that only it can read.
fn credentials(deployment: &Deployment, name: &str) -> String {
    let lines = deployment.secrets().into_iter().map(|secret| {
        format!("LoadCredential={secret}:/etc/{name}/{secret}\nEnvironment={secret}_FILE=%d/{secret}\n")
    });
    lines.collect()
}

/// Returns the line that starts a program.
fn exec_start(executable: &str, words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| escaped(word, "$;")).collect();
    format!("ExecStart={executable} {}", words.join(" "))
}

/// Returns a word of a unit's line. `%` begins a specifier there, and in a command line `$` a variable and a
/// lone `;` another command.
fn escaped(word: &str, special: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@+*[]".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let mut text = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '%' => text.push_str("%%"),
            '$' if special.contains('$') => text.push_str("$$"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_the_escapes_of_units() {
        let words = ["feed", "50%", "a b", "$HOME", ";", "say \"x\"\\", ""].map(str::to_owned);
        assert_eq!(
            exec_start("/bin/shop", &words),
            r#"ExecStart=/bin/shop feed "50%%" "a b" "$$HOME" ";" "say \"x\"\\" """#
        );
        assert_eq!(escaped("PRICE=5 $", ""), "\"PRICE=5 $\"");
    }
}
