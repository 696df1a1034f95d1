//! What a connection is subscribed to.

use crate::base::image::{Damaged, Image, Tape};
use crate::session::Session;
use crate::session::class::Class;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;

/// The three kinds of subscription, each with names of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// SUBSCRIBE: a channel.
    Channel,
    /// PSUBSCRIBE: all channels that fit a pattern.
    Pattern,
    /// SSUBSCRIBE: a channel of a shard.
    Shard,
}

/// Bytes that a subscription takes besides its name, here and where subscribers
/// are looked up.
const ENTRY_BYTES: usize = 160;

/// The subscriptions of a connection: names, each with the number under which
/// the connection stands among the name's subscribers.
#[derive(Default, Debug)]
pub struct Subscriptions {
    names: [BTreeMap<Arc<[u8]>, u64>; Kind::ALL.len()],
    /// Bytes of all names.
    name_bytes: usize,
}

impl Kind {
    /// All kinds, in the order in which they are given up.
    pub const ALL: [Kind; 3] = [Kind::Channel, Kind::Shard, Kind::Pattern];
}

impl Subscriptions {
    /// Number of subscriptions of a kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.names[kind as usize].len()
    }

    /// Number of all subscriptions.
    pub fn total(&self) -> usize {
        self.names.iter().map(BTreeMap::len).sum()
    }

    /// True if a name is among them.
    pub(crate) fn contains(&self, kind: Kind, name: &[u8]) -> bool {
        self.names[kind as usize].contains_key(name)
    }

    /// Adds one that is not there.
    pub(crate) fn add(&mut self, kind: Kind, name: Arc<[u8]>, number: u64) {
        self.name_bytes += name.len();
        self.names[kind as usize].insert(name, number);
    }

    /// Takes one out; its number.
    pub(crate) fn remove(&mut self, kind: Kind, name: &[u8]) -> Option<u64> {
        let number = self.names[kind as usize].remove(name)?;
        self.name_bytes -= name.len();
        Some(number)
    }

    /// Takes any one out of a kind.
    pub(crate) fn pop(&mut self, kind: Kind) -> Option<(Arc<[u8]>, u64)> {
        let (name, number) = self.names[kind as usize].pop_first()?;
        self.name_bytes -= name.len();
        Some((name, number))
    }

    /// Bytes of memory, for the account.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Subscriptions>() + self.name_bytes + self.total() * ENTRY_BYTES
    }
}

impl Image for Subscriptions {
    fn blank() -> Subscriptions {
        Subscriptions::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Subscriptions { names, name_bytes } = self;
        tape.each([names, name_bytes])
    }
}

impl Session {
    /// Number of its subscriptions of a kind.
    pub fn subscription_count(&self, kind: Kind) -> usize {
        self.subscriptions.as_ref().map_or(0, |subscriptions| subscriptions.count(kind))
    }

    /// What a reply to a change of its subscriptions counts: channels and
    /// patterns together, channels of shards on their own.
    pub(crate) fn subscriptions_told(&self, kind: Kind) -> usize {
        match kind {
            Kind::Channel | Kind::Pattern => {
                self.subscription_count(Kind::Channel) + self.subscription_count(Kind::Pattern)
            }
            Kind::Shard => self.subscription_count(Kind::Shard),
        }
    }

    /// Its subscriptions have changed: that makes it a client of another class,
    /// unless it is one of replication.
    pub(crate) fn classify(&mut self) {
        let any = self.subscriptions.as_ref().is_some_and(|subscriptions| subscriptions.total() > 0);
        if !any {
            self.subscriptions = None;
        }
        if matches!(self.class, Class::Normal | Class::Pubsub) {
            self.class = if any { Class::Pubsub } else { Class::Normal };
        }
    }
}
