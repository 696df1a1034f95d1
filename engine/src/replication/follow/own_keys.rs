//! Keys with a time to live that clients of a writable replica made: the primary
//! knows nothing of them, so the replica deletes them itself when their time has
//! come.

use crate::base::fingerprint::Fingerprint;
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::DatabaseId;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::Bound;

type Name = (DatabaseId, Vec<u8>);

/// The names of such keys.
#[derive(Default)]
pub(crate) struct OwnKeys {
    names: BTreeSet<Name>,
    /// Where the next look at some of them begins.
    next: Option<Name>,
}

impl Image for OwnKeys {
    fn blank() -> OwnKeys {
        OwnKeys::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let OwnKeys { names, next } = self;
        tape.each([names, next])
    }
}

impl OwnKeys {
    /// Remembers a key.
    pub(crate) fn add(&mut self, database: DatabaseId, key: &[u8]) {
        self.names.insert((database, key.into()));
    }

    /// Number of keys.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// None is of concern any more.
    pub(crate) fn clear(&mut self) {
        self.names.clear();
        self.next = None;
    }

    /// Shows the next keys to somebody, who says which are to be kept. Returns
    /// whether all have been seen since the look at them began.
    pub(crate) fn look(&mut self, count: usize, mut keep: impl FnMut(DatabaseId, &[u8]) -> bool) -> bool {
        let from = self.next.take().map_or(Bound::Unbounded, Bound::Included);
        let mut names = self.names.range((from, Bound::Unbounded));
        let seen: Vec<Name> = names.by_ref().take(count).cloned().collect();
        self.next = names.next().cloned();
        for name in seen {
            if !keep(name.0, &name.1) {
                self.names.remove(&name);
            }
        }
        self.next.is_none()
    }
}

/// The names by their hash.
impl core::fmt::Debug for OwnKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut hash = Fingerprint::new();
        for (database, key) in &self.names {
            hash.add(u64::from(database.0));
            hash.add_bytes(key);
        }
        write!(f, "OwnKeys {{ {}, {:016x}, {:?} }}", self.names.len(), hash.value(), self.next)
    }
}
