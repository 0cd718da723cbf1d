//! The signals that ask a program to stop, and the error of a command that does.

use std::fmt;

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::Exit;

/// The signals that ask a program to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGINT: somebody pressed CONTROL-C.
    Interrupt,
    /// SIGTERM: a service manager, a container engine, `kill`.
    Terminate,
}

impl StopSignal {
    pub(super) const ALL: [Self; 2] = [Self::Interrupt, Self::Terminate];

    /// Its number on this system.
    pub(super) fn number(self) -> std::ffi::c_int {
        match self {
            Self::Interrupt => SIGINT,
            Self::Terminate => SIGTERM,
        }
    }

    /// The signal behind a number that is not zero.
    pub(super) fn of(number: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| usize::try_from(signal.number()) == Ok(number))
    }

    /// `SIGINT` or `SIGTERM`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// The exit code of a program that it stopped: 130 or 143.
    pub fn exit_code(self) -> Exit {
        match self {
            Self::Interrupt => Exit::INTERRUPTED,
            Self::Terminate => Exit::TERMINATED,
        }
    }
}

/// The error of a command that stops because a signal asked it to. It ends the program with 130 or 143.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled {
    /// What asked it to stop.
    pub signal: StopSignal,
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stopped by {}.", self.signal.name())
    }
}

impl std::error::Error for Cancelled {}
