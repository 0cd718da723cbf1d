//! The signals that stop a program, and the error of a cancelled command.

use std::fmt;

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::error::Exit;

/// The signals that stop a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopSignal {
    /// SIGINT: the user pressed CONTROL-C.
    Interrupt,
    /// SIGTERM: from a service manager, a container engine or `kill`.
    Terminate,
}

impl StopSignal {
    pub(super) const ALL: [Self; 2] = [Self::Interrupt, Self::Terminate];

    /// Returns its number on this system.
    pub(super) fn number(self) -> std::ffi::c_int {
        match self {
            Self::Interrupt => SIGINT,
            Self::Terminate => SIGTERM,
        }
    }

    /// Returns the signal of a non-zero number.
    pub(super) fn of(number: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| usize::try_from(signal.number()) == Ok(number))
    }

    /// Returns `SIGINT` or `SIGTERM`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// Returns the exit code of a program that it stopped: 130 or 143.
    pub fn exit_code(self) -> Exit {
        match self {
            Self::Interrupt => Exit::INTERRUPTED,
            Self::Terminate => Exit::TERMINATED,
        }
    }
}

/// The error of a command that a signal cancelled. It ends the program with 130 or 143.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cancelled {
    /// The signal that cancelled it.
    pub signal: StopSignal,
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stopped by {}.", self.signal.name())
    }
}

impl std::error::Error for Cancelled {}
