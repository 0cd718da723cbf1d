//! Django's servers, by a Python that has Django, gunicorn and psycopg.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns why this Python cannot serve, if it cannot.
pub(crate) fn missing(python: &Path) -> Option<String> {
    let imported =
        Command::new(python).args(["-c", "import django, gunicorn, psycopg"]).stdin(Stdio::null()).output();
    match imported {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr);
            Some(text.lines().last().unwrap_or("it failed").to_owned())
        }
        Err(error) => Some(error.to_string()),
    }
}

/// Returns the command of a server.
pub(crate) fn command(python: &Path, name: &str, address: SocketAddr) -> Command {
    let mut command = Command::new(python);
    command.current_dir(directory()).env("PYTHONDONTWRITEBYTECODE", "1");
    match name {
        "django" => {
            command
                .args(["article_page.py", "runserver", "--noreload", "--skip-checks"])
                .arg(address.to_string());
        }
        _ => {
            command.args(["-m", "gunicorn", "--workers", "2", "--access-logfile", "-", "--bind"]);
            command.arg(address.to_string());
            if name == "gunicorn-threads" {
                command.args(["--worker-class", "gthread", "--threads", "8"]);
            }
            command.arg("article_page");
        }
    }
    command
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("django")
}
