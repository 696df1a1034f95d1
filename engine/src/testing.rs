//! A server for tests of commands: requests go through [`Engine::handle`] as
//! they would from a driver, and what came of them is told as text, so that
//! tests are tables.

pub(crate) use crate::engine::test_world::World;

use crate::base::argv::{quote, split_arguments};
use crate::boundary::ask::{Answer, Oracle, Question};
use crate::boundary::effects::{Effect, Effects, Progress};
use crate::boundary::id::{ClientId, DatabaseId};
use crate::boundary::input::{BufferReport, Connection, Input};
use crate::boundary::time::{Monotonic, Now, Unix};
use crate::config::Config;
use crate::data::entry::{EntryRef, StringEncoding, Value};
use crate::engine::Engine;
use crate::engine::options::Options;
use crate::keyspace::change::{Change, Record};
use crate::resp::request::{Parser, RequestBuffer};
use crate::server::HostFacts;
use crate::server::personality::Personality;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Milliseconds since 1970 at which test servers begin.
pub(crate) const START_MS: i64 = 1_700_000_000_000;

/// A world in which nothing takes time and nothing is there.
struct Nowhere;

impl Oracle for Nowhere {
    fn elapsed_ns(&mut self) -> u64 {
        0
    }

    fn ask(&mut self, _question: Question<'_>) -> Answer {
        Answer::Done
    }
}

/// An engine with clients.
pub(crate) struct TestServer {
    /// The engine.
    pub(crate) engine: Engine,
    /// Effects since the last request.
    pub(crate) effects: Effects,
    /// The time at which the next input comes.
    pub(crate) now: Now,
    /// The client whose requests are sent, 1 to begin with.
    pub(crate) client: ClientId,
    journal_seen: usize,
}

impl TestServer {
    /// A server with default configuration.
    pub(crate) fn new() -> TestServer {
        TestServer::with_config("")
    }

    /// A server with the text of a configuration file, and without save points:
    /// there is no disk.
    pub(crate) fn with_config(text: &str) -> TestServer {
        let mut config = Config::new();
        let text = alloc::format!("save \"\"\n{text}");
        config.load(text.as_bytes(), &mut |_| Err("no include".into())).expect("a configuration");
        let options = Options {
            seed: 1,
            config,
            config_file: None,
            executable: String::new(),
            personality: Personality::REDIS,
            host: HostFacts::default(),
            renamed_commands: Vec::new(),
        };
        let now = Now { monotonic: Monotonic(1_000_000), unix: Unix(START_MS * 1000) };
        let mut server = TestServer {
            engine: Engine::new(options, now),
            effects: Effects::new(Box::new(Nowhere)),
            now,
            client: ClientId(0),
            journal_seen: 0,
        };
        server.connect(ClientId(1));
        server
    }

    /// Connects a client, and lets it send what follows.
    pub(crate) fn connect(&mut self, client: ClientId) {
        let connection = Connection {
            peer: "127.0.0.1:50000".into(),
            local: "127.0.0.1:6379".into(),
            unix_socket: false,
            loopback: true,
            descriptor: 8,
        };
        self.effects.clear();
        self.engine.handle(self.now, Input::Connected { client, connection }, &mut self.effects);
        self.client = client;
    }

    /// Lets time pass.
    pub(crate) fn advance_ms(&mut self, milliseconds: u64) {
        self.now.monotonic = self.now.monotonic.plus_ms(milliseconds);
        self.now.unix.0 += milliseconds as i64 * 1000;
    }

    /// Sends bytes; returns those that the client is sent.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut parsed = RequestBuffer::default();
        let length = Parser::default().parse(bytes, self.engine.limits(self.client), usize::MAX, &mut parsed);
        assert!(length == bytes.len() || !parsed.is_empty(), "the request is not complete");
        let mut skip = 0;
        let mut replies = Vec::new();
        loop {
            self.effects.clear();
            let requests = parsed.requests(bytes, skip);
            let input = Input::Requests { client: self.client, requests: &requests, report: BufferReport::default() };
            self.engine.handle(self.now, input, &mut self.effects);
            for effect in &self.effects.orders.list {
                if let &Effect::Send { client, start, end } = effect
                    && client == self.client
                {
                    replies.extend_from_slice(&self.effects.output[start..end]);
                }
            }
            match self.effects.progress {
                Progress::Yield(consumed) => skip += consumed,
                Progress::All | Progress::Wait(_) => return replies,
            }
        }
    }

    /// Sends a request of any arguments; returns the reply's bytes.
    pub(crate) fn send_arguments(&mut self, arguments: &[&[u8]]) -> Vec<u8> {
        let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
        for argument in arguments {
            bytes.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
            bytes.extend_from_slice(argument);
            bytes.extend_from_slice(b"\r\n");
        }
        self.send_bytes(&bytes)
    }

    /// Sends a request, written as in redis-cli with quotes and escapes; returns
    /// the reply with a space in place of each end of line but the last:
    /// `+OK`, `:1`, `$3 foo`, `$-1`, `*2 $1 a $1 b`.
    pub(crate) fn send(&mut self, request: &str) -> String {
        let arguments = split_arguments(request.as_bytes()).expect("quotes are balanced");
        let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
        let reply = String::from_utf8_lossy(&self.send_arguments(&arguments)).into_owned();
        reply.strip_suffix("\r\n").unwrap_or(&reply).replace("\r\n", " ")
    }

    /// Sends requests, and compares each reply.
    #[track_caller]
    pub(crate) fn check(&mut self, table: &[(&str, &str)]) {
        for (request, reply) in table {
            assert_eq!(self.send(request), *reply, "{request}");
        }
    }

    /// The entry at a key of database 0, expired or not.
    pub(crate) fn entry(&self, key: &str) -> Option<EntryRef<'_>> {
        let keyspace = self.engine.keyspace();
        keyspace.peek(DatabaseId(0), &keyspace.key(key.as_bytes()))
    }

    /// When a key expires, milliseconds since [`START_MS`].
    pub(crate) fn expires(&self, key: &str) -> Option<i64> {
        Some(self.entry(key)?.expire_at_ms()? - START_MS)
    }

    /// The encoding of the string at a key, as OBJECT ENCODING names it.
    pub(crate) fn encoding(&self, key: &str) -> &'static str {
        match self.entry(key).map(EntryRef::string_encoding) {
            None => "none",
            Some(StringEncoding::Int) => "int",
            Some(StringEncoding::Embstr) => "embstr",
            Some(StringEncoding::Raw) => "raw",
        }
    }

    /// What the journal got since the last call, see [`describe`].
    pub(crate) fn changes(&mut self) -> Vec<String> {
        let log = &self.engine.server().journal.log;
        let new = log[self.journal_seen..].to_vec();
        self.journal_seen = log.len();
        new
    }
}

/// A change as text: event, key, and how it is repeated: `set k = "v" @ 5000`,
/// times in milliseconds since [`START_MS`].
pub(crate) fn describe(change: &Change<'_>) -> String {
    let key = String::from_utf8_lossy(change.key.bytes);
    let name = change.event.name;
    let text = |value: Value<'_>| quote(value.bytes(&mut [0; 20]));
    match change.record {
        Record::Command => format!("{name} {key}: command"),
        Record::Included => format!("{name} {key}"),
        Record::Set { value, expire_at_ms: None } => format!("{name} {key} = {}", text(value)),
        Record::Set { value, expire_at_ms: Some(at) } => {
            format!("{name} {key} = {} @ {}", text(value), at.wrapping_sub(START_MS))
        }
        Record::ExpireAt(at) => format!("{name} {key} @ {}", at.wrapping_sub(START_MS)),
        Record::Request(arguments) => {
            let words: Vec<String> = arguments.iter().map(|word| format!("{}", word.escape_ascii())).collect();
            format!("{name} {key}: {}", words.join(" "))
        }
        Record::Elements { command, elements } => {
            let words: Vec<String> = elements.iter().map(|word| format!("{}", word.escape_ascii())).collect();
            format!("{name} {key}: {command} {}", words.join(" "))
        }
        Record::Persist => format!("{name} {key}: persist"),
        Record::Delete => format!("{name} {key}: delete"),
    }
}
