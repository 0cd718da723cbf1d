//! The whole program: from the process's arguments to its exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::{Failure, dispatch};
use crate::command::Program;
use crate::completion;
use crate::console::{Input, Output, printable};
use crate::error::Exit;
use crate::render::failure;
use crate::settings::Environment;

impl Program {
    /// Runs the process's own command line and returns its exit code. [`main!`](crate::main!) calls it. A
    /// project that needs its own setup writes its own `main`; that page shows how.
    ///
    /// It takes over the process: SIGINT and SIGTERM end it, the panic hook prints one line, and with
    /// `--traceback` the process is replaced by a new one with `RUST_LIB_BACKTRACE` set, which runs `main`
    /// again from its start.
    pub fn main(mut self) -> ExitCode {
        self.is_main = true;
        let mut arguments = std::env::args_os();
        let called = arguments.next();
        let called = called.as_ref().and_then(|called| Path::new(called).file_stem());
        if let Some(called) = called.filter(|_| self.name.is_none()) {
            self.name = Some(printable(called).into_owned().into());
        }
        crate::process::prepare(self.on_panic.clone());
        let arguments: Vec<OsString> = arguments.collect();
        let is_question = arguments.first().is_some_and(|first| first == completion::WORD);
        if !is_question && let Some(exit) = crate::process::restart_for_traceback(&arguments) {
            return exit.into();
        }
        let output = if is_question { completion::be_quiet() } else { Output::standard() };
        let exit = self.run(arguments, Environment::process(), output);
        crate::process::flushed(exit).into()
    }

    /// Runs one command line with the caller's environment and streams. Errors are printed to `output`.
    /// Commands read the process's stdin.
    pub fn run(
        &self,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        environment: Environment,
        output: Output,
    ) -> Exit {
        self.run_reading(arguments, environment, output, Input::standard())
    }

    /// Like [`Program::run`], with another input instead of stdin.
    pub(crate) fn run_reading(
        &self,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        environment: Environment,
        mut output: Output,
        stdin: Input,
    ) -> Exit {
        let mut arguments = arguments.into_iter().map(Into::into).peekable();
        if arguments.next_if(|first| first == completion::WORD).is_some() {
            return completion::answer(self, &arguments.collect::<Vec<_>>(), environment, &output);
        }
        match dispatch(self, arguments, environment, &mut output, stdin) {
            Ok(exit) => exit,
            Err(Failure { error, occasion }) => failure(&error, &occasion, &output),
        }
    }
}
