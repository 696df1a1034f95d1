//! One run: nodes and clients on turmoil's network, and faults, step by step.
//!
//! ```text
//! clients' host ── turmoil's links ── node 0 … node n: production's driver
//!                        │                      │
//!                   faults by plan        disk, clock, look-on
//! ```
//!
//! What turmoil cannot do and what is done about it: it does not send a lost
//! segment again, so a connection over a cut link stays broken until a timeout;
//! a crashed host says goodbye, so a power failure cuts the links first; its
//! clock has milliseconds, and its step is a whole number of them.

use super::client::{Crowd, Handed};
use super::life::{Faults, NodeClock, Remains};
use super::place::{Place, Setup};
use super::plan::{Fault, Kind, Plan};
use super::wire::Wires;
use super::{client, place};
use crate::report::Report;
use crate::workload::Profile;
use engine::base::fingerprint::Fingerprint;
use engine::base::random::Random;
use engine::command::table::CommandTable;
use engine::commands::COMMANDS;
use engine::server::personality::Personality;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};
use turmoil::Sim;

/// Milliseconds in which faults happen.
pub const FAULTS_MS: u64 = 52_000;
/// Milliseconds of a run; in the last of them everything must work again.
pub const RUN_MS: u64 = 62_000;
/// How long replicas may take then to become what their primary is.
const CONVERGENCE_MS: u64 = 30_000;
/// Commands that a run is to come to, about.
const COMMANDS_AIM: u64 = 4000;
/// Where the clients are.
const CLIENTS: &str = "clients";
/// Segments that turmoil keeps for a socket; it panics or forgets beyond. A stream
/// to a replica goes on while its link is held.
const SEGMENTS_MAX: usize = 1 << 18;

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// What happened.
    pub report: Report,
    /// A hash of all that clients received and of all states that nodes ended in.
    pub trace: u64,
    /// The processes that lived.
    pub remains: Vec<Remains>,
    /// The plan, for who wants to know.
    pub plan: Plan,
}

struct World {
    sim: Sim<'static>,
    names: Vec<String>,
    places: Vec<Arc<Place>>,
    /// When a node that is down starts again, and whether it had no power.
    down: Vec<Option<(u64, bool)>>,
    /// The node that each follows.
    follows: Vec<Option<usize>>,
    /// Faults under way: when they end.
    under_way: Vec<(u64, Fault)>,
    crowd: Rc<Crowd>,
    faults: Faults,
    plan: Plan,
    next_fault: usize,
    restart_random: Random,
    remains: Vec<Remains>,
    report: Report,
    now_ms: u64,
    step_ms: u64,
}

/// Runs a seed.
///
/// # Errors
/// What a checker found.
pub fn run(seed: u64) -> Result<Run, String> {
    let mut world = World::new(seed);
    let result = world.run();
    for life in world.places.iter().filter_map(|place| place.life()) {
        life.end();
    }
    result?;
    Ok(world.finish())
}

impl World {
    fn new(seed: u64) -> World {
        // Other numbers than tier 1 draws from the same seed.
        let mut random = Random::from_seed(seed ^ 0x7469_6572_2032_0000);
        let table = CommandTable::new(COMMANDS);
        let mut profile = Profile::draw(&mut random, &table);
        profile.depth_max = profile.depth_max.min(50);
        let node_count = 2 + random.below(2) as usize;
        let client_count = 1 + random.below(4) as usize;
        let step_ms = [1, 2, 5, 5, 10, 10][random.below(6) as usize];
        let start = 1_700_000_000_000 + random.below(1 << 30);
        let mut sim = builder(&mut random, step_ms, start).build();
        let (faults, wires) = (Faults::default(), Wires::new(sim.lookup(CLIENTS)));
        let parts = Parts::draw(&mut random, node_count);
        if parts.keeps() {
            profile.spare_keys(&table);
        }
        let plan = Plan::draw(&mut random, node_count, FAULTS_MS);
        let names: Vec<String> = (0..node_count).map(|number| format!("node-{number}")).collect();
        let mut places = Vec::new();
        for (node, name) in names.iter().enumerate() {
            let setup = setup(name, &profile, &parts, node, &mut random);
            let clock = NodeClock::new((start * 1000) as i64, random.below(1 << 40));
            let seed = Random::from_seed(random.next_u64());
            let place = Arc::new(Place::new(setup, wires.clone(), faults.clone(), clock, seed));
            let machine = Arc::clone(&place);
            sim.host(name.as_str(), move || place::run(Arc::clone(&machine)));
            places.push(place);
        }
        let pause_ms = (RUN_MS * client_count as u64 * (1 + profile.depth_max) / 2 / COMMANDS_AIM).max(1);
        let crowd = Rc::new(Crowd {
            nodes: names.clone(),
            profile,
            pause_ms,
            keeps: parts.keeps(),
            wires,
            faults: faults.clone(),
            report: RefCell::default(),
            healed: Cell::new(false),
            quiet: Cell::new(false),
            hashes: RefCell::new(vec![Fingerprint::new(); client_count]),
            answered: RefCell::new(vec![vec![false; node_count]; client_count]),
        });
        let seeds = (0..=client_count).map(|_| Random::from_seed(random.next_u64())).collect();
        let handed: Handed = Arc::new(Mutex::new(Some(seeds)));
        let common = Rc::clone(&crowd);
        sim.host(CLIENTS, move || client::run(Rc::clone(&common), Arc::clone(&handed)));
        World {
            sim,
            down: vec![None; node_count],
            follows: parts.follows,
            names,
            places,
            under_way: Vec::new(),
            crowd,
            faults,
            plan,
            next_fault: 0,
            restart_random: random,
            remains: Vec::new(),
            report: Report::default(),
            now_ms: 0,
            step_ms,
        }
    }

    fn run(&mut self) -> Result<(), String> {
        while self.now_ms < RUN_MS {
            self.step()?;
        }
        self.check_progress()?;
        self.crowd.quiet.set(true);
        while let Err(text) = self.check_replicas() {
            if self.now_ms > RUN_MS + CONVERGENCE_MS {
                return Err(text);
            }
            self.step()?;
        }
        self.report.add("replicas compared with their primary", self.follows.iter().flatten().count() as u64);
        Ok(())
    }

    fn step(&mut self) -> Result<(), String> {
        self.sim.step().map_err(|error| error.to_string())?;
        self.now_ms += self.step_ms;
        if let Some(fault) = self.faults.first() {
            return Err(format!("at {} ms: {fault}", self.now_ms));
        }
        self.restart_exited();
        self.end_faults();
        self.begin_faults();
        self.start_again();
        if self.now_ms >= FAULTS_MS && !self.crowd.healed.get() {
            self.crowd.healed.set(true);
        }
        Ok(())
    }

    /// A host by its number in a fault: the clients come after all nodes.
    fn host(&self, number: usize) -> String {
        self.names.get(number).map_or(CLIENTS, String::as_str).to_owned()
    }

    fn restart_exited(&mut self) {
        for node in 0..self.places.len() {
            if self.down[node].is_none() && self.places[node].life().is_some_and(|life| life.exited()) {
                self.report.add("processes that ended by themselves", 1);
                let pause_ms = 10 + self.restart_random.below(500);
                self.take_down(node, self.now_ms + pause_ms, false);
            }
        }
    }

    fn begin_faults(&mut self) {
        while let Some(fault) = self.plan.faults.get(self.next_fault).copied() {
            if fault.at_ms > self.now_ms {
                return;
            }
            self.next_fault += 1;
            self.begin(fault);
        }
    }

    fn begin(&mut self, fault: Fault) {
        let Fault { kind, node, other, amount, .. } = fault;
        let until = self.now_ms + fault.for_ms;
        // One fault a link at a time, and none of one that has no power.
        let on_link = matches!(kind, Kind::Hold | Kind::Cut | Kind::CutOneWay);
        let same_link = |held: &Fault| [(held.node, held.other), (held.other, held.node)].contains(&(node, other));
        let is_link = |held: &Fault| matches!(held.kind, Kind::Hold | Kind::Cut | Kind::CutOneWay);
        if on_link && self.under_way.iter().any(|(_, held)| is_link(held) && same_link(held)) {
            return;
        }
        let unpowered = |host: usize| self.down.get(host).copied().flatten().is_some_and(|(_, power)| power);
        if on_link && (unpowered(node) || unpowered(other)) {
            return;
        }
        let (one, two) = (self.host(node), self.host(other));
        match kind {
            Kind::Hold => self.sim.hold(one, two),
            Kind::Cut => self.sim.partition(one, two),
            Kind::CutOneWay => self.sim.partition_oneway(one, two),
            Kind::Crash | Kind::PowerFailure if self.down[node].is_some() => return,
            Kind::Crash => self.take_down(node, until, false),
            Kind::PowerFailure => self.take_down(node, until, true),
            Kind::Jump => self.places[node].jump(amount),
            Kind::SlowDisk => self.places[node].trouble().slower_ms = 1 + amount.unsigned_abs() % 300,
            Kind::FullDisk => self.places[node].trouble().fails_one_in = 1 + amount.unsigned_abs() % 10,
        }
        self.report.add(kind.name(), 1);
        self.under_way.push((until, fault));
    }

    fn end_faults(&mut self) {
        let now_ms = self.now_ms;
        let (over, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.under_way).into_iter().partition(|(until, _)| *until <= now_ms);
        self.under_way = rest;
        for (_, fault) in over {
            let (one, two) = (self.host(fault.node), self.host(fault.other));
            match fault.kind {
                Kind::Hold => self.sim.release(one, two),
                Kind::Cut => self.sim.repair(one, two),
                Kind::CutOneWay => self.sim.repair_oneway(one, two),
                Kind::SlowDisk => self.places[fault.node].trouble().slower_ms = 0,
                Kind::FullDisk => self.places[fault.node].trouble().fails_one_in = 0,
                Kind::Crash | Kind::PowerFailure | Kind::Jump => {}
            }
        }
    }

    /// Ends a node's process until a time.
    fn take_down(&mut self, node: usize, until: u64, power: bool) {
        let Some(remains) = self.places[node].bury(&mut self.report) else { return };
        self.remains.push(remains);
        if power {
            // Nobody is told that the connections are gone.
            self.under_way.retain(|(_, held)| {
                !(matches!(held.kind, Kind::Hold | Kind::Cut | Kind::CutOneWay)
                    && (held.node == node || held.other == node))
            });
            for other in (0..=self.names.len()).filter(|other| *other != node) {
                self.sim.partition(self.host(node), self.host(other));
            }
        }
        self.sim.crash(self.host(node));
        if power {
            self.places[node].power_failed();
        }
        self.down[node] = Some((until, power));
    }

    fn start_again(&mut self) {
        for node in 0..self.names.len() {
            let Some((until, power)) = self.down[node] else { continue };
            if until > self.now_ms {
                continue;
            }
            self.down[node] = None;
            if power {
                for other in (0..=self.names.len()).filter(|other| *other != node) {
                    let unpowered = self.down.get(other).copied().flatten().is_some_and(|(_, power)| power);
                    if !unpowered {
                        self.sim.repair(self.host(node), self.host(other));
                    }
                }
            }
            self.sim.bounce(self.host(node));
            self.report.add("restarts", 1);
        }
    }

    /// Once healed, each client was answered by each node.
    fn check_progress(&self) -> Result<(), String> {
        for (client, answered) in self.crowd.answered.borrow().iter().enumerate() {
            if let Some(node) = answered.iter().position(|answered| !answered) {
                return Err(format!("client {client} got no answer from node-{node} after all faults were over"));
            }
        }
        Ok(())
    }

    /// Each replica has come to where its primary is, and has the same data. The id
    /// may be another: DEBUG can change it, and replicas go on.
    fn check_replicas(&self) -> Result<(), String> {
        let place = |node: usize| {
            self.places[node].inspect(|engine| {
                let replication = &engine.server().replication;
                (replication.offset, engine.data_hash(), engine.server().loading)
            })
        };
        for (node, primary) in self.follows.iter().enumerate() {
            let Some(primary) = *primary else { continue };
            let (one, other) = (place(node), place(primary));
            if one != other || one.is_none_or(|(.., loading)| loading) {
                return Err(format!("node-{node} is at {one:?}, and node-{primary}, its primary, at {other:?}"));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Run {
        for place in &self.places {
            self.remains.extend(place.bury(&mut self.report));
        }
        let mut trace = Fingerprint::new();
        for hash in self.crowd.hashes.borrow().iter() {
            trace.add(hash.value());
        }
        for Remains { summary, .. } in &self.remains {
            trace.add(summary.inputs);
            trace.add(summary.effects);
            trace.add(summary.state);
        }
        let mut report = self.report;
        report.merge(&self.crowd.report.borrow());
        report.add("runs", 1);
        report.add("simulated seconds", self.now_ms / 1000);
        Run { report, trace: trace.value(), remains: self.remains, plan: self.plan }
    }
}

fn builder(random: &mut Random, step_ms: u64, start_ms: u64) -> turmoil::Builder {
    let mut builder = turmoil::Builder::new();
    builder
        .epoch(UNIX_EPOCH + Duration::from_millis(start_ms))
        .rng_seed(random.next_u64())
        .tick_duration(Duration::from_millis(step_ms))
        .simulation_duration(Duration::from_millis(2 * RUN_MS))
        .tcp_capacity(SEGMENTS_MAX)
        .min_message_latency(Duration::from_millis(random.below(2)))
        .max_message_latency(Duration::from_millis(2 + random.below(60)));
    if random.below(2) == 0 {
        builder.enable_random_order();
    }
    builder
}

/// What part each node plays.
struct Parts {
    /// The node that each follows.
    follows: Vec<Option<usize>>,
    /// `appendfsync` of each that has an append only file.
    syncs: Vec<Option<&'static str>>,
}

impl Parts {
    fn draw(random: &mut Random, nodes: usize) -> Parts {
        let replicated = random.below(3) > 0;
        let chained = random.below(2) == 0;
        let persistent = random.below(2) == 0;
        let follows = |node: usize| match node {
            1.. if !replicated => None,
            0 => None,
            1 => Some(0),
            _ => Some(if chained { 1 } else { 0 }),
        };
        let policies = ["always", "always", "everysec", "no"];
        Parts {
            follows: (0..nodes).map(follows).collect(),
            syncs: (0..nodes).map(|_| persistent.then(|| policies[random.below(4) as usize])).collect(),
        }
    }

    /// True if the first node keeps all that it acknowledges.
    fn keeps(&self) -> bool {
        self.syncs[0] == Some("always")
    }

    /// Lines of a node's configuration.
    fn config(&self, node: usize, random: &mut Random) -> String {
        let mut config = String::from("repl-timeout 3\nrepl-ping-replica-period 1\nrepl-diskless-sync-delay 0\n");
        if let Some(primary) = self.follows[node] {
            config += &format!("replicaof node-{primary} {}\n", place::PORT);
        }
        if let Some(policy) = self.syncs[node] {
            config += &format!("appendonly yes\nappendfsync {policy}\nauto-aof-rewrite-min-size 4kb\n");
        }
        for parameter in ["repl-diskless-sync", "aof-use-rdb-preamble"] {
            config += &format!("{parameter} {}\n", if random.below(2) == 0 { "yes" } else { "no" });
        }
        let load = ["disabled", "on-empty-db", "swapdb"][random.below(3) as usize];
        config + &format!("repl-diskless-load {load}\n")
    }
}

fn setup(name: &str, profile: &Profile, parts: &Parts, node: usize, random: &mut Random) -> Setup {
    let save = ["save \"\"", "save 1 1", "save 5 10"][random.below(3) as usize];
    let config = format!(
        "databases {}\nproto-max-bulk-len 1mb\nenable-debug-command yes\nprotected-mode no\n{save}\n\
         maxmemory {}\nmaxmemory-policy {}\ntimeout 20\n{}",
        profile.databases,
        profile.maxmemory,
        profile.policy,
        parts.config(node, random)
    );
    // It knows nothing of replies that wait for a sync, nor of data that come from elsewhere.
    let model = profile.model && parts.syncs[node].is_none() && parts.follows[node].is_none();
    Setup {
        name: name.to_owned(),
        config,
        personality: if random.below(4) == 0 { Personality::VALKEY } else { Personality::REDIS },
        model,
        disk_ms_max: [0, 1, 5][random.below(3) as usize],
    }
}
