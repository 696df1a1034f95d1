//! The state at a place in a recording, for redis-cli to look at. Time stands
//! still there, and nothing can be changed.

use crate::clock::Clock;
use crate::link::{Link, Submitted};
use crate::node::Node;
use crate::oracle::Shared;
use engine::base::random::Random;
use engine::boundary::effects::{Effect, Effects, Progress};
use engine::boundary::id::ClientId;
use engine::boundary::input::{BufferReport, Connection, Input};
use engine::boundary::time::Now;
use engine::command::spec::Flags;
use engine::engine::Engine;
use engine::resp::request::{Arguments, Limits, RequestBuffer};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// Commands that change no data, but what is looked at.
const REFUSED: &[&str] = &[
    "acl",
    "bgrewriteaof",
    "bgsave",
    "client|kill",
    "client|pause",
    "config|resetstat",
    "config|rewrite",
    "config|set",
    "debug",
    "failover",
    "module",
    "monitor",
    "psync",
    "replconf",
    "replicaof",
    "save",
    "shutdown",
    "slaveof",
    "sync",
    "wait",
    "waitaof",
];

/// First of the numbers of clients that look; those that were recorded are far
/// below.
const FIRST_CLIENT: u64 = 1 << 48;

struct Museum {
    engine: Engine,
    effects: Effects,
    now: Now,
    next_client: u64,
    /// What those that are connected are to be sent, and whether that is all.
    outputs: BTreeMap<ClientId, (Vec<u8>, bool)>,
}

/// Serves the state that a replay has come to until the process ends.
///
/// # Errors
/// If there are no connections to be had.
pub fn serve(node: Node, listener: &TcpListener) -> Result<(), std::io::Error> {
    let now = node.now;
    let surroundings = Shared::new(Clock::new(now.monotonic.0, now.unix.0), Random::from_seed(0), None);
    let museum = Museum {
        engine: node.engine,
        effects: Effects::new(Box::new(surroundings)),
        now,
        next_client: FIRST_CLIENT,
        outputs: BTreeMap::new(),
    };
    let museum = Arc::new(Mutex::new(museum));
    for stream in listener.incoming() {
        let (stream, museum) = (stream?, museum.clone());
        std::thread::spawn(move || {
            // A visitor who leaves in the middle of a reply misses it.
            drop(guide(stream, &museum));
        });
    }
    Ok(())
}

/// One visitor.
fn guide(mut stream: TcpStream, museum: &Mutex<Museum>) -> Result<(), std::io::Error> {
    let lock = || museum.lock().unwrap_or_else(PoisonError::into_inner);
    let (peer, local) = (stream.peer_addr()?.to_string(), stream.local_addr()?.to_string());
    let (client, limits) = lock().admit(peer, local);
    let mut link = Link::new(client, 0, limits, 1);
    let mut buffer = vec![0; 16 << 10];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        let mut museum = lock();
        link.receive(&buffer[..length], &mut |link, bytes, parsed| museum.submit(link, bytes, parsed));
        let (output, closing) = museum.outputs.get_mut(&client).map(std::mem::take).unwrap_or_default();
        drop(museum);
        stream.write_all(&output)?;
        if closing {
            break;
        }
    }
    let mut museum = lock();
    museum.outputs.remove(&client);
    museum.handle(Input::Closed { client });
    Ok(())
}

impl Museum {
    fn admit(&mut self, peer: String, local: String) -> (ClientId, Limits) {
        let client = ClientId(self.next_client);
        self.next_client += 1;
        self.outputs.insert(client, Default::default());
        let connection = Connection { peer, local, unix_socket: false, loopback: true, descriptor: 0 };
        self.handle(Input::Connected { client, connection });
        (client, self.engine.limits(client))
    }

    fn submit(&mut self, link: &mut Link, bytes: &[u8], parsed: &RequestBuffer) -> Submitted {
        let client = link.client;
        let requests = parsed.requests(bytes, 0);
        if requests.len() == 1 && self.refuses(&requests.arguments(0)) {
            self.tell(client, b"-READONLY A recording can't be changed.\r\n");
        } else {
            let report = BufferReport::default();
            if let Progress::Wait(_) = self.handle(Input::Requests { client, requests: &requests, report }) {
                self.tell(
                    client,
                    b"-BUSY The server that was recorded lets this wait: replay until an earlier input.\r\n",
                );
            }
        }
        link.limits = self.engine.limits(client);
        Submitted { progress: Progress::All, resumed: false }
    }

    fn tell(&mut self, client: ClientId, reply: &[u8]) {
        if let Some((output, _)) = self.outputs.get_mut(&client) {
            output.extend_from_slice(reply);
        }
    }

    /// True for what would change what is looked at.
    fn refuses(&self, arguments: &Arguments<'_>) -> bool {
        let commands = &self.engine.server().commands;
        if arguments.is_empty() {
            return false;
        }
        let Some(mut id) = commands.find(&arguments[0]) else { return false };
        let container = commands.full_name(id);
        if arguments.len() > 1 {
            id = commands.find_subcommand(id, &arguments[1]).unwrap_or(id);
        }
        let name = commands.full_name(id);
        commands.command(id).flags.has(Flags::WRITE)
            || REFUSED.contains(&name.as_str())
            || REFUSED.contains(&container.as_str())
    }

    fn handle(&mut self, input: Input<'_>) -> Progress {
        self.engine.handle(self.now, input, &mut self.effects);
        let progress = self.effects.progress;
        let output = std::mem::take(&mut self.effects.output);
        for effect in std::mem::take(&mut self.effects.orders.list) {
            match effect {
                Effect::Send { client, start, end } => {
                    if let Some((pending, _)) = self.outputs.get_mut(&client) {
                        pending.extend_from_slice(&output[start..end]);
                    }
                }
                Effect::Close { client, .. } => {
                    if let Some((_, closing)) = self.outputs.get_mut(&client) {
                        *closing = true;
                    }
                }
                _ => {}
            }
        }
        self.effects.clear();
        progress
    }
}
