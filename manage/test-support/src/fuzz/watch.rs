//! A limit for the time that one input may take.

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// Far more than any input of these sizes needs, on a machine with much else to do.
const LIMIT: Duration = Duration::from_secs(60);

/// Ends the process, with the input, when one takes too long: what hangs cannot be made to return.
pub(super) struct Watch {
    inputs: Sender<Option<(u64, Vec<u8>)>>,
}

impl Watch {
    pub(super) fn new(target: &str) -> Self {
        let (inputs, received) = mpsc::channel();
        let target = target.to_owned();
        thread::spawn(move || {
            let mut current: Option<(u64, Vec<u8>)> = None;
            loop {
                match received.recv_timeout(LIMIT) {
                    Ok(next) => current = next,
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        let Some((seed, input)) = &current else { continue };
                        let shown = input.escape_ascii();
                        let limit = LIMIT.as_secs();
                        let _ = writeln!(
                            io::stderr(),
                            "{target}: an input takes more than {limit} s (MANAGE_TEST_SEED={seed}): {shown}"
                        );
                        std::process::abort();
                    }
                }
            }
        });
        Self { inputs }
    }

    pub(super) fn begins(&self, seed: u64, input: &[u8]) {
        let _ = self.inputs.send(Some((seed, input.to_vec())));
    }

    pub(super) fn ends(&self) {
        let _ = self.inputs.send(None);
    }
}
