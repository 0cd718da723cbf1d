//! The keys `r` and `q`, on a terminal.

use std::io::{self, IsTerminal, Read};
use std::thread;

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};

/// A key with a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Rebuild,
    Quit,
}

impl Key {
    fn of(byte: u8) -> Option<Self> {
        match byte {
            b'r' | b'R' => Some(Self::Rebuild),
            b'q' | b'Q' => Some(Self::Quit),
            _ => None,
        }
    }
}

/// A terminal that passes on each key at once. Dropping this restores what it did before.
pub(crate) struct Keys {
    before: Termios,
}

impl Keys {
    /// Reports keys on another thread; `None` if there is no terminal to read from, or if the program runs in
    /// the background of a shell.
    pub(crate) fn read(report: impl Fn(Key) + Send + 'static) -> Option<Self> {
        let stdin = io::stdin();
        let is_foreground = || tcgetpgrp(&stdin).ok() == Some(rustix::process::getpgrp());
        if !stdin.is_terminal() || !is_foreground() {
            return None;
        }
        let before = tcgetattr(&stdin).ok()?;
        let mut each = before.clone();
        each.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        each.special_codes[SpecialCodeIndex::VMIN] = 1;
        each.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&stdin, OptionalActions::Now, &each).ok()?;
        thread::spawn(move || {
            let keys = io::stdin().lock().bytes().map_while(Result::ok).filter_map(Key::of);
            keys.for_each(report);
        });
        Some(Self { before })
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
