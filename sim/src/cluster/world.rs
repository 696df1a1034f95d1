//! The world of a run: nodes, the network between them, clients, a sentinel, and
//! one heap of events.

use super::Keep;
use super::actors::Actor;
use super::check::{Checker, Fault, NodeView, Watch};
use super::host::Host;
use super::network::{ConnectionNumber, Network, Way};
use super::picture::Picture;
use super::plan::Plan;
use super::sentinel::Sentinel;
use super::setup::{Durability, NODES, Setup};
use super::workload::Workload;
use crate::heap::Heap;
use crate::node::record;
use crate::report::Report;
use crate::trace::{Kind, Trace};
use engine::base::fingerprint::Fingerprint;
use engine::base::random::Random;
use engine::boundary::effects::{DiskOperation, Effect, LogLevel, Progress};
use engine::boundary::input::Input;
use engine::command::table::CommandTable;
use engine::commands::COMMANDS;

/// Events of a run after which it is taken to go in circles.
const EVENTS_MAX: u64 = 20_000_000;
/// What a replica logs that got its snapshot over a connection of its own.
const STREAM_KEPT: &str = "Successfully streamed replication data into memory";
/// What a replica logs that becomes a primary, whether by order or by FAILOVER.
const LEADS: &str = "MASTER MODE enabled (";
const BY_ORDER: &str = "MASTER MODE enabled (user request";
/// Inputs between two checkpoints of a recording.
const CHECKPOINT: u64 = 1000;

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// What happened.
    pub report: Report,
    /// What was wrong.
    pub fault: Option<Fault>,
    /// Hash of all effects of all nodes.
    pub effects: u64,
    /// Simulated microseconds.
    pub simulated: u64,
    /// The recordings, if there are: of which node and life.
    pub recordings: Vec<(usize, u64, Vec<u8>)>,
    /// What happened, if that was to be kept.
    pub trace: Option<Trace>,
}

#[derive(Debug)]
pub(super) enum Event {
    /// A segment arrives.
    Arrive { connection: ConnectionNumber, way: Way },
    /// A link that wants to read is handed what there is.
    Hand { connection: ConnectionNumber },
    /// What waits on a server's connection is to be submitted.
    Resume { connection: ConnectionNumber },
    /// The server closes a connection.
    ServerCloses { connection: ConnectionNumber },
    /// A server's engine is told what was written.
    Written { connection: ConnectionNumber },
    /// An engine's deadline.
    Deadline { node: usize, life: u64, at: u64 },
    /// A disk operation is due.
    Disk { node: usize, life: u64 },
    /// A client's turn.
    Turn { actor: usize, epoch: u64 },
    /// Clients look whether they have waited too long.
    Patience,
    /// The sentinel looks at a node.
    Poll { node: usize },
    /// A node starts again.
    Start { node: usize },
    /// A step of the plan.
    Step(usize),
    /// A machine's power fails, as a step has arranged.
    PowerFails { node: usize },
    /// All is healed.
    Heal,
    /// Do all nodes stand at the same place?
    Converged,
}

pub(super) struct World {
    pub now: u64,
    pub heap: Heap<Event>,
    pub plan: Plan,
    pub setup: Setup,
    pub hosts: Vec<Host>,
    pub network: Network,
    pub actors: Vec<Actor>,
    pub workload: Workload,
    pub sentinel: Sentinel,
    pub watch: Watch,
    pub report: Report,
    pub keep: Keep,
    pub picture: Picture,
    /// True if servers can follow one another.
    pub replication: bool,
    /// Commands that clients have sent.
    pub commands: u64,
    /// Nodes whose processes are about to end.
    pub exits: Vec<usize>,
    pub healed_at: Option<u64>,
    pub finished: bool,
    /// Connections between nodes that the server's end has given up, in order.
    pub lost_replicas: Vec<LostReplica>,
}

/// A connection from a node that the server's end has given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct LostReplica {
    pub server: usize,
    pub node: usize,
    pub at: u64,
}

impl World {
    pub(super) fn new(plan: Plan, keep: Keep) -> World {
        let mut random = Random::from_seed(plan.seed);
        let table = CommandTable::new(COMMANDS);
        let mut setup = Setup::draw(&mut random, plan.clients);
        if table.find(b"bgrewriteaof").is_none() {
            setup.nodes.iter_mut().for_each(|node| node.durability = Durability::Snapshots);
        }
        let replication = table.find(b"psync").is_some();
        let upstream = |node| if replication { Setup::upstream(node, 0) } else { None };
        let hosts = setup
            .nodes
            .iter()
            .enumerate()
            .map(|(node, of)| Host::new(of.clone(), upstream(node), setup.sync_max, &mut random))
            .collect();
        let network = Network::new(Random::from_seed(random.next_u64()), setup.latency_max, setup.split_one_in);
        let actors = (0..plan.clients).map(|_| Actor::new(Random::from_seed(random.next_u64()))).collect();
        let workload = Workload::new(&setup, table);
        let nodes = vec![NodeView::default(); NODES];
        let watch = Watch { nodes, mutant: keep.mutant, ..Watch::default() };
        World {
            now: 0,
            heap: Heap::default(),
            plan,
            setup,
            hosts,
            network,
            actors,
            workload,
            sentinel: Sentinel::new(Random::from_seed(random.next_u64())),
            watch,
            report: Report::default(),
            keep,
            picture: Picture::default(),
            replication,
            commands: 0,
            exits: Vec::new(),
            healed_at: None,
            finished: false,
            lost_replicas: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> Outcome {
        self.begin();
        let mut events = 0;
        while !self.finished && !self.watch.cut_short && self.watch.fault.is_none() {
            let Some((at, event)) = self.heap.pop() else { break };
            self.now = at;
            self.note_verdicts(false);
            events += 1;
            if events > EVENTS_MAX {
                self.watch.fail("progress", "events without end".into());
            }
            self.happen(event);
            while let Some(node) = self.exits.pop() {
                self.process_exits(node);
            }
        }
        if self.watch.fault.is_none() {
            self.watch.check_linear();
        }
        self.report.add("runs cut short by a disk that lied", u64::from(self.watch.cut_short));
        self.report.add("events", events);
        self.outcome()
    }

    fn begin(&mut self) {
        for node in 0..NODES {
            self.heap.push(0, Event::Start { node });
            self.heap.push(500_000 + node as u64 * 10_000, Event::Poll { node });
        }
        for actor in 0..self.actors.len() {
            self.heap.push(100_000 + actor as u64, Event::Turn { actor, epoch: 0 });
        }
        self.heap.push(1_000_000, Event::Patience);
        for (index, step) in self.plan.steps.iter().enumerate() {
            self.heap.push(step.at_ms * 1000, Event::Step(index));
        }
        self.heap.push(self.plan.seconds * 1_000_000, Event::Heal);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive { connection, way } => self.arrive(connection, way),
            Event::Hand { connection } => self.hand(connection),
            Event::Resume { connection } => self.resume(connection),
            Event::ServerCloses { connection } => self.server_closes(connection),
            Event::Written { connection } => self.tell_written(connection),
            Event::Deadline { node, life, at } => self.deadline(node, life, at),
            Event::Disk { node, life } => self.disk_due(node, life),
            Event::Turn { actor, epoch } => self.turn(actor, epoch),
            Event::Patience => self.patience(),
            Event::Poll { node } => self.poll(node),
            Event::Start { node } => self.start(node),
            Event::Step(index) => self.step(self.plan.steps[index]),
            Event::PowerFails { node } => self.power_fails(node),
            Event::Heal => self.heal(),
            Event::Converged => self.look_for_convergence(),
        }
    }

    pub(super) fn push_in(&mut self, delay: u64, event: Event) {
        self.heap.push(self.now + delay, event);
    }

    /// Hands an input to a node's engine, and carries its effects out.
    pub(super) fn handle(&mut self, node: usize, input: Input<'_>) -> Progress {
        let host = &mut self.hosts[node];
        let Some(process) = &mut host.process else { return Progress::All };
        let reading = host.clock.read(self.now);
        {
            let mut surroundings = host.shared.lock();
            surroundings.clock.set(reading);
        }
        if self.keep.recordings {
            record(&host.shared, reading, &input);
        }
        let mut outcome = process.node.handle(reading, input);
        process.inputs += 1;
        if self.keep.recordings && process.inputs.is_multiple_of(CHECKPOINT) {
            let (effects, state) = (process.node.effects_hash(), process.node.engine.state_hash());
            if let Some(writer) = &mut host.shared.lock().writer {
                writer.checkpoint(effects, state);
            }
        }
        let effects = std::mem::take(&mut outcome.effects);
        for effect in effects {
            self.carry_out(node, effect, &outcome.output);
        }
        self.look_at(node);
        self.arm(node);
        outcome.progress
    }

    fn carry_out(&mut self, node: usize, effect: Effect, output: &[u8]) {
        let now = self.now;
        let Some(process) = &mut self.hosts[node].process else { return };
        match effect {
            Effect::Send { client, start, end } => {
                if let Some(&connection) = process.clients.get(&client) {
                    self.server_sends(connection, &output[start..end]);
                }
            }
            Effect::Close { client, flush } => {
                if let Some(&connection) = process.clients.get(&client) {
                    self.engine_closes(connection, flush);
                }
            }
            Effect::Resume { client } => {
                if let Some(&number) = process.clients.get(&client)
                    && let Some(connection) = self.network.get(number)
                {
                    connection.resumed = true;
                    self.push_in(1, Event::Resume { connection: number });
                }
            }
            Effect::Disk { token, operation } => {
                let life = self.hosts[node].life;
                self.note_operation(node, token, &operation);
                if let DiskOperation::Rename { .. } = operation {
                    self.note_what_came(node);
                }
                if let Some(at) = self.hosts[node].disk.start(token, operation, now) {
                    self.heap.push(at, Event::Disk { node, life });
                }
            }
            Effect::Connect { link, host, port: _, source: _ } => self.node_connects(node, link, &host),
            Effect::LinkSend { link, start, end } => {
                if let Some(&connection) = process.links.get(&link) {
                    self.peer_sends(connection, &output[start..end]);
                }
            }
            Effect::LinkRead { link } => {
                if let Some(&connection) = process.links.get(&link) {
                    self.link_reads(connection);
                }
            }
            Effect::LinkClose { link } => {
                if let Some(connection) = process.links.remove(&link) {
                    self.peer_closes(connection);
                }
            }
            Effect::Exit { .. } => {
                process.exiting = true;
                self.exits.push(node);
            }
            Effect::Log { level, message } => {
                self.note(node, Kind::Log, || message.clone());
                if message == STREAM_KEPT {
                    self.report.add("streams kept while their snapshots came", 1);
                }
                if message.starts_with(LEADS) {
                    self.watch.nodes[node].told_to_lead = message.starts_with(BY_ORDER);
                }
                if level == LogLevel::Warning {
                    self.hosts[node].last_words = message;
                }
            }
            Effect::Drop(_) | Effect::Ready => {}
        }
    }

    fn arm(&mut self, node: usize) {
        let host = &mut self.hosts[node];
        let life = host.life;
        let Some(process) = &mut host.process else { return };
        let Some(next) = process.node.engine.next_deadline() else { return };
        let at = host.clock.when(next).max(self.now + 1);
        if at < process.armed {
            process.armed = at;
            self.heap.push(at, Event::Deadline { node, life, at });
        }
    }

    fn deadline(&mut self, node: usize, life: u64, at: u64) {
        let host = &mut self.hosts[node];
        let current = host.life == life;
        let reading = host.clock.read(self.now).monotonic;
        let Some(process) = host.process.as_mut().filter(|process| current && process.armed == at) else { return };
        process.armed = u64::MAX;
        if process.node.engine.next_deadline().is_some_and(|next| next <= reading) {
            self.handle(node, Input::Deadline);
        } else {
            self.arm(node);
        }
    }

    fn outcome(mut self) -> Outcome {
        let mut effects = Fingerprint::new();
        let mut recordings = Vec::new();
        for node in 0..self.hosts.len() {
            self.end_process(node);
            effects.add(self.hosts[node].past_effects);
            for (life, recording) in std::mem::take(&mut self.hosts[node].recordings).into_iter().enumerate() {
                recordings.push((node, life as u64 + 1, recording));
            }
        }
        let trace = self.take_trace();
        self.report.add("runs", 1);
        self.report.add("commands", self.commands);
        self.report.add("data compared at an offset", self.watch.same_offset.compared);
        self.report.add("simulated seconds", self.now / 1_000_000);
        for (checker, verdicts) in Checker::ALL.iter().zip(self.watch.verdicts) {
            self.report.add(&format!("verdicts of {}", checker.name()), verdicts);
        }
        Outcome {
            report: self.report,
            fault: self.watch.fault,
            effects: effects.value(),
            simulated: self.now,
            recordings,
            trace,
        }
    }
}
