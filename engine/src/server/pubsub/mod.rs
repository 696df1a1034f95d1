//! Publish and subscribe: who is subscribed to what, and what they are sent.
//!
//! ```text
//! PUBLISH ───────────┐                       ┌─> fan_out.rs: rendered once a protocol
//! Change ─> events.rs┴─> channel ─> pattern ─┴─> sent when the input is handled
//! ```
//!
//! Subscriptions are numbered as they are made: a name's subscribers stand in
//! the order of their numbers, and one leaves without a search.

mod events;
mod fan_out;

use crate::base::glob;
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::ClientId;
use crate::config::KeyspaceEvents;
use crate::session::Session;
use crate::session::sessions::Sessions;
use crate::session::subscription::{Kind, Subscriptions};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use fan_out::{FanOut, Message};

/// Subscriptions of connections that are gone that are given up at once; more
/// are given up in slices of as many.
const SLICE: usize = 256;

/// Who is subscribed to one name, by the numbers of their subscriptions.
type Subscribers = BTreeMap<u64, ClientId>;

/// All subscriptions.
#[derive(Default, Debug)]
pub struct PubSub {
    topics: [BTreeMap<Arc<[u8]>, Subscribers>; Kind::ALL.len()],
    /// The number of the next subscription.
    next: u64,
    /// Subscriptions of connections that are gone, which still stand among the
    /// others.
    leaving: VecDeque<Subscriptions>,
    /// `notify-keyspace-events`.
    pub(crate) events: KeyspaceEvents,
    /// What the input that is handled sends.
    fan_out: FanOut,
}

/// Between inputs: nothing is to be sent.
impl Image for PubSub {
    fn blank() -> PubSub {
        PubSub::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let PubSub { topics, next, leaving, events, fan_out: _ } = self;
        tape.each([topics, next, leaving, events])
    }
}

impl PubSub {
    /// Number of names of a kind that somebody is subscribed to.
    pub fn name_count(&self, kind: Kind) -> usize {
        self.topics[kind as usize].len()
    }

    /// Names of a kind that somebody is subscribed to, in order.
    pub(crate) fn names<'a>(&'a self, kind: Kind, sessions: &'a Sessions) -> impl Iterator<Item = &'a [u8]> {
        let all = self.leaving.is_empty();
        let alive =
            move |subscribers: &Subscribers| all || subscribers.values().any(|&client| sessions.contains(client));
        let topics = self.topics[kind as usize].iter();
        topics.filter(move |(_, subscribers)| alive(subscribers)).map(|(name, _)| &**name)
    }

    /// As [`PubSub::name_count`], without those whose subscribers are all gone and
    /// are still being given up.
    pub(crate) fn live_count(&self, kind: Kind, sessions: &Sessions) -> usize {
        if self.leaving.is_empty() { self.name_count(kind) } else { self.names(kind, sessions).count() }
    }

    /// Number of subscribers of a name.
    pub(crate) fn subscriber_count(&self, kind: Kind, name: &[u8], sessions: &Sessions) -> usize {
        let Some(subscribers) = self.topics[kind as usize].get(name) else { return 0 };
        if self.leaving.is_empty() {
            return subscribers.len();
        }
        subscribers.values().filter(|&&client| sessions.contains(client)).count()
    }

    /// Subscribes a session, unless it is already.
    pub(crate) fn subscribe(&mut self, kind: Kind, name: &[u8], session: &mut Session) {
        let own = session.subscriptions.get_or_insert_default();
        if own.contains(kind, name) {
            return;
        }
        let topics = &mut self.topics[kind as usize];
        let name = topics.get_key_value(name).map_or_else(|| Arc::from(name), |(known, _)| Arc::clone(known));
        own.add(kind, Arc::clone(&name), self.next);
        topics.entry(name).or_default().insert(self.next, session.id);
        self.next += 1;
        session.classify();
    }

    /// Ends a subscription of a session, if there is one.
    pub(crate) fn unsubscribe(&mut self, kind: Kind, name: &[u8], session: &mut Session) {
        let Some(own) = &mut session.subscriptions else { return };
        if let Some(number) = own.remove(kind, name) {
            self.remove(kind, name, number);
            session.classify();
        }
    }

    /// Ends some subscription of a kind; its name, if there was one.
    pub(crate) fn unsubscribe_any(&mut self, kind: Kind, session: &mut Session) -> Option<Arc<[u8]>> {
        let (name, number) = session.subscriptions.as_mut()?.pop(kind)?;
        self.remove(kind, &name, number);
        session.classify();
        Some(name)
    }

    fn remove(&mut self, kind: Kind, name: &[u8], number: u64) {
        let topics = &mut self.topics[kind as usize];
        let Some(subscribers) = topics.get_mut(name) else { return };
        subscribers.remove(&number);
        if subscribers.is_empty() {
            topics.remove(name);
        }
    }

    /// A session ends, and with it its subscriptions. True if
    /// [`PubSub::give_up_slice`] has to be called.
    pub(crate) fn forget(&mut self, session: &mut Session) -> bool {
        if let Some(subscriptions) = session.subscriptions.take() {
            self.leaving.push_back(*subscriptions);
            session.classify();
            return self.give_up_slice();
        }
        false
    }

    /// Gives up some of the subscriptions of sessions that are gone. True if
    /// there are more.
    pub(crate) fn give_up_slice(&mut self) -> bool {
        let mut left = SLICE;
        while let Some(mut subscriptions) = self.leaving.pop_front() {
            for kind in Kind::ALL {
                while left > 0
                    && let Some((name, number)) = subscriptions.pop(kind)
                {
                    self.remove(kind, &name, number);
                    left -= 1;
                }
            }
            if subscriptions.total() > 0 {
                self.leaving.push_front(subscriptions);
                return true;
            }
        }
        false
    }

    /// Sends a message to those who are subscribed to its channel, and then to
    /// those whose patterns it fits. `own` is the session that is not among the
    /// others, as its request runs: what it is sent waits until it has its
    /// reply. Returns how many messages that makes.
    pub(crate) fn publish(
        &mut self,
        kind: Kind,
        channel: &[u8],
        message: &[u8],
        sessions: &Sessions,
        own: Option<&Session>,
    ) -> usize {
        let mut count = 0;
        if let Some(subscribers) = self.topics[kind as usize].get(channel) {
            let words = Message { kind, pattern: None, channel, message };
            count += self.fan_out.spread(&words, subscribers, sessions, own);
        }
        if kind == Kind::Channel {
            for (pattern, subscribers) in &self.topics[Kind::Pattern as usize] {
                if glob::matches(pattern, channel, false) {
                    let words = Message { kind: Kind::Pattern, pattern: Some(pattern), channel, message };
                    count += self.fan_out.spread(&words, subscribers, sessions, own);
                }
            }
        }
        count
    }
}
