//! All sessions, by number.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::ClientId;
use crate::session::Session;
use crate::session::ledger::Ledger;
use alloc::boxed::Box;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// All sessions. The one whose request runs is taken out meanwhile.
#[derive(Default, Debug)]
pub struct Sessions {
    slots: Vec<Option<Box<Session>>>,
    free: Vec<usize>,
    by_id: HashMap<ClientId, usize, BuildIdHasher>,
    ledger: Ledger,
}

/// Client numbers are handed out in sequence: they need no keyed hash.
#[derive(Clone, Default, Debug)]
pub struct BuildIdHasher;

/// See [`BuildIdHasher`].
#[derive(Default, Debug)]
pub struct IdHasher(u64);

impl core::hash::BuildHasher for BuildIdHasher {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher(0)
    }
}

impl core::hash::Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 32;
    }
}

impl Sessions {
    /// Number of sessions.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Number of places for sessions, some of them empty.
    pub fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// Takes out the session in a place; [`Sessions::put`] follows.
    pub fn take_slot(&mut self, slot: usize) -> Option<Box<Session>> {
        self.slots.get_mut(slot)?.take()
    }

    /// Adds a session.
    pub fn insert(&mut self, session: Box<Session>) {
        let slot = self.free.pop().unwrap_or(self.slots.len());
        self.by_id.insert(session.id, slot);
        self.ledger.note(slot, &session);
        if slot == self.slots.len() {
            self.slots.push(Some(session));
        } else {
            self.slots[slot] = Some(session);
        }
    }

    /// Takes a session out while its request runs; [`Sessions::put`] follows.
    pub fn take(&mut self, id: ClientId) -> Option<Box<Session>> {
        let slot = *self.by_id.get(&id)?;
        self.slots[slot].take()
    }

    /// Puts back a session that was taken out.
    pub fn put(&mut self, session: Box<Session>) {
        if let Some(&slot) = self.by_id.get(&session.id) {
            self.ledger.note(slot, &session);
            self.slots[slot] = Some(session);
        }
    }

    /// Takes down what a session takes that was changed where it is.
    pub fn account(&mut self, id: ClientId) {
        if let Some(&slot) = self.by_id.get(&id)
            && let Some(session) = &self.slots[slot]
        {
            self.ledger.note(slot, session);
        }
    }

    /// Bytes of memory that all sessions take, each as when it was last put back.
    pub fn memory(&self) -> u64 {
        self.ledger.total()
    }

    /// Likewise, of those that count against `maxmemory`.
    pub fn memory_counted(&self) -> u64 {
        self.ledger.counted()
    }

    /// Likewise, of those that may be evicted.
    pub fn memory_evictable(&self) -> u64 {
        self.ledger.evictable()
    }

    /// Likewise, of one session, which may be out.
    pub fn memory_of(&self, id: ClientId) -> u64 {
        self.by_id.get(&id).map_or(0, |&slot| self.ledger.bytes(slot))
    }

    /// Who is evicted first when clients take too much: one of the largest.
    pub fn first_to_evict(&self) -> Option<ClientId> {
        self.ledger.first_to_evict()
    }

    /// Removes a session.
    pub fn remove(&mut self, id: ClientId) -> Option<Box<Session>> {
        let slot = self.by_id.remove(&id)?;
        self.free.push(slot);
        self.ledger.forget(slot);
        self.slots[slot].take()
    }

    /// True if there is such a session, taken out or not.
    pub fn contains(&self, id: ClientId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// One session, unless it was taken out.
    pub fn get(&self, id: ClientId) -> Option<&Session> {
        self.slots[*self.by_id.get(&id)?].as_deref()
    }

    /// One session, unless it was taken out.
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Session> {
        self.slots[*self.by_id.get(&id)?].as_deref_mut()
    }

    /// All sessions but those taken out, in no order that means anything but
    /// the same on every run.
    pub fn iter(&self) -> impl Iterator<Item = &Session> {
        self.slots.iter().filter_map(Option::as_deref)
    }

    /// As [`Sessions::iter`], to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.slots.iter_mut().filter_map(Option::as_deref_mut)
    }
}

impl Image for Sessions {
    fn blank() -> Sessions {
        Sessions::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Sessions { slots, free, by_id, ledger } = self;
        tape.each([slots, free, ledger])?;
        if tape.reads() {
            let places = slots.iter().enumerate();
            *by_id = places.filter_map(|(slot, session)| Some((session.as_ref()?.id, slot))).collect();
        }
        Ok(())
    }
}
