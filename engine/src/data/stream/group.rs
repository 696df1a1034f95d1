//! Groups of consumers: how far a group has read, and what its consumers were
//! given and have not acknowledged.

use super::StreamId;
use super::ordered::Ordered;
use crate::data::slab::block_size;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;

/// A consumer's number in its group; none is given twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct ConsumerNumber(pub(super) u64);

impl ConsumerNumber {
    /// Nobody: what is pending in a file before its consumer was read.
    pub const NOBODY: ConsumerNumber = ConsumerNumber(u64::MAX);
}

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pending {
    /// When it was delivered last, milliseconds since 1970.
    pub delivered_ms: i64,
    /// How often.
    pub deliveries: u64,
    /// To whom.
    pub consumer: ConsumerNumber,
}

/// One that reads for a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Consumer {
    /// Its name.
    pub name: Box<[u8]>,
    /// When it last asked, milliseconds since 1970.
    pub seen_ms: i64,
    /// When it last got something; `None` if never.
    pub active_ms: Option<i64>,
    pub(super) pending: Ordered<()>,
}

impl Consumer {
    /// The ids of what it was given and has not acknowledged.
    pub fn pending(&self) -> &Ordered<()> {
        &self.pending
    }
}

/// A group of consumers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Group {
    /// The last entry that was delivered.
    pub last_id: StreamId,
    /// How many entries of all that were ever added the group has read; `None`
    /// if nobody can tell.
    pub entries_read: Option<u64>,
    pub(super) pending: Ordered<Pending>,
    pub(super) consumers: BTreeMap<ConsumerNumber, Consumer>,
    pub(super) by_name: BTreeMap<Box<[u8]>, ConsumerNumber>,
    pub(super) next: ConsumerNumber,
    pub(super) consumer_bytes: usize,
}

impl Group {
    /// A group without consumers.
    pub fn new(last_id: StreamId, entries_read: Option<u64>) -> Group {
        Group { last_id, entries_read, ..Group::default() }
    }

    /// A copy that shares what is pending.
    pub(super) fn share(&mut self) -> Group {
        let share = |(number, consumer): (&ConsumerNumber, &mut Consumer)| {
            let pending = consumer.pending.share();
            (*number, Consumer { name: consumer.name.clone(), pending, ..*consumer })
        };
        Group {
            pending: self.pending.share(),
            consumers: self.consumers.iter_mut().map(share).collect(),
            by_name: self.by_name.clone(),
            ..*self
        }
    }

    /// Bytes that it takes, as the account has them.
    pub fn bytes(&self) -> usize {
        let pending = size_of::<(StreamId, Pending)>() + size_of::<(StreamId, ())>();
        size_of::<Group>() + self.pending.len() * pending + self.consumer_bytes
    }

    /// All that is pending.
    pub fn pending(&self) -> &Ordered<Pending> {
        &self.pending
    }

    /// Number of consumers.
    pub fn consumer_count(&self) -> usize {
        self.consumers.len()
    }

    /// The consumers, by name.
    pub fn consumers(&self) -> impl Iterator<Item = &Consumer> {
        self.by_name.values().filter_map(|number| self.consumers.get(number))
    }

    /// The number of a consumer.
    pub fn find(&self, name: &[u8]) -> Option<ConsumerNumber> {
        self.by_name.get(name).copied()
    }

    /// A consumer.
    pub fn consumer(&self, number: ConsumerNumber) -> Option<&Consumer> {
        self.consumers.get(&number)
    }

    /// Likewise, to be changed.
    pub fn consumer_mut(&mut self, number: ConsumerNumber) -> Option<&mut Consumer> {
        self.consumers.get_mut(&number)
    }

    /// The number of a consumer, which is new if there is none of this name; and
    /// whether it is.
    pub fn find_or_add(&mut self, name: &[u8], now_ms: i64) -> (ConsumerNumber, bool) {
        if let Some(number) = self.find(name) {
            return (number, false);
        }
        let number = self.next;
        self.next.0 += 1;
        let consumer = Consumer { name: name.into(), seen_ms: now_ms, active_ms: None, pending: Ordered::default() };
        self.consumer_bytes += consumer_bytes(&consumer);
        self.consumers.insert(number, consumer);
        self.by_name.insert(name.into(), number);
        (number, true)
    }

    /// Removes a consumer with all that is pending of it. Returns how much that
    /// was, `None` if there is no such consumer.
    pub fn remove_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let number = self.by_name.remove(name)?;
        let consumer = self.consumers.remove(&number)?;
        self.consumer_bytes -= consumer_bytes(&consumer);
        for (id, ()) in consumer.pending.iter() {
            self.pending.remove(id);
        }
        Some(consumer.pending.len())
    }

    /// Has an entry pending of a consumer, whoever it was of before.
    pub fn assign(&mut self, id: StreamId, pending: Pending) {
        let before = self.pending.insert(id, pending);
        if let Some(before) = before.filter(|before| before.consumer != pending.consumer)
            && let Some(consumer) = self.consumers.get_mut(&before.consumer)
        {
            consumer.pending.remove(id);
        }
        if before.is_none_or(|before| before.consumer != pending.consumer)
            && let Some(consumer) = self.consumers.get_mut(&pending.consumer)
        {
            consumer.pending.insert(id, ());
        }
    }

    /// An entry is pending no more. True if it was.
    pub fn release(&mut self, id: StreamId) -> bool {
        let Some(pending) = self.pending.remove(id) else { return false };
        if let Some(consumer) = self.consumers.get_mut(&pending.consumer) {
            consumer.pending.remove(id);
        }
        true
    }
}

/// Bytes that a consumer takes besides what is pending of it: its name stands
/// there twice.
pub(super) fn consumer_bytes(consumer: &Consumer) -> usize {
    let entries = size_of::<(ConsumerNumber, Consumer)>() + size_of::<(Box<[u8]>, ConsumerNumber)>();
    entries + 2 * block_size(consumer.name.len())
}
