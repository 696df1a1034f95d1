//! What the engine can be told.

use crate::boundary::id::{ClientId, DiskToken, LinkId};
use crate::resp::request::Requests;
use alloc::string::String;

/// One input of [`crate::engine::Engine::handle`].
#[derive(Debug)]
pub enum Input<'a> {
    /// The driver is ready for effects: comes first and once. The data set is
    /// loaded if there is one; an engine that is not told begins empty.
    Start,
    /// A client connected.
    Connected {
        /// Its new number.
        client: ClientId,
        /// Where from and where to.
        connection: Connection,
    },
    /// A client sent requests. How many of them were consumed stands in
    /// [`crate::boundary::effects::Effects::progress`]; the driver keeps the
    /// rest and submits them again as told there.
    Requests {
        /// Who.
        client: ClientId,
        /// What, parsed.
        requests: &'a Requests<'a>,
        /// What the driver reports of its buffers.
        report: BufferReport,
    },
    /// Bytes that were sent to a client have left.
    Drained {
        /// Who.
        client: ClientId,
        /// What the driver reports of its buffers.
        report: BufferReport,
    },
    /// A client is gone.
    Closed {
        /// Who.
        client: ClientId,
    },
    /// A disk operation has ended.
    Disk {
        /// Which.
        token: DiskToken,
        /// How.
        result: Result<DiskDone<'a>, DiskError>,
    },
    /// Something happened on a connection that the engine has asked for.
    Link {
        /// Which.
        link: LinkId,
        /// What.
        event: LinkEvent<'a>,
    },
    /// A deadline has passed: `Engine::next_deadline` is not later than now.
    Deadline,
    /// The process got a signal.
    Signal(Signal),
}

/// The ends of a client's connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connection {
    /// The peer as CLIENT LIST shows it: `127.0.0.1:1234`, `[::1]:1234`, `path:0`.
    pub peer: String,
    /// Our end, likewise.
    pub local: String,
    /// True for a Unix socket.
    pub unix_socket: bool,
    /// True if the peer's address is on this machine's loopback.
    pub loopback: bool,
    /// The descriptor's number, for CLIENT LIST.
    pub descriptor: i64,
}

/// What happens on an outgoing connection. Nothing comes after
/// [`LinkEvent::Closed`], and nothing after the engine has closed the link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkEvent<'a> {
    /// The connection is made.
    Connected {
        /// Our end and the peer, as [`Connection`] has them.
        connection: Connection,
    },
    /// Bytes came: the answer to one
    /// [`crate::boundary::effects::Effect::LinkRead`], never empty.
    Received(&'a [u8]),
    /// So many bytes more were written to the socket.
    Written(u64),
    /// The connection could not be made, or is lost; the system's text, or
    /// nothing where the peer closed it.
    Closed(Option<&'a str>),
}

impl BufferReport {
    /// A driver reports by itself ([`Input::Drained`]) once it holds back more
    /// bytes than this of those written to the socket, and when those of requests
    /// that are incomplete grow to more than this, or further. Less may wait for
    /// the next batch of requests.
    pub const UNREPORTED_MAX: u64 = 16 * 1024;
}

/// What a driver tells of a client's buffers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BufferReport {
    /// Bytes received since the last report.
    pub received: u64,
    /// Bytes written to the socket since the last report.
    pub written: u64,
    /// Bytes now held of requests that are incomplete or not consumed.
    pub query_buffer: u64,
}

/// How a disk operation ended well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DiskDone<'a> {
    /// Written, synced, renamed, removed, created.
    Done,
    /// Opened for reading.
    Opened {
        /// Length of the file in bytes.
        size: u64,
    },
    /// The next bytes of a file; none at its end.
    Data(&'a [u8]),
}

/// Why a disk operation failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiskError {
    /// The kind, as far as anyone decides by it.
    pub kind: DiskErrorKind,
    /// The system's text, for logs.
    pub message: String,
}

/// Kinds of failure that the engine tells apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiskErrorKind {
    /// There is no such file.
    NotFound,
    /// There is no space left.
    Full,
    /// Anything else.
    Other,
}

/// Signals that the server acts on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGINT.
    Interrupt,
}
