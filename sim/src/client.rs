//! A client: what it has asked, what it was answered, what it is about to ask.

use crate::reply::Reply;
use engine::boundary::id::ClientId;
use std::collections::VecDeque;

/// Commands after which replies can't be counted.
const UNCOUNTED: &[&[u8]] =
    &[b"monitor", b"subscribe", b"psubscribe", b"ssubscribe", b"unsubscribe", b"punsubscribe", b"sunsubscribe"];

/// Commands after which a snapshot and the replication stream come, not replies.
const STREAMED: &[&[u8]] = &[b"sync", b"psync"];

/// A client, which lives on over its connections.
#[derive(Default, Debug)]
pub struct Actor {
    /// Its connection, if it has one.
    pub client: Option<ClientId>,
    /// Counts what it does, so that a timeout of the past is known as such.
    pub epoch: u64,
    /// Requests that it has decided to send next.
    pub plan: VecDeque<Vec<Vec<u8>>>,
    /// Where its SCAN goes on; empty before the first.
    pub scan_cursor: Vec<u8>,
    /// What replies are missing.
    asked: VecDeque<Asked>,
    /// True once replies can't be counted on this connection.
    uncounted: bool,
    /// True once what comes on this connection may be no replies at all.
    streamed: bool,
    received: Vec<u8>,
    /// When its last bytes arrive, so that they stay in order.
    pub arrival: u64,
    /// When the last bytes for it arrive.
    pub delivery: u64,
}

#[derive(Debug)]
enum Asked {
    Scan,
    Other,
}

/// What replies were received.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Received {
    /// Replies.
    pub replies: u64,
    /// Errors among them.
    pub errors: u64,
}

impl Actor {
    /// Begins with a new connection.
    pub fn connected(&mut self, client: ClientId) {
        *self = Actor {
            client: Some(client),
            epoch: self.epoch + 1,
            scan_cursor: std::mem::take(&mut self.scan_cursor),
            arrival: self.arrival,
            delivery: self.delivery,
            ..Actor::default()
        };
    }

    /// The connection is gone.
    pub fn disconnected(&mut self) {
        self.client = None;
        self.epoch += 1;
    }

    /// Number of replies that are missing.
    pub fn missing(&self) -> usize {
        if self.uncounted { 0 } else { self.asked.len() }
    }

    /// Notes a request that is sent.
    pub fn asks(&mut self, request: &[Vec<u8>]) {
        let is = |argument: &[u8], word: &[u8]| argument.eq_ignore_ascii_case(word);
        let name = request.first().map_or(&[][..], Vec::as_slice);
        let silences = is(name, b"client") && request.iter().any(|argument| is(argument, b"reply"));
        if silences || UNCOUNTED.iter().any(|word| is(name, word)) {
            self.uncounted = true;
        }
        self.streamed |= STREAMED.iter().any(|word| is(name, word));
        self.asked.push_back(if is(name, b"scan") { Asked::Scan } else { Asked::Other });
    }

    /// Notes that something was sent that is no request.
    pub fn sends_garbage(&mut self) {
        self.uncounted = true;
    }

    /// Takes bytes that arrived.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Received, String> {
        let mut received = Received::default();
        if self.streamed {
            return Ok(received);
        }
        self.received.extend_from_slice(bytes);
        let mut position = 0;
        while let Some((reply, length)) = Reply::parse(&self.received[position..])? {
            position += length;
            if matches!(reply, Reply::Push(_)) {
                continue;
            }
            received.replies += 1;
            received.errors += u64::from(reply.is_error());
            match self.asked.pop_front() {
                Some(Asked::Scan) => self.note_cursor(&reply),
                Some(Asked::Other) => {}
                // One error may come unasked: why the connection is refused or
                // closed.
                None if self.uncounted || reply.is_error() => {}
                None => return Err(format!("a reply that nobody asked for: {reply:?}")),
            }
        }
        self.received.drain(..position);
        Ok(received)
    }

    fn note_cursor(&mut self, reply: &Reply) {
        if let Reply::Array(parts) = reply
            && let Some(Reply::Bulk(cursor)) = parts.first()
        {
            self.scan_cursor.clone_from(cursor);
        }
    }
}
