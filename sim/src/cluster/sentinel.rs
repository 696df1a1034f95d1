//! A sentinel: looks at all nodes, promotes the replica that has come furthest
//! when the primary is gone, and tells the others whom to follow.

use super::network::{ConnectionNumber, Peer, Segment};
use super::setup::{NODES, PORT, Setup, address, node_at};
use super::world::{Event, World};
use crate::reply::Reply;
use engine::base::random::Random;
use engine::command::generate::encode;

/// How often it looks, microseconds.
const POLL_US: u64 = 1_000_000;
/// A node that has said nothing for so long is taken for dead.
const DOWN_US: u64 = 3_500_000;
/// How long it leaves things alone after it has changed them.
const QUIET_US: u64 = 3_000_000;
/// How long it leaves a handover alone.
const HANDOVER_US: u64 = 8_000_000;

/// The sentinel.
pub(super) struct Sentinel {
    /// The node that it takes for the primary.
    pub primary: usize,
    nodes: Vec<Sight>,
    /// Until when it decides nothing.
    quiet_until: u64,
    /// The node that a handover is under way to.
    handover_to: Option<usize>,
    random: Random,
}

/// What it sees of a node.
#[derive(Clone, Default)]
struct Sight {
    connection: Option<ConnectionNumber>,
    connected: bool,
    connected_at: u64,
    received: Vec<u8>,
    seen_at: Option<u64>,
    role: Option<Role>,
    /// Polls in a row in which it was not what it should be.
    wrong: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Primary,
    Replica { of: Option<usize>, offset: i64 },
}

impl Sentinel {
    pub(super) fn new(random: Random) -> Sentinel {
        Sentinel { primary: 0, nodes: vec![Sight::default(); NODES], quiet_until: 0, handover_to: None, random }
    }

    fn is_alive(&self, node: usize, now: u64) -> bool {
        self.nodes[node].seen_at.is_some_and(|at| now < at + DOWN_US)
    }
}

fn role(reply: &Reply) -> Option<Role> {
    let Reply::Array(parts) = reply else { return None };
    match &parts[..] {
        [Reply::Bulk(name), ..] if name == b"master" => Some(Role::Primary),
        [Reply::Bulk(name), Reply::Bulk(host), _, _, Reply::Integer(offset)] if name == b"slave" => {
            Some(Role::Replica { of: std::str::from_utf8(host).ok().and_then(node_at), offset: *offset })
        }
        _ => None,
    }
}

impl World {
    pub(super) fn poll(&mut self, node: usize) {
        let sight = &self.sentinel.nodes[node];
        let heard_at = sight.seen_at.unwrap_or(0).max(sight.connected_at);
        match sight.connection {
            Some(connection) if self.now > heard_at + DOWN_US => {
                self.peer_closes(connection);
                self.sentinel.nodes[node].connection = None;
                self.sentinel_connects(node);
            }
            Some(_) if sight.connected => self.sentinel_orders(node, &["ROLE"]),
            Some(_) => {}
            None => self.sentinel_connects(node),
        }
        // Writes are refused after a save that failed, until one succeeds.
        if self.healed_at.is_some() && self.engine(node).is_some_and(|it| !it.server().persistence.last_ok) {
            self.sentinel_orders(node, &["BGSAVE"]);
        }
        if self.replication {
            self.decide();
        }
        let delay = POLL_US + self.sentinel.random.below(POLL_US / 10);
        self.push_in(delay, Event::Poll { node });
    }

    fn sentinel_connects(&mut self, node: usize) {
        let connection = self.connect(node, Peer::Sentinel(node));
        let sight = &mut self.sentinel.nodes[node];
        sight.connection = Some(connection);
        sight.connected = false;
        sight.connected_at = self.now;
        sight.received.clear();
    }

    /// Sends a command to a node, if there is a connection.
    pub(super) fn sentinel_orders(&mut self, node: usize, words: &[&str]) {
        let sight = &self.sentinel.nodes[node];
        let Some(connection) = sight.connection.filter(|_| sight.connected) else { return };
        if words != ["ROLE"] {
            self.note_election(node, || words.join(" "));
        }
        let request: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let mut bytes = Vec::new();
        encode(&request, &mut bytes);
        self.peer_sends(connection, &bytes);
    }

    pub(super) fn arrive_at_sentinel(&mut self, node: usize, connection: ConnectionNumber, segment: Segment) {
        let sight = &mut self.sentinel.nodes[node];
        if sight.connection != Some(connection) {
            return;
        }
        match segment {
            Segment::Accepted => {
                sight.connected = true;
                self.sentinel_orders(node, &["ROLE"]);
            }
            Segment::Bytes(bytes) => {
                sight.received.extend_from_slice(&bytes);
                self.sentinel_hears(node);
            }
            Segment::Close(_) | Segment::Open => {
                sight.connection = None;
                if let Some(connection) = self.network.get(connection) {
                    connection.open_at_peer = false;
                }
                self.drop_if_over(connection);
            }
        }
    }

    fn sentinel_hears(&mut self, node: usize) {
        let sight = &mut self.sentinel.nodes[node];
        let mut position = 0;
        while let Ok(Some((reply, length))) = Reply::parse(&sight.received[position..]) {
            position += length;
            // A node that loads is not dead, but nothing is known of it.
            sight.seen_at = Some(self.now);
            if let Some(role) = role(&reply) {
                sight.role = Some(role);
            }
        }
        sight.received.drain(..position);
    }

    fn decide(&mut self) {
        if self.now < self.sentinel.quiet_until {
            return;
        }
        let primary = self.sentinel.primary;
        if let Some(to) = self.sentinel.handover_to.take()
            && self.sentinel.nodes[to].role == Some(Role::Primary)
            && self.sentinel.nodes[primary].role != Some(Role::Primary)
        {
            self.sentinel.primary = to;
            self.report.add("handovers seen", 1);
            return;
        }
        if !self.sentinel.is_alive(primary, self.now) {
            return self.fail_over();
        }
        for node in 0..NODES {
            self.set_right(node);
        }
    }

    fn fail_over(&mut self) {
        let offset = |node: usize| match self.sentinel.nodes[node].role {
            Some(Role::Replica { offset, .. }) if self.sentinel.is_alive(node, self.now) => Some((offset, node)),
            _ => None,
        };
        if let Some((furthest, best)) = (0..NODES).filter_map(offset).max() {
            self.report.add("failovers by the sentinel", 1);
            self.note_election(best, || format!("chosen: node {best}, at offset {furthest}"));
            self.sentinel_promotes(best);
        }
    }

    /// Makes a node the primary.
    pub(super) fn sentinel_promotes(&mut self, node: usize) {
        if !self.replication || self.healed_at.is_some() && self.sentinel.primary == node {
            return;
        }
        self.sentinel.primary = node;
        self.sentinel.quiet_until = self.now + QUIET_US;
        self.sentinel.handover_to = None;
        self.sentinel_orders(node, &["REPLICAOF", "NO", "ONE"]);
        self.note_upstream(node, None);
    }

    /// Has the primary hand over to a node.
    pub(super) fn sentinel_hands_over(&mut self, node: usize) {
        let primary = self.sentinel.primary;
        if !self.replication || node == primary || self.now < self.sentinel.quiet_until {
            return;
        }
        self.sentinel.handover_to = Some(node);
        self.sentinel.quiet_until = self.now + HANDOVER_US;
        let (host, port) = (address(node), PORT.to_string());
        self.sentinel_orders(primary, &["FAILOVER", "TO", &host, &port, "TIMEOUT", "5000"]);
    }

    fn set_right(&mut self, node: usize) {
        let upstream = Setup::upstream(node, self.sentinel.primary);
        let right = match (self.sentinel.nodes[node].role, upstream) {
            (Some(Role::Primary), None) | (None, _) => true,
            (Some(Role::Replica { of, .. }), Some(upstream)) => of == Some(upstream),
            _ => false,
        };
        let sight = &mut self.sentinel.nodes[node];
        sight.wrong = if right { 0 } else { sight.wrong + 1 };
        // All nodes are looked at in each poll of any.
        if sight.wrong < 2 * NODES as u32 {
            return;
        }
        sight.wrong = 0;
        self.report.add("nodes set right", 1);
        match upstream {
            Some(upstream) => {
                let (host, port) = (address(upstream), PORT.to_string());
                self.sentinel_orders(node, &["REPLICAOF", &host, &port]);
            }
            None => self.sentinel_orders(node, &["REPLICAOF", "NO", "ONE"]),
        }
        self.note_upstream(node, upstream);
    }

    /// The configuration follows, where it is so set up.
    fn note_upstream(&mut self, node: usize, upstream: Option<usize>) {
        if self.setup.rewrites {
            self.hosts[node].upstream = upstream;
        }
    }
}
