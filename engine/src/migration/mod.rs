//! MIGRATE: keys that go to another server.
//!
//! ```text
//! request ─> Transfer: takes a connection that waits, or makes one
//!         ─> AUTH, SELECT, a RESTORE of each key, as fast as the connection takes them
//!         ─> a reply to each ─> what arrived is deleted, all at once ─> OK
//! ```
//!
//! Nobody waits for it but the client that asked, and those who want to change a
//! key that is under way: these wait for their turn, so that what is deleted is
//! what was sent. Reading goes on.

mod image;
mod run;
pub(crate) mod transfer;

#[cfg(test)]
mod tests;

use crate::boundary::id::{DatabaseId, LinkId};
use crate::boundary::time::Monotonic;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use transfer::Transfer;

/// Most connections that wait for another transfer.
const IDLE_MAX: usize = 64;
/// How long they do, milliseconds.
const IDLE_MS: u64 = 10_000;

/// What MIGRATE asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Migration {
    /// Name or address of the other server.
    pub(crate) host: String,
    /// Its port; `None` if it is no port.
    pub(crate) port: Option<u16>,
    /// The database there.
    pub(crate) destination: i64,
    /// How long the other server may take to go on, milliseconds.
    pub(crate) timeout_ms: u64,
    /// The keys stay.
    pub(crate) copy: bool,
    /// What is there may be replaced.
    pub(crate) replace: bool,
    /// The arguments of AUTH; none if it is not needed.
    pub(crate) credentials: Vec<Vec<u8>>,
    /// The database here.
    pub(crate) database: DatabaseId,
    /// The keys.
    pub(crate) keys: Vec<Vec<u8>>,
}

/// All transfers, and connections that wait for another.
#[derive(Default, Debug)]
pub(crate) struct Migrations {
    pub(crate) transfers: Vec<Transfer>,
    /// Those that were used last stand last.
    idle: Vec<Idle>,
    /// Keys that nobody may change, in any database: for how many transfers.
    held: BTreeMap<Vec<u8>, usize>,
    /// Connections to be closed.
    pub(crate) closing: Vec<LinkId>,
    /// Set when there may be something to do.
    pub(crate) due: bool,
}

/// A connection that waits for another transfer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Idle {
    host: String,
    port: u16,
    link: LinkId,
    /// The database that is selected there, if it is known.
    selected: Option<i64>,
    since: Monotonic,
}

impl Migrations {
    /// True if keys are held.
    #[inline]
    pub(crate) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// True if a key may not be changed.
    pub(crate) fn is_held(&self, key: &[u8]) -> bool {
        self.held.contains_key(key)
    }

    /// True if there may be something to do.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        self.due
    }

    /// Number of connections.
    pub(crate) fn connection_count(&self) -> usize {
        self.idle.len() + self.transfers.iter().filter(|transfer| transfer.result.is_none()).count()
    }

    /// True if a connection is one of these.
    pub(crate) fn owns(&self, link: LinkId) -> bool {
        self.idle.iter().any(|idle| idle.link == link) || self.transfers.iter().any(|transfer| transfer.link == link)
    }

    /// Takes a connection that waits.
    fn take_idle(&mut self, host: &str, port: u16) -> Option<Idle> {
        let at = self.idle.iter().rposition(|idle| idle.host == host && idle.port == port)?;
        Some(self.idle.remove(at))
    }

    /// A connection waits from here on.
    fn keep_idle(&mut self, idle: Idle) {
        if self.idle.len() == IDLE_MAX {
            self.closing.push(self.idle.remove(0).link);
        }
        self.idle.push(idle);
    }

    fn hold(&mut self, migration: &Migration) {
        for key in migration.keys.iter().filter(|_| !migration.copy) {
            *self.held.entry(key.clone()).or_default() += 1;
        }
    }

    pub(crate) fn release(&mut self, migration: &Migration) {
        for key in migration.keys.iter().filter(|_| !migration.copy) {
            let Some(count) = self.held.get_mut(key) else { continue };
            *count -= 1;
            if *count == 0 {
                self.held.remove(key);
            }
        }
    }

    /// When something is next to be looked at.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        let transfers = self.transfers.iter().map(|transfer| transfer.until);
        transfers.chain(self.idle.iter().map(|idle| idle.since.plus_ms(IDLE_MS))).min()
    }
}
