//! Clients: they connect to nodes, send pipelines of random requests, and take
//! what comes back apart. A client has one connection at a time.

use super::ledger::Ledger;
use super::life::{Faults, lock};
use super::place::PORT;
use super::stream::Stream;
use super::wire::Wires;
use crate::client::Actor;
use crate::report::Report;
use crate::workload::{Profile, garbage};
use engine::base::fingerprint::Fingerprint;
use engine::base::random::Random;
use engine::boundary::id::ClientId;
use engine::command::generate::encode;
use engine::command::table::CommandTable;
use engine::commands::COMMANDS;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};
use turmoil::net::TcpStream;

/// How long a client waits for a connection or for replies.
pub(super) const PATIENCE: Duration = Duration::from_millis(1500);
/// What is read at once.
const READ_SIZE: usize = 16 * 1024;

/// What all clients have in common.
pub struct Crowd {
    /// Names of the nodes.
    pub nodes: Vec<String>,
    /// What they do.
    pub profile: Profile,
    /// Mean pause after a pipeline, milliseconds.
    pub pause_ms: u64,
    /// True if the first node keeps whatever it has told to be written, over any
    /// crash.
    pub keeps: bool,
    /// What goes over the connections.
    pub wires: Wires,
    /// What is wrong.
    pub faults: Faults,
    /// What happened.
    pub report: RefCell<Report>,
    /// Set when the faults are over and each client has to get answers.
    pub healed: Cell<bool>,
    /// Set when nobody is to write any more.
    pub quiet: Cell<bool>,
    /// Hashes of what each client received.
    pub hashes: RefCell<Vec<Fingerprint>>,
    /// For each client, nodes that have answered since the faults are over.
    pub answered: RefCell<Vec<Vec<bool>>>,
}

/// Seeds of all clients and of the ledger, to be handed to their host once.
pub type Handed = Arc<Mutex<Option<Vec<Random>>>>;

/// The software of the host on which the clients run.
pub async fn run(crowd: Rc<Crowd>, seeds: Handed) -> turmoil::Result {
    let mut seeds = lock(&seeds).take().unwrap_or_default();
    if let Some(random) = seeds.pop() {
        tokio::task::spawn_local(Ledger::new(Rc::clone(&crowd), random).live());
    }
    for (number, random) in seeds.into_iter().enumerate() {
        let client = Client {
            crowd: Rc::clone(&crowd),
            number,
            random,
            actor: Actor::default(),
            table: CommandTable::new(COMMANDS),
            profile: crowd.profile.clone(),
        };
        tokio::task::spawn_local(client.live());
    }
    std::future::pending().await
}

struct Client {
    crowd: Rc<Crowd>,
    number: usize,
    random: Random,
    actor: Actor,
    table: CommandTable,
    profile: Profile,
}

/// A connection, and the node at the other end.
pub(super) struct Open {
    pub stream: Stream,
    node: usize,
    pub address: String,
}

impl Crowd {
    /// Connects to a node.
    pub(super) async fn connect(&self, node: usize, random: &mut Random) -> Option<Open> {
        let name = self.nodes[node].clone();
        let random = Random::from_seed(random.next_u64());
        let connected = timeout(PATIENCE, TcpStream::connect((name.as_str(), PORT))).await;
        let Ok(Ok(stream)) = connected else {
            self.report.borrow_mut().add("connections that could not be made", 1);
            return None;
        };
        let stream = Stream::new(stream, None, random).ok()?;
        self.report.borrow_mut().add("connections", 1);
        Some(Open { address: stream.local().to_string(), stream, node })
    }
}

impl Client {
    async fn live(mut self) {
        loop {
            let node = self.choose_node();
            if let Some(open) = self.crowd.connect(node, &mut self.random).await {
                self.actor.connected(ClientId(self.number as u64));
                self.use_connection(open).await;
                self.actor.disconnected();
            }
            self.pause().await;
        }
    }

    /// Any node; when faults are over, one that has not answered since.
    fn choose_node(&mut self) -> usize {
        let count = self.crowd.nodes.len();
        let chosen = self.random.below(count as u64) as usize;
        if self.crowd.healed.get() {
            let answered = &self.crowd.answered.borrow()[self.number];
            return (0..count).find(|node| !answered[*node]).unwrap_or(chosen);
        }
        chosen
    }

    async fn pause(&mut self) {
        let mean_ms = if self.crowd.healed.get() { 50 } else { self.crowd.pause_ms };
        let pause_ms = self.random.below(2 * mean_ms + 1);
        sleep(Duration::from_millis(pause_ms)).await;
    }

    fn count(&self, what: &str, count: u64) {
        self.crowd.report.borrow_mut().add(what, count);
    }

    /// Sends pipelines until the connection ends.
    async fn use_connection(&mut self, mut open: Open) {
        let name = self.crowd.nodes[open.node].clone();
        loop {
            let bytes = self.next_pipeline(&name, &open.address);
            if !matches!(timeout(PATIENCE, open.stream.write_all(&bytes)).await, Ok(Ok(()))) {
                self.count("connections lost", 1);
                break;
            }
            if !self.await_replies(&mut open, &name).await {
                break;
            }
            let leaves = self.crowd.healed.get() || self.random.below(self.profile.close_one_in) == 0;
            if leaves {
                self.count("connections closed by clients", 1);
                break;
            }
            self.pause().await;
        }
        self.crowd.wires.closed(&name, &open.address);
    }

    fn next_pipeline(&mut self, node: &str, address: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let now = turmoil::since_epoch().unwrap_or_default();
        self.profile.settings.now_ms = now.as_millis() as i64;
        let depth = 1 + self.random.below(self.profile.depth_max);
        for _ in 0..depth {
            let request = match self.crowd.healed.get() {
                true => vec![b"PING".to_vec()],
                false => self.profile.next_request(&mut self.actor, &self.table, &mut self.random),
            };
            self.crowd.wires.asks(node, address, &request);
            self.actor.asks(&request);
            encode(&request, &mut bytes);
        }
        if !self.crowd.healed.get() && self.random.below(300) == 0 {
            self.crowd.wires.sends_garbage(node, address);
            self.actor.sends_garbage();
            garbage(&mut self.random, &mut bytes);
        }
        bytes
    }

    /// Reads until no reply is missing. False if the connection is of no more
    /// use.
    async fn await_replies(&mut self, open: &mut Open, node: &str) -> bool {
        // Sometimes the next pipeline follows without waiting.
        let hurries = self.random.below(10) == 0 && !self.crowd.healed.get();
        let mut buffer = vec![0; READ_SIZE];
        while self.actor.missing() > 0 && !hurries {
            let count = match timeout(PATIENCE, open.stream.read(&mut buffer)).await {
                Ok(Ok(0)) => {
                    self.count("connections closed by the server", 1);
                    return false;
                }
                Ok(Ok(count)) => count,
                Ok(Err(_)) => {
                    self.count("connections lost", 1);
                    return false;
                }
                Err(_) => {
                    self.count("clients that gave up", 1);
                    return false;
                }
            };
            if self.crowd.healed.get() {
                self.crowd.answered.borrow_mut()[self.number][open.node] = true;
            }
            if let Err(fault) = self.receive(&buffer[..count], node, &open.address) {
                self.crowd.faults.report(format!("client {}: {fault}", self.number));
                return false;
            }
        }
        true
    }

    fn receive(&mut self, bytes: &[u8], node: &str, address: &str) -> Result<(), String> {
        self.crowd.hashes.borrow_mut()[self.number].add_bytes(bytes);
        self.crowd.wires.received(node, address, bytes)?;
        let received = self.actor.receive(bytes)?;
        self.count("replies", received.replies);
        self.count("errors", received.errors);
        Ok(())
    }
}
