//! Writes the files of a deployment, from what cargo and the settings know of the project: `startdeploy`.

mod container;
mod deployment;
mod docker;
mod docker_compose;
mod dockerignore;
mod error;
mod files;
mod github_actions;
mod kubernetes;
mod names;
mod project;
mod schedule;
mod systemd;
mod template;
mod toolchain;

pub(crate) use deployment::Deployment;
pub(crate) use docker::{DockerRequest, docker};
pub(crate) use error::DeployError;
pub(crate) use files::{NewFile, Outcome, write_files};
pub(crate) use github_actions::github_actions;
pub(crate) use kubernetes::{KubernetesRequest, kubernetes};
pub(crate) use project::CargoProject;
pub(crate) use systemd::{SystemdRequest, systemd};

/// A command that runs on a schedule.
#[derive(Clone, Debug)]
pub(crate) struct Scheduled {
    pub(crate) command: String,
    pub(crate) arguments: Vec<String>,
    /// In the scheduler's own notation.
    pub(crate) schedule: String,
}
