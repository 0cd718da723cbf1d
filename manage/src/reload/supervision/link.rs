//! The connection between the supervisor and a program that it started: a socket, which the program has as
//! its stdin. Its end means that the other side is gone, however it went.

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::{env, thread};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{BuildState, Ending};
use crate::panics;

/// The variable that marks a program with such a stdin: what service managers call the sockets that they
/// pass on.
const NAME: &str = "LISTEN_FDNAMES";

const MARK: &str = "manage-reload-";

/// The version of the messages below. The supervisor is as old as its start, while the program may have been built
/// with a newer version of this crate since.
const PROTOCOL: u32 = 2;

/// What the supervisor says, a line of JSON each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Order {
    /// The state of the next build.
    Build(BuildState),
    /// Files that the program reads for each request have changed.
    Pages,
    /// A newer program accepts connections: finish what was begun.
    Finish,
    /// End as after SIGTERM.
    Stop,
}

/// What a program says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Said {
    /// It accepts connections, and reads files below these directories for each request.
    Ready(Vec<PathBuf>),
    /// It accepts no more connections, and finishes what was begun.
    Finishes,
    /// Why it is about to end.
    Failed(String),
}

/// Returns the environment of a program that is started as the given generation.
pub(super) fn mark(generation: u64) -> (&'static str, String) {
    (NAME, format!("{MARK}{PROTOCOL}-{generation}"))
}

/// Writes one message.
pub(super) fn write(mut stream: &UnixStream, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_string(message)?;
    line.push('\n');
    stream.write_all(line.as_bytes())
}

/// Reads messages until the other side is gone.
pub(super) fn read<M: for<'a> Deserialize<'a>>(stream: UnixStream, mut each: impl FnMut(M)) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if let Ok(message) = serde_json::from_str(&line) {
            each(message);
        }
    }
}

const ANOTHER: &str = "This program was built with another version of diesel-manage than the runserver that reloads it: \
                       start runserver again";

/// The program's side.
pub(crate) struct Link {
    stream: UnixStream,
    generation: u64,
    build: watch::Receiver<Arc<BuildState>>,
    pages: watch::Receiver<u64>,
    ending: watch::Receiver<Ending>,
}

impl Link {
    /// Returns the link, if a supervisor started this process.
    pub(crate) fn of_process() -> io::Result<Option<Self>> {
        let name = env::var(NAME).ok();
        let Some(mark) = name.as_deref().and_then(|name| name.strip_prefix(MARK)) else { return Ok(None) };
        let generation = mark.strip_prefix(&format!("{PROTOCOL}-")).and_then(|number| number.parse().ok());
        let Some(generation) = generation else { return Err(io::Error::other(ANOTHER)) };
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        // If a person sets the variable, stdin is no such socket.
        stream.peer_addr()?;
        Self::new(stream, generation).map(Some)
    }

    fn new(stream: UnixStream, generation: u64) -> io::Result<Self> {
        let (build, build_state) = watch::channel(Arc::default());
        let (changes, pages) = watch::channel(0);
        let (end, ending) = watch::channel(Ending::NotYet);
        let reading = stream.try_clone()?;
        thread::Builder::new().name("manage-reload".to_owned()).spawn(move || {
            let ends = |how: Ending| {
                end.send_if_modified(|now| {
                    let is_later = how > *now;
                    *now = how.max(*now);
                    is_later
                });
            };
            read(reading, |order: Order| match order {
                Order::Build(state) => drop(build.send(Arc::new(state))),
                Order::Pages => changes.send_modify(|count| *count += 1),
                Order::Finish => {
                    let _ = build.send(Arc::new(BuildState::Replaced));
                    ends(Ending::Finish);
                }
                Order::Stop => ends(Ending::Stop),
            });
            ends(Ending::Orphaned);
        })?;
        Ok(Self { stream, generation, build: build_state, pages, ending })
    }

    /// Returns the number of the program among those of this supervisor, from 1.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Says that this program accepts connections, and reads files below these directories for each request.
    pub(crate) fn ready(&self, pages: Vec<PathBuf>) -> io::Result<()> {
        write(&self.stream, &Said::Ready(pages))
    }

    /// Returns what says that this program accepts no more connections.
    pub(crate) fn finishes(&self) -> io::Result<impl FnOnce() + Send + use<>> {
        let stream = self.stream.try_clone()?;
        // If the supervisor is gone, that is noticed elsewhere.
        Ok(move || drop(write(&stream, &Said::Finishes)))
    }

    /// Says why this program is about to end.
    pub(crate) fn failed(&self, why: &str) {
        // The supervisor sees the end itself.
        let _ = write(&self.stream, &Said::Failed(why.to_owned()));
    }

    /// Passes panics on as well, if nothing catches them.
    pub(crate) fn reports_panics(&self) -> io::Result<()> {
        let (stream, hook) = (self.stream.try_clone()?, std::panic::take_hook());
        std::panic::set_hook(Box::new(move |info| {
            if !panics::is_catching() {
                let place = info.location().map(|place| format!(" at {place}")).unwrap_or_default();
                let why = format!("It panicked{place}:\n{}", panics::message(info.payload()));
                let _ = write(&stream, &Said::Failed(why));
            }
            hook(info);
        }));
        Ok(())
    }

    /// Returns the state of the next build, and how it changes.
    pub(crate) fn build(&self) -> watch::Receiver<Arc<BuildState>> {
        self.build.clone()
    }

    /// Returns how often such files have changed.
    pub(crate) fn pages(&self) -> watch::Receiver<u64> {
        self.pages.clone()
    }

    /// Returns whether the program is to end, and how.
    pub(crate) fn ending(&self) -> watch::Receiver<Ending> {
        self.ending.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_arrive_and_the_end_is_noticed() {
        let (supervisor, program) = UnixStream::pair().expect("sockets");
        let link = Link::new(program, 3).expect("a link");
        let (mut build, mut ending) = (link.build(), link.ending());
        link.ready(vec!["static".into()]).expect("the supervisor is there");
        let (said, heard) = std::sync::mpsc::channel();
        let other = supervisor.try_clone().expect("a socket");
        thread::spawn(move || read(other, |message: Said| drop(said.send(message))));
        assert_eq!(heard.recv(), Ok(Said::Ready(vec!["static".into()])));
        link.finishes().expect("a socket")();
        assert_eq!(heard.recv(), Ok(Said::Finishes));
        let failed = BuildState::Failed("error: \"x\"\n  two lines".to_owned());
        write(&supervisor, &Order::Build(failed.clone())).expect("the program is there");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            assert_eq!(
                **build.wait_for(|state| **state != BuildState::UpToDate).await.expect("a state"),
                failed
            );
            write(&supervisor, &Order::Finish).expect("the program is there");
            assert_eq!(
                *ending.wait_for(|how| *how != Ending::NotYet).await.expect("an order"),
                Ending::Finish
            );
            assert_eq!(**build.borrow(), BuildState::Replaced);
            supervisor.shutdown(std::net::Shutdown::Both).expect("open until now");
            assert_eq!(
                *ending.wait_for(|how| *how > Ending::Finish).await.expect("an order"),
                Ending::Orphaned
            );
        });
    }
}
