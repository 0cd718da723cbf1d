//! `cargo manage`: starts projects with diesel-manage, adds it to existing ones, and runs a project's own
//! program from every directory of its workspace.

mod backend;
mod cargo;
mod cli;
mod dependency;
mod error;
mod init;
mod name;
mod new;
mod output;
mod run;

use std::process::ExitCode;

use cli::{Action, Cli};

fn main() -> ExitCode {
    let words = cli::words(std::env::args_os());
    let cli = match Cli::read(&words) {
        Ok(cli) => cli,
        // clap prints its help and version as errors, with the exit code 0.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let done = match &cli.action {
        Some(Action::New(options)) => cli.without_cargo_options("new").and_then(|()| new::new(options)),
        Some(Action::Init(options)) => cli.without_cargo_options("init").and_then(|()| init::init(options)),
        Some(Action::Project(_)) | None => run::run(&cli, &words),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            error.print();
            ExitCode::from(error.exit)
        }
    }
}
