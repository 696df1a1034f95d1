//! The machines in a small world: a disk in memory, a clock that stands still
//! until it is moved, clients that keep what has to wait.

pub(crate) mod aof;
mod aof_random;
mod ending;
mod expiring_fields;
mod loading;
mod saving;
mod walking;

use crate::base::random::Random;
use crate::boundary::ask::{Answer, Oracle, Question};
use crate::boundary::effects::{DiskOperation, Effect, Effects, Progress};
use crate::boundary::id::{ClientId, DatabaseId, DiskToken, FileId, LinkId};
use crate::boundary::input::{BufferReport, Connection, DiskDone, DiskError, DiskErrorKind, Input};
use crate::boundary::time::{Monotonic, Now, Unix};
use crate::config::Config;
use crate::data::entry::Value;
use crate::data::stream::Stream;
use crate::engine::Engine;
use crate::engine::options::Options;
use crate::keyspace::Keyspace;
use crate::resp::request::{Parser, RequestBuffer};
use crate::server::HostFacts;
use crate::server::personality::Personality;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const START: i64 = 1_700_000_000_000_000;

struct Mute;

impl Oracle for Mute {
    fn elapsed_ns(&mut self) -> u64 {
        0
    }

    fn ask(&mut self, question: Question<'_>) -> Answer {
        match question {
            Question::WorkingDirectory => Answer::Path("/data".into()),
            _ => Answer::Done,
        }
    }
}

/// A client: what it was sent, and its requests that have to wait.
#[derive(Default)]
struct Client {
    replies: Vec<u8>,
    waiting: Vec<u8>,
    /// Bytes that it was sent, and that the engine does not know to have left.
    untaken: u64,
    /// True while the engine is told that it takes what it is sent.
    takes: bool,
    closed: bool,
}

pub(crate) struct World {
    pub(crate) engine: Engine,
    effects: Effects,
    pub(crate) now: Now,
    clients: BTreeMap<u64, Client>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// What a loss of power would leave.
    pub(crate) durable: BTreeMap<String, Vec<u8>>,
    /// What was synced of files, under their names.
    synced: BTreeMap<String, Vec<u8>>,
    open: BTreeMap<FileId, (String, usize)>,
    disk: VecDeque<(DiskToken, DiskOperation)>,
    /// True for operations that fail.
    pub(crate) broken: fn(&DiskOperation) -> bool,
    pub(crate) log: Vec<String>,
    /// What was done with links since somebody last looked.
    pub(crate) links: Vec<LinkOrder>,
    ready: bool,
    pub(crate) exit: Option<i32>,
    deadlines: usize,
    /// Most bytes that were at the disk at once.
    outstanding_peak: usize,
}

/// What the engine wants of a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum LinkOrder {
    Connect(LinkId, String, u16),
    Send(LinkId, Vec<u8>),
    Read(LinkId),
    Close(LinkId),
}

impl World {
    /// A server with parameters as a file would have them, not yet started.
    pub(crate) fn new(parameters: &str) -> World {
        let mut config = Config::new();
        let read = |_: &[u8]| None;
        config
            .load(format!("save \"\"\nenable-debug-command yes\n{parameters}").as_bytes(), &mut |path| {
                read(path).ok_or(()).map_err(|()| unreachable!())
            })
            .unwrap();
        let now = Now { monotonic: Monotonic(1_000_000), unix: Unix(START) };
        let options = Options {
            seed: 1,
            config,
            config_file: None,
            executable: String::new(),
            personality: Personality::REDIS,
            host: HostFacts { process_id: 77, ..HostFacts::default() },
            renamed_commands: Vec::new(),
        };
        World {
            engine: Engine::new(options, now),
            effects: Effects::new(Box::new(Mute)),
            now,
            clients: BTreeMap::new(),
            files: BTreeMap::new(),
            durable: BTreeMap::new(),
            synced: BTreeMap::new(),
            open: BTreeMap::new(),
            disk: VecDeque::new(),
            broken: |_| false,
            log: Vec::new(),
            links: Vec::new(),
            ready: false,
            exit: None,
            deadlines: 0,
            outstanding_peak: 0,
        }
    }

    /// A server that has started without a file.
    pub(crate) fn started(parameters: &str) -> World {
        let mut world = World::new(parameters);
        world.handle(Input::Start);
        world.settle();
        assert!(world.ready);
        world.log.clear();
        world
    }

    pub(crate) fn handle(&mut self, input: Input<'_>) -> Progress {
        self.engine.handle(self.now, input, &mut self.effects);
        let progress = self.effects.progress;
        let output = core::mem::take(&mut self.effects.output);
        let mut resumed = Vec::new();
        for effect in core::mem::take(&mut self.effects.orders.list) {
            match effect {
                Effect::Send { client, start, end } => {
                    let client = self.client(client);
                    client.replies.extend_from_slice(&output[start..end]);
                    client.untaken += (end - start) as u64;
                }
                Effect::Resume { client } => resumed.push(client),
                Effect::Disk { token, operation } => self.disk.push_back((token, operation)),
                Effect::Log { message, .. } => self.log.push(message),
                Effect::Ready => self.ready = true,
                Effect::Exit { code } => self.exit = Some(code),
                Effect::Connect { link, host, port, .. } => self.links.push(LinkOrder::Connect(link, host, port)),
                Effect::LinkSend { link, start, end } => {
                    self.links.push(LinkOrder::Send(link, output[start..end].to_vec()));
                }
                Effect::LinkRead { link } => self.links.push(LinkOrder::Read(link)),
                Effect::LinkClose { link } => self.links.push(LinkOrder::Close(link)),
                Effect::Close { client, .. } => self.client(client).closed = true,
                Effect::Drop(_) => {}
            }
        }
        self.effects.clear();
        for client in resumed {
            let waiting = core::mem::take(&mut self.client(client).waiting);
            self.submit(client, waiting);
        }
        let outstanding = self.disk.iter().map(|(_, operation)| match operation {
            DiskOperation::Append { bytes, .. } => bytes.len(),
            _ => 0,
        });
        self.outstanding_peak = self.outstanding_peak.max(outstanding.sum());
        progress
    }

    fn client(&mut self, client: ClientId) -> &mut Client {
        self.clients.entry(client.0).or_default()
    }

    fn submit(&mut self, client: ClientId, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let mut buffer = RequestBuffer::default();
        let limits = self.engine.limits(client);
        let used = Parser::default().parse(&bytes, limits, usize::MAX, &mut buffer);
        let requests = buffer.requests(&bytes, 0);
        let report = BufferReport::default();
        let progress = self.handle(Input::Requests { client, requests: &requests, report });
        if let Progress::Wait(consumed) | Progress::Yield(consumed) = progress
            && let Some(span) = buffer.span(consumed)
        {
            let rest = bytes[span.start..].to_vec();
            let before = core::mem::replace(&mut self.client(client).waiting, rest);
            assert!(before.is_empty());
            if matches!(progress, Progress::Yield(_)) {
                let rest = core::mem::take(&mut self.client(client).waiting);
                self.submit(client, rest);
            }
        } else if used > 0 && used < bytes.len() {
            // Who has not authenticated is read request by request.
            self.submit(client, bytes[used..].to_vec());
        }
    }

    /// Sends requests, one a line, and does not wait for anything.
    pub(crate) fn send(&mut self, client: u64, lines: &str) {
        self.connect(client, "", false);
        let bytes = lines.split('\n').fold(Vec::new(), |bytes, line| [&bytes, line.as_bytes(), b"\r\n"].concat());
        let waiting = &mut self.client(ClientId(client)).waiting;
        if waiting.is_empty() {
            self.submit(ClientId(client), bytes);
        } else {
            waiting.extend_from_slice(&bytes);
        }
    }

    /// Likewise, requests as they are on the wire.
    pub(crate) fn send_bytes(&mut self, client: u64, bytes: Vec<u8>) {
        self.connect(client, "", false);
        self.submit(ClientId(client), bytes);
    }

    /// Connects a client, if it is new; one that `takes` lets the engine know
    /// that bytes have left.
    pub(crate) fn connect(&mut self, client: u64, peer: &str, takes: bool) {
        if let alloc::collections::btree_map::Entry::Vacant(vacant) = self.clients.entry(client) {
            vacant.insert(Client { takes, ..Client::default() });
            let connection = Connection {
                peer: peer.into(),
                local: String::new(),
                unix_socket: false,
                loopback: true,
                descriptor: 0,
            };
            self.handle(Input::Connected { client: ClientId(client), connection });
        }
    }

    /// Whether a client takes what it is sent from here on.
    pub(crate) fn set_takes(&mut self, client: u64, takes: bool) {
        self.client(ClientId(client)).takes = takes;
    }

    /// Lets the engine know what clients have taken. True if there is such news.
    fn drain_step(&mut self) -> bool {
        let news = |(_, client): &(&u64, &mut Client)| client.takes && client.untaken > 0 && !client.closed;
        let Some((&id, client)) = self.clients.iter_mut().find(news) else { return false };
        let written = core::mem::take(&mut client.untaken);
        let report = BufferReport { written, ..BufferReport::default() };
        self.handle(Input::Drained { client: ClientId(id), report });
        true
    }

    /// True if the engine has closed a client's connection.
    pub(crate) fn is_closed(&mut self, client: u64) -> bool {
        self.client(ClientId(client)).closed
    }

    /// Takes what a client was sent.
    pub(crate) fn taken(&mut self, client: u64) -> Vec<u8> {
        core::mem::take(&mut self.client(ClientId(client)).replies)
    }

    /// As [`World::taken`], as text.
    pub(crate) fn replies(&mut self, client: u64) -> String {
        String::from_utf8(self.taken(client)).unwrap()
    }

    /// Sends requests and settles; what came back.
    pub(crate) fn ask(&mut self, client: u64, lines: &str) -> String {
        self.send(client, lines);
        self.settle();
        self.replies(client)
    }

    /// Carries out what is due, until nothing is.
    pub(crate) fn settle(&mut self) {
        while self.exit.is_none() && (self.disk_step() || self.timer_step() || self.drain_step()) {}
    }

    pub(crate) fn timer_step(&mut self) -> bool {
        let due = self.engine.next_deadline().is_some_and(|deadline| deadline <= self.now.monotonic);
        if due {
            self.deadlines += 1;
            self.handle(Input::Deadline);
        }
        due
    }

    /// Moves the clock, in steps to each deadline.
    pub(crate) fn pass_ms(&mut self, milliseconds: u64) {
        let end = self.now.monotonic.plus_ms(milliseconds);
        loop {
            self.settle();
            let next = self.engine.next_deadline().unwrap_or(end).min(end);
            let elapsed = next.since(self.now.monotonic);
            self.now = Now { monotonic: next, unix: Unix(self.now.unix.0 + elapsed as i64) };
            if next == end || self.exit.is_some() {
                self.settle();
                return;
            }
        }
    }

    /// Ends the oldest disk operation.
    pub(crate) fn disk_step(&mut self) -> bool {
        if self.disk.front().is_some_and(|(_, operation)| (self.broken)(operation)) {
            return self.disk_fails();
        }
        let Some((token, operation)) = self.disk.pop_front() else { return false };
        let mut data = Vec::new();
        let result = self.perform(operation, &mut data);
        self.handle(Input::Disk { token, result });
        true
    }

    /// The oldest disk operation fails. False if there is none.
    pub(crate) fn disk_fails(&mut self) -> bool {
        self.disk_fails_late(false)
    }

    /// Likewise; it may have been carried out all the same.
    pub(crate) fn disk_fails_late(&mut self, carried_out: bool) -> bool {
        let Some((token, operation)) = self.disk.pop_front() else { return false };
        if carried_out {
            self.perform(operation, &mut Vec::new()).expect("what can be done");
        }
        let error = DiskError { kind: DiskErrorKind::Full, message: "No space left on device".into() };
        self.handle(Input::Disk { token, result: Err(error) });
        true
    }

    fn perform<'d>(&mut self, operation: DiskOperation, data: &'d mut Vec<u8>) -> Result<DiskDone<'d>, DiskError> {
        let missing = || DiskError { kind: DiskErrorKind::NotFound, message: "No such file or directory".into() };
        match operation {
            DiskOperation::Create { file, path } => {
                self.files.insert(path.clone(), Vec::new());
                self.open.insert(file, (path, 0));
            }
            DiskOperation::OpenAppend { file, path } => {
                let size = self.files.entry(path.clone()).or_default().len() as u64;
                self.open.insert(file, (path, 0));
                return Ok(DiskDone::Opened { size });
            }
            DiskOperation::CreateDirectory { .. } => {}
            DiskOperation::SyncDirectory { path } => self.sync_directory(&path),
            DiskOperation::Truncate { file, length } => {
                let (path, _) = self.open.get(&file).ok_or_else(missing)?;
                self.files.get_mut(path).ok_or_else(missing)?.truncate(length as usize);
            }
            DiskOperation::Append { file, bytes } => {
                let (path, _) = self.open.get(&file).ok_or_else(missing)?;
                self.files.get_mut(path).ok_or_else(missing)?.extend_from_slice(&bytes);
            }
            DiskOperation::Sync { file } => {
                let (path, _) = self.open.get(&file).ok_or_else(missing)?;
                let contents = self.files.get(path).ok_or_else(missing)?.clone();
                if let Some(durable) = self.durable.get_mut(path) {
                    durable.clone_from(&contents);
                }
                self.synced.insert(path.clone(), contents);
            }
            DiskOperation::Close { file } => drop(self.open.remove(&file)),
            DiskOperation::Rename { from, to } => {
                let contents = self.files.remove(&from).ok_or_else(missing)?;
                for (path, _) in self.open.values_mut().filter(|(path, _)| *path == from) {
                    path.clone_from(&to);
                }
                self.files.insert(to.clone(), contents);
                let synced = self.synced.remove(&from).unwrap_or_default();
                self.synced.insert(to.clone(), synced);
                self.sync_directory(to.rsplit_once('/').map_or(".", |(directory, _)| directory));
            }
            DiskOperation::Remove { path } => drop(self.files.remove(&path).ok_or_else(missing)?),
            DiskOperation::Open { file, path } => {
                let size = self.files.get(&path).ok_or_else(missing)?.len() as u64;
                self.open.insert(file, (path, 0));
                return Ok(DiskDone::Opened { size });
            }
            DiskOperation::Read { file, length_max } => {
                let (path, position) = self.open.get_mut(&file).ok_or_else(missing)?;
                let rest = &self.files[path][*position..];
                data.extend_from_slice(&rest[..rest.len().min(length_max)]);
                *position += data.len();
                return Ok(DiskDone::Data(data));
            }
        }
        Ok(DiskDone::Done)
    }

    /// Names in a directory become durable.
    fn sync_directory(&mut self, directory: &str) {
        let within = |path: &str| path.rsplit_once('/').map_or(".", |(directory, _)| directory) == directory;
        self.durable.retain(|path, _| !within(path));
        for path in self.files.keys().filter(|path| within(path)) {
            self.durable.insert(path.clone(), self.synced.get(path).cloned().unwrap_or_default());
        }
    }

    /// Sets `count` keys of every form, among them long, expiring and integer
    /// ones.
    pub(crate) fn populate(&mut self, count: usize) {
        let mut random = Random::from_seed(5);
        let now = self.now;
        for at in 0..count {
            let value = match random.below(4) {
                0 => format!("{}", random.next_u64() as i64),
                1 => "a".repeat(random.below(300) as usize),
                2 => format!("{:x}", random.next_u64()).repeat(1 + random.below(100) as usize),
                _ => format!("value of {at}"),
            };
            let database = [0, 0, 0, 3, 15][at % 5];
            let expiry = if at % 7 == 0 { format!("{}", now.unix.ms() + 100_000 + at as i64) } else { String::new() };
            self.engine.set_for_test(database, &format!("key:{at}"), &value, expiry.parse().ok(), now);
        }
    }

    pub(crate) fn contents(&self) -> Contents {
        contents(self.engine.keyspace())
    }
}

/// Keys with values and expiries by database.
pub(crate) type Contents = BTreeMap<(u32, Vec<u8>), (Vec<u8>, Option<i64>)>;

fn contents(keyspace: &Keyspace) -> Contents {
    let mut contents = BTreeMap::new();
    for (id, database) in keyspace.databases() {
        let mut cursor = 0;
        loop {
            cursor = database.scan(crate::keyspace::database::Slot(0), cursor, 100, |entry| {
                let mut value = match entry.value() {
                    Value::Integer(number) => number.to_string().into_bytes(),
                    Value::Bytes(bytes) => bytes.to_vec(),
                };
                if let Some(stream) = Stream::of(entry.content()) {
                    stream.for_each_part(|part| value.extend_from_slice(&[part, b"|"].concat()));
                }
                contents.insert((id.0, entry.key().to_vec()), (value, entry.expire_at_ms()));
            });
            if cursor == 0 {
                break;
            }
        }
    }
    contents
}

/// What another server finds in a file.
fn loaded(file: &[u8], now: Now) -> Contents {
    let mut world = World::new("");
    world.now = now;
    world.files.insert("dump.rdb".into(), file.to_vec());
    world.handle(Input::Start);
    world.settle();
    assert_eq!(world.exit, None, "{:?}", world.log);
    world.contents()
}
