//! A Dockerfile for the project.

use std::path::{Path, PathBuf};

use super::container::{PROGRAMS, USER, listen};
use super::deployment::Deployment;
use super::docker_compose::{Compose, docker_compose};
use super::dockerignore::dockerignore;
use super::names::dns_name;
use super::project::{CargoProject, LocalPackage};
use super::template::{fill, quoted_list};
use super::{DeployError, NewFile};

const DOCKERFILE: &str = include_str!("../../../templates/deploy/docker/Dockerfile.tmpl");

/// The version of the official image where no file selects one: the newest release.
const RUST: &str = "1";

/// Packages of crates.io that need Debian's packages to be compiled.
const SYSTEM: [(&str, &[&str]); 5] = [
    ("mysqlclient-sys", &["default-libmysqlclient-dev", "pkg-config"]),
    ("openssl-src", &["make", "perl"]),
    ("openssl-sys", &["libssl-dev", "pkg-config"]),
    ("pq-sys", &["libpq-dev"]),
    ("zstd-sys", &["pkg-config"]),
];

/// The names by which Compose finds its file.
const COMPOSE: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// What the command knows beside the project and the settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct DockerRequest {
    /// Directories that the build reads beside the packages: those of migrations.
    pub(crate) directories: Vec<PathBuf>,
    /// Files with secrets.
    pub(crate) secrets: Vec<PathBuf>,
}

/// Returns `Dockerfile` and `.dockerignore`, and `docker-compose.yml` if the project has a database and no such
/// file, in the directory that the build reads.
pub(crate) fn docker(
    project: &CargoProject,
    deployment: &Deployment,
    request: &DockerRequest,
) -> Result<Vec<NewFile>, DeployError> {
    let context = context(project, &request.directories)?;
    let name = dns_name(&project.package)?;
    let file = |name: &str, text| NewFile { path: context.join(name), text };
    let port = deployment.address.1;
    let mut files = vec![
        file("Dockerfile", dockerfile(project, &context, &name, port)),
        file(".dockerignore", dockerignore(project, &context, &request.secrets)),
    ];
    let own = context.join("docker-compose.yml");
    let others = COMPOSE.iter().map(|name| context.join(name)).filter(|path| *path != own);
    if !deployment.databases.is_empty() && !others.into_iter().any(|path| path.exists()) {
        let compose = Compose { name: &name, program: &project.program, deployment };
        let new = file("docker-compose.yml", docker_compose(&compose)?);
        // A file of the project's own stays, without an error: the image does not need it.
        let is_ours = std::fs::read_to_string(&own).map_or(true, |text| text == new.text);
        if is_ours {
            files.push(new);
        }
    }
    Ok(files)
}

fn dockerfile(project: &CargoProject, context: &Path, name: &str, port: u16) -> String {
    let relative = |path: &Path| match path.strip_prefix(context).ok().and_then(Path::to_str) {
        Some("") | None => ".".to_owned(),
        Some(path) => path.to_owned(),
    };
    let workspace = relative(&project.workspace);
    let directory = if workspace == "." { "/src".to_owned() } else { format!("/src/{workspace}") };
    let build = format!("cargo build --release --locked {} --bin {}", project.selection(), project.program);
    let rust = project.toolchain.clone().flatten().unwrap_or_else(|| RUST.to_owned());
    let oldest = project.rust_version.as_ref().map(|version| format!("# It needs Rust {version} or later."));
    let roots: Vec<String> = unusual_roots(project, context)
        .into_iter()
        .map(|path| format!(" ! -path {}", shell(&format!("./{path}"))))
        .collect();
    let tests: Vec<String> = tests(project).iter().map(|path| shell(&relative(path))).collect();
    let (command, program) =
        (quoted_list(&["serve", &listen(port)]), format!("{PROGRAMS}/{}", project.program));
    fill(
        DOCKERFILE,
        &[
            ("program", &project.program),
            ("name", name),
            ("version", &project.version),
            ("rust", &rust),
            ("oldest", &oldest.unwrap_or_default()),
            ("roots", &roots.concat()),
            ("tests", &tests.join(" ")),
            ("system", &system_packages(project)),
            ("directory", &directory),
            ("build", &build),
            ("local", &local_layer(project, &relative, &build)),
            ("own", &shell(&format!("/src/{}", relative(&project.own().directory)))),
            ("executable", &program),
            ("entrypoint", &quoted_list(&[&program])),
            ("command", &command),
            ("user", USER),
            ("port", &port.to_string()),
        ],
    )
}

/// Returns the directory that the build reads: the nearest one above everything that cargo needs, inside of the
/// repository, or of the directory above the workspace if there is no repository.
fn context(project: &CargoProject, directories: &[PathBuf]) -> Result<PathBuf, DeployError> {
    let limit = match project.has_repository {
        true => &project.repository,
        false => project.workspace.parent().unwrap_or(&project.workspace),
    };
    let packages = project.packages.iter().flat_map(|package| [&package.directory, &package.workspace]);
    let existing = directories.iter().filter_map(|directory| std::fs::canonicalize(directory).ok());
    let needed: Vec<PathBuf> = packages.cloned().chain(existing).collect();
    let mut outside: Vec<PathBuf> =
        needed.iter().filter(|directory| !directory.starts_with(limit)).cloned().collect();
    if !outside.is_empty() {
        outside.dedup();
        return Err(DeployError::Outside(outside, limit.to_owned()));
    }
    let holds_all = |above: &&Path| needed.iter().all(|directory| directory.starts_with(above));
    Ok(project.workspace.ancestors().find(holds_all).unwrap_or(limit).to_owned())
}

/// Returns the roots of targets that the Dockerfile's patterns do not match.
fn unusual_roots(project: &CargoProject, context: &Path) -> Vec<String> {
    let is_usual = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mut above = path.components().rev().skip(1).map(|part| part.as_os_str());
        ["lib.rs", "main.rs", "build.rs"].contains(&name)
            || above.any(|part| ["bin", "examples", "benches", "tests"].iter().any(|usual| part == *usual))
    };
    let roots = project.packages.iter().flat_map(|package| &package.roots).filter(|path| !is_usual(path));
    roots.filter_map(|path| path.strip_prefix(context).ok()?.to_str().map(str::to_owned)).collect()
}

/// Returns the directories of tests, benchmarks and examples, none of which the program is compiled from.
fn tests(project: &CargoProject) -> Vec<PathBuf> {
    let packages = project.packages.iter();
    let all = packages.flat_map(|package| {
        ["benches", "examples", "tests"].map(|name| package.directory.join(name)).into_iter()
    });
    let holds_package =
        |directory: &PathBuf| project.packages.iter().any(|package| package.directory.starts_with(directory));
    all.filter(|directory| directory.is_dir() && !holds_package(directory)).collect()
}

/// Returns the step that installs what dependencies are compiled with.
fn system_packages(project: &CargoProject) -> String {
    let needed = SYSTEM.iter().filter(|(name, _)| project.locked.iter().any(|locked| locked == name));
    let needed: Vec<_> = needed.collect();
    if needed.is_empty() {
        return String::new();
    }
    let mut packages: Vec<&str> = needed.iter().flat_map(|(_, packages)| packages.iter().copied()).collect();
    packages.sort_unstable();
    packages.dedup();
    let for_whom: Vec<&str> = needed.iter().map(|(name, _)| *name).collect();
    format!(
        "# For {}.\nRUN apt-get update && apt-get install --yes --no-install-recommends {} && rm -rf /var/lib/apt/lists/*",
        for_whom.join(", "),
        packages.join(" ")
    )
}

/// Returns the step that compiles the packages on this machine which the program depends on.
fn local_layer(project: &CargoProject, relative: &impl Fn(&Path) -> String, build: &str) -> String {
    let own = &project.own().directory;
    // A package above the program's own is copied with it.
    let is_beside = |package: &&&LocalPackage| !own.starts_with(&package.directory);
    let needed = project.needed();
    let directories: Vec<String> =
        needed.iter().filter(is_beside).map(|package| relative(&package.directory)).collect();
    if directories.is_empty() {
        return String::new();
    }
    let copies: Vec<String> = directories
        .iter()
        .map(|path| {
            format!(
                "COPY --from=sources {}\n",
                quoted_list(&[format!("/src/{path}"), format!("/src/{path}")])
            )
        })
        .collect();
    let touched: Vec<String> = directories.iter().map(|path| shell(&format!("/src/{path}"))).collect();
    format!(
        "# The project's own packages that the program depends on, in a layer of their own.\n{}RUN find {} -name '*.rs' -exec \
         touch {{}} + && {build}",
        copies.concat(),
        touched.join(" "),
    )
}

/// Returns a word as a shell reads it.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
