//! Choosing what to evict.
//!
//! As Redis 3: a few keys are sampled, the best of them join a pool of sixteen,
//! and the best of the pool goes. Larger idleness goes first.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::DatabaseId;
use crate::boundary::time::Now;
use crate::keyspace::Keyspace;
use alloc::boxed::Box;
use alloc::vec::Vec;

const POOL_SIZE: usize = 16;

/// `maxmemory-policy`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is the parameter's value")]
pub enum Policy {
    VolatileLru,
    VolatileLfu,
    VolatileRandom,
    VolatileTtl,
    AllkeysLru,
    AllkeysLfu,
    AllkeysRandom,
    Noeviction,
}

impl Policy {
    /// True if only keys that expire are evicted.
    pub fn is_volatile(self) -> bool {
        matches!(self, Policy::VolatileLru | Policy::VolatileLfu | Policy::VolatileRandom | Policy::VolatileTtl)
    }

    /// True if accesses are counted rather than timed.
    pub fn is_lfu(self) -> bool {
        matches!(self, Policy::VolatileLfu | Policy::AllkeysLfu)
    }
}

/// The best candidates seen so far, in ascending order of idleness.
#[derive(Default, Debug)]
pub struct EvictionPool {
    candidates: Vec<Candidate>,
    /// The database where a random policy goes on.
    next: u32,
}

#[derive(Debug)]
struct Candidate {
    idleness: u64,
    database: DatabaseId,
    key: Box<[u8]>,
}

impl Keyspace {
    /// Chooses a key to evict, by sampling `samples` keys a database. `None` if
    /// there is none that the policy allows.
    pub fn eviction_candidate(&mut self, policy: Policy, samples: u32, now: Now) -> Option<(DatabaseId, Box<[u8]>)> {
        match policy {
            Policy::Noeviction => None,
            Policy::AllkeysRandom | Policy::VolatileRandom => self.random_candidate(policy.is_volatile()),
            _ => self.pooled_candidate(policy, samples, now),
        }
    }

    fn random_candidate(&mut self, volatile_only: bool) -> Option<(DatabaseId, Box<[u8]>)> {
        let count = self.databases.len() as u32;
        for _ in 0..count {
            let id = DatabaseId(self.pool.next % count);
            self.pool.next = self.pool.next.wrapping_add(1);
            let random = &mut self.random;
            let database = &self.databases[id.0 as usize];
            if let Some(location) = database.random_location(|| random.next_u64(), volatile_only) {
                return Some((id, database.get(location).key().into()));
            }
        }
        None
    }

    fn pooled_candidate(&mut self, policy: Policy, samples: u32, now: Now) -> Option<(DatabaseId, Box<[u8]>)> {
        for _ in 0..8 {
            let mut any = false;
            for index in 0..self.databases.len() {
                any |= self.sample(DatabaseId(index as u32), policy, samples, now);
            }
            if !any {
                self.pool.candidates.clear();
                return None;
            }
            while let Some(candidate) = self.pool.candidates.pop() {
                let key = self.key(&candidate.key);
                let found = self.peek(candidate.database, &key);
                if found.is_some_and(|entry| !policy.is_volatile() || entry.expire_at_ms().is_some()) {
                    return Some((candidate.database, candidate.key));
                }
            }
        }
        None
    }

    /// Samples one database into the pool; false if it has no candidate.
    fn sample(&mut self, id: DatabaseId, policy: Policy, samples: u32, now: Now) -> bool {
        let mut any = false;
        for _ in 0..samples {
            let random = &mut self.random;
            let database = &self.databases[id.0 as usize];
            let Some(location) = database.random_location(|| random.next_u64(), policy.is_volatile()) else { break };
            any = true;
            let entry = database.get(location);
            let idleness = match policy {
                Policy::VolatileTtl => u64::MAX - entry.expire_at_ms().unwrap_or(i64::MAX).max(0) as u64,
                _ => self.access.idleness(entry.access(), now),
            };
            self.pool.offer(idleness, id, entry.key());
        }
        any
    }
}

impl Image for EvictionPool {
    fn blank() -> EvictionPool {
        EvictionPool::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let EvictionPool { candidates, next } = self;
        tape.each([candidates, next])
    }
}

impl Image for Candidate {
    fn blank() -> Candidate {
        Candidate { idleness: 0, database: DatabaseId(0), key: Box::default() }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Candidate { idleness, database, key } = self;
        tape.each([idleness, database, key])
    }
}

impl EvictionPool {
    fn offer(&mut self, idleness: u64, database: DatabaseId, key: &[u8]) {
        let at = self.candidates.partition_point(|candidate| candidate.idleness < idleness);
        if at == 0 && self.candidates.len() == POOL_SIZE {
            return;
        }
        if self.candidates.iter().any(|candidate| candidate.database == database && *candidate.key == *key) {
            return;
        }
        self.candidates.insert(at, Candidate { idleness, database, key: key.into() });
        if self.candidates.len() > POOL_SIZE {
            self.candidates.remove(0);
        }
    }
}
