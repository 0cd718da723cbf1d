//! No reloading: the feature is off, or the operating system lacks what it takes.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use super::{BuildState, Ending, Event, Reloading};
use crate::command::build::Build;

/// How cargo built the program: nothing is built again.
pub(crate) enum Origin {}

impl Origin {
    pub(crate) fn of_process(_: Option<&Build>) -> Result<Self, &'static str> {
        Err(if cfg!(unix) { "the feature `reload` is off" } else { "this operating system is not supported" })
    }
}

/// The connection to a supervisor: there is none.
pub(crate) enum Link {}

impl Link {
    pub(crate) fn of_process() -> io::Result<Option<Self>> {
        Ok(None)
    }

    pub(crate) fn generation(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn ready(&self, _: Vec<PathBuf>) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn finishes(&self) -> io::Result<impl FnOnce() + Send + use<>> {
        match *self {}
        #[expect(unreachable_code, reason = "it gives the type")]
        Ok(|| ())
    }

    pub(crate) fn failed(&self, _: &str) {
        match *self {}
    }

    pub(crate) fn reports_panics(&self) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn build(&self) -> watch::Receiver<Arc<BuildState>> {
        match *self {}
    }

    pub(crate) fn pages(&self) -> watch::Receiver<u64> {
        match *self {}
    }

    pub(crate) fn ending(&self) -> watch::Receiver<Ending> {
        match *self {}
    }
}

pub(crate) fn supervise(
    reloading: Reloading,
    _: impl Future<Output: Send> + Send + 'static,
    _: &mut dyn FnMut(Event),
) {
    match reloading.origin {}
}
