//! What subscribers are sent: each message rendered once for each protocol that
//! any of them speaks, however many they are.
//!
//! It gathers while an input is handled, and becomes effects at its end. Only
//! what goes to the connection whose request runs is kept apart: it belongs
//! behind the reply.

use crate::boundary::id::ClientId;
use crate::resp::reply::{Protocol, Reply};
use crate::server::pubsub::{PubSub, Subscribers};
use crate::session::Session;
use crate::session::sessions::Sessions;
use crate::session::subscription::Kind;
use alloc::vec::Vec;

/// Buffers that grew beyond this are given back.
const KEPT_MAX: usize = 64 << 10;

/// What is to be sent.
#[derive(Default, Debug)]
pub(super) struct FanOut {
    /// Messages, one behind the other.
    bytes: Vec<u8>,
    deliveries: Vec<Delivery>,
    /// What goes to the connection whose request runs.
    own: Vec<u8>,
}

/// A message for a connection: a place in the bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    pub(crate) client: ClientId,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A message, and why it is sent.
pub(super) struct Message<'a> {
    pub(super) kind: Kind,
    /// The pattern that the channel fits, if it is sent for one.
    pub(super) pattern: Option<&'a [u8]>,
    pub(super) channel: &'a [u8],
    pub(super) message: &'a [u8],
}

impl Message<'_> {
    fn render(&self, protocol: Protocol, out: &mut Vec<u8>) -> (usize, usize) {
        let start = out.len();
        out.reserve(self.channel.len() + self.message.len() + 64);
        let mut reply = Reply::new(out, protocol);
        reply.push(3 + usize::from(self.pattern.is_some()));
        reply.bulk(match self.kind {
            Kind::Channel => b"message",
            Kind::Pattern => b"pmessage",
            Kind::Shard => b"smessage",
        });
        for part in self.pattern.into_iter().chain([self.channel, self.message]) {
            reply.bulk(part);
        }
        (start, out.len())
    }
}

impl FanOut {
    /// Sends a message to subscribers, in order. Returns how many there are.
    pub(super) fn spread(
        &mut self,
        message: &Message<'_>,
        subscribers: &Subscribers,
        sessions: &Sessions,
        own: Option<&Session>,
    ) -> usize {
        let mut rendered = [None; 2];
        let mut count = 0;
        for &client in subscribers.values() {
            let runs = own.filter(|own| own.id == client);
            // One that is gone, and whose subscriptions are still being given up, counts no more.
            let Some(session) = runs.or_else(|| sessions.get(client)) else { continue };
            count += 1;
            if session.closing {
                continue;
            }
            let protocol = session.protocol;
            let place = rendered[protocol as usize].get_or_insert_with(|| message.render(protocol, &mut self.bytes));
            let (start, end) = *place;
            if runs.is_some() {
                self.own.extend_from_slice(&self.bytes[start..end]);
            } else {
                self.deliveries.push(Delivery { client, start, end });
            }
        }
        count
    }
}

impl PubSub {
    /// True if anything is to be sent to others than the connection whose
    /// request runs.
    #[inline]
    pub(crate) fn has_deliveries(&self) -> bool {
        !self.fan_out.deliveries.is_empty()
    }

    /// Messages that are to be sent to others so far.
    pub(crate) fn delivery_count(&self) -> usize {
        self.fan_out.deliveries.len()
    }

    /// What is to be sent to others: bytes, and whom which of them go to.
    /// [`PubSub::recycle`] follows.
    pub(crate) fn take_deliveries(&mut self) -> (Vec<u8>, Vec<Delivery>) {
        (core::mem::take(&mut self.fan_out.bytes), core::mem::take(&mut self.fan_out.deliveries))
    }

    /// Takes buffers back.
    pub(crate) fn recycle(&mut self, mut bytes: Vec<u8>, mut deliveries: Vec<Delivery>) {
        bytes.clear();
        deliveries.clear();
        if bytes.capacity() <= KEPT_MAX {
            self.fan_out.bytes = bytes;
        }
        if deliveries.capacity() <= KEPT_MAX / size_of::<Delivery>() {
            self.fan_out.deliveries = deliveries;
        }
    }

    /// True if the connection whose request runs is to be sent something.
    #[inline]
    pub(crate) fn has_own(&self) -> bool {
        !self.fan_out.own.is_empty()
    }

    /// Where what goes to that connection gathers, in its protocol.
    pub(crate) fn own(&mut self) -> &mut Vec<u8> {
        &mut self.fan_out.own
    }

    /// Moves what goes to that connection behind its replies.
    #[cold]
    pub(crate) fn flush_own(&mut self, reply: &mut Reply<'_>) {
        reply.raw(&self.fan_out.own);
        self.fan_out.own.clear();
        self.fan_out.own.shrink_to(KEPT_MAX);
        if self.fan_out.deliveries.is_empty() {
            self.fan_out.bytes.clear();
        }
    }
}
