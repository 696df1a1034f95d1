//! One run: an engine, its clients, its disk, and events until enough was done.

mod check;
mod clients;
mod server;
mod setup;

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
use engine::boundary::id::{ClientId, DiskToken, LinkId};
use engine::boundary::input::{BufferReport, Connection, DiskDone, Input, LinkEvent, Signal};
use engine::command::generate::encode;
use engine::command::table::CommandTable;
use engine::commands::COMMANDS;
use engine::recording::Writer;
use engine::resp::request::{Limits, RequestBuffer, Requests};
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
    /// The engines that lived one after the other.
    pub lives: Vec<Life>,
}

/// An engine's life, from its start to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Life {
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
    Disk { life: usize, token: DiskToken, done: Done },
    /// A connection could not be made.
    Unreachable { link: LinkId },
    /// The process gets a signal.
    Signal(Signal),
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
    exiting: bool,
    lives: Vec<Life>,
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
        let options = setup::options(&profile, &mut random)?;
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
            exiting: false,
            lives: Vec::new(),
            report: Report::default(),
        })
    }

    fn run(mut self, commands: u64) -> Result<Run, String> {
        for actor in 0..self.actors.len() {
            self.push_in(0, Event::Turn { actor, epoch: 0 });
        }
        self.handle(Input::Start, None);
        self.arm();
        let mut events = 0;
        while self.commands < commands {
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
        self.end_life()?;
        self.report.add("runs", 1);
        self.report.add("commands", self.commands);
        let checked = self.model.as_ref().map_or(0, Model::checked);
        self.report.add("replies that the model foretold", checked);
        Ok(Run { report: self.report, lives: self.lives })
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
            Event::Disk { life, token, done } if life == self.lives.len() => self.disk_done(token, &done),
            Event::Disk { .. } => {}
            Event::Unreachable { link } => {
                drop(self.handle(Input::Link { link, event: LinkEvent::Closed(Some("Connection refused")) }, None));
            }
            Event::Signal(signal) => drop(self.handle(Input::Signal(signal), None)),
        }
        if self.exiting {
            self.end_life()?;
            self.begin_life()?;
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
                    self.heap.push(at, Event::Disk { life: self.lives.len(), token, done });
                }
                Effect::Exit { .. } => self.exiting = true,
                Effect::Log { .. } => self.report.add("log lines", 1),
                // This world has one node and nobody to connect to.
                Effect::Connect { link, .. } => self.push_in(1, Event::Unreachable { link }),
                Effect::LinkSend { .. } | Effect::LinkRead { .. } | Effect::LinkClose { .. } => {}
                Effect::Drop(_) | Effect::Ready => {}
            }
        }
        outcome.output = output;
        resumed
    }
}
