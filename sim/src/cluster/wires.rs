//! What happens on connections: segments arrive, ends close, links read what
//! they have credit for.

use super::actors::Asking;
use super::lifecycle::count_down;
use super::network::{CLIENTS, ConnectionNumber, Peer, Segment, Way};
use super::setup::{NODES, PORT, address, node_at};
use super::world::{Event, LostReplica, World};
use crate::link::{Link, Submitted};
use engine::boundary::effects::Progress;
use engine::boundary::id::{ClientId, LinkId};
use engine::boundary::input::{BufferReport, Connection, Input, LinkEvent};
use engine::resp::request::{Limits, RequestBuffer};

/// Most bytes that a link is handed at once.
const READ_MAX: usize = 16 << 10;
/// Requests that are parsed before they are submitted.
const PARSE_MAX: usize = 512;

/// True if a segment to a replica looks like a transaction or a pipeline: where it
/// ends early matters most.
fn has_several_requests(bytes: &[u8]) -> bool {
    bytes.windows(3).filter(|it| it == b"\r\n*").count() > 1
}

impl World {
    fn send_segment(&mut self, number: ConnectionNumber, way: Way, segment: Segment) {
        if let Some(at) = self.network.send(number, way, segment, self.now) {
            self.heap.push(at, Event::Arrive { connection: number, way });
        }
    }

    /// What waits gets under way, as far as the window lets it.
    fn pump(&mut self, number: ConnectionNumber, way: Way) -> u64 {
        let Some(connection) = self.network.get(number) else { return 0 };
        let unread = if way == Way::Out { connection.unread.len() } else { 0 };
        let Some(bytes) = connection.pipe(way).take_ready(unread) else { return 0 };
        let length = bytes.len() as u64;
        let (server, to_replica) = (connection.server, way == Way::Out && connection.peer.place() < NODES);
        if to_replica && self.breaks_off(server, number, &bytes) {
            return length;
        }
        let (one, other) = bytes.split_at(self.network.split(bytes.len()));
        for part in [one, other].into_iter().filter(|part| !part.is_empty()) {
            self.send_segment(number, way, Segment::Bytes(part.to_vec()));
        }
        length
    }

    /// Only a part of a segment to a replica arrives, if that has been arranged,
    /// and nothing after it: the machine loses its power, or the connection breaks.
    fn breaks_off(&mut self, server: usize, number: ConnectionNumber, bytes: &[u8]) -> bool {
        let host = &mut self.hosts[server];
        let arranged = host.dies_after_segments.is_some() || host.breaks_off_after_segments.is_some();
        if !arranged || !has_several_requests(bytes) {
            return false;
        }
        let dies = count_down(&mut host.dies_after_segments);
        if !dies && !count_down(&mut host.breaks_off_after_segments) {
            return false;
        }
        let part = bytes[..host.random.below(bytes.len() as u64) as usize].to_vec();
        let Some(at) = self.network.send(number, Way::Out, Segment::Bytes(part), self.now) else { return false };
        self.heap.push(at, Event::Arrive { connection: number, way: Way::Out });
        if dies {
            self.heap.push(at + 1, Event::PowerFails { node: server });
        } else {
            self.report.add("aimed resets", 1);
            for way in [Way::In, Way::Out] {
                self.send_segment(number, way, Segment::Close(Some("Connection reset by peer")));
            }
        }
        if let Some(connection) = self.network.get(number) {
            connection.pipe(Way::Out).end_here();
        }
        true
    }

    /// Somebody connects to a node.
    pub(super) fn connect(&mut self, server: usize, peer: Peer) -> ConnectionNumber {
        let number = self.network.add(server, peer);
        self.send_segment(number, Way::In, Segment::Open);
        number
    }

    pub(super) fn node_connects(&mut self, node: usize, link: LinkId, host: &str) {
        let server = node_at(host).unwrap_or(node);
        let number = self.connect(server, Peer::Link { node, link });
        if let Some(process) = &mut self.hosts[node].process {
            process.links.insert(link, number);
        }
        self.report.add("links", 1);
    }

    pub(super) fn peer_sends(&mut self, number: ConnectionNumber, bytes: &[u8]) {
        let Some(connection) = self.network.get(number) else { return };
        connection.pipe(Way::In).write(bytes);
        if let Peer::Link { .. } = connection.peer {
            // The engine is told later what has left.
            self.push_in(1, Event::Written { connection: number });
        } else {
            self.pump(number, Way::In);
        }
    }

    pub(super) fn server_sends(&mut self, number: ConnectionNumber, bytes: &[u8]) {
        self.look_at_reply(number, bytes);
        let Some(connection) = self.network.get(number) else { return };
        connection.pipe(Way::Out).write(bytes);
        self.pump_server(number);
    }

    fn pump_server(&mut self, number: ConnectionNumber) {
        let written = self.pump(number, Way::Out);
        let Some(connection) = self.network.get(number) else { return };
        connection.written += written;
        if connection.written > BufferReport::UNREPORTED_MAX && !connection.report_due {
            connection.report_due = true;
            self.push_in(1, Event::Written { connection: number });
        }
    }

    /// An engine is told what was written on a connection or a link.
    pub(super) fn tell_written(&mut self, number: ConnectionNumber) {
        let Some(connection) = self.network.get(number) else { return };
        if let (Some(client), true) = (connection.client, connection.report_due) {
            connection.report_due = false;
            let report = BufferReport { written: std::mem::take(&mut connection.written), ..BufferReport::default() };
            let (server, open) = (connection.server, connection.open_at_server);
            if open && report.written > 0 {
                self.handle(server, Input::Drained { client, report });
            }
        }
        let length = self.pump(number, Way::In);
        let Some(connection) = self.network.get(number) else { return };
        if let (Peer::Link { node, link }, true) = (connection.peer, connection.open_at_peer && length > 0) {
            self.handle(node, Input::Link { link, event: LinkEvent::Written(length) });
        }
    }

    /// A segment arrives, unless the way is cut.
    pub(super) fn arrive(&mut self, number: ConnectionNumber, way: Way) {
        let now = self.now;
        let Some(connection) = self.network.get(number) else { return };
        let (from, to) = connection.path(way);
        if let Some(until) = self.network.blocked(from, to, now) {
            self.report.add("segments held", 1);
            self.heap.push(until, Event::Arrive { connection: number, way });
            return;
        }
        let Some(connection) = self.network.get(number) else { return };
        let (server, peer) = (connection.server, connection.peer);
        let Some((sent_at, segment)) = connection.pipe(way).pop() else { return };
        if to != CLIENTS && self.hosts[to].dark {
            self.report.add("segments to machines without power", 1);
            return;
        }
        self.note_message(server, peer, way, sent_at, &segment);
        match way {
            Way::In => self.arrive_at_server(number, segment),
            Way::Out => self.arrive_at_peer(number, segment),
        }
    }

    fn arrive_at_server(&mut self, number: ConnectionNumber, segment: Segment) {
        let Some(connection) = self.network.get(number) else { return };
        let (server, open) = (connection.server, connection.open_at_server);
        match segment {
            Segment::Open => self.accept(number),
            Segment::Bytes(_) if !open => {
                self.send_segment(number, Way::Out, Segment::Close(Some("Connection reset by peer")));
            }
            Segment::Bytes(bytes) => {
                self.report.add("bytes to servers", bytes.len() as u64);
                self.with_link(number, |link, world| {
                    link.receive(&bytes, &mut |link, bytes, parsed| world.submit(number, link, bytes, parsed))
                });
                if self.network.get(number).is_some_and(|it| it.pipe(Way::In).is_full()) {
                    self.tell_written(number);
                }
            }
            Segment::Close(_) if open => {
                self.leave_server(server, number);
                self.drop_if_over(number);
            }
            Segment::Close(_) | Segment::Accepted => self.drop_if_over(number),
        }
    }

    fn accept(&mut self, number: ConnectionNumber) {
        let Some(connection) = self.network.get(number) else { return };
        let (server, place) = (connection.server, connection.peer.place());
        let Some(process) = self.hosts[server].process.as_mut().filter(|process| !process.exiting) else {
            self.report.add("connections refused", 1);
            return self.send_segment(number, Way::Out, Segment::Close(Some("Connection refused")));
        };
        let client = ClientId(process.next_client);
        process.next_client += 1;
        process.clients.insert(client, number);
        connection.client = Some(client);
        connection.open_at_server = true;
        connection.link = Some(Link::new(client, 0, Limits::default(), PARSE_MAX));
        let peer = if place == CLIENTS { "10.0.1.1".into() } else { address(place) };
        let ends = Connection {
            peer: format!("{peer}:{}", 10_000 + number),
            local: format!("{}:{PORT}", address(server)),
            unix_socket: false,
            loopback: false,
            descriptor: 8 + number as i64,
        };
        self.send_segment(number, Way::Out, Segment::Accepted);
        self.handle(server, Input::Connected { client, connection: ends });
        let Some(process) = &self.hosts[server].process else { return };
        let limits = process.node.engine.limits(client);
        if let Some(link) = self.network.get(number).and_then(|connection| connection.link.as_mut()) {
            link.limits = limits;
        }
    }

    fn arrive_at_peer(&mut self, number: ConnectionNumber, segment: Segment) {
        let Some(connection) = self.network.get(number) else { return };
        if !connection.open_at_peer {
            self.drop_if_over(number);
            return;
        }
        match connection.peer {
            Peer::Actor(actor) => self.arrive_at_actor(actor, number, segment),
            Peer::Sentinel(node) => self.arrive_at_sentinel(node, number, segment),
            Peer::Link { node, link } => self.arrive_at_link(node, link, number, segment),
        }
        self.pump_server(number);
    }

    fn arrive_at_link(&mut self, node: usize, link: LinkId, number: ConnectionNumber, segment: Segment) {
        let Some(connection) = self.network.get(number) else { return };
        match segment {
            Segment::Accepted => {
                let server = connection.server;
                let ends = Connection {
                    peer: format!("{}:{PORT}", address(server)),
                    local: format!("{}:{}", address(node), 10_000 + number),
                    unix_socket: false,
                    loopback: false,
                    descriptor: 8 + number as i64,
                };
                self.handle(node, Input::Link { link, event: LinkEvent::Connected { connection: ends } });
            }
            Segment::Bytes(bytes) => {
                connection.unread.extend_from_slice(&bytes);
                self.hand_soon(number);
            }
            Segment::Close(reason) => {
                let never_open = connection.client.is_none();
                connection.ended = Some(reason);
                if never_open {
                    connection.credit = true;
                }
                self.hand_soon(number);
            }
            Segment::Open => {}
        }
    }

    /// The engine of a link wants to read.
    pub(super) fn link_reads(&mut self, number: ConnectionNumber) {
        if let Some(connection) = self.network.get(number) {
            connection.credit = true;
            self.hand_soon(number);
        }
    }

    fn hand_soon(&mut self, number: ConnectionNumber) {
        let Some(connection) = self.network.get(number) else { return };
        let something = !connection.unread.is_empty() || connection.ended.is_some();
        if connection.credit && something && !connection.hand_due {
            connection.hand_due = true;
            self.push_in(1, Event::Hand { connection: number });
        }
    }

    /// Hands a link what it has credit for.
    pub(super) fn hand(&mut self, number: ConnectionNumber) {
        let Some(connection) = self.network.get(number) else { return };
        connection.hand_due = false;
        let Peer::Link { node, link } = connection.peer else { return };
        if !connection.credit || !connection.open_at_peer {
            return;
        }
        connection.credit = false;
        if connection.unread.is_empty() {
            let Some(reason) = connection.ended else { return };
            connection.open_at_peer = false;
            if let Some(process) = &mut self.hosts[node].process {
                process.links.remove(&link);
            }
            self.handle(node, Input::Link { link, event: LinkEvent::Closed(reason) });
            self.drop_if_over(number);
            return;
        }
        let length = connection.unread.len().min(READ_MAX);
        let bytes: Vec<u8> = connection.unread.drain(..length).collect();
        self.report.add("bytes to replicas", length as u64);
        self.handle(node, Input::Link { link, event: LinkEvent::Received(&bytes) });
        self.pump_server(number);
    }

    /// The end that connected closes.
    pub(super) fn peer_closes(&mut self, number: ConnectionNumber) {
        let Some(connection) = self.network.get(number) else { return };
        connection.open_at_peer = false;
        self.send_segment(number, Way::In, Segment::Close(None));
    }

    /// The server's engine closes a connection.
    pub(super) fn engine_closes(&mut self, number: ConnectionNumber, flush: bool) {
        let Some(connection) = self.network.get(number) else { return };
        connection.closing = true;
        if let Some(link) = &mut connection.link {
            link.closing = true;
        }
        if !flush {
            connection.pipe(Way::Out).lose();
        }
        self.push_in(1, Event::ServerCloses { connection: number });
    }

    pub(super) fn server_closes(&mut self, number: ConnectionNumber) {
        let Some(connection) = self.network.get(number) else { return };
        let server = connection.server;
        if connection.open_at_server {
            self.send_segment(number, Way::Out, Segment::Close(None));
            self.leave_server(server, number);
        }
    }

    /// A server's end is gone.
    fn leave_server(&mut self, server: usize, number: ConnectionNumber) {
        let Some(connection) = self.network.get(number) else { return };
        connection.open_at_server = false;
        connection.link = None;
        let (client, place) = (connection.client, connection.peer.place());
        if place < NODES {
            self.lost_replicas.push(LostReplica { server, node: place, at: self.now });
        }
        let Some(client) = client else { return };
        if let Some(process) = &mut self.hosts[server].process
            && process.clients.remove(&client).is_some()
        {
            self.handle(server, Input::Closed { client });
        }
    }

    pub(super) fn drop_if_over(&mut self, number: ConnectionNumber) {
        let over = self.network.get(number).is_some_and(|it| !it.open_at_server && !it.open_at_peer);
        if over {
            self.network.connections[number] = None;
        }
    }

    pub(super) fn resume(&mut self, number: ConnectionNumber) {
        let Some(connection) = self.network.get(number) else { return };
        if !std::mem::take(&mut connection.resumed) {
            return;
        }
        self.with_link(number, |link, world| {
            link.resume(&mut |link, bytes, parsed| world.submit(number, link, bytes, parsed))
        });
    }

    fn with_link(&mut self, number: ConnectionNumber, work: impl FnOnce(&mut Link, &mut World) -> bool) {
        let Some(mut link) = self.network.get(number).and_then(|connection| connection.link.take()) else { return };
        let again = work(&mut link, self);
        let Some(connection) = self.network.get(number) else { return };
        if connection.open_at_server {
            connection.link = Some(link);
        }
        if again {
            connection.resumed = true;
            self.push_in(1, Event::Resume { connection: number });
        }
    }

    /// Submits a batch of requests that a connection has brought.
    fn submit(&mut self, number: ConnectionNumber, link: &mut Link, bytes: &[u8], parsed: &RequestBuffer) -> Submitted {
        let client = link.client;
        let Some(connection) = self.network.get(number) else {
            return Submitted { progress: Progress::Wait(0), resumed: false };
        };
        let server = connection.server;
        let is_client = matches!(connection.peer, Peer::Actor(_));
        let mut report = std::mem::take(&mut link.report);
        report.written += std::mem::take(&mut connection.written);
        connection.resumed = false;
        let requests = parsed.requests(bytes, 0);
        let before = self.watch.nodes[server].position;
        let progress = self.handle(server, Input::Requests { client, requests: &requests, report });
        let consumed = match progress {
            Progress::All => requests.len(),
            Progress::Yield(consumed) | Progress::Wait(consumed) => consumed,
        };
        if is_client {
            let executed: Vec<Asking> = (0..consumed).map(|index| Asking::of(&requests.arguments(index))).collect();
            let advanced = self.watch.nodes[server].position != before;
            self.after_requests(server, number, &executed, advanced);
        }
        if let Some(process) = &self.hosts[server].process {
            link.limits = process.node.engine.limits(client);
        }
        let exiting = self.hosts[server].process.as_ref().is_none_or(|process| process.exiting);
        let connection = self.network.get(number);
        let (closing, resumed) = connection.map_or((true, false), |it| (it.closing, it.resumed));
        link.closing |= closing || exiting;
        Submitted { progress, resumed: resumed && matches!(progress, Progress::Wait(_)) }
    }
}
