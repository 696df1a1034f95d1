//! Who waits for which keys, and which keys may have what somebody waits for.
//!
//! ```text
//! BLPOP a b 0   ─> Blocked in the session; a ticket in the queues of a and of b
//! change of a   ─> a is ready, once, behind the keys that became so before
//! after the command that changed it: who waits for a runs its request again, in order of tickets
//! ```
//!
//! A request that runs again and still finds nothing gets a new ticket: the last.
//! A key whose clients have to wait for their turn (CLIENT PAUSE) is held until
//! such waiting ends. Nothing here grows faster than the logarithm of how many
//! wait, but for what is done to each of them.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::{ClientId, DatabaseId};
use crate::boundary::time::Monotonic;
use crate::data::shape::Type;
use crate::keyspace::Keyspace;
use crate::session::blocked::Blocked;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::ops::Range;

/// A key for which somebody may be served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ReadyKey {
    pub(crate) database: DatabaseId,
    pub(crate) key: Box<[u8]>,
}

/// All who wait.
#[derive(Default, Debug)]
pub struct Blocking {
    keys: BTreeMap<DatabaseId, BTreeMap<Box<[u8]>, Queue>>,
    deadlines: BTreeSet<(Monotonic, ClientId)>,
    /// In the order in which they became so; each once.
    ready: VecDeque<ReadyKey>,
    /// Keys that were ready while those who wait for them had to wait for their
    /// turn.
    held: Vec<ReadyKey>,
    next_ticket: u64,
}

/// Who waits for one key, by ticket.
#[derive(Default, Debug)]
struct Queue {
    waiters: BTreeMap<(Type, u64), ClientId>,
    /// Those among them who want to know if the key goes, too.
    on_deletion: BTreeMap<u64, ClientId>,
    ready: bool,
    held: bool,
}

impl Queue {
    /// True if somebody is to be served while the key is of this type, or is
    /// not there.
    fn concerns(&self, found: Option<Type>) -> bool {
        !self.on_deletion.is_empty() || self.first(found, 0..u64::MAX).is_some()
    }

    fn first(&self, found: Option<Type>, tickets: Range<u64>) -> Option<(u64, ClientId)> {
        let of_type = found.and_then(|found| {
            let mut waiters = self.waiters.range((found, tickets.start)..(found, tickets.end));
            waiters.next().map(|(&(_, ticket), &client)| (ticket, client))
        });
        if self.on_deletion.is_empty() {
            return of_type;
        }
        let gone = self.on_deletion.range(tickets).next().map(|(&ticket, &client)| (ticket, client));
        of_type.into_iter().chain(gone).min()
    }
}

impl Blocking {
    /// True if nobody waits for a key.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// True if somebody may be served.
    #[inline]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Number of keys that somebody waits for.
    pub fn key_count(&self) -> usize {
        self.keys.values().map(BTreeMap::len).sum()
    }

    /// Number of keys of which somebody wants to know if they go.
    pub fn key_count_on_deletion(&self) -> usize {
        let queues = self.keys.values().flat_map(BTreeMap::values);
        queues.filter(|queue| !queue.on_deletion.is_empty()).count()
    }

    /// Number of those who do not wait for ever.
    pub fn deadline_count(&self) -> usize {
        self.deadlines.len()
    }

    /// A client begins to wait, behind all who do already.
    pub(crate) fn add(&mut self, client: ClientId, database: DatabaseId, blocked: &mut Blocked) {
        blocked.ticket = self.next_ticket;
        self.next_ticket += 1;
        let keys = self.keys.entry(database).or_default();
        for key in blocked.keys() {
            if !keys.contains_key(key) {
                keys.insert(key.into(), Queue::default());
            }
            let Some(queue) = keys.get_mut(key) else { continue };
            queue.waiters.insert((blocked.value_type, blocked.ticket), client);
            if blocked.on_deletion {
                queue.on_deletion.insert(blocked.ticket, client);
            }
        }
        if let Some(until) = blocked.until {
            self.deadlines.insert((until, client));
        }
    }

    /// A client waits no more.
    pub(crate) fn remove(&mut self, client: ClientId, database: DatabaseId, blocked: &Blocked) {
        if let Some(until) = blocked.until {
            self.deadlines.remove(&(until, client));
        }
        let Some(keys) = self.keys.get_mut(&database) else { return };
        for key in blocked.keys() {
            let Some(queue) = keys.get_mut(key) else { continue };
            queue.waiters.remove(&(blocked.value_type, blocked.ticket));
            queue.on_deletion.remove(&blocked.ticket);
            if queue.waiters.is_empty() {
                keys.remove(key);
            }
        }
        if keys.is_empty() {
            self.keys.remove(&database);
        }
    }

    /// A key changed; `found` tells of what type it is now, if it is there.
    pub(crate) fn touch(&mut self, database: DatabaseId, key: &[u8], found: impl FnOnce() -> Option<Type>) {
        let Some(queue) = self.keys.get_mut(&database).and_then(|keys| keys.get_mut(key)) else { return };
        if !queue.ready && queue.concerns(found()) {
            queue.ready = true;
            self.ready.push_back(ReadyKey { database, key: key.into() });
        }
    }

    /// What is in a database may have become anything else.
    pub(crate) fn touch_all(&mut self, database: DatabaseId, keyspace: &Keyspace) {
        let Some(keys) = self.keys.get_mut(&database) else { return };
        for (key, queue) in keys {
            let found = keyspace.peek(database, &keyspace.key(key)).map(|entry| entry.value_type());
            if !queue.ready && queue.concerns(found) {
                queue.ready = true;
                self.ready.push_back(ReadyKey { database, key: key.clone() });
            }
        }
    }

    /// The next key for which somebody may be served. It can become ready again
    /// from here on.
    pub(crate) fn take_ready(&mut self) -> Option<ReadyKey> {
        let ready = self.ready.pop_front()?;
        if let Some(queue) = self.keys.get_mut(&ready.database).and_then(|keys| keys.get_mut(&ready.key)) {
            queue.ready = false;
        }
        Some(ready)
    }

    /// The first who waits for a key of a type, or wants to know that it is gone,
    /// with one of these tickets.
    pub(crate) fn next_waiter(
        &self,
        ready: &ReadyKey,
        found: Option<Type>,
        tickets: Range<u64>,
    ) -> Option<(u64, ClientId)> {
        self.keys.get(&ready.database)?.get(&ready.key)?.first(found, tickets)
    }

    /// The ticket that the next to wait will get.
    pub(crate) fn next_ticket(&self) -> u64 {
        self.next_ticket
    }

    /// Somebody has to wait for his turn before he can be served.
    pub(crate) fn hold(&mut self, ready: ReadyKey) {
        if let Some(queue) = self.keys.get_mut(&ready.database).and_then(|keys| keys.get_mut(&ready.key))
            && !queue.held
        {
            queue.held = true;
            self.held.push(ready);
        }
    }

    /// Those who had to wait for their turn may be served.
    pub(crate) fn release_held(&mut self) {
        for held in core::mem::take(&mut self.held) {
            let queue = self.keys.get_mut(&held.database).and_then(|keys| keys.get_mut(&held.key));
            let Some(queue) = queue else { continue };
            queue.held = false;
            if !queue.ready {
                queue.ready = true;
                self.ready.push_back(held);
            }
        }
    }

    /// When the first has waited long enough.
    pub(crate) fn first_deadline(&self) -> Option<Monotonic> {
        self.deadlines.first().map(|&(until, _)| until)
    }

    /// The next client that has waited long enough; it is told once.
    pub(crate) fn take_overdue(&mut self, now: Monotonic) -> Option<ClientId> {
        if self.first_deadline()? > now {
            return None;
        }
        self.deadlines.pop_first().map(|(_, client)| client)
    }
}

impl Image for Blocking {
    fn blank() -> Blocking {
        Blocking::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Blocking { keys, deadlines, ready, held, next_ticket } = self;
        tape.each([keys, deadlines, ready, held, next_ticket])
    }
}

impl Image for Queue {
    fn blank() -> Queue {
        Queue::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Queue { waiters, on_deletion, ready, held } = self;
        tape.each([waiters, on_deletion, ready, held])
    }
}

impl Image for ReadyKey {
    fn blank() -> ReadyKey {
        ReadyKey { database: DatabaseId(0), key: Box::default() }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let ReadyKey { database, key } = self;
        tape.each([database, key])
    }
}
