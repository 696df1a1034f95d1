//! The one sequence of changes, with positions.
//!
//! Consumers (the AOF, replicas, migrations) will render it; while there is
//! none, a change costs one addition.

use crate::keyspace::change::{Change, DatabaseChange};

/// The sequence of changes.
#[derive(Default, Debug)]
pub struct Journal {
    position: u64,
    /// The changes as text, for tests to look at.
    #[cfg(test)]
    pub(crate) log: alloc::vec::Vec<alloc::string::String>,
}

impl Journal {
    /// Appends a change.
    #[inline]
    pub fn append(&mut self, _change: &Change<'_>) {
        #[cfg(test)]
        self.log.push(crate::testing::describe(_change));
        self.position += 1;
    }

    /// Appends a change of whole databases.
    pub fn append_databases(&mut self, _change: DatabaseChange) {
        #[cfg(test)]
        self.log.push(alloc::format!("{_change:?}"));
        self.position += 1;
    }

    /// Number of changes so far.
    pub fn position(&self) -> u64 {
        self.position
    }
}
