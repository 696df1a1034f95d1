//! What the engine wants done, in order.

use crate::boundary::ask::{Answer, Oracle, Question};
use crate::boundary::id::{ClientId, DiskToken, FileId, LinkId};
use crate::data::value::Large;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;

/// The ordered effects of one or more inputs. The caller passes it in, carries
/// out [`Effects::list`] in order, and clears it.
pub struct Effects {
    /// Bytes of all [`Effect::Send`]s, one behind the other; those that go to
    /// several clients stand there once.
    pub output: Vec<u8>,
    /// How far the last [`crate::boundary::input::Input::Requests`] got.
    pub progress: Progress,
    /// What to do.
    pub orders: Orders,
    /// Effects before this one are not added to.
    apart: usize,
}

/// Bytes from which on a collection is dropped on another thread.
const COLLECTION_MIN: usize = 64 * 1024;
/// Likewise, a buffer: it is one block, given back in less time than it takes to
/// wake a thread unless it has many pages.
const BUFFER_MIN: usize = 1 << 20;

/// The list of effects, and the oracle that answers questions meanwhile.
pub struct Orders {
    /// What to do, in order.
    pub list: Vec<Effect>,
    oracle: Box<dyn Oracle + Send>,
}

/// How far a batch of requests got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// All were consumed.
    All,
    /// So many were; submit the rest again at once, after others had their turn.
    Yield(usize),
    /// So many were; submit the rest after [`Effect::Resume`] for this client.
    Wait(usize),
}

/// One effect.
#[derive(Debug)]
pub enum Effect {
    /// Send the bytes from `start` to `end` of [`Effects::output`].
    Send {
        /// To whom.
        client: ClientId,
        /// First byte.
        start: usize,
        /// Behind the last byte.
        end: usize,
    },
    /// Close a connection.
    Close {
        /// Whose.
        client: ClientId,
        /// True to write first what was sent before.
        flush: bool,
    },
    /// Submit the requests that a client has waiting.
    Resume {
        /// Whose.
        client: ClientId,
    },
    /// Connect to another server. What follows comes as
    /// [`crate::boundary::input::Input::Link`].
    Connect {
        /// The connection's new number.
        link: LinkId,
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
        /// The address to connect from; any if empty.
        source: String,
    },
    /// Send the bytes from `start` to `end` of [`Effects::output`] over a link.
    LinkSend {
        /// Over which.
        link: LinkId,
        /// First byte.
        start: usize,
        /// Behind the last byte.
        end: usize,
    },
    /// Read what comes next on a link, and hand it in once. A link is not read
    /// unless the engine asks: that is how it is slowed down.
    LinkRead {
        /// Of which.
        link: LinkId,
    },
    /// Close a link; what was sent over it and has not left is lost.
    LinkClose {
        /// Which.
        link: LinkId,
    },
    /// Start a disk operation. Operations on one file happen in order.
    Disk {
        /// Comes back with the completion.
        token: DiskToken,
        /// What to do.
        operation: DiskOperation,
    },
    /// Write a line to the log.
    Log {
        /// How important.
        level: LogLevel,
        /// The line.
        message: String,
    },
    /// Drop this where it delays nobody.
    Drop(Garbage),
    /// Tell the supervisor (systemd) that the server is ready.
    Ready,
    /// End the process.
    Exit {
        /// Its exit code.
        code: i32,
    },
}

/// What takes long to drop: a database that was flushed, a large buffer.
pub struct Garbage {
    value: Box<dyn Any + Send>,
}

impl Garbage {
    /// To be dropped elsewhere.
    pub fn new(value: impl Any + Send) -> Garbage {
        Garbage { value: Box::new(value) }
    }

    /// True if it is a `T`.
    pub fn is<T: Any>(&self) -> bool {
        self.value.is::<T>()
    }
}

impl core::fmt::Debug for Garbage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Garbage")
    }
}

/// A disk operation. Paths are relative to the working directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DiskOperation {
    /// Create a file for writing. One that has the name is removed, not emptied:
    /// after a crash amid a rename, another name may be the same file's.
    Create {
        /// Its new name at this boundary.
        file: FileId,
        /// Where.
        path: String,
    },
    /// Open a file for appending, or create it. Completes with its size.
    OpenAppend {
        /// Its new name at this boundary.
        file: FileId,
        /// Where.
        path: String,
    },
    /// Append bytes. A failure may have appended some of them.
    Append {
        /// To which file.
        file: FileId,
        /// What.
        bytes: Arc<Vec<u8>>,
    },
    /// Make a file's contents durable.
    Sync {
        /// Which.
        file: FileId,
    },
    /// Close a file.
    Close {
        /// Which.
        file: FileId,
    },
    /// Rename a file, and make the directory durable.
    Rename {
        /// Old path.
        from: String,
        /// New path.
        to: String,
    },
    /// Create a directory if it is not there.
    CreateDirectory {
        /// Its path.
        path: String,
    },
    /// Make the entries of a directory durable: the names of files that were
    /// created or removed in it.
    SyncDirectory {
        /// Its path; `.` is the working directory.
        path: String,
    },
    /// Cut an open file off behind so many bytes.
    Truncate {
        /// Which.
        file: FileId,
        /// Its new length.
        length: u64,
    },
    /// Remove a file.
    Remove {
        /// Its path.
        path: String,
    },
    /// Open a file for reading.
    Open {
        /// Its new name at this boundary.
        file: FileId,
        /// Where.
        path: String,
    },
    /// Read the next bytes.
    Read {
        /// Of which file.
        file: FileId,
        /// At most so many.
        length_max: usize,
    },
}

/// How important a log line is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LogLevel {
    /// For debugging.
    Debug,
    /// Rarely useful.
    Verbose,
    /// Worth knowing in production.
    Notice,
    /// Important.
    Warning,
}

impl Effects {
    /// An empty buffer whose questions `oracle` answers.
    pub fn new(oracle: Box<dyn Oracle + Send>) -> Effects {
        Effects { output: Vec::new(), progress: Progress::All, orders: Orders { list: Vec::new(), oracle }, apart: 0 }
    }

    /// Forgets effects that were carried out; keeps the memory.
    pub fn clear(&mut self) {
        self.output.clear();
        self.orders.list.clear();
        self.progress = Progress::All;
        self.apart = 0;
    }

    /// What is sent from here on does not become part of an effect from before.
    pub(crate) fn keep_apart(&mut self) {
        self.apart = self.orders.list.len();
    }

    /// Notes that the output from `start` on is for `client`.
    pub fn send_from(&mut self, client: ClientId, start: usize) {
        self.send_part(client, start, self.output.len());
    }

    /// Notes that the output from `start` to `end` is for `client`; it may be for
    /// others too.
    pub(crate) fn send_part(&mut self, client: ClientId, start: usize, end: usize) {
        if start == end {
            return;
        }
        if self.orders.list.len() > self.apart
            && let Some(Effect::Send { client: last, end: last_end, .. }) = self.orders.list.last_mut()
            && *last == client
            && *last_end == start
        {
            *last_end = end;
            return;
        }
        self.orders.list.push(Effect::Send { client, start, end });
    }

    /// Sends bytes over a link.
    pub fn send_over(&mut self, link: LinkId, bytes: &[u8]) {
        let start = self.output.len();
        self.output.extend_from_slice(bytes);
        self.orders.list.push(Effect::LinkSend { link, start, end: self.output.len() });
    }

    /// Sends bytes to a client.
    pub fn send(&mut self, client: ClientId, bytes: &[u8]) {
        let start = self.output.len();
        self.output.extend_from_slice(bytes);
        self.send_from(client, start);
    }
}

impl Orders {
    /// Drops what an entry owned, on another thread if it is large.
    pub fn discard(&mut self, large: Large) {
        let garbage = match large {
            Large::Buffer(bytes) if bytes.capacity() >= BUFFER_MIN => Garbage::new(bytes),
            Large::Collection(collection) if collection.footprint() >= COLLECTION_MIN => Garbage::new(collection),
            Large::Buffer(_) | Large::Collection(_) => return,
        };
        self.list.push(Effect::Drop(garbage));
    }

    /// Nanoseconds on a fine clock, for statistics only.
    #[inline]
    pub fn elapsed_ns(&mut self) -> u64 {
        self.oracle.elapsed_ns()
    }

    /// Asks the world.
    pub fn ask(&mut self, question: Question<'_>) -> Answer {
        self.oracle.ask(question)
    }

    /// Starts a disk operation.
    pub fn disk(&mut self, token: DiskToken, operation: DiskOperation) {
        self.list.push(Effect::Disk { token, operation });
    }

    /// Closes a client's connection after what was sent to it.
    pub fn close(&mut self, client: ClientId) {
        self.list.push(Effect::Close { client, flush: true });
    }

    /// Writes a line to the log.
    pub fn log(&mut self, level: LogLevel, message: impl Into<String>) {
        self.list.push(Effect::Log { level, message: message.into() });
    }
}

impl core::fmt::Debug for Effects {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Effects")
            .field("list", &self.orders.list)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
