//! Names that select another command than expected.

use super::Registry;
use super::registry::{App, RegisteredCommand};

/// A name that commands of two apps have; it selects the first one.
pub(crate) struct Clash {
    pub(crate) name: String,
    pub(crate) answers: Named,
    pub(crate) hidden: Named,
}

/// A command, and whether the name is one of its aliases.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) found: RegisteredCommand,
    pub(crate) is_alias: bool,
}

impl Registry {
    /// Returns every name that a command loses to one of another app, sorted.
    pub(crate) fn clashes(&self) -> Vec<Clash> {
        let mut names: Vec<(String, usize, Named)> = Vec::new();
        for (rank, found) in self.ranked() {
            let command = found.command();
            let own = std::iter::once((command.name().to_owned(), false));
            let aliases = command.properties().aliases.iter().map(|alias| ((*alias).to_owned(), true));
            for (name, is_alias) in own.chain(aliases).collect::<Vec<_>>() {
                names.push((name, rank, Named { found: found.clone(), is_alias }));
            }
        }
        names.sort_by(|(a_name, a_rank, _), (b_name, b_rank, _)| (a_name, a_rank).cmp(&(b_name, b_rank)));
        let groups = names.chunk_by(|(a, ..), (b, ..)| a == b);
        groups
            .flat_map(|group| {
                let (name, rank, first) = &group[0];
                // Two in one app are reported separately: neither runs.
                let others = group
                    .iter()
                    .filter(move |(_, other, named)| other != rank && named.found.app != first.found.app);
                others.map(move |(.., hidden)| Clash {
                    name: name.clone(),
                    answers: first.clone(),
                    hidden: hidden.clone(),
                })
            })
            .collect()
    }

    /// Returns the labels that are listed more than once.
    pub(crate) fn listed_twice(&self) -> Vec<&'static str> {
        let apps = self.apps();
        let mut twice: Vec<&'static str> = apps
            .iter()
            .enumerate()
            .filter(|(i, app)| apps[..*i].contains(app))
            .map(|(_, app)| *app)
            .collect();
        twice.dedup();
        twice
    }

    /// Returns whether an app has commands, or declares a directory for them.
    pub(crate) fn knows_commands_of(&self, app: &str) -> bool {
        App::folder(app).is_some() || self.entries().any(|found| found.app == app)
    }
}
