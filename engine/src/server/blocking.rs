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

    /// True if somebody has to wait for his turn.
    pub(crate) fn has_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// Those who had to wait for their turn may be served. True if there is
    /// anybody.
    pub(crate) fn release_held(&mut self) -> bool {
        for held in core::mem::take(&mut self.held) {
            let queue = self.keys.get_mut(&held.database).and_then(|keys| keys.get_mut(&held.key));
            let Some(queue) = queue else { continue };
            queue.held = false;
            if !queue.ready {
                queue.ready = true;
                self.ready.push_back(held);
            }
        }
        !self.ready.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::table::CommandId;
    use crate::resp::request::OwnedArguments;
    use alloc::vec;

    const HERE: DatabaseId = DatabaseId(0);

    fn blocked(words: &str, value_type: Type, on_deletion: bool) -> Blocked {
        let arguments: OwnedArguments = words.split(' ').map(str::as_bytes).collect();
        let keys = (1, arguments.as_arguments().len() - 1);
        let (command, until, ticket, muted, elapsed_ns) = (CommandId(0), None, 0, false, 0);
        Blocked { command, arguments, keys, value_type, on_deletion, until, ticket, muted, elapsed_ns }
    }

    fn ready(blocking: &mut Blocking) -> Vec<Vec<u8>> {
        core::iter::from_fn(|| blocking.take_ready()).map(|ready| ready.key.into_vec()).collect()
    }

    fn waiting(blocking: &Blocking, key: &[u8], found: Option<Type>) -> Vec<u64> {
        let ready = ReadyKey { database: HERE, key: key.into() };
        let mut next = 0;
        let mut clients = Vec::new();
        while let Some((ticket, client)) = blocking.next_waiter(&ready, found, next..blocking.next_ticket()) {
            next = ticket + 1;
            clients.push(client.0);
        }
        clients
    }

    #[test]
    fn keys_are_ready_for_who_waits_for_their_type_or_their_end() {
        let mut blocking = Blocking::default();
        let mut all = [
            blocked("blpop a b a", Type::List, false),
            blocked("xreadgroup a", Type::Stream, true),
            blocked("xread a c", Type::Stream, false),
            blocked("bzpopmin c", Type::SortedSet, false),
        ];
        for (blocked, client) in all.iter_mut().zip(1..) {
            blocking.add(ClientId(client), HERE, blocked);
        }
        assert_eq!((blocking.key_count(), blocking.key_count_on_deletion()), (3, 1));
        for (key, found) in [(&b"b"[..], Some(Type::String)), (b"c", None), (b"d", Some(Type::List))] {
            blocking.touch(HERE, key, || found);
        }
        blocking.touch(DatabaseId(1), b"a", || Some(Type::List));
        assert!(!blocking.has_ready());
        for (key, found) in [(&b"c"[..], Some(Type::Stream)), (b"a", None), (b"c", Some(Type::SortedSet))] {
            blocking.touch(HERE, key, || found);
        }
        assert_eq!(ready(&mut blocking), [b"c", b"a"]);
        assert_eq!(waiting(&blocking, b"a", None), [2]);
        assert_eq!(waiting(&blocking, b"a", Some(Type::List)), [1, 2]);
        assert_eq!(waiting(&blocking, b"a", Some(Type::Stream)), [2, 3]);
        assert_eq!(waiting(&blocking, b"c", Some(Type::Stream)), [3]);
        // Who waits again waits behind all others.
        blocking.remove(ClientId(2), HERE, &all[1]);
        blocking.add(ClientId(2), HERE, &mut all[1]);
        assert_eq!(waiting(&blocking, b"a", Some(Type::Stream)), [3, 2]);
        for (blocked, client) in all.iter().zip(1..) {
            blocking.remove(ClientId(client), HERE, blocked);
        }
        assert!(blocking.is_empty());
        assert_eq!(blocking.key_count_on_deletion(), 0);
    }

    #[test]
    fn what_is_held_comes_back_once_in_its_order() {
        let mut blocking = Blocking::default();
        let mut blocked = blocked("blpop a b", Type::List, false);
        blocking.add(ClientId(1), HERE, &mut blocked);
        for key in [b"b", b"a", b"b"] {
            blocking.touch(HERE, key, || Some(Type::List));
            let ready = blocking.take_ready().expect("it is ready");
            blocking.hold(ready);
        }
        assert!(!blocking.has_ready() && blocking.has_held());
        blocking.touch(HERE, b"a", || Some(Type::List));
        assert!(blocking.release_held());
        assert_eq!(ready(&mut blocking), vec![b"a", b"b"]);
        assert!(!blocking.has_held() && !blocking.release_held());
    }
}
