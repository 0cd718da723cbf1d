//! Manifests for Kubernetes.

use super::container::{PROGRAMS, USER, listen};
use super::deployment::Deployment;
use super::names::{dns_name, joined, tag_of, with_tag};
use super::project::CargoProject;
use super::schedule::check_cron;
use super::template::{fill, quoted, quoted_list};
use super::{DeployError, NewFile, Scheduled};
use crate::settings::Backend;

const POD: &str = include_str!("../../../templates/deploy/kubernetes/pod.yaml.tmpl");
const CONTAINER: &str = include_str!("../../../templates/deploy/kubernetes/container.yaml.tmpl");
const CONFIG_MAP: &str = include_str!("../../../templates/deploy/kubernetes/configmap.yaml.tmpl");
const MIGRATE: &str = include_str!("../../../templates/deploy/kubernetes/migrate.yaml.tmpl");
const DEPLOYMENT: &str = include_str!("../../../templates/deploy/kubernetes/deployment.yaml.tmpl");
const SERVICE: &str = include_str!("../../../templates/deploy/kubernetes/service.yaml.tmpl");
const DISRUPTION: &str = include_str!("../../../templates/deploy/kubernetes/disruption.yaml.tmpl");
const CRON_JOB: &str = include_str!("../../../templates/deploy/kubernetes/cronjob.yaml.tmpl");

/// The longest name of a CronJob: its Jobs get eleven characters more.
const LONGEST_CRON_JOB: usize = 52;

/// The lowest port that needs no privilege.
const UNPRIVILEGED: u16 = 1024;

/// What the manifests are written for.
#[derive(Clone, Debug)]
pub(crate) struct KubernetesRequest {
    /// With a tag or a digest.
    pub(crate) image: String,
    pub(crate) replicas: u32,
    pub(crate) cron: Option<Scheduled>,
}

/// Returns the manifests, below `deploy/kubernetes` in the workspace.
pub(crate) fn kubernetes(
    project: &CargoProject,
    deployment: &Deployment,
    request: &KubernetesRequest,
) -> Result<Vec<NewFile>, DeployError> {
    let tag = tag_of(&request.image)?;
    deployment.check_databases()?;
    deployment.check_hosts()?;
    let port = deployment.address.1;
    if port < UNPRIVILEGED {
        return Err(DeployError::Port(port));
    }
    if let Some(database) = deployment.databases.iter().find(|database| database.backend == Backend::Sqlite) {
        return Err(DeployError::Sqlite(database.alias.clone()));
    }
    let name = &dns_name(&project.package)?;
    let secrets = deployment.secrets();
    let program = format!("{PROGRAMS}/{}", project.program);
    let program_name = project.program.as_str();
    let (image, executable) = (quoted(&request.image), quoted(&program));
    let environment: Vec<String> = secrets
        .iter()
        .map(|secret| format!("- name: {secret}_FILE\n  value: /etc/{name}/secrets/{secret}\n"))
        .collect();
    let environment = environment.concat();
    let container = fill(
        CONTAINER,
        &[("image", &image), ("executable", &executable), ("name", name), ("environment", &environment)],
    );
    let pod = fill(POD, &[("name", name), ("user", USER)]);
    let [delay, timeout, grace] = deployment.shutdown();
    let wait_for_migrations = {
        let mut words = deployment.wait();
        words.insert(1, "--migrations".to_owned());
        quoted_list(&words)
    };
    let address = listen(port);
    let serve = ["serve", &address, "--shutdown-delay", &delay, "--shutdown-timeout", &timeout];
    let port = port.to_string();
    let plain = deployment.variables.plain.iter().filter(|(name, _)| *name != "MANAGE_ENV");
    let data: Vec<String> = plain.map(|(name, text)| format!("{name}: {}\n", quoted(text))).collect();
    let from_files: Vec<String> = secrets.iter().map(|secret| format!("--from-file={secret}=PATH")).collect();
    let common =
        [("name", name.as_str()), ("program", program_name), ("pod", &pod), ("container", &container)];
    let with = |template: &str, more: &[(&str, &str)]| fill(template, &[&common[..], more].concat());
    let mut files = vec![
        ("configmap", with(CONFIG_MAP, &[("data", &data.concat()), ("secrets", &from_files.join(" "))])),
        (
            "migrate",
            with(
                MIGRATE,
                &[
                    ("job", &with_tag(&format!("{name}-migrate"), tag)),
                    ("arguments", &quoted_list(&deployment.chain(&program, &[]))),
                ],
            ),
        ),
        (
            "deployment",
            with(
                DEPLOYMENT,
                &[
                    ("replicas", &request.replicas.to_string()),
                    ("grace", &grace),
                    ("wait", &wait_for_migrations),
                    ("serve", &quoted_list(&serve)),
                    ("port", &port),
                ],
            ),
        ),
        ("service", with(SERVICE, &[])),
        ("disruption", with(DISRUPTION, &[])),
    ];
    let cron_file;
    if let Some(cron) = &request.cron {
        check_cron(&cron.schedule)?;
        let cron_job = joined(name, &cron.command, LONGEST_CRON_JOB, "the name of a CronJob")?;
        let mut words = deployment.wait();
        words.extend(["--".to_owned(), program.clone(), cron.command.clone()]);
        words.extend(cron.arguments.iter().cloned());
        let values = [
            ("job", cron_job.as_str()),
            ("schedule", &quoted(&cron.schedule)),
            ("command", &cron.command),
            ("arguments", &quoted_list(&words)),
        ];
        cron_file = format!("cronjob-{}", dns_name(&cron.command)?);
        files.push((&cron_file, with(CRON_JOB, &values)));
    }
    let directory = project.workspace.join("deploy/kubernetes");
    let file = |(name, text)| NewFile { path: directory.join(format!("{name}.yaml")), text };
    Ok(files.into_iter().map(file).collect())
}
