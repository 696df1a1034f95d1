//! One run: an engine, its clients, its disk, and events until enough was done.

use crate::client::Actor;
use crate::clock::Clock;
use crate::disk::{Disk, Done};
use crate::heap::Heap;
use crate::link::{Link, Submitted};
use crate::model::Model;
use crate::node::{Node, Outcome, record};
use crate::oracle::Shared;
use crate::reply::Reply;
use crate::report::Report;
use crate::workload::{Profile, garbage};
use engine::base::random::Random;
use engine::boundary::effects::{Effect, Progress};
use engine::boundary::id::{ClientId, DiskToken};
use engine::boundary::input::{Connection, DiskDone, Input};
use engine::command::generate::encode;
use engine::command::table::CommandTable;
use engine::commands::COMMANDS;
use engine::config::{Circumstances, Config, Id};
use engine::engine::options::Options;
use engine::recording::Writer;
use engine::resp::request::RequestBuffer;
use engine::server::HostFacts;
use engine::server::personality::Personality;
use engine::session::ReplyMode;
use std::collections::BTreeMap;

/// When a client gives up waiting for replies, microseconds.
const PATIENCE: u64 = 500_000;
/// Inputs between two checkpoints of a recording.
const CHECKPOINT: u64 = 1000;
/// Events a command after which a run is taken to stand still.
const EVENTS_A_COMMAND_MAX: u64 = 2000;

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// What happened.
    pub report: Report,
    /// Hash of all effects.
    pub effects: u64,
    /// Hash of the state at the end.
    pub state: u64,
    /// Inputs that were handled.
    pub inputs: u64,
    /// The recording.
    pub recording: Vec<u8>,
}

enum Event {
    /// It is a client's turn to do something.
    Turn { actor: usize, epoch: u64 },
    /// A client has waited long enough.
    Impatience { actor: usize, epoch: u64 },
    /// Bytes reach the server.
    Arrive { client: ClientId, bytes: Vec<u8> },
    /// A client's close reaches the server.
    Closed { client: ClientId },
    /// Bytes reach a client.
    Deliver { client: ClientId, actor: usize, bytes: Vec<u8> },
    /// The server's close reaches a client.
    Hangup { client: ClientId, actor: usize },
    /// What waits on a connection is to be submitted.
    Resume { client: ClientId },
    /// Output leaves.
    Flush { client: ClientId },
    /// The engine's next deadline.
    Deadline { at: u64 },
    /// A disk operation has ended.
    Disk { token: DiskToken, done: Done },
}

/// A world.
pub struct World {
    profile: Profile,
    random: Random,
    shared: Shared,
    node: Node,
    table: CommandTable,
    heap: Heap<Event>,
    links: BTreeMap<ClientId, Link>,
    actors: Vec<Actor>,
    disk: Disk,
    model: Option<Model>,
    next_client: u64,
    armed: u64,
    inputs: u64,
    commands: u64,
    ended: bool,
    report: Report,
}

/// Runs a seed until so many commands were executed.
///
/// # Errors
/// What a checker found.
pub fn run(seed: u64, commands: u64) -> Result<Run, String> {
    World::new(seed)?.run(commands)
}

impl World {
    fn new(seed: u64) -> Result<World, String> {
        let mut random = Random::from_seed(seed);
        let table = CommandTable::new(COMMANDS);
        let profile = Profile::draw(&mut random, &table);
        let options = options(&profile, &mut random)?;
        let started = 1_700_000_000_000_000 + random.below(1 << 40) as i64;
        let clock = Clock::new(random.below(1 << 40), started);
        let writer = Writer::new(&options, clock.now());
        let shared = Shared::new(clock, Random::from_seed(random.next_u64()), Some(writer));
        shared.lock().fails_one_in = profile.disk_fails_one_in;
        let node = Node::new(options, clock.now(), Box::new(shared.clone()));
        let disk = Disk::new(profile.disk_fails_one_in, 3000);
        Ok(World {
            model: profile.model.then(Model::default),
            actors: (0..profile.actors).map(|_| Actor::default()).collect(),
            profile,
            random,
            shared,
            node,
            table,
            heap: Heap::default(),
            links: BTreeMap::new(),
            disk,
            next_client: 1,
            armed: u64::MAX,
            inputs: 0,
            commands: 0,
            ended: false,
            report: Report::default(),
        })
    }

    fn run(mut self, commands: u64) -> Result<Run, String> {
        for actor in 0..self.actors.len() {
            self.push_in(0, Event::Turn { actor, epoch: 0 });
        }
        self.arm();
        let mut events = 0;
        while self.commands < commands && !self.ended {
            let Some((at, event)) = self.heap.pop() else { return Err("nothing happens any more".into()) };
            events += 1;
            if events > commands * EVENTS_A_COMMAND_MAX {
                return Err(format!("only {} commands in {events} events", self.commands));
            }
            self.shared.lock().clock.advance_to(at);
            self.happen(event)?;
        }
        self.finish()
    }

    fn finish(mut self) -> Result<Run, String> {
        self.check_counts()?;
        self.checkpoint();
        let statistics = self.node.engine.keyspace().statistics;
        self.report.add("runs", 1);
        self.report.add("commands", self.commands);
        self.report.add("inputs", self.inputs);
        self.report.add("keys expired", statistics.expired);
        self.report.add("keys evicted", statistics.evicted);
        let checked = self.model.as_ref().map_or(0, Model::checked);
        self.report.add("replies that the model foretold", checked);
        self.count_commands();
        let recording = self.shared.lock().writer.as_mut().map(Writer::take).unwrap_or_default();
        self.report.add("bytes of recordings", recording.len() as u64);
        Ok(Run {
            report: self.report,
            effects: self.node.effects_hash(),
            state: self.node.engine.state_hash(),
            inputs: self.inputs,
            recording,
        })
    }

    fn count_commands(&mut self) {
        let mut ran = Vec::new();
        let server = self.node.engine.server();
        for id in engine::command::generate::runnable(&server.commands) {
            let counts = server.statistics.commands.get(usize::from(id.0)).copied().unwrap_or_default();
            ran.push((format!("command {}", server.commands.full_name(id)), counts.calls - counts.failed));
        }
        for (name, count) in ran {
            self.report.add(&name, count);
        }
    }

    fn now_us(&self) -> u64 {
        self.shared.lock().clock.now().monotonic.0
    }

    fn push_in(&mut self, delay: u64, event: Event) {
        let at = self.now_us() + delay;
        self.heap.push(at, event);
    }

    fn latency(&mut self) -> u64 {
        1 + self.random.below(self.profile.latency_max)
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Turn { actor, epoch } => self.turn(actor, epoch),
            Event::Impatience { actor, epoch } => self.impatience(actor, epoch),
            Event::Arrive { client, bytes } => {
                self.with_link(client, |link, world| {
                    link.receive(&bytes, &mut |link, bytes, requests| world.submit(link, bytes, requests))
                })?;
            }
            Event::Resume { client } => {
                self.with_link(client, |link, world| {
                    link.resume(&mut |link, bytes, requests| world.submit(link, bytes, requests))
                })?;
            }
            Event::Closed { client } => self.closed(client),
            Event::Deliver { client, actor, bytes } => self.deliver(client, actor, &bytes)?,
            Event::Hangup { client, actor } => self.hangup(client, actor),
            Event::Flush { client } => self.flush(client),
            Event::Deadline { at } => self.deadline(at),
            Event::Disk { token, done } => self.disk_done(token, &done),
        }
        self.arm();
        Ok(())
    }

    /// Hands an input to the engine, and carries its effects out; those for
    /// `own` go there directly. Returns what they were.
    fn handle(&mut self, input: Input<'_>, own: Option<&mut Link>) -> (Outcome, bool) {
        let now = self.shared.lock().clock.now();
        record(&self.shared, now, &input);
        let mut outcome = self.node.handle(now, input);
        self.inputs += 1;
        let resumed = self.carry_out(&mut outcome, own);
        if self.inputs.is_multiple_of(CHECKPOINT) {
            self.checkpoint();
        }
        (outcome, resumed)
    }

    fn checkpoint(&mut self) {
        let (effects, state) = (self.node.effects_hash(), self.node.engine.state_hash());
        if let Some(writer) = &mut self.shared.lock().writer {
            writer.checkpoint(effects, state);
        }
    }

    /// True if what waits on the own connection is to be submitted again.
    fn carry_out(&mut self, outcome: &mut Outcome, mut own: Option<&mut Link>) -> bool {
        let mut resumed = false;
        let output = std::mem::take(&mut outcome.output);
        for effect in outcome.effects.drain(..) {
            let own = own.as_deref_mut();
            match effect {
                Effect::Send { client, start, end } => {
                    let bytes = &output[start..end];
                    if let Some(link) = own.filter(|own| own.client == client).or_else(|| self.links.get_mut(&client)) {
                        link.output.extend_from_slice(bytes);
                        self.push_in(1, Event::Flush { client });
                    }
                }
                Effect::Close { client, flush } => {
                    if let Some(link) = own.filter(|own| own.client == client).or_else(|| self.links.get_mut(&client)) {
                        link.closing = true;
                        if !flush {
                            link.output.clear();
                        }
                        self.push_in(1, Event::Flush { client });
                    }
                }
                Effect::Resume { client } if own.as_ref().is_some_and(|own| own.client == client) => resumed = true,
                Effect::Resume { client } => {
                    self.report.add("clients resumed", 1);
                    self.push_in(1, Event::Resume { client });
                }
                Effect::Disk { token, operation } => {
                    let now = self.now_us();
                    let files = &mut self.shared.lock().files;
                    let (at, done) = self.disk.start(operation, now, files, &mut self.random);
                    self.heap.push(at, Event::Disk { token, done });
                }
                Effect::Exit { .. } => self.ended = true,
                Effect::Log { message, .. } => {
                    self.report.add("log lines", 1);
                    drop(message);
                }
                Effect::Drop(garbage) => drop(garbage),
                Effect::Ready => {}
            }
        }
        outcome.output = output;
        resumed
    }

    /// Takes a link out while it works; its rest is submitted again if it says so.
    fn with_link(&mut self, client: ClientId, work: impl FnOnce(&mut Link, &mut World) -> bool) -> Result<(), String> {
        let Some(mut link) = self.links.remove(&client) else { return Ok(()) };
        if work(&mut link, self) {
            self.report.add("batches that yielded", 1);
            self.push_in(1, Event::Resume { client });
        }
        if link.closing {
            self.push_in(1, Event::Flush { client });
        }
        self.links.insert(client, link);
        match self.model.as_mut().and_then(Model::take_fault) {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    fn submit(&mut self, link: &mut Link, bytes: &[u8], parsed: &RequestBuffer) -> Submitted {
        let requests = parsed.requests(bytes, 0);
        let report = std::mem::take(&mut link.report);
        let client = link.client;
        let before = link.output.len();
        let (outcome, resumed) = self.handle(Input::Requests { client, requests: &requests, report }, Some(link));
        let consumed = match outcome.progress {
            Progress::All => requests.len(),
            Progress::Yield(consumed) | Progress::Wait(consumed) => consumed,
        };
        if matches!(outcome.progress, Progress::Wait(_)) {
            self.report.add("batches that waited", 1);
        }
        self.commands += consumed as u64;
        link.limits = self.node.engine.limits(client);
        self.check_replies(link, &requests, consumed, before);
        Submitted { progress: outcome.progress, resumed }
    }

    /// Compares the replies of a batch with the model.
    fn check_replies(
        &mut self,
        link: &Link,
        requests: &engine::resp::request::Requests<'_>,
        consumed: usize,
        before: usize,
    ) {
        let now_ms = self.shared.lock().clock.now().unix.ms();
        let Some(model) = &mut self.model else { return };
        let session = self.node.engine.server().sessions.get(link.client);
        if session.is_none_or(|session| session.reply_mode != ReplyMode::On) || self.node.engine.server().memory_limited
        {
            self.model = None;
            return;
        }
        let replies = match Reply::parse_all(&link.output[before..]) {
            Ok(replies) => replies,
            Err(fault) => return model.fail(fault),
        };
        let replies: Vec<Reply> = replies.into_iter().filter(|reply| !matches!(reply, Reply::Push(_))).collect();
        let deferred = consumed.saturating_sub(replies.len());
        if !link.closing && (replies.len() > consumed || deferred > 1) {
            return model.fail(format!("{} replies to {consumed} requests", replies.len()));
        }
        for (index, reply) in replies.iter().enumerate().take(consumed) {
            let request: Vec<&[u8]> = requests.arguments(index).iter().collect();
            model.observe(link.client, &request, reply, now_ms);
        }
    }

    fn arm(&mut self) {
        let Some(next) = self.node.engine.next_deadline() else { return };
        if next.0 < self.armed {
            self.armed = next.0;
            let late = self.random.below(self.profile.latency_max.min(1000));
            let at = (next.0 + late).max(self.now_us() + 1);
            self.heap.push(at, Event::Deadline { at: next.0 });
        }
    }

    fn deadline(&mut self, at: u64) {
        if at != self.armed {
            return;
        }
        self.armed = u64::MAX;
        if self.node.engine.next_deadline().is_some_and(|next| next.0 <= self.now_us()) {
            self.handle(Input::Deadline, None);
        }
    }

    fn disk_done(&mut self, token: DiskToken, done: &Done) {
        let result = match done {
            Done::Done => Ok(DiskDone::Done),
            Done::Opened(size) => Ok(DiskDone::Opened { size: *size }),
            Done::Data(bytes) => Ok(DiskDone::Data(bytes)),
            Done::Failed(error) => Err(error.clone()),
        };
        self.report.add(if result.is_ok() { "disk operations" } else { "disk operations that failed" }, 1);
        self.handle(Input::Disk { token, result }, None);
    }

    fn turn(&mut self, actor: usize, epoch: u64) {
        if self.actors[actor].epoch != epoch {
            return;
        }
        let Some(client) = self.actors[actor].client else { return self.connect(actor) };
        if self.profile.jump_one_in > 0 && self.random.below(self.profile.jump_one_in) == 0 {
            self.jump();
        }
        let mut bytes = Vec::new();
        for _ in 0..1 + self.random.below(self.profile.depth_max) {
            self.profile.settings.now_ms = self.shared.lock().clock.now().unix.ms();
            let request = self.profile.next_request(&mut self.actors[actor], &self.table, &mut self.random);
            self.actors[actor].asks(&request);
            encode(&request, &mut bytes);
        }
        if self.random.below(500) == 0 {
            self.actors[actor].sends_garbage();
            garbage(&mut self.random, &mut bytes);
            self.report.add("garbage sent", 1);
        }
        self.send(actor, client, &bytes);
        if self.random.below(self.profile.close_one_in) == 0 {
            self.report.add("connections closed by clients", 1);
            let delay = self.random.below(1000);
            return self.disconnect(actor, client, delay);
        }
        self.actors[actor].epoch += 1;
        let epoch = self.actors[actor].epoch;
        if self.actors[actor].missing() == 0 || self.random.below(10) == 0 {
            // Goes on without waiting.
            let delay = self.pause();
            self.push_in(delay, Event::Turn { actor, epoch });
        } else {
            self.push_in(PATIENCE, Event::Impatience { actor, epoch });
        }
    }

    fn pause(&mut self) -> u64 {
        if self.random.below(self.profile.rest_one_in) == 0 {
            return self.random.below(10_000_000);
        }
        self.random.below(2 * self.profile.pace)
    }

    fn jump(&mut self) {
        let microseconds = self.random.below(20_000_000) as i64 - 10_000_000;
        self.shared.lock().clock.jump(microseconds);
        self.report.add("jumps of the wall clock", 1);
        if let Some(model) = &mut self.model {
            model.clock_jumped();
        }
    }

    /// Sends bytes to the server in pieces, which arrive in order.
    fn send(&mut self, actor: usize, client: ClientId, bytes: &[u8]) {
        let mut rest = bytes;
        // The number of pieces is bounded, so that a run ends.
        let piece_max = self.profile.piece_max.max(bytes.len() as u64 / 64);
        while !rest.is_empty() {
            let length = (1 + self.random.below(piece_max)).min(rest.len() as u64) as usize;
            let (piece, others) = rest.split_at(length);
            let at = (self.now_us() + self.latency()).max(self.actors[actor].arrival);
            self.actors[actor].arrival = at;
            self.heap.push(at, Event::Arrive { client, bytes: piece.to_vec() });
            rest = others;
        }
    }

    fn connect(&mut self, actor: usize) {
        let client = ClientId(self.next_client);
        self.next_client += 1;
        let connection = Connection {
            peer: format!("127.0.0.1:{}", 10_000 + client.0),
            local: "127.0.0.1:6379".into(),
            unix_socket: false,
            loopback: true,
            descriptor: 8 + actor as i64,
        };
        self.actors[actor].connected(client);
        self.report.add("connections", 1);
        let link = Link::new(client, actor, engine::resp::request::Limits::default(), self.profile.parse_max);
        self.links.insert(client, link);
        self.handle(Input::Connected { client, connection }, None);
        let limits = self.node.engine.limits(client);
        if let Some(link) = self.links.get_mut(&client) {
            link.limits = limits;
        }
        let epoch = self.actors[actor].epoch;
        let delay = self.latency();
        self.push_in(delay, Event::Turn { actor, epoch });
    }

    fn disconnect(&mut self, actor: usize, client: ClientId, delay: u64) {
        self.actors[actor].disconnected();
        let at = (self.now_us() + delay).max(self.actors[actor].arrival);
        self.heap.push(at, Event::Closed { client });
        let epoch = self.actors[actor].epoch;
        let pause = self.pause();
        self.push_in(pause, Event::Turn { actor, epoch });
    }

    /// A client has waited for replies long enough.
    fn impatience(&mut self, actor: usize, epoch: u64) {
        if self.actors[actor].epoch != epoch {
            return;
        }
        if let Some(client) = self.actors[actor].client {
            self.report.add("clients that gave up", 1);
            self.disconnect(actor, client, 1);
        }
    }

    /// A connection ends at the server's end.
    fn closed(&mut self, client: ClientId) {
        let Some(link) = self.links.remove(&client) else { return };
        if link.report != engine::boundary::input::BufferReport::default() {
            self.handle(Input::Drained { client, report: link.report }, None);
        }
        self.handle(Input::Closed { client }, None);
        if let Some(model) = &mut self.model {
            model.closed(client);
        }
    }

    fn flush(&mut self, client: ClientId) {
        let Some(link) = self.links.get_mut(&client) else { return };
        let bytes = std::mem::take(&mut link.output);
        let (actor, closing) = (link.actor, link.closing);
        link.report.written += bytes.len() as u64;
        let report = link.report;
        if !bytes.is_empty() {
            let at = (self.now_us() + self.latency()).max(self.actors[actor].delivery);
            self.actors[actor].delivery = at;
            self.heap.push(at, Event::Deliver { client, actor, bytes });
        }
        if closing {
            self.report.add("connections closed by the server", 1);
            let at = self.actors[actor].delivery.max(self.now_us() + 1);
            self.heap.push(at, Event::Hangup { client, actor });
            self.closed(client);
        } else if self.random.below(8) == 0 {
            if let Some(link) = self.links.get_mut(&client) {
                link.report = engine::boundary::input::BufferReport::default();
            }
            self.handle(Input::Drained { client, report }, None);
        }
    }

    fn deliver(&mut self, client: ClientId, actor: usize, bytes: &[u8]) -> Result<(), String> {
        if self.actors[actor].client != Some(client) {
            return Ok(());
        }
        let waited = self.actors[actor].missing() > 0;
        let received = self.actors[actor].receive(bytes)?;
        self.report.add("replies", received.replies);
        self.report.add("errors", received.errors);
        if waited && self.actors[actor].missing() == 0 {
            self.actors[actor].epoch += 1;
            let epoch = self.actors[actor].epoch;
            let delay = self.pause();
            self.push_in(delay, Event::Turn { actor, epoch });
        }
        Ok(())
    }

    fn hangup(&mut self, client: ClientId, actor: usize) {
        if self.actors[actor].client != Some(client) {
            return;
        }
        self.actors[actor].disconnected();
        let epoch = self.actors[actor].epoch;
        let pause = self.pause();
        self.push_in(pause, Event::Turn { actor, epoch });
    }

    /// The databases count what is in them.
    fn check_counts(&self) -> Result<(), String> {
        for (id, database) in self.node.engine.keyspace().databases() {
            let (mut count, mut volatile) = (0, 0);
            for slot in (0..database.slot_count()).map(engine::keyspace::database::Slot) {
                database.scan(slot, 0, usize::MAX, |entry| {
                    count += 1;
                    volatile += usize::from(entry.expire_at_ms().is_some());
                });
            }
            if (count, volatile) != (database.len(), database.volatile()) {
                return Err(format!("database {} counts other keys than it has", id.0));
            }
        }
        Ok(())
    }
}

fn options(profile: &Profile, random: &mut Random) -> Result<Options, String> {
    let mut config = Config::new();
    let text = format!("databases {}\nproto-max-bulk-len 1mb\n", profile.databases);
    config.load(text.as_bytes(), &mut |_| Err(String::new())).map_err(|error| error.report("sim"))?;
    let maxmemory = profile.maxmemory.to_string();
    let pairs: &[(&[u8], &[u8])] =
        &[(b"maxmemory", maxmemory.as_bytes()), (b"maxmemory-policy", profile.policy.as_bytes())];
    drop(config.set(pairs, Circumstances::default()).map_err(|error| error.to_string())?);
    debug_assert_eq!(config.bytes(Id::Maxmemory), profile.maxmemory);
    Ok(Options {
        seed: random.next_u64(),
        config,
        config_file: None,
        executable: "/simulated/reprise".into(),
        personality: if random.below(4) == 0 { Personality::VALKEY } else { Personality::REDIS },
        host: HostFacts {
            system: "Linux 6.1 x86_64".into(),
            process_id: 4711,
            multiplexing: "events".into(),
            allocator: "none".into(),
        },
        renamed_commands: Vec::new(),
    })
}
