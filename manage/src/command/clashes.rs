//! Names that lead to another command than somebody may think.

use super::Registry;
use super::registry::{App, Found};

/// A name that two commands of different apps have; the first one answers to it.
pub(crate) struct Clash {
    pub(crate) name: String,
    pub(crate) answers: Named,
    pub(crate) hidden: Named,
}

/// A command, and whether the name is an alias of its.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) found: Found,
    pub(crate) is_alias: bool,
}

impl Registry {
    /// Every name of which a command is robbed by one of another app, by name.
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
                // Two of one app are another matter: neither runs.
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

    /// The labels that are listed more than once.
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

    /// Whether an app has commands, or has said where they would be.
    pub(crate) fn knows_commands_of(&self, app: &str) -> bool {
        App::folder(app).is_some() || self.entries().any(|found| found.app == app)
    }
}
