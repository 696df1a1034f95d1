//! Connections between nodes, clients and the sentinel: bytes that are under
//! way, in order, through paths that may be slow or cut.

use super::setup::NODES;
use crate::link::Link;
use engine::base::random::Random;
use engine::boundary::id::{ClientId, LinkId};
use std::collections::VecDeque;

/// Number of a connection; never used again.
pub(crate) type ConnectionNumber = usize;
/// The place of all clients, and of the sentinel.
pub(crate) const CLIENTS: usize = NODES;
/// Bytes that are under way or wait to be read before the sender has to wait.
const WINDOW: usize = 256 << 10;

/// Who is at the end that connected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Peer {
    /// A client.
    Actor(usize),
    /// The sentinel, for this node.
    Sentinel(usize),
    /// A node, by a link.
    Link {
        /// Which node.
        node: usize,
        /// Its number there.
        link: LinkId,
    },
}

impl Peer {
    /// Where it is.
    pub(crate) fn place(self) -> usize {
        match self {
            Peer::Link { node, .. } => node,
            Peer::Actor(_) | Peer::Sentinel(_) => CLIENTS,
        }
    }
}

/// The two ways of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// To the node that was connected to.
    In,
    /// To the end that connected.
    Out,
}

/// What is under way.
#[derive(Debug)]
pub(crate) enum Segment {
    /// The wish to connect.
    Open,
    /// It is granted.
    Accepted,
    /// Bytes.
    Bytes(Vec<u8>),
    /// The end; with the system's text if it is none in order.
    Close(Option<&'static str>),
}

/// One way.
#[derive(Default, Debug)]
pub(crate) struct Pipe {
    /// With when each was sent.
    queue: VecDeque<(u64, Segment)>,
    /// When the last segment arrives.
    last_at: u64,
    under_way: usize,
    /// What waits to get under way.
    outbox: Vec<u8>,
    /// Nothing follows.
    closed: bool,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The node that was connected to.
    pub server: usize,
    /// The end that connected.
    pub peer: Peer,
    /// Its number at the server, once it was accepted.
    pub client: Option<ClientId>,
    /// The server's end.
    pub link: Option<Link>,
    /// True while the server's process holds it.
    pub open_at_server: bool,
    /// True while the peer holds it.
    pub open_at_peer: bool,
    /// The server closes it when all is sent.
    pub closing: bool,
    /// Requests that waited are to be submitted.
    pub resumed: bool,
    /// Bytes that the server's engine was not told of to be written.
    pub written: u64,
    /// True while a report of those is due.
    pub report_due: bool,
    /// Bytes that the peer, a link, has not read.
    pub unread: Vec<u8>,
    /// The link's engine wants to read.
    pub credit: bool,
    /// Bytes to the peer take so much longer, microseconds.
    pub lag: u64,
    /// The end has come to the link's end.
    pub ended: Option<Option<&'static str>>,
    /// True while the link is about to be handed what it wants.
    pub hand_due: bool,
    to_server: Pipe,
    to_peer: Pipe,
}

impl Connection {
    pub(crate) fn new(server: usize, peer: Peer) -> Connection {
        Connection {
            server,
            peer,
            client: None,
            link: None,
            open_at_server: false,
            open_at_peer: true,
            closing: false,
            resumed: false,
            written: 0,
            report_due: false,
            unread: Vec::new(),
            credit: false,
            lag: 0,
            ended: None,
            hand_due: false,
            to_server: Pipe::default(),
            to_peer: Pipe::default(),
        }
    }

    pub(crate) fn pipe(&mut self, way: Way) -> &mut Pipe {
        match way {
            Way::In => &mut self.to_server,
            Way::Out => &mut self.to_peer,
        }
    }

    /// Places from which and to which a way leads.
    pub(crate) fn path(&self, way: Way) -> (usize, usize) {
        match way {
            Way::In => (self.peer.place(), self.server),
            Way::Out => (self.server, self.peer.place()),
        }
    }
}

impl Pipe {
    /// Puts bytes behind those that wait.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        if !self.closed {
            self.outbox.extend_from_slice(bytes);
        }
    }

    /// Bytes that may get under way now.
    pub(crate) fn take_ready(&mut self, unread: usize) -> Option<Vec<u8>> {
        let free = WINDOW.saturating_sub(self.under_way + unread);
        if self.outbox.is_empty() || free == 0 {
            return None;
        }
        let taken = if self.outbox.len() <= free {
            std::mem::take(&mut self.outbox)
        } else {
            self.outbox.drain(..free).collect()
        };
        self.under_way += taken.len();
        Some(taken)
    }

    pub(crate) fn push(&mut self, segment: Segment, now: u64) {
        self.closed |= matches!(segment, Segment::Close(_));
        self.queue.push_back((now, segment));
    }

    /// True if bytes wait to get under way.
    pub(crate) fn is_full(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// What arrives, and when it was sent.
    pub(crate) fn pop(&mut self) -> Option<(u64, Segment)> {
        let (sent_at, segment) = self.queue.pop_front()?;
        if let Segment::Bytes(bytes) = &segment {
            self.under_way -= bytes.len();
        }
        Some((sent_at, segment))
    }

    /// Nothing gets under way any more.
    pub(crate) fn end_here(&mut self) {
        self.closed = true;
        self.outbox.clear();
    }

    /// What is under way is lost.
    pub(crate) fn lose(&mut self) {
        self.queue.retain(|(_, segment)| matches!(segment, Segment::Close(_)));
        self.under_way = 0;
        self.outbox.clear();
    }
}

/// The paths between all places.
#[derive(Debug)]
pub(crate) struct Network {
    /// All connections that ever were; those that ended are gone.
    pub connections: Vec<Option<Box<Connection>>>,
    /// Until when nothing gets from one place to another.
    blocked_until: [[u64; NODES + 1]; NODES + 1],
    /// How much longer bytes take, microseconds.
    slower: [[u64; NODES + 1]; NODES + 1],
    latency_max: u64,
    split_one_in: u64,
    random: Random,
}

impl Network {
    /// A network whose bytes take up to so many microseconds, and some come in
    /// two parts.
    pub(crate) fn new(random: Random, latency_max: u64, split_one_in: u64) -> Network {
        Network {
            connections: Vec::new(),
            blocked_until: Default::default(),
            slower: Default::default(),
            latency_max,
            split_one_in,
            random,
        }
    }

    /// A connection that is still there.
    pub(crate) fn get(&mut self, number: ConnectionNumber) -> Option<&mut Connection> {
        self.connections.get_mut(number)?.as_deref_mut()
    }

    /// Those that are still there.
    pub(crate) fn open(&self) -> impl Iterator<Item = (ConnectionNumber, &Connection)> {
        self.connections.iter().enumerate().filter_map(|(number, it)| Some((number, it.as_deref()?)))
    }

    /// A new one.
    pub(crate) fn add(&mut self, server: usize, peer: Peer) -> ConnectionNumber {
        self.connections.push(Some(Box::new(Connection::new(server, peer))));
        self.connections.len() - 1
    }

    /// How many of so many bytes come first.
    pub(crate) fn split(&mut self, length: usize) -> usize {
        match self.split_one_in {
            0 => length,
            one_in if self.random.below(one_in) > 0 => length,
            _ => self.random.below(length as u64) as usize,
        }
    }

    /// Sends a segment; returns when it arrives.
    pub(crate) fn send(&mut self, number: ConnectionNumber, way: Way, segment: Segment, now: u64) -> Option<u64> {
        let connection = self.connections.get_mut(number)?.as_deref_mut()?;
        let (from, to) = connection.path(way);
        let lag = if way == Way::Out { connection.lag } else { 0 };
        let latency = 1 + self.random.below(self.latency_max) + self.slower[from][to] + lag;
        let pipe = connection.pipe(way);
        pipe.last_at = pipe.last_at.max(now + latency);
        pipe.push(segment, now);
        Some(pipe.last_at)
    }

    /// Until when a way is cut, if it is now.
    pub(crate) fn blocked(&self, from: usize, to: usize, now: u64) -> Option<u64> {
        Some(self.blocked_until[from][to]).filter(|until| *until > now)
    }

    /// Nothing gets from one place to another until a time.
    pub(crate) fn block(&mut self, from: usize, to: usize, until: u64) {
        self.blocked_until[from][to] = self.blocked_until[from][to].max(until);
    }

    /// Bytes from one place to another take so much longer.
    pub(crate) fn slow(&mut self, from: usize, to: usize, microseconds: u64) {
        self.slower[from][to] = microseconds;
    }

    /// Until when anything is cut.
    pub(crate) fn blocked_until(&self) -> u64 {
        self.blocked_until.iter().flatten().copied().max().unwrap_or(0)
    }

    /// Bytes on the links that a node has take so much longer.
    pub(crate) fn lag(&mut self, node: usize, microseconds: u64) {
        let links = self.connections.iter_mut().flatten();
        for link in links.filter(|it| it.peer.place() == node && it.open_at_peer) {
            link.lag = microseconds;
        }
    }

    /// Nothing is slow any more.
    pub(crate) fn heal(&mut self) {
        self.slower = Default::default();
        self.connections.iter_mut().flatten().for_each(|connection| connection.lag = 0);
    }
}
