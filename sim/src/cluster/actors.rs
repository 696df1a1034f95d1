//! Clients: they send pipelines to the node that they take for the primary, or
//! read from any, and judge the replies.

use super::lifecycle::count_down;
use super::network::{ConnectionNumber, Peer, Segment};
use super::setup::{DATABASES, Durability, NODES};
use super::workload::{Ask, Asked, value_of};
use super::world::{Event, World};
use crate::reply::Reply;
use engine::base::random::Random;
use engine::command::generate::encode;
use engine::persistence::aof::State;
use engine::resp::request::Arguments;
use std::collections::VecDeque;

/// How long a client waits for replies, microseconds.
const PATIENCE_US: u64 = 3_000_000;

/// How long after healing a sync may still be late.
const HEALTHY_US: u64 = 3_000_000;

/// How long clients go on after all is healed, and how long a write may take to
/// succeed.
const GO_ON_US: u64 = 4_000_000;
const PROGRESS_US: u64 = 25_000_000;

/// A client.
pub(super) struct Actor {
    pub connection: Option<ConnectionNumber>,
    epoch: u64,
    node: usize,
    database: u32,
    pub random: Random,
    /// What was asked and not answered, with where it took place once it did.
    asked: VecDeque<Pending>,
    /// Of those so many were executed.
    executed: usize,
    received: Vec<u8>,
    sent_at: u64,
    /// True once its connection is made.
    accepted: bool,
    /// Where the last write of this connection stands: history and offset.
    last_write: Option<(usize, u64)>,
    /// The register that it watches, and what it read there.
    watches: Option<(usize, Option<usize>)>,
    /// A write that its transaction has queued.
    queued: Option<usize>,
    /// The last write that it was told is done.
    last_done: Option<usize>,
    pub written_after_healing: u64,
    stopped: bool,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    ask: Ask,
    /// Node, life and reign in which it was executed.
    place: Option<(usize, u64, u64)>,
    /// When, if it was.
    executed_at: u64,
}

/// What a node sees of a request that matters here.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asking {
    /// A register is written.
    Write(usize),
    /// A transaction ends.
    Exec,
    /// WAIT, WAITAOF.
    Wait,
    /// Anything else.
    Other,
}

impl Asking {
    pub(super) fn of(arguments: &Arguments<'_>) -> Asking {
        if arguments.is_empty() {
            return Asking::Other;
        }
        match (&arguments[0], arguments.len()) {
            (b"EXEC", 1) => Asking::Exec,
            (b"SET", 3) if arguments[1].starts_with(b"register:") => {
                value_of(&arguments[2]).map_or(Asking::Other, Asking::Write)
            }
            (b"WAIT" | b"WAITAOF", _) => Asking::Wait,
            _ => Asking::Other,
        }
    }
}

impl Actor {
    pub(super) fn new(random: Random) -> Actor {
        Actor {
            connection: None,
            epoch: 0,
            node: 0,
            database: 0,
            random,
            asked: VecDeque::new(),
            executed: 0,
            received: Vec::new(),
            sent_at: 0,
            accepted: false,
            last_write: None,
            watches: None,
            queued: None,
            last_done: None,
            written_after_healing: 0,
            stopped: false,
        }
    }

    /// True if it asks for nothing any more.
    pub(super) fn rests(&self) -> bool {
        self.stopped && self.asked.is_empty()
    }
}

impl World {
    /// True if clients are to send no more.
    fn is_over(&self) -> bool {
        match self.healed_at {
            Some(at) => {
                let some = self.actors.iter().any(|actor| actor.written_after_healing > 0);
                self.now > at + if some { GO_ON_US } else { PROGRESS_US }
            }
            None => self.commands >= self.plan.commands,
        }
    }

    pub(super) fn turn(&mut self, number: usize, epoch: u64) {
        if self.actors[number].epoch != epoch {
            return;
        }
        if self.is_over() {
            self.actors[number].stopped = self.healed_at.is_some();
            if self.healed_at.is_none() {
                self.push_in(500_000, Event::Turn { actor: number, epoch });
            }
            return;
        }
        let Some(connection) = self.actors[number].connection else { return self.actor_connects(number) };
        if !self.reads_only(number) && self.actors[number].node != self.sentinel.primary && self.wanders(number) {
            self.peer_closes(connection);
            return self.actor_is_alone(number, 1000);
        }
        let mut asked = Vec::new();
        self.next_pipeline(number, &mut asked);
        let mut bytes = Vec::new();
        let actor = &mut self.actors[number];
        actor.sent_at = self.now;
        for (request, ask) in &asked {
            encode(request, &mut bytes);
            actor.asked.push_back(Pending { ask: *ask, place: None, executed_at: 0 });
        }
        self.commands += asked.len() as u64;
        self.peer_sends(connection, &bytes);
    }

    fn next_pipeline(&mut self, number: usize, out: &mut Vec<Asked>) {
        let leads = self.actors[number].node == self.sentinel.primary;
        let now_ms = self.hosts[0].clock.read(self.now).unix.ms();
        let actor = &mut self.actors[number];
        let (workload, random, database) = (&self.workload, &mut actor.random, actor.database);
        if self.setup.wait_one_in > 0 && actor.last_write.is_some() && random.below(self.setup.wait_one_in) == 0 {
            return out.push(workload.wait(random));
        }
        if let Some((register, read)) = actor.watches.take() {
            let write = super::check::Write { register, executed: None, acknowledged_at: None };
            self.watch.writes.push(write);
            return workload.exchange(register, self.watch.writes.len() - 1, read, out);
        }
        if self.setup.watch_one_in > 0
            && leads
            && random.below(self.setup.watch_one_in) == 0
            && let Some(register) = workload.register(database, random)
        {
            return workload.watch(register, out);
        }
        let depth = 1 + random.below(self.setup.depth_max);
        let mut wrote = false;
        while (out.len() as u64) < depth {
            let register = workload.register(database, random);
            match (random.below(8), register) {
                (0..2, Some(register)) if leads && !wrote => {
                    wrote = true;
                    let write = super::check::Write { register, executed: None, acknowledged_at: None };
                    self.watch.writes.push(write);
                    out.push(workload.write(register, self.watch.writes.len() - 1));
                }
                (2..4, Some(register)) => out.push(workload.read(register)),
                (kind @ 4.., Some(_)) if kind < 4 + self.setup.pair_share => {
                    workload.pair(database, random.below(2) == 0 || !leads, random, out);
                }
                _ if leads && random.below(6) == 0 => {
                    self.watch.note_count_asked(database);
                    out.push(workload.count(database));
                }
                _ => out.push((workload.any(now_ms, random), Ask::Any)),
            }
        }
    }

    /// The last of several clients reads from anywhere.
    fn reads_only(&self, number: usize) -> bool {
        number > 0 && number + 1 == self.plan.clients
    }

    /// A client hears sooner or later that the primary is another.
    fn wanders(&mut self, number: usize) -> bool {
        self.actors[number].random.below(4) == 0
    }

    fn actor_connects(&mut self, number: usize) {
        let primary = self.sentinel.primary;
        let reads = self.reads_only(number);
        let actor = &mut self.actors[number];
        actor.node = if reads { actor.random.below(NODES as u64) as usize } else { primary };
        actor.database = DATABASES[number % DATABASES.len()];
        actor.epoch += 1;
        actor.sent_at = self.now;
        actor.asked.clear();
        actor.received.clear();
        actor.executed = 0;
        actor.last_write = None;
        actor.watches = None;
        actor.queued = None;
        actor.last_done = None;
        actor.accepted = false;
        let node = actor.node;
        let connection = self.connect(node, Peer::Actor(number));
        self.actors[number].connection = Some(connection);
        self.report.add("connections of clients", 1);
    }

    pub(super) fn arrive_at_actor(&mut self, number: usize, connection: ConnectionNumber, segment: Segment) {
        if self.actors[number].connection != Some(connection) {
            return;
        }
        match segment {
            Segment::Accepted => {
                self.actors[number].accepted = true;
                let database = self.actors[number].database;
                let (request, ask) = self.workload.select(database);
                let mut bytes = Vec::new();
                encode(&request, &mut bytes);
                self.actors[number].asked.push_back(Pending { ask, place: None, executed_at: 0 });
                self.peer_sends(connection, &bytes);
            }
            Segment::Bytes(bytes) => self.replies(number, &bytes),
            Segment::Close(_) | Segment::Open => {
                if let Some(connection) = self.network.get(connection) {
                    connection.open_at_peer = false;
                }
                self.drop_if_over(connection);
                self.actor_is_alone(number, 50_000);
            }
        }
    }

    /// A client has lost or left its connection, and tries again after a while.
    fn actor_is_alone(&mut self, number: usize, pause: u64) {
        let actor = &mut self.actors[number];
        actor.connection = None;
        actor.asked.clear();
        actor.epoch += 1;
        let (epoch, delay) = (actor.epoch, pause + actor.random.below(200_000));
        self.push_in(delay, Event::Turn { actor: number, epoch });
    }

    fn replies(&mut self, number: usize, bytes: &[u8]) {
        let mut received = std::mem::take(&mut self.actors[number].received);
        received.extend_from_slice(bytes);
        let mut position = 0;
        // An error may have made the client leave.
        while self.actors[number].connection.is_some() {
            match Reply::parse(&received[position..]) {
                Ok(Some((reply, length))) => {
                    position += length;
                    self.reply(number, &reply);
                }
                Ok(None) => break,
                Err(text) => return self.watch.fail("protocol", text),
            }
        }
        received.drain(..position);
        let actor = &mut self.actors[number];
        actor.received = received;
        if actor.connection.is_some() && actor.asked.is_empty() {
            actor.epoch += 1;
            let (epoch, delay) = (actor.epoch, actor.random.below(2 * self.setup.pace));
            self.push_in(delay, Event::Turn { actor: number, epoch });
        }
    }

    fn reply(&mut self, number: usize, reply: &Reply) {
        let now = self.now;
        let actor = &mut self.actors[number];
        let Some(pending) = actor.asked.pop_front() else {
            // One error may come unasked: why the connection is refused.
            if !reply.is_error() {
                self.watch.fail("protocol", format!("a reply that nobody asked for: {reply:?}"));
            }
            return;
        };
        actor.executed = actor.executed.saturating_sub(1);
        let (sent_at, node) = (actor.sent_at, actor.node);
        if let Reply::Error(text) = reply {
            return self.error_reply(number, text);
        }
        match (pending.ask, reply) {
            (Ask::Write(write), Reply::Simple(_)) | (Ask::Exchange(write, _), Reply::Array(_)) => {
                self.actors[number].last_done = Some(write);
                if let Ask::Exchange(_, read) = pending.ask {
                    self.watch.check_exchange(write, read);
                    self.report.add("watched registers written", 1);
                }
                self.watch.writes[write].acknowledged_at = Some(now);
                self.actors[number].written_after_healing += u64::from(self.healed_at.is_some_and(|at| at < sent_at));
                if let Some((node, life, reign)) = pending.place {
                    let register = self.watch.register_of(write);
                    self.watch.wrote((node, life, reign, register), write, sent_at, now);
                }
                self.promise(node, write);
                self.report.add("writes acknowledged", 1);
                self.may_lose_power_after_reply(node);
            }
            (Ask::Exchange(..), Reply::Null) => self.report.add("watched registers written by others", 1),
            (Ask::Read(register) | Ask::Watched(register), Reply::Bulk(_) | Reply::Null) => {
                let value = if let Reply::Bulk(bytes) = reply { value_of(bytes) } else { None };
                if let Ask::Watched(register) = pending.ask {
                    self.actors[number].watches = Some((register, value));
                }
                if let Some((at, life, reign)) = pending.place
                    && !self.watch.nodes[at].replica
                {
                    self.watch.read((at, life, reign, register), value, sent_at, now);
                }
                if let Some(write) = value {
                    self.promise(node, write);
                }
            }
            (Ask::Pair, Reply::Array(values)) if values.len() == 2 => {
                self.report.add("pairs read", 1);
                self.watch.check_pair("a client", &values[0], &values[1]);
            }
            (Ask::Count(database), Reply::Integer(number)) => {
                self.report.add("counters grown", 1);
                self.watch.check_count(database, *number);
            }
            (Ask::Wait, Reply::Integer(count)) => {
                self.report.add(if *count > 0 { "WAIT with replicas" } else { "WAIT in vain" }, 1);
            }
            (Ask::WaitAof { .. }, Reply::Array(values)) => {
                self.watch.check_answered(number, false);
                if values.first() == Some(&Reply::Integer(1)) {
                    self.report.add("WAITAOF of what is synced", 1);
                    if let Some(write) = self.actors[number].last_done.filter(|_| self.hosts[node].process.is_some()) {
                        self.watch.promised(node, write);
                    }
                    self.may_lose_power_after_reply(node);
                }
                if values.get(1).is_some_and(|count| *count != Reply::Integer(0)) {
                    self.report.add("WAITAOF with replicas", 1);
                }
            }
            _ => {}
        }
    }

    /// A client was told of a write: the worst moment for the machine to lose its
    /// power, if that has been arranged.
    fn may_lose_power_after_reply(&mut self, node: usize) {
        if count_down(&mut self.hosts[node].dies_after_replies) {
            self.push_in(1, Event::PowerFails { node });
        }
    }

    /// A client knows of a write, at a node that has promised to keep it.
    fn promise(&mut self, node: usize, write: usize) {
        if self.hosts[node].keeps_promises() && self.has_file(node) && !self.watch.nodes[node].replica {
            self.watch.promised(node, write);
        }
    }

    /// True if a node has an append only file, and not only is to have one.
    fn has_file(&self, node: usize) -> bool {
        self.engine(node).is_some_and(|engine| engine.server().persistence.aof.state == State::On)
    }

    fn error_reply(&mut self, number: usize, text: &[u8]) {
        let code = text.split(|byte| *byte == b' ').next().unwrap_or_default();
        self.report.add(&format!("errors {}", code.escape_ascii()), 1);
        let lost = [&b"READONLY"[..], b"LOADING", b"MASTERDOWN", b"MISCONF", b"UNBLOCKED"].contains(&code);
        if lost && let Some(connection) = self.actors[number].connection {
            self.peer_closes(connection);
            self.actor_is_alone(number, 100_000);
        }
    }

    /// Clients that have waited too long leave.
    pub(super) fn patience(&mut self) {
        for number in 0..self.actors.len() {
            let actor = &self.actors[number];
            let waits = !actor.asked.is_empty() || actor.connection.is_some() && !actor.accepted;
            let late = self.now > actor.sent_at + PATIENCE_US;
            if self.should_be_answered(number) {
                self.watch.check_answered(number, late);
            }
            if let Some(connection) = self.actors[number].connection.filter(|_| waits && late) {
                self.report.add("clients that gave up", 1);
                self.peer_closes(connection);
                self.actor_is_alone(number, 1000);
            }
        }
        self.push_in(1_000_000, Event::Patience);
    }

    /// True if a client waits for a sync on a node that syncs, and nothing stands
    /// against that any more.
    fn should_be_answered(&self, number: usize) -> bool {
        let actor = &self.actors[number];
        let healed = self.healed_at.is_some_and(|at| actor.sent_at > at + HEALTHY_US);
        let node = &self.hosts[actor.node];
        let syncs = matches!(node.setup.durability, Durability::EverySecond | Durability::Always);
        let waits = actor.asked.front().is_some_and(|it| it.ask == Ask::WaitAof { forever: true });
        healed && syncs && waits && self.has_file(actor.node) && !self.watch.nodes[actor.node].replica
    }

    /// A client's requests were executed. They may have come late, over a
    /// connection that the client has left.
    pub(super) fn after_requests(
        &mut self,
        node: usize,
        number: ConnectionNumber,
        executed: &[Asking],
        advanced: bool,
    ) {
        let Some(Peer::Actor(actor)) = self.network.get(number).map(|connection| connection.peer) else { return };
        for asking in executed {
            match asking {
                Asking::Write(write) if !self.note_execution(node, *write) => self.actors[actor].queued = Some(*write),
                Asking::Exec => {
                    if let Some(write) = self.actors[actor].queued.take() {
                        self.note_execution(node, write);
                    }
                }
                _ => {}
            }
        }
        let view = &self.watch.nodes[node];
        let (place, position) = ((node, view.life, view.reign), view.position);
        let actor = &mut self.actors[actor];
        if actor.connection != Some(number) {
            return;
        }
        let from = actor.executed;
        actor.executed += executed.len();
        for pending in actor.asked.iter_mut().skip(from).take(executed.len()) {
            pending.place = Some(place);
            pending.executed_at = self.now;
        }
        if advanced && executed.iter().any(|asking| !matches!(asking, Asking::Wait)) {
            actor.last_write = position;
        }
    }

    /// Notes that a write was executed, if it was.
    fn note_execution(&mut self, node: usize, write: usize) -> bool {
        let (database, key) = &self.workload.registers[self.watch.register_of(write)];
        let Some(engine) = self.engine(node) else { return false };
        let value = super::observe::peek(engine, *database, key);
        let done = value.and_then(|bytes| value_of(&bytes)) == Some(write);
        if done {
            self.watch.executed(node, write, self.now);
        }
        done
    }

    /// A server sends to a client: an answer to WAIT is judged at once. It may be
    /// older: with `appendfsync always` it has waited for a sync.
    pub(super) fn look_at_reply(&mut self, number: ConnectionNumber, bytes: &[u8]) {
        let Some(connection) = self.network.get(number) else { return };
        let (server, Peer::Actor(actor)) = (connection.server, connection.peer) else { return };
        let actor = &self.actors[actor];
        let asked = actor.asked.front().filter(|it| actor.connection == Some(number) && it.ask == Ask::Wait);
        let (Some((history, offset)), Some(asked)) = (actor.last_write, asked) else { return };
        let (since, place) = (asked.executed_at, asked.place);
        if let Ok(Some((Reply::Integer(count), _))) = Reply::parse(bytes) {
            // A replica that lost its power counts twice until its old connection
            // is given up, as in the reference.
            let links = self.network.open().filter(|(_, it)| it.server == server && it.open_at_server);
            let mut nodes: Vec<usize> = links.map(|(_, it)| it.peer.place()).filter(|place| *place < NODES).collect();
            let lost = self.lost_replicas.iter().rev().take_while(|lost| lost.at >= since);
            nodes.extend(lost.filter(|lost| lost.server == server).map(|lost| lost.node));
            self.watch.check_wait(server, history, offset, count, &nodes);
            // A reply that waits for a sync may be older than the role.
            if self.hosts[server].setup.durability != Durability::Always && place.is_some() {
                self.watch.check_still_primary(server, place);
            }
        }
    }
}
