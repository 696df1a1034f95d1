//! Requests in sequences on an engine: none makes it panic, all replies are
//! valid RESP of the connection's protocol, and those that the model knows are
//! what it says.

use crate::input::Bytes;
use engine::boundary::ask::{Answer, Oracle, ProcessFigures, Question};
use engine::boundary::effects::{Effect, Effects, Progress};
use engine::boundary::id::ClientId;
use engine::boundary::input::{BufferReport, Connection, DiskError, DiskErrorKind, Input};
use engine::boundary::time::{Monotonic, Now, Unix};
use engine::command::generate::{Settings, Source, encode, request, runnable};
use engine::command::table::{CommandId, CommandTable};
use engine::commands::COMMANDS;
use engine::config::Config;
use engine::engine::Engine;
use engine::engine::options::Options;
use engine::resp::reply::Protocol;
use engine::resp::request::{Parser, RequestBuffer};
use engine::server::HostFacts;
use engine::server::personality::Personality;
use engine::session::ReplyMode;
use engine::session::class::Class;
use sim::model::Model;
use sim::reply::Reply;
use std::sync::LazyLock;

/// Clients that take turns.
const CLIENTS: u8 = 2;
/// Actions of one input.
const ACTIONS_MAX: usize = 200;
/// Bytes of replies after which an input ends: a few commands reply with whole
/// tables, and would take most of the time.
const REPLIES_MAX: usize = 16 << 10;

static TABLE: LazyLock<(CommandTable, Vec<CommandId>)> = LazyLock::new(|| {
    let table = CommandTable::new(COMMANDS);
    let ids = runnable(&table);
    (table, ids)
});

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let mut config = Config::new();
    let text = b"proto-max-bulk-len 1mb\ndatabases 4\nnotify-keyspace-events AKEmn\n";
    assert!(config.load(text, &mut |_| Err(String::new())).is_ok());
    config
});

/// Answers always the same.
struct Always;

impl Oracle for Always {
    fn elapsed_ns(&mut self) -> u64 {
        1000
    }

    fn ask(&mut self, question: Question<'_>) -> Answer {
        match question {
            Question::Process => Answer::Process(ProcessFigures::default()),
            Question::WorkingDirectory => Answer::Path("/".into()),
            Question::ReadFile(_) => {
                Answer::Failed(DiskError { kind: DiskErrorKind::NotFound, message: "No such file or directory".into() })
            }
            _ => Answer::Done,
        }
    }
}

struct Harness {
    engine: Engine,
    effects: Effects,
    now: Now,
    model: Option<Model>,
    settings: Settings,
    /// Bytes of replies so far.
    replied: usize,
}

/// Each byte begins an action: mostly a request out of the grammar, sometimes
/// one of any words, or time, or a client that comes and goes.
pub fn run(data: &[u8]) {
    let mut input = Bytes::new(data);
    let mut harness = Harness::new();
    for client in 1..=CLIENTS {
        harness.connect(client);
    }
    let mut actions = 0;
    while !input.is_empty() && actions < ACTIONS_MAX && harness.replied < REPLIES_MAX {
        actions += 1;
        let action = input.byte();
        let client = 1 + action % CLIENTS;
        match action >> 4 {
            0 => harness.pass(u64::from(input.number()) * 1000),
            1 => {
                let words = words(&mut input);
                harness.request(client, &words);
            }
            2 if action & 8 == 0 => {
                harness.handle(Input::Closed { client: ClientId(client.into()) });
                harness.connect(client);
            }
            _ => {
                let (table, ids) = &*TABLE;
                let id = ids[Source::below(&mut input, ids.len() as u64) as usize];
                harness.settings.now_ms = harness.now.unix.ms();
                let words = request(table, id, &harness.settings, &mut input);
                harness.request(client, &words);
            }
        }
    }
}

/// Some short words of any bytes.
fn words(input: &mut Bytes<'_>) -> Vec<Vec<u8>> {
    let count = 1 + Source::below(input, 6);
    let (table, ids) = &*TABLE;
    let id = ids[Source::below(input, ids.len() as u64) as usize];
    let mut words: Vec<Vec<u8>> = table.full_name(id).split('|').map(|word| word.as_bytes().to_vec()).collect();
    for _ in 0..count {
        let length = Source::below(input, 24) as usize;
        words.push(input.take(length).to_vec());
    }
    words
}

/// True for commands that change subscriptions.
fn subscribes(name: impl AsRef<[u8]>) -> bool {
    name.as_ref().to_ascii_lowercase().ends_with(b"subscribe")
}

impl Harness {
    fn new() -> Harness {
        let now = Now { monotonic: Monotonic(1), unix: Unix(1_700_000_000_000_000) };
        let options = Options {
            seed: 1,
            config: CONFIG.clone(),
            config_file: None,
            executable: String::new(),
            personality: Personality::REDIS,
            host: HostFacts::default(),
            renamed_commands: Vec::new(),
        };
        Harness {
            engine: Engine::new(options, now),
            effects: Effects::new(Box::new(Always)),
            now,
            model: Some(Model::default()),
            settings: Settings { keys: 6, ..Settings::default() },
            replied: 0,
        }
    }

    fn connect(&mut self, client: u8) {
        let client = ClientId(client.into());
        let connection = Connection {
            peer: format!("127.0.0.1:{}", client.0),
            local: "127.0.0.1:6379".into(),
            unix_socket: false,
            loopback: true,
            descriptor: 8,
        };
        if let Some(model) = &mut self.model {
            model.closed(client);
        }
        self.handle(Input::Connected { client, connection });
    }

    fn handle(&mut self, input: Input<'_>) -> Vec<Effect> {
        self.effects.clear();
        self.engine.handle(self.now, input, &mut self.effects);
        std::mem::take(&mut self.effects.orders.list)
    }

    /// Time passes, microseconds, with all its deadlines.
    fn pass(&mut self, microseconds: u64) {
        let end = self.now.monotonic.0 + microseconds;
        for _ in 0..20 {
            let Some(next) = self.engine.next_deadline().filter(|next| next.0 <= end) else { break };
            self.advance_to(next.0.max(self.now.monotonic.0));
            self.handle(Input::Deadline);
        }
        self.advance_to(end);
    }

    fn advance_to(&mut self, monotonic: u64) {
        let passed = monotonic - self.now.monotonic.0;
        self.now.monotonic.0 += passed;
        self.now.unix.0 += passed as i64;
    }

    fn request(&mut self, client: u8, words: &[Vec<u8>]) {
        let client = ClientId(client.into());
        let Some(before) = self.engine.server().sessions.get(client) else { return };
        let (protocol, mode) = (before.protocol, before.reply_mode);
        let queued = before.transaction.as_ref().map(|transaction| transaction.queue());
        // What changes subscriptions is answered by messages, of any number.
        let aside = subscribes(&words[0]) && queued.is_none();
        // With RESP2 all but a few are refused meanwhile, which the model does not know of.
        let subscribed = before.class() == Class::Pubsub && protocol == Protocol::Resp2;
        let unforetold = aside || subscribed && !words[0].eq_ignore_ascii_case(b"reset");
        let queued_aside =
            queued.is_some_and(|queue| queue.iter().any(|(id, _)| subscribes(TABLE.0.command(*id).name)));
        let mixed = queued_aside && words[0].eq_ignore_ascii_case(b"exec");
        let mut wire = Vec::new();
        encode(words, &mut wire);
        let mut parsed = RequestBuffer::default();
        let limits = self.engine.limits(client);
        let used = Parser::default().parse(&wire, limits, 1, &mut parsed);
        if parsed.is_empty() || used == 0 {
            return;
        }
        let requests = parsed.requests(&wire, 0);
        let report = BufferReport { received: wire.len() as u64, ..BufferReport::default() };
        let effects = self.handle(Input::Requests { client, requests: &requests, report });
        let mut replies = Vec::new();
        let (mut close, mut others_closed) = (false, Vec::new());
        // What a replica is sent are no replies.
        let after = self.engine.server().sessions.get(client);
        let replies_come = after.is_none_or(|after| after.class() != Class::Replica);
        for effect in &effects {
            match effect {
                Effect::Send { client: to, start, end } if *to == client && replies_come => {
                    self.replied += end - start;
                    replies.extend(Reply::parse_all(&self.effects.output[*start..*end]).expect("valid RESP"));
                }
                Effect::Close { client: whose, .. } if *whose == client => close = true,
                // REPLICAOF ends the wait of others, and their connections.
                Effect::Close { client: whose, .. } => others_closed.push(*whose),
                _ => {}
            }
        }
        replies.retain(|reply| !matches!(reply, Reply::Push(_)));
        let resp2 = protocol == Protocol::Resp2 && after.is_some_and(|after| after.protocol == Protocol::Resp2);
        assert!(!resp2 || !replies.iter().any(Reply::needs_resp3), "RESP3 in RESP2: {replies:?}");
        // REPLCONF ACK is not replied to.
        let silent = !replies_come || aside || mixed || words[0].eq_ignore_ascii_case(b"replconf");
        let counted = !silent && mode == ReplyMode::On && after.is_some_and(|after| after.reply_mode == ReplyMode::On);
        let waits = matches!(self.effects.progress, Progress::Wait(_));
        if counted && !waits && !close && parsed.span(0).is_some() {
            assert_eq!(replies.len(), requests.len(), "{words:?}: {replies:?}");
        }
        if matches!(self.effects.progress, Progress::Wait(1))
            && replies.is_empty()
            && let Some(model) = &mut self.model
        {
            let request: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            model.put_off(client, &request);
        }
        if !unforetold {
            self.check(client, words, &replies, counted);
        }
        others_closed.extend(close.then_some(client));
        for client in others_closed {
            self.handle(Input::Closed { client });
            self.connect(client.0 as u8);
        }
    }

    fn check(&mut self, client: ClientId, words: &[Vec<u8>], replies: &[Reply], counted: bool) {
        if !counted || self.engine.server().memory_limited {
            self.model = None;
        }
        let (Some(model), Some(reply)) = (&mut self.model, replies.first()) else { return };
        let request: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        model.observe(client, &request, reply, self.now.unix.ms());
        if let Some(fault) = model.take_fault() {
            panic!("{fault}");
        }
    }
}
