//! The machine of a node: its disk, and the processes that run on it one after
//! the other. Each is made of production's parts: the engine behind
//! `net::shared`, `net::connection`, `net::link`, `net::timer` and
//! `net::listener`.

use super::disk::{SimulatedDisk, Storage, VolatileFiles, work};
use super::host::TurmoilHost;
use super::image::Images;
use super::life::{Faults, Life, NodeClock, Remains, lock};
use super::oracle::SimulatedSystem;
use super::wire::Wires;
use crate::report::Report;
use engine::base::random::Random;
use engine::boundary::effects::{DiskOperation, Effects, LogLevel};
use engine::boundary::input::{DiskError, DiskErrorKind, Input};
use engine::config::Config;
use engine::engine::Engine;
use engine::engine::options::Options;
use engine::server::HostFacts;
use engine::server::personality::Personality;
use net::host::Host;
use net::listener::Listeners;
use net::listener::accept::accept_all;
use net::listener::socket::SocketOptions;
use net::shared::{Log, Parts, Shared};
use net::{connection, link, timer};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::spawn_local;

/// The port of every node.
pub const PORT: u16 = 6379;

/// How a node is made, over all its lives.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its name.
    pub name: String,
    /// The configuration file's text.
    pub config: String,
    /// Under which name it runs.
    pub personality: Personality,
    /// True if a model checks replies.
    pub model: bool,
    /// Longest time of a disk operation, milliseconds.
    pub disk_ms_max: u64,
}

/// A machine.
pub struct Place {
    /// How it is made.
    pub setup: Setup,
    wires: Wires,
    faults: Faults,
    random: Mutex<Random>,
    clock: Mutex<NodeClock>,
    storage: Mutex<Box<dyn Storage>>,
    trouble: Mutex<DiskTrouble>,
    images: Mutex<Images>,
    process: Mutex<Option<Process>>,
}

/// What is wrong with the disk for the moment.
#[derive(Clone, Copy, Default, Debug)]
pub struct DiskTrouble {
    /// Operations take so much longer, milliseconds.
    pub slower_ms: u64,
    /// One change of so many fails; 0 for none.
    pub fails_one_in: u64,
}

#[derive(Clone)]
struct Process {
    life: Arc<Life>,
    shared: Arc<Shared<TurmoilHost>>,
}

/// Log lines go nowhere.
struct NoLog;

impl Log for NoLog {
    fn log(&self, _level: LogLevel, _message: &str) {}
}

impl Place {
    /// A machine on which nothing runs.
    pub fn new(setup: Setup, wires: Wires, faults: Faults, clock: NodeClock, random: Random) -> Place {
        Place {
            setup,
            wires,
            faults,
            random: Mutex::new(random),
            clock: Mutex::new(clock),
            storage: Mutex::new(Box::new(VolatileFiles::default())),
            trouble: Mutex::default(),
            images: Mutex::default(),
            process: Mutex::default(),
        }
    }

    /// The disk.
    pub fn storage(&self) -> MutexGuard<'_, Box<dyn Storage>> {
        lock(&self.storage)
    }

    /// What is wrong with the disk, to be set.
    pub fn trouble(&self) -> MutexGuard<'_, DiskTrouble> {
        lock(&self.trouble)
    }

    /// How long the next disk operation takes.
    pub(super) fn disk_delay_ms(&self) -> u64 {
        lock(&self.random).below(self.setup.disk_ms_max + 1) + self.trouble().slower_ms
    }

    /// The error with which an operation fails, if it does.
    pub(super) fn disk_failure(&self, operation: &DiskOperation) -> Option<DiskError> {
        let changes = !matches!(operation, DiskOperation::Open { .. } | DiskOperation::Read { .. });
        let fails_one_in = self.trouble().fails_one_in;
        let fails = changes && fails_one_in > 0 && lock(&self.random).below(fails_one_in) == 0;
        fails.then(|| DiskError { kind: DiskErrorKind::Full, message: "No space left on device".into() })
    }

    /// The process that runs.
    pub fn life(&self) -> Option<Arc<Life>> {
        lock(&self.process).as_ref().map(|process| Arc::clone(&process.life))
    }

    /// Looks at the engine of the process that runs.
    pub fn inspect<T>(&self, look: impl FnOnce(&Engine) -> T) -> Option<T> {
        let process = lock(&self.process).clone()?;
        Some(process.shared.inspect(look))
    }

    /// Sets the wall clock of the node.
    pub fn jump(&self, microseconds: i64) {
        lock(&self.clock).epoch += microseconds;
        if let Some(life) = self.life() {
            life.clock().epoch += microseconds;
            life.watch().clock_jumped();
        }
    }

    /// The process ends here, and leaves what the disk has.
    pub fn bury(&self, report: &mut Report) -> Option<Remains> {
        let Process { life, shared } = lock(&self.process).take()?;
        life.end();
        let remains = shared.inspect(|engine| life.bury(engine, report));
        *lock(&self.clock) = *life.clock();
        *lock(&self.images) = life.watch().images.inherited();
        self.storage().process_ended();
        Some(remains)
    }

    /// The power fails, after the process was buried.
    pub fn power_failed(&self) {
        self.storage().power_failed(&mut lock(&self.random));
    }

    fn options(&self, seed: u64) -> Result<Options, String> {
        let mut config = Config::at_defaults(self.setup.personality.is_valkey());
        config
            .load(self.setup.config.as_bytes(), &mut |_| Err(String::new()))
            .map_err(|error| error.report(&self.setup.name))?;
        Ok(Options {
            seed,
            config,
            config_file: Some("/simulated/reprise.conf".into()),
            executable: "/simulated/reprise".into(),
            personality: self.setup.personality,
            host: HostFacts {
                system: "Linux 6.1 x86_64".into(),
                process_id: 4711,
                multiplexing: "turmoil".into(),
                allocator: "none".into(),
            },
            renamed_commands: Vec::new(),
        })
    }

    fn begin_life(&self) -> Arc<Life> {
        let random = Random::from_seed(lock(&self.random).next_u64());
        let Setup { name, model, .. } = &self.setup;
        let life = Life::new(name, *lock(&self.clock), random, self.wires.clone(), *model, self.faults.clone());
        life.watch().images = lock(&self.images).clone();
        Arc::new(life)
    }
}

/// Runs a process until it is crashed.
pub async fn run(place: Arc<Place>) -> turmoil::Result {
    let life = place.begin_life();
    let host = TurmoilHost { life: Arc::clone(&life) };
    let options = place.options(host.seed().unwrap_or_default())?;
    life.record(&options);
    let engine = Engine::new(options, host.now());
    let (disk, queue) = SimulatedDisk::new();
    let (wanted_links, links) = unbounded_channel();
    let exits = Arc::clone(&life);
    let oracle = SimulatedSystem { life: Arc::clone(&life), place: Arc::clone(&place) };
    let parts = Parts {
        engine,
        effects: Effects::new(Box::new(oracle)),
        recorder: None,
        disk: Box::new(disk),
        wanted_links,
        log: Arc::new(NoLog),
        // The receiver is gone: garbage is dropped where it is sent.
        garbage: std::sync::mpsc::channel().0,
        ready: Box::new(|| ()),
        exit: Box::new(move |_| exits.exit()),
    };
    let shared = Shared::new(parts, host.clone());
    *lock(&place.process) = Some(Process { life: Arc::clone(&life), shared: Arc::clone(&shared) });
    let (mut listeners, acceptor) = Listeners::new(SocketOptions { backlog: 511, mark: 0 }, host.clone());
    listeners.listen_tcp(&[b"*".to_vec()], PORT).map_err(|error| format!("{error:?}"))?;
    shared.handle(Input::Start);
    spawn_local(work(queue, Arc::clone(&place), life, Arc::clone(&shared)));
    host.spawn(timer::run(Arc::clone(&shared)));
    host.spawn(link::serve(links, Arc::clone(&shared)));
    let serving = host.clone();
    accept_all(host, acceptor, move |(stream, ends)| {
        serving.spawn(connection::serve(stream, ends, Arc::clone(&shared)));
    })
    .await;
    Ok(())
}
