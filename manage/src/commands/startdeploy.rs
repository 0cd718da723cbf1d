#![cfg(feature = "runserver")]

use std::ffi::OsString;
use std::path::Path;

use crate::command::{find, parser, usage_error};
use crate::console::{echo, printable};
use crate::migrations::directories;
use crate::prelude::*;
use crate::scaffold::deploy::{
    CargoProject, Deployment, DockerRequest, KubernetesRequest, NewFile, Outcome, Scheduled, SystemdRequest,
    docker, github_actions, kubernetes, systemd, write_files,
};
use crate::server::{IpVersion, listen_address};
use crate::settings::secret_files;

/// Write the files of a deployment, from the project's manifests and settings
///
/// The files contain no secret: they name where the program finds each. If one of them exists with another text,
/// nothing is written.
#[command(requires_checks = "none")]
pub(crate) fn startdeploy(
    cx: &mut Context,
    #[command(subcommand)] kind: Kind,
    /// Replace files that exist with another text
    #[arg(long, global = true)]
    force: bool,
    /// Print the files instead of writing them
    #[arg(long, global = true, conflicts_with = "force")]
    dry_run: bool,
) -> Result<()> {
    let environment = &cx.source().environment;
    let cargo = environment.text("CARGO").map_or_else(|| OsString::from("cargo"), OsString::from);
    let project = CargoProject::of(cx.program(), &cargo).map_err(CommandError::from)?;
    let settings = cx.settings()?;
    let address = listen_address(None, ("address", settings.server.address.as_ref()), IpVersion::V4)?;
    let deployment = Deployment::of(settings, (address.host, address.port)).map_err(CommandError::from)?;
    let (files, next) = match &kind {
        Kind::Docker => {
            let directories = directories(cx.program()).into_iter().flat_map(|of_app| of_app.directories);
            let request = DockerRequest {
                directories: directories.map(|(_, directory)| directory).collect(),
                secrets: secret_files(cx.source()).into_iter().map(|file| file.path).collect(),
            };
            let next = match deployment.databases.is_empty() {
                true => "No database is set, so no docker-compose.yml is written.",
                false => "Build the image: docker build .",
            };
            (docker(&project, &deployment, &request), next)
        }
        Kind::Kubernetes(options) => {
            let request = KubernetesRequest {
                image: options.image.clone(),
                replicas: options.replicas,
                cron: scheduled(cx, options.cron.as_deref(), options.schedule.as_deref())?,
            };
            let next =
                "Create the Secret that configmap.yaml describes, then: kubectl apply -f deploy/kubernetes";
            (kubernetes(&project, &deployment, &request), next)
        }
        Kind::Systemd(options) => {
            let request = SystemdRequest {
                executable: options.executable.clone(),
                timer: scheduled(cx, options.timer.as_deref(), options.schedule.as_deref())?,
            };
            (
                systemd(&project, &deployment, &request),
                "The first lines of the socket say how to install the units.",
            )
        }
        Kind::GithubActions(options) => {
            let images = images(&options.image, &deployment)?;
            (github_actions(&project, &deployment, &images), "Commit the workflow: it runs on the next push.")
        }
    };
    let files = files.map_err(CommandError::from)?;
    if dry_run {
        return print(cx, &files);
    }
    let outcomes = write_files(&files, force).map_err(CommandError::from)?;
    for (file, outcome) in files.iter().zip(outcomes) {
        let path = shown(&file.path);
        match outcome {
            Outcome::Written => cx.success(format_args!("Wrote {path}."))?,
            Outcome::Replaced => cx.success(format_args!("Replaced {path}."))?,
            Outcome::Unchanged => cx.line(format_args!("{path} has this text already."))?,
        }
    }
    cx.line(next)
}

#[derive(Subcommand)]
pub(crate) enum Kind {
    /// Write a Dockerfile, and a docker-compose.yml for the project's databases if it has none
    Docker,
    /// Write manifests: Deployment, Job for `migrate`, Service, ConfigMap, PodDisruptionBudget, CronJob
    Kubernetes(KubernetesOptions),
    /// Write units: a socket, the server, `migrate`, and a timer for a command
    Systemd(SystemdOptions),
    /// Write a workflow that tests the project with its databases
    GithubActions(GithubOptions),
}

#[derive(Args)]
pub(crate) struct KubernetesOptions {
    /// The image of a release, with its tag or digest; `latest` is refused
    #[arg(long, value_name = "NAME:TAG")]
    image: String,
    /// How many pods serve
    #[arg(long, value_name = "NUMBER", default_value = "2", value_parser = clap::value_parser!(u32).range(1..))]
    replicas: u32,
    /// A command to run on a schedule, with its arguments separated by spaces
    #[arg(long, value_name = "COMMAND", requires = "schedule")]
    cron: Option<String>,
    /// When it runs, as in cron: "30 3 * * *" or @daily
    #[arg(long, value_name = "CRON", requires = "cron")]
    schedule: Option<String>,
}

#[derive(Args)]
pub(crate) struct SystemdOptions {
    /// Where the program is installed [default: /usr/local/bin/ and its name]
    #[arg(long, value_name = "PATH")]
    executable: Option<String>,
    /// A command to run on a schedule, with its arguments separated by spaces
    #[arg(long, value_name = "COMMAND", requires = "schedule")]
    timer: Option<String>,
    /// When it runs, as in OnCalendar=: "*-*-* 03:30:00" or daily
    #[arg(long, value_name = "CALENDAR", requires = "timer")]
    schedule: Option<String>,
}

#[derive(Args)]
pub(crate) struct GithubOptions {
    /// The image of a database's server (can be repeated) [default: postgres:18, mysql:8.4, mariadb:11.8]
    #[arg(long, value_name = "ALIAS=IMAGE")]
    image: Vec<String>,
}

/// Returns a command and its schedule. The command must exist and accept the arguments.
fn scheduled(cx: &Context, line: Option<&str>, schedule: Option<&str>) -> Result<Option<Scheduled>> {
    let (Some(line), Some(schedule)) = (line, schedule) else { return Ok(None) };
    let words: Vec<&str> = line.split_whitespace().collect();
    let name = words.first().copied().unwrap_or_default();
    let found = find(cx.program(), name)?;
    let command = found.command().name().to_owned();
    let parser = parser(cx.program(), &found, cx.out().width());
    parser
        .try_get_matches_from(&words)
        .map_err(|error| usage_error(&error, cx.program().name(), &command))?;
    let arguments = words.into_iter().skip(1).map(str::to_owned).collect();
    Ok(Some(Scheduled { command, arguments, schedule: schedule.to_owned() }))
}

/// Returns the images by alias. Each alias must be a database of the deployment.
fn images(given: &[String], deployment: &Deployment) -> Result<Vec<(String, String)>> {
    let known: Vec<&str> = deployment.databases.iter().map(|database| database.alias.as_str()).collect();
    let mut images = Vec::new();
    for text in given {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
        let pair = text.split_once('=').filter(|(_, image)| !image.is_empty() && image.chars().all(fits));
        let (alias, image) = pair.ok_or_else(|| {
            CommandError::new(format!("'{}' is not ALIAS=IMAGE, as in default=postgres:17.", echo(text)))
                .hint(format!("The databases are: {}.", known.join(", ")))
                .exit_code(Exit::USAGE)
        })?;
        if !known.contains(&alias) {
            return Err(CommandError::new(format!("The project has no database '{}'.", echo(alias)))
                .hint(format!("The databases are: {}.", known.join(", ")))
                .exit_code(Exit::USAGE)
                .into());
        }
        images.push((alias.to_owned(), image.to_owned()));
    }
    Ok(images)
}

fn print(cx: &Context, files: &[NewFile]) -> Result<()> {
    for file in files {
        cx.notice(format_args!("# {}", shown(&file.path)))?;
        cx.line(file.text.trim_end())?;
    }
    Ok(())
}

/// Returns a path as the user would type it.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(std::fs::canonicalize).unwrap_or_default();
    printable(path.strip_prefix(&here).unwrap_or(path)).into_owned()
}
