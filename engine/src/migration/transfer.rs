//! One MIGRATE: what is sent, and what is made of the replies.

use super::{Idle, Migration};
use crate::base::number::format_i64;
use crate::boundary::id::LinkId;
use crate::boundary::time::{Monotonic, Now};
use crate::keyspace::Keyspace;
use crate::rdb::WriteVersion;
use crate::rdb::dump::serialize;
use crate::resp::line::take_line;
use crate::server::deferred::Waiter;
use crate::server::journal::write_request;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// No further key is sent while so many bytes have not been written to the
/// socket.
const UNSENT_MAX: usize = 256 * 1024;

/// Keys on their way.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) waiter: Waiter,
    pub(crate) migration: Migration,
    pub(crate) link: LinkId,
    /// True once the connection is made.
    pub(crate) connected: bool,
    /// The database that is selected there, if it is known.
    pub(crate) selected: Option<i64>,
    /// True once AUTH and SELECT were sent, if they are needed.
    pub(crate) greeted: bool,
    /// So many keys were sent, or were not there any more.
    pub(crate) next: usize,
    /// Bytes that have not been written to the socket.
    pub(crate) unsent: u64,
    /// What the replies that are to come are to.
    pub(crate) awaited: VecDeque<Awaited>,
    /// The part of a reply that came.
    pub(crate) buffer: Vec<u8>,
    /// True once a reply came.
    pub(crate) answered: bool,
    /// True if this is the second connection.
    pub(crate) again: bool,
    /// Set when AUTH or SELECT was refused: no key is where it should be.
    pub(crate) misplaced: bool,
    /// Keys that arrived.
    pub(crate) arrived: Vec<usize>,
    /// The first error that the other server replied.
    pub(crate) refusal: Option<String>,
    /// Until when something must happen.
    pub(crate) until: Monotonic,
    /// True once the connection is of no use any more.
    pub(crate) broken: bool,
    /// How it ended; what arrived may still have to be deleted.
    pub(crate) result: Option<Result<(), String>>,
}

/// What a reply is to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Awaited {
    /// AUTH or SELECT.
    Greeting,
    /// RESTORE of a key.
    Key(usize),
}

impl Transfer {
    /// One that begins, over a connection that waits or one that is being made.
    pub(crate) fn new(waiter: Waiter, migration: Migration, over: Result<Idle, LinkId>, now: Now) -> Transfer {
        // Nothing will come of what is no port.
        let timeout_ms = migration.port.map_or(0, |_| migration.timeout_ms);
        let until = now.monotonic.plus_ms(timeout_ms);
        let connected = over.is_ok();
        let (link, selected) = match over {
            Ok(idle) => (idle.link, idle.selected),
            Err(link) => (link, None),
        };
        Transfer {
            waiter,
            migration,
            link,
            connected,
            selected,
            greeted: false,
            next: 0,
            unsent: 0,
            awaited: VecDeque::new(),
            buffer: Vec::new(),
            answered: false,
            again: false,
            misplaced: false,
            arrived: Vec::new(),
            refusal: None,
            until,
            broken: false,
            result: None,
        }
    }

    /// Something happened: it may take as long again.
    pub(crate) fn extend(&mut self, now: Now) {
        self.until = now.monotonic.plus_ms(self.migration.timeout_ms);
    }

    /// What is to be sent next, as much as the connection should have at once; `form`
    /// is the version of payloads, and whether they are compressed.
    pub(crate) fn send(&mut self, keyspace: &Keyspace, form: (WriteVersion, bool), now: Now) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.connected || self.result.is_some() {
            return out;
        }
        if !self.greeted {
            self.greeted = true;
            self.greet(&mut out);
        }
        while self.next < self.migration.keys.len() && self.unsent as usize + out.len() < UNSENT_MAX {
            if self.put_key(self.next, keyspace, form, now, &mut out) {
                self.awaited.push_back(Awaited::Key(self.next));
            }
            self.next += 1;
        }
        self.unsent += out.len() as u64;
        if self.next == self.migration.keys.len() && self.awaited.is_empty() {
            self.result = Some(self.outcome());
        }
        out
    }

    fn greet(&mut self, out: &mut Vec<u8>) {
        let Migration { credentials, destination, .. } = &self.migration;
        if !credentials.is_empty() {
            let words = core::iter::once(&b"AUTH"[..]).chain(credentials.iter().map(Vec::as_slice));
            write_request(credentials.len() + 1, words, out);
            self.awaited.push_back(Awaited::Greeting);
        }
        if self.selected != Some(*destination) {
            let mut digits = [0; 20];
            write_request(2, [b"SELECT", format_i64(*destination, &mut digits)].into_iter(), out);
            self.awaited.push_back(Awaited::Greeting);
        }
    }

    /// Puts the request that restores a key. False if the key is not there any
    /// more.
    fn put_key(
        &self,
        index: usize,
        keyspace: &Keyspace,
        form: (WriteVersion, bool),
        now: Now,
        out: &mut Vec<u8>,
    ) -> bool {
        let Migration { database, replace, keys, .. } = &self.migration;
        let key = keyspace.key(&keys[index]);
        let Some(entry) = keyspace.peek(*database, &key) else { return false };
        let left_ms = match entry.expire_at_ms() {
            None => 0,
            Some(at) if at < now.unix.ms() => return false,
            Some(at) => (at - now.unix.ms()).max(1),
        };
        let payload = serialize(entry.content(), form.0, form.1);
        let mut digits = [0; 20];
        let words = [b"RESTORE", key.bytes, format_i64(left_ms, &mut digits), &payload, b"REPLACE"];
        let count = if *replace { 5 } else { 4 };
        write_request(count, words.into_iter().take(count), out);
        true
    }

    /// Takes replies in.
    ///
    /// # Errors
    /// If they make no sense.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Result<(), ()> {
        self.buffer.extend_from_slice(bytes);
        while let Some(line) = take_line(&mut self.buffer)? {
            let awaited = self.awaited.pop_front().ok_or(())?;
            self.answered = true;
            if let Some(text) = line.strip_prefix(b"-") {
                self.misplaced |= awaited == Awaited::Greeting;
                self.refusal.get_or_insert_with(|| String::from_utf8_lossy(text).into_owned());
            } else if let Awaited::Key(index) = awaited
                && !self.misplaced
            {
                self.arrived.push(index);
            }
        }
        Ok(())
    }

    /// What is to be replied, if nothing went wrong on the way.
    pub(crate) fn outcome(&self) -> Result<(), String> {
        match &self.refusal {
            Some(text) => Err(format!("ERR Target instance replied with error: {text}")),
            None => Ok(()),
        }
    }

    /// The connection could not be made, or fails.
    pub(crate) fn fail(&mut self) {
        self.broken = true;
        self.result = Some(self.failure());
    }

    fn failure(&self) -> Result<(), String> {
        if !self.connected {
            return Err("IOERR error or timeout connecting to the client".into());
        }
        self.outcome()?;
        let what = if self.unsent > 0 { "writing" } else { "reading" };
        Err(format!("IOERR error or timeout {what} to target instance"))
    }
}
