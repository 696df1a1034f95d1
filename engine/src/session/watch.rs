//! WATCH: which clients wait for which keys to change.
//!
//! A key that is there but past its time when it is watched counts as absent:
//! that it is removed later is no change.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::{ClientId, DatabaseId};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// A watched key, as its session remembers it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchedKey {
    /// The database.
    pub database: DatabaseId,
    /// The key.
    pub key: Box<[u8]>,
}

/// Whether a key is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// It is not.
    Absent,
    /// It is, but past its time.
    Expired,
    /// It is.
    Live,
}

#[derive(Clone, Copy, Debug)]
struct Watcher {
    client: ClientId,
    /// The key is there, but has been past its time since it was watched.
    expired: bool,
}

/// All watched keys.
#[derive(Default, Debug)]
pub struct Watches {
    keys: BTreeMap<DatabaseId, BTreeMap<Box<[u8]>, Vec<Watcher>>>,
    broken: BTreeSet<ClientId>,
}

impl Watches {
    /// True if no key is watched.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Number of keys that are watched.
    pub fn key_count(&self) -> usize {
        self.keys.values().map(BTreeMap::len).sum()
    }

    /// A client watches a key that it does not watch yet. `expired`: the key is
    /// there, but past its time.
    pub fn add(&mut self, client: ClientId, watched: &WatchedKey, expired: bool) {
        let keys = self.keys.entry(watched.database).or_default();
        keys.entry(watched.key.clone()).or_default().push(Watcher { client, expired });
    }

    /// True if a client watches a key.
    pub fn watches(&self, client: ClientId, watched: &WatchedKey) -> bool {
        let watchers = self.keys.get(&watched.database).and_then(|keys| keys.get(&watched.key));
        watchers.into_iter().flatten().any(|watcher| watcher.client == client)
    }

    /// A client watches nothing any more; `watched` is what it did.
    pub fn forget(&mut self, client: ClientId, watched: &[WatchedKey]) {
        for WatchedKey { database, key } in watched {
            let Some(keys) = self.keys.get_mut(database) else { continue };
            if let Some(watchers) = keys.get_mut(key) {
                watchers.retain(|watcher| watcher.client != client);
                if watchers.is_empty() {
                    keys.remove(key);
                }
            }
            if keys.is_empty() {
                self.keys.remove(database);
            }
        }
        self.broken.remove(&client);
    }

    /// A key changed. `gone`: it was removed, and may have been past its time
    /// already.
    pub fn touch(&mut self, database: DatabaseId, key: &[u8], gone: bool) {
        let Some(watchers) = self.keys.get_mut(&database).and_then(|keys| keys.get_mut(key)) else { return };
        for watcher in watchers {
            if gone && watcher.expired {
                watcher.expired = false;
            } else {
                self.broken.insert(watcher.client);
            }
        }
    }

    /// A database's content is replaced. `before` and `after` tell of a key
    /// whether it was and will be there.
    pub fn replace(
        &mut self,
        database: DatabaseId,
        before: impl Fn(&[u8]) -> Presence,
        after: impl Fn(&[u8]) -> Presence,
    ) {
        let Some(keys) = self.keys.get_mut(&database) else { return };
        for (key, watchers) in keys {
            let (before, after) = (before(key), after(key));
            for watcher in watchers {
                let was_there = before != Presence::Absent && !watcher.expired;
                watcher.expired = !was_there && after == Presence::Expired;
                if was_there || after == Presence::Live {
                    self.broken.insert(watcher.client);
                }
            }
        }
    }

    /// A client's watched keys are no longer what they were.
    pub fn break_client(&mut self, client: ClientId) {
        self.broken.insert(client);
    }

    /// True if a key that a client watches has changed.
    pub fn is_broken(&self, client: ClientId) -> bool {
        self.broken.contains(&client)
    }

    /// True if a key that a client watches has been past its time ever since.
    pub fn was_expired(&self, client: ClientId, watched: &WatchedKey) -> bool {
        let watchers = self.keys.get(&watched.database).and_then(|keys| keys.get(&watched.key));
        watchers.into_iter().flatten().any(|watcher| watcher.client == client && watcher.expired)
    }
}

impl Image for Watches {
    fn blank() -> Watches {
        Watches::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Watches { keys, broken } = self;
        tape.each([keys, broken])
    }
}

impl Image for Watcher {
    fn blank() -> Watcher {
        Watcher { client: ClientId(0), expired: false }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Watcher { client, expired } = self;
        tape.each([client, expired])
    }
}
