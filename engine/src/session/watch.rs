//! WATCH: which clients wait for which keys to change.

use crate::boundary::id::{ClientId, DatabaseId};
use alloc::boxed::Box;
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};

use crate::base::sip_hash::SipKey;

/// A watched key, as its session remembers it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchedKey {
    /// The database.
    pub database: DatabaseId,
    /// The key.
    pub key: Box<[u8]>,
    /// True if it was there, but past its time, when it was watched.
    pub expired: bool,
}

/// All watched keys. The maps are looked up, never iterated.
#[derive(Default)]
pub struct Watches {
    by_key: HashMap<(DatabaseId, Box<[u8]>), Vec<ClientId>, BuildKeyHasher>,
    broken: HashSet<ClientId, BuildKeyHasher>,
}

/// Hashes with a key drawn from the engine's generator.
#[derive(Clone, Default)]
pub struct BuildKeyHasher(SipKey);

/// See [`BuildKeyHasher`].
pub struct KeyHasher {
    key: SipKey,
    state: u64,
}

impl core::hash::BuildHasher for BuildKeyHasher {
    type Hasher = KeyHasher;

    fn build_hasher(&self) -> KeyHasher {
        KeyHasher { key: self.0, state: 0 }
    }
}

impl core::hash::Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.state
    }

    fn write(&mut self, bytes: &[u8]) {
        self.state = self.state.rotate_left(5) ^ self.key.hash(bytes);
    }
}

impl Watches {
    /// Nothing is watched; hashes with `sip`.
    pub fn new(sip: SipKey) -> Watches {
        Watches { by_key: HashMap::with_hasher(BuildKeyHasher(sip)), broken: HashSet::with_hasher(BuildKeyHasher(sip)) }
    }

    /// True if no key is watched.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Number of keys that are watched.
    pub fn key_count(&self) -> usize {
        self.by_key.len()
    }

    /// A client watches a key.
    pub fn add(&mut self, client: ClientId, database: DatabaseId, key: &[u8]) {
        self.by_key.entry((database, key.into())).or_default().push(client);
    }

    /// A client watches nothing any more; `watched` is what it did.
    pub fn forget(&mut self, client: ClientId, watched: &[WatchedKey]) {
        for watched in watched {
            let key = (watched.database, watched.key.clone());
            if let Some(clients) = self.by_key.get_mut(&key) {
                clients.retain(|&other| other != client);
                if clients.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
        self.broken.remove(&client);
    }

    /// A key changed.
    pub fn touch(&mut self, database: DatabaseId, key: &[u8]) {
        if let Some(clients) = self.by_key.get(&(database, key.into())) {
            self.broken.extend(clients.iter().copied());
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
}
