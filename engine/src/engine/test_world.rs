//! A world for tests: clients that send bytes and get bytes, and a clock that
//! stands until it is moved.

use crate::boundary::ask::{Answer, Oracle, ProcessFigures, Question};
use crate::boundary::effects::{Effect, Effects, Progress};
use crate::boundary::id::ClientId;
use crate::boundary::input::{BufferReport, Connection, Input};
use crate::boundary::time::{Monotonic, Now, Unix};
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::options::Options;
use crate::resp::request::{Parser, RequestBuffer};
use crate::server::HostFacts;
use crate::server::personality::Personality;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

/// Requests that are parsed before they are handed over.
const PARSE_MAX: usize = 512;

/// Its clock, which several worlds read each for itself.
#[derive(Clone)]
struct Nothing(Arc<AtomicU64>);

impl Oracle for Nothing {
    fn elapsed_ns(&mut self) -> u64 {
        self.0.fetch_add(1000, Ordering::Relaxed) + 1000
    }

    fn ask(&mut self, question: Question<'_>) -> Answer {
        match question {
            Question::Process => Answer::Process(ProcessFigures::default()),
            _ => Answer::Done,
        }
    }
}

/// A client as its driver sees it.
#[derive(Default)]
struct Client {
    parser: Parser,
    leftover: Vec<u8>,
    output: Vec<u8>,
    received: u64,
    written: u64,
    /// Set while it does not take its replies.
    stuck: bool,
    waiting: bool,
    closed: bool,
}

impl Client {
    fn twin(&self) -> Client {
        let Client { parser: _, leftover, output, received, written, stuck, waiting, closed } = self;
        Client {
            parser: Parser::default(),
            leftover: leftover.clone(),
            output: output.clone(),
            received: *received,
            written: *written,
            stuck: *stuck,
            waiting: *waiting,
            closed: *closed,
        }
    }
}

/// An engine with its clients.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) now: Now,
    /// Log lines so far.
    pub(crate) log: Vec<String>,
    clock: Nothing,
    effects: Effects,
    clients: BTreeMap<u64, Client>,
    next: u64,
}

impl World {
    pub(crate) fn new() -> World {
        World::with(&[], Personality::REDIS)
    }

    /// With these parameters set.
    pub(crate) fn with(parameters: &[(&str, &str)], personality: Personality) -> World {
        let mut config = Config::new();
        let pairs: Vec<_> = parameters.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        if !pairs.is_empty() {
            let _ = config.set(&pairs, crate::config::Circumstances::default()).expect("parameters of a test");
        }
        let options = Options {
            seed: 1,
            config,
            config_file: None,
            executable: "/reprise".into(),
            personality,
            host: HostFacts::default(),
            renamed_commands: Vec::new(),
        };
        let now = Now { monotonic: Monotonic(1_000_000_000), unix: Unix(1_700_000_000_000_000) };
        let clock = Nothing(Arc::default());
        let effects = Effects::new(Box::new(clock.clone()));
        let engine = Engine::new(options, now);
        World { engine, now, log: Vec::new(), clock, effects, clients: BTreeMap::new(), next: 1 }
    }

    /// The same world around another engine. No client may have sent a part of a
    /// request.
    pub(crate) fn twin(&self, engine: Engine) -> World {
        let clock = Nothing(Arc::new(AtomicU64::new(self.clock.0.load(Ordering::Relaxed))));
        let effects = Effects::new(Box::new(clock.clone()));
        let clients = self.clients.iter().map(|(&id, client)| (id, client.twin())).collect();
        World { engine, now: self.now, log: Vec::new(), clock, effects, clients, next: self.next }
    }

    /// Connects from the loopback.
    pub(crate) fn connect(&mut self) -> u64 {
        let connection = Connection {
            peer: format!("127.0.0.1:{}", 50_000 + self.next),
            local: "127.0.0.1:6379".into(),
            unix_socket: false,
            loopback: true,
            descriptor: 7 + self.next as i64,
        };
        self.connect_from(connection)
    }

    pub(crate) fn connect_from(&mut self, connection: Connection) -> u64 {
        let id = self.next;
        self.next += 1;
        self.clients.insert(id, Client::default());
        self.engine.handle(self.now, Input::Connected { client: ClientId(id), connection }, &mut self.effects);
        self.carry_out();
        id
    }

    /// A client closes its connection.
    pub(crate) fn disconnect(&mut self, id: u64) {
        self.client(id).closed = true;
        self.engine.handle(self.now, Input::Closed { client: ClientId(id) }, &mut self.effects);
        self.carry_out();
    }

    /// The client no longer takes its replies, or does again.
    pub(crate) fn set_stuck(&mut self, id: u64, stuck: bool) {
        self.client(id).stuck = stuck;
        self.drain(id);
    }

    /// The next input finds bytes in the buffer of effects.
    pub(crate) fn leave_output(&mut self, bytes: &[u8]) {
        self.effects.output.extend_from_slice(bytes);
    }

    /// Bytes arrive from a client; returns all that it got since it was last
    /// asked.
    pub(crate) fn send(&mut self, id: u64, bytes: impl AsRef<[u8]>) -> String {
        let bytes = bytes.as_ref();
        let client = self.client(id);
        client.leftover.extend_from_slice(bytes);
        client.received += bytes.len() as u64;
        self.submit(id);
        self.read(id)
    }

    /// One request as words; returns its reply.
    pub(crate) fn ask(&mut self, id: u64, words: &str) -> String {
        let mut bytes = Vec::new();
        let words: Vec<&str> = words.split(' ').collect();
        bytes.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
        for word in words {
            bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
        }
        self.send(id, bytes)
    }

    /// What a client got since it was last asked.
    pub(crate) fn read(&mut self, id: u64) -> String {
        String::from_utf8_lossy(&core::mem::take(&mut self.client(id).output)).into_owned()
    }

    pub(crate) fn is_closed(&mut self, id: u64) -> bool {
        self.client(id).closed
    }

    /// Moves the clocks, and lets all timers run that come due.
    pub(crate) fn advance_ms(&mut self, milliseconds: u64) {
        let end = self.now.monotonic.plus_ms(milliseconds);
        while let Some(deadline) = self.engine.next_deadline().filter(|&deadline| deadline <= end) {
            self.move_to(deadline.max(self.now.monotonic));
            self.engine.handle(self.now, Input::Deadline, &mut self.effects);
            self.carry_out();
        }
        self.move_to(end);
    }

    fn move_to(&mut self, monotonic: Monotonic) {
        self.now.unix.0 += monotonic.since(self.now.monotonic) as i64;
        self.now.monotonic = monotonic;
    }

    fn client(&mut self, id: u64) -> &mut Client {
        self.clients.get_mut(&id).expect("a client of this world")
    }

    fn submit(&mut self, id: u64) {
        loop {
            let limits = self.engine.limits(ClientId(id));
            let client = self.clients.get_mut(&id).expect("a client of this world");
            if client.closed || client.waiting {
                return;
            }
            let mut requests = RequestBuffer::default();
            let used = client.parser.parse(&client.leftover, limits, PARSE_MAX, &mut requests);
            let buffer = core::mem::take(&mut client.leftover);
            let report = BufferReport {
                received: core::mem::take(&mut client.received),
                written: core::mem::take(&mut client.written),
                query_buffer: (buffer.len() - used) as u64,
            };
            let input = if requests.is_empty() {
                Input::Drained { client: ClientId(id), report }
            } else {
                Input::Requests { client: ClientId(id), requests: &requests.requests(&buffer, 0), report }
            };
            self.engine.handle(self.now, input, &mut self.effects);
            let kept = match self.effects.progress {
                _ if requests.is_empty() => buffer[used..].to_vec(),
                Progress::All => buffer[used..].to_vec(),
                Progress::Yield(count) | Progress::Wait(count) => {
                    client.parser.reset();
                    client.waiting = matches!(self.effects.progress, Progress::Wait(_));
                    buffer[requests.span(count).map_or(used, |span| span.start)..].to_vec()
                }
            };
            client.leftover = kept;
            self.carry_out();
            if requests.is_empty() {
                return;
            }
        }
    }

    fn carry_out(&mut self) {
        let mut resumed = Vec::new();
        for effect in core::mem::take(&mut self.effects.orders.list) {
            match effect {
                Effect::Send { client, start, end } => {
                    let bytes = &self.effects.output[start..end];
                    self.clients.get_mut(&client.0).expect("a client").output.extend_from_slice(bytes);
                    self.drain(client.0);
                }
                Effect::Close { client, flush } => {
                    let client = self.client(client.0);
                    client.closed = true;
                    if client.stuck && !flush {
                        client.output.clear();
                    }
                }
                Effect::Resume { client } => {
                    self.client(client.0).waiting = false;
                    resumed.push(client.0);
                }
                Effect::Log { message, .. } => self.log.push(message),
                _ => {}
            }
        }
        self.effects.clear();
        for id in resumed {
            self.submit(id);
        }
    }

    fn drain(&mut self, id: u64) {
        let client = self.client(id);
        if !client.stuck {
            // All that was ever sent has been written; what was reported before is not counted again.
            let sent = self.engine.server().sessions.get(ClientId(id)).map_or(0, |session| session.output_pending());
            self.client(id).written = sent;
        }
    }
}

impl Engine {
    /// Sets a key behind the back of all machines.
    pub(crate) fn set_for_test(&mut self, id: u32, key: &str, value: &str, expire_at_ms: Option<i64>, now: Now) {
        use crate::data::entry::Value;
        let number = crate::base::number::parse_i64(value.as_bytes());
        let value = number.map_or(Value::Bytes(value.as_bytes()), Value::Integer);
        let access = self.keyspace.access.initial(now);
        let database = crate::boundary::id::DatabaseId(id);
        self.keyspace.load(database, key.as_bytes(), value, expire_at_ms, access, true);
    }

    /// The data, to be changed behind the back of all machines.
    pub(crate) fn keyspace_for_test(&mut self) -> &mut crate::keyspace::Keyspace {
        &mut self.keyspace
    }
}
