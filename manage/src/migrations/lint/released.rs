//! What the running version of the program uses: the tables and columns of its `schema.rs`.

use std::collections::BTreeMap;

use super::scan::{Place, Subject};

/// The tables of the version that is running, with their columns, in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReleasedSchema {
    tables: BTreeMap<String, Vec<String>>,
}

impl ReleasedSchema {
    /// Creates it from the names of tables and their columns in the database.
    #[cfg(any(feature = "schema", test))]
    pub(crate) fn new(tables: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        let lower = |(table, columns): (String, Vec<String>)| {
            (table.to_lowercase(), columns.iter().map(|column| column.to_lowercase()).collect())
        };
        Self { tables: tables.into_iter().map(lower).collect() }
    }

    /// Returns what it uses of what a statement drops or renames.
    fn uses(&self, subject: &Subject) -> bool {
        match (self.columns(&subject.table), &subject.column) {
            (Some(columns), Some(column)) => columns.contains(column),
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// A migration may leave out the schema that `schema.rs` names, or name `public`.
    fn columns(&self, table: &str) -> Option<&Vec<String>> {
        let last = table.rsplit('.').next().unwrap_or(table);
        self.tables.get(table).or_else(|| self.tables.get(last)).or_else(|| {
            let is_meant = |name: &&String| name.rsplit('.').next() == Some(last) && !table.contains('.');
            self.tables.keys().find(is_meant).and_then(|name| self.tables.get(name))
        })
    }

    /// Returns the places that remain if this is what the running version uses: what it does not use can be
    /// dropped, and a copy of a table must have what it uses.
    pub(super) fn judged(&self, places: Vec<Place>) -> (Vec<Place>, Vec<Place>) {
        let mut kept = Vec::new();
        let mut dismissed = Vec::new();
        for place in places {
            match &place.subject {
                Some(subject @ Subject { kept: Some(columns), .. }) => {
                    let used = self.columns(&subject.table).into_iter().flatten();
                    let missing = used.filter(|column| !columns.contains(column) && !columns.is_empty());
                    kept.extend(missing.map(|column| Place {
                        rule: "ban-drop-column",
                        start: place.start,
                        subject: Some(Subject {
                            column: Some(column.clone()),
                            kept: None,
                            ..subject.clone()
                        }),
                    }));
                    kept.push(place);
                }
                Some(subject) if !self.uses(subject) => dismissed.push(place),
                _ => kept.push(place),
            }
        }
        (kept, dismissed)
    }
}
