//! A project of its own, which cargo builds.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use manage_test_support::{Program, Running, Signal, lock, project_target};

use super::SOON;

const LIB: &str = r##"
//! A site.

mod version;

use std::sync::atomic::{AtomicU32, Ordering};

use manage::axum::Router;
use manage::axum::response::Html;
use manage::axum::routing::get;

manage::static_files!("static");

static WAITING: AtomicU32 = AtomicU32::new(0);

#[manage::router]
fn urls(_: &manage::server::Site) -> manage::Result<Router> {
    version::check();
    Ok(Router::new()
        .route("/", get(async || version::VERSION))
        .route("/page", get(async || Html(format!("<!doctype html><title>{}</title>", version::VERSION))))
        .route("/waiting", get(async || WAITING.load(Ordering::SeqCst).to_string()))
        .route("/exit", get(async || -> String { std::process::exit(7) }))
        .route("/never", get(async || {
            WAITING.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<String>().await
        })))
}
"##;

/// The project, in a directory of its own. The dependencies are built once for all.
pub(super) struct Site {
    directory: tempfile::TempDir,
    target: PathBuf,
    /// The cargo that `runserver` starts.
    cargo: PathBuf,
}

impl Site {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let target = project_target();
        let site = Self { directory, target, cargo: env!("CARGO").into() };
        let manage = Path::new(env!("CARGO_MANIFEST_DIR"));
        site.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"site\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
                 [dependencies]\ndiesel-manage = {{ path = {manage:?}, default-features = false, \
                 features = [\"reload\", \"sqlite\", \"static\"] }}\n\n[profile.dev]\ndebug = false\n"
            ),
        );
        // The same dependencies as the workspace's.
        lock(site.directory.path());
        site.write("src/lib.rs", LIB);
        site.write("src/bin/manage.rs", "//! The program.\n\nmanage::main!(site);\n");
        // As that of some dependencies, it depends on a variable that `cargo run` sets for the program, too.
        site.write(
            "build.rs",
            "fn main() {\n    println!(\"cargo::rerun-if-env-changed=OUT_DIR\");\n    \
             println!(\"cargo::rerun-if-changed=build.rs\");\n    \
             println!(\"cargo::rerun-if-changed=static\");\n    \
             let runs = std::fs::read_to_string(\"runs\").unwrap_or_default();\n    \
             std::fs::write(\"runs\", runs + \"x\").unwrap();\n}\n",
        );
        site.write(".gitignore", "/target\n");
        site.write("static/site.css", "");
        site.edit("0", "");
        site.build();
        site
    }

    /// Makes the first cargo of `runserver` as slow as on a busy machine: it begins after an edit to version 1,
    /// and has built the program before the signal that cancels it takes effect.
    pub(super) fn slow_down_first_cargo(&mut self) {
        self.cargo = self.path("cargo");
        let cargo = env!("CARGO");
        self.write(
            "cargo",
            &format!(
                "#!/bin/sh\nif mkdir slow 2> /dev/null; then\n    trap '' TERM\n    \
                 until grep -q '\"1\"' src/version.rs; do sleep 0.02; done\nfi\nexec '{cargo}' \"$@\"\n"
            ),
        );
        fs::set_permissions(&self.cargo, fs::Permissions::from_mode(0o755)).expect("permissions");
    }

    /// Builds the program as it is now.
    pub(super) fn build(&self) {
        self.build_with(&[]);
    }

    pub(super) fn build_with(&self, arguments: &[&str]) {
        let build = self.cargo().args(arguments).output().expect("cargo runs");
        assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    }

    fn cargo(&self) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--bin", "manage", "--quiet"]).current_dir(self.directory.path());
        // What belongs to the tests' own build.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CARGO_") && name != "CARGO_HOME" {
                cargo.env_remove(name);
            }
        }
        cargo.env("CARGO_TARGET_DIR", &self.target);
        cargo
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        fs::write(path, text).expect("a file");
    }

    /// Returns how often cargo has run the build script.
    pub(super) fn build_script_runs(&self) -> usize {
        fs::read_to_string(self.path("runs")).expect("it has run").len()
    }

    pub(super) fn remove(&self, file: &str) {
        fs::remove_file(self.path(file)).expect("it was there");
    }

    /// Changes the code. `more` may replace the function `check`, or be no Rust.
    pub(super) fn edit(&self, version: &str, more: &str) {
        let check = if more.contains("fn check") { "" } else { "pub fn check() {}" };
        self.write("src/version.rs", &format!("pub const VERSION: &str = \"{version}\";\n{check}\n{more}\n"));
    }

    pub(super) fn serve(&self, arguments: &[&str]) -> Server {
        self.start(&self.target.join("debug/manage"), arguments)
    }

    /// Serves with the program alone, elsewhere.
    pub(super) fn serve_a_copy(&self) -> Server {
        let copy = self.path("copy/manage");
        fs::create_dir_all(self.path("copy")).expect("a directory");
        fs::copy(self.target.join("debug/manage"), &copy).expect("a copy");
        self.start(&copy, &[])
    }

    /// Serves at this port, with a program that may not start.
    pub(super) fn serve_at(&self, port: u16) -> Server {
        let address = format!("127.0.0.1:{port}");
        let running = self.spawn(&self.target.join("debug/manage"), &address, &[]);
        Server { running, address }
    }

    fn start(&self, program: &Path, arguments: &[&str]) -> Server {
        let mut running = self.spawn(program, "127.0.0.1:0", arguments);
        let line = running.wait_for_line("Starting development server at http://", SOON);
        let address = line.trim_end_matches('/').rsplit('/').next().expect("an address").to_owned();
        running.wait_for_line("Quit the server with CONTROL-C.", SOON);
        Server { running, address }
    }

    fn spawn(&self, program: &Path, address: &str, arguments: &[&str]) -> Running {
        self.runserver(program, address).args(arguments.iter().copied()).spawn()
    }

    /// Returns the program that has been built, which has not been started.
    pub(super) fn program(&self, address: &str) -> Program {
        self.runserver(&self.target.join("debug/manage"), address)
    }

    fn runserver(&self, program: &Path, address: &str) -> Program {
        Program::new(program)
            .args(["runserver", address, "--no-access-log"])
            .env("CARGO", &self.cargo)
            .env("OUT_DIR", self.path("out"))
            .cwd(self.directory.path())
    }

    /// Returns the processes that run a program of this project.
    pub(super) fn processes(&self) -> Vec<u32> {
        let entries = fs::read_dir("/proc").expect("the table of processes");
        let processes = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let is_ours = |process: &u32| {
            let of = |name: &str| fs::read_link(format!("/proc/{process}/{name}")).unwrap_or_default();
            of("exe").starts_with(&self.target) && of("cwd").starts_with(self.directory.path())
        };
        let mut found: Vec<u32> = processes.filter(is_ours).collect();
        found.sort_unstable();
        found
    }
}

pub(super) struct Server {
    pub(super) running: Running,
    pub(super) address: String,
}

impl Server {
    /// Ends it as a person or a service manager does.
    pub(super) fn stop(mut self) {
        self.running.signal(Signal::TERM);
        let transcript = self.running.wait(Duration::from_secs(30));
        transcript.expect_code(0);
    }
}
