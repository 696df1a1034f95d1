//! What the server remembers of each connection.

pub mod blocked;
pub mod class;
mod image;
mod ledger;
pub mod reply_buffer;
pub mod sessions;
pub mod subscription;
pub mod transaction;
pub mod watch;

use crate::boundary::id::{ClientId, DatabaseId};
use crate::boundary::input::{BufferReport, Connection};
use crate::boundary::time::{Monotonic, Now};
use crate::command::table::CommandId;
use crate::replication::replica::Handshake;
use crate::resp::reply::Protocol;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use blocked::Blocked;
use class::Class;
use reply_buffer::ReplyBuffer;
use subscription::Subscriptions;
use transaction::Transaction;
use watch::WatchedKey;

/// CLIENT REPLY.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReplyMode {
    /// All replies are sent.
    #[default]
    On,
    /// None is.
    Off,
    /// The next one is not; CLIENT REPLY SKIP itself is running.
    SkipNext,
    /// This one is not.
    Skip,
}

/// What holds a client's requests back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waiting {
    /// CLIENT PAUSE, or an exclusive operation of another client.
    Turn,
    /// Its own command's result, which comes later.
    Result,
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    /// Its number.
    pub id: ClientId,
    /// What kind of client it is.
    pub(crate) class: Class,
    /// Its ends.
    pub connection: Connection,
    /// CLIENT SETNAME; empty if none.
    pub name: Vec<u8>,
    /// CLIENT SETINFO LIB-NAME; empty if none.
    pub library_name: Vec<u8>,
    /// CLIENT SETINFO LIB-VER; empty if none.
    pub library_version: Vec<u8>,
    /// SELECT.
    pub database: DatabaseId,
    /// HELLO.
    pub protocol: Protocol,
    /// True once it may do what needs authentication.
    pub authenticated: bool,
    /// CLIENT NO-TOUCH.
    pub no_touch: bool,
    /// CLIENT NO-EVICT.
    pub no_evict: bool,
    /// CLIENT IMPORT-SOURCE.
    pub import_source: bool,
    /// CLIENT CAPA redirect.
    pub takes_redirects: bool,
    /// CLIENT REPLY.
    pub reply_mode: ReplyMode,
    /// MULTI.
    pub transaction: Option<Transaction>,
    /// WATCH.
    pub watching: Vec<WatchedKey>,
    /// Bytes of the names of the keys in `watching`.
    pub watched_bytes: usize,
    /// What it is subscribed to; `None` if to nothing.
    pub subscriptions: Option<Box<Subscriptions>>,
    /// Set when the connection is to be closed once its replies are sent.
    pub closing: bool,
    /// What holds its requests back, if anything does.
    pub waiting: Option<Waiting>,
    /// The request that waits for keys, if one does; its result is waited for.
    pub(crate) blocked: Option<Box<Blocked>>,
    /// When it connected.
    pub created: Monotonic,
    /// When it last sent something.
    pub last_interaction: Monotonic,
    /// The last command that it sent.
    pub last_command: Option<CommandId>,
    /// Requests executed.
    pub commands: u64,
    /// Bytes received.
    pub received: u64,
    /// Bytes sent by the engine, and of those the bytes written to the socket.
    pub sent: u64,
    /// See `sent`.
    pub written: u64,
    /// Bytes of incomplete or waiting requests, as last reported.
    pub query_buffer: u64,
    /// Bytes of the batch of requests that runs.
    pub executing: u64,
    /// Where the output of the batch that runs begins in the effects.
    pub output_start: usize,
    /// Bytes of its output that are not in `sent` yet, as last looked at.
    pub unsent: u64,
    /// Bytes of the arguments of the command that runs.
    pub argument_bytes: u64,
    /// Figures of its reply buffer.
    pub reply_buffer: ReplyBuffer,
    /// Since when its pending output is over the soft limit.
    pub over_soft_limit_since: Option<Monotonic>,
    /// Set when it is to be closed at once, its replies unsent.
    pub dropped: bool,
    /// What it said of itself before it asked for the replication stream.
    pub(crate) handshake: Option<Box<Handshake>>,
    /// Where the replication stream was when it last changed something: what WAIT
    /// waits for.
    pub(crate) write_offset: u64,
}

impl Session {
    /// A connection that was just made.
    pub fn new(id: ClientId, connection: Connection, now: Now) -> Session {
        Session {
            id,
            class: Class::Normal,
            connection,
            name: Vec::new(),
            library_name: Vec::new(),
            library_version: Vec::new(),
            database: DatabaseId(0),
            protocol: Protocol::Resp2,
            authenticated: false,
            no_touch: false,
            no_evict: false,
            import_source: false,
            takes_redirects: false,
            reply_mode: ReplyMode::On,
            transaction: None,
            watching: Vec::new(),
            watched_bytes: 0,
            subscriptions: None,
            closing: false,
            waiting: None,
            blocked: None,
            created: now.monotonic,
            last_interaction: now.monotonic,
            last_command: None,
            commands: 0,
            received: 0,
            sent: 0,
            written: 0,
            query_buffer: 0,
            executing: 0,
            output_start: 0,
            unsent: 0,
            argument_bytes: 0,
            reply_buffer: ReplyBuffer::new(now.monotonic),
            over_soft_limit_since: None,
            dropped: false,
            handshake: None,
            write_offset: 0,
        }
    }

    /// A session of the server itself, for work that no client asked for.
    pub fn internal(now: Now) -> Session {
        let connection = Connection {
            peer: String::new(),
            local: String::new(),
            unix_socket: false,
            loopback: true,
            descriptor: -1,
        };
        Session { authenticated: true, ..Session::new(ClientId(0), connection, now) }
    }

    /// True if it is a client's, not one of the server itself.
    pub fn is_client(&self) -> bool {
        self.id != ClientId(0)
    }

    /// Takes in what the driver reports.
    pub fn report(&mut self, report: BufferReport) {
        self.received += report.received;
        self.written += report.written;
        self.query_buffer = report.query_buffer;
    }

    /// What kind of client it is.
    pub fn class(&self) -> Class {
        self.class
    }

    /// Bytes of replies that have not been written to the socket, as far as is
    /// known: a driver need not report at once that a little was.
    pub fn output_pending(&self) -> u64 {
        self.output_stuck() + self.unsent
    }

    /// Likewise, without what the batch that runs has written.
    pub fn output_stuck(&self) -> u64 {
        let stuck = self.sent.saturating_sub(self.written);
        if stuck > BufferReport::UNREPORTED_MAX { stuck } else { 0 }
    }

    /// Bytes of memory that the session takes, for the account.
    pub fn memory(&self) -> u64 {
        let queued = self.transaction.as_ref().map_or(0, Transaction::memory) as u64;
        let names = self.name.len() + self.library_name.len() + self.library_version.len();
        let watched = 2 * self.watched_bytes + self.watching.len() * size_of::<WatchedKey>();
        let subscribed = self.subscriptions.as_ref().map_or(0, |subscriptions| subscriptions.memory());
        let blocked = self.blocked.as_ref().map_or(0, |blocked| blocked.memory());
        let buffers = self.query_buffer + self.executing + self.output_pending();
        size_of::<Session>() as u64 + (names + watched + subscribed + blocked) as u64 + queued + buffers
    }
}
