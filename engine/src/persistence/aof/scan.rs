//! Requests of an AOF that arrives in pieces: more strictly than a client's, with
//! annotations between them.

use super::position;
use crate::replication::ReplicationId;
use crate::replication::follow::history::Position;
use crate::resp::request::{Limits, Parser, RequestBuffer};
use alloc::vec::Vec;

/// What stands next.
pub(super) enum Next {
    /// A request, parsed into the scanner's buffer: see [`Scanner::requests`].
    Request,
    /// Nothing that is complete.
    Incomplete,
    /// Something that is no request.
    Bad,
}

/// Reads a file that is fed to it.
#[derive(Default)]
pub(super) struct Scanner {
    bytes: Vec<u8>,
    position: usize,
    /// Bytes that left the buffer.
    dropped: u64,
    parser: Parser,
    pub(super) requests: RequestBuffer,
    /// What an annotation before what stands next told of the data so far.
    told: Option<Position>,
    /// The history that was last named.
    id: Option<ReplicationId>,
}

impl Scanner {
    /// A scanner whose first byte is this far behind the file's begin.
    pub(super) fn at(offset: u64) -> Scanner {
        Scanner { dropped: offset, ..Scanner::default() }
    }

    /// Appends input.
    pub(super) fn feed(&mut self, input: &[u8]) {
        self.bytes.drain(..self.position);
        self.dropped += self.position as u64;
        self.position = 0;
        self.bytes.extend_from_slice(input);
    }

    /// Bytes of the file up to the end of the last request or annotation.
    pub(super) fn offset(&self) -> u64 {
        self.dropped + self.position as u64
    }

    /// Bytes that nothing was made of yet.
    pub(super) fn unread(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// True if nothing begins with `offset`.
    pub(super) fn is_at_end(&self) -> bool {
        self.unread() == 0
    }

    /// The bytes that the spans of `requests` lie in.
    pub(super) fn request_bytes(&self) -> &[u8] {
        &self.bytes[self.position..]
    }

    /// What an annotation said that was come to since this was last asked: of
    /// the data up to what stands next.
    pub(super) fn take_told(&mut self) -> Option<Position> {
        self.told.take()
    }

    /// Finds what stands next. A request counts as read once
    /// [`Scanner::advance`] was called.
    pub(super) fn next(&mut self) -> Next {
        self.requests.clear();
        loop {
            match self.bytes.get(self.position) {
                None => return Next::Incomplete,
                Some(b'#') => {
                    let rest = &self.bytes[self.position..];
                    let Some(end) = rest.iter().position(|&byte| byte == b'\n') else { return Next::Incomplete };
                    if let Some(told) = position::parse(&rest[..end], self.id) {
                        self.id = Some(told.id);
                        self.told = Some(told);
                    }
                    self.position += end + 1;
                }
                Some(b'*') => break,
                Some(_) => return Next::Bad,
            }
        }
        let rest = &self.bytes[self.position..];
        if rest.len() < self.parser.needed() {
            return Next::Incomplete;
        }
        let limits = Limits { bulk_max: i64::MAX, authenticated: true };
        let consumed = self.parser.parse(rest, limits, 1, &mut self.requests);
        match self.requests.span(0) {
            Some(span) if span.start == 0 => Next::Request,
            None if consumed == 0 && self.requests.is_empty() => Next::Incomplete,
            _ => Next::Bad,
        }
    }

    /// The request that was found counts as read.
    pub(super) fn advance(&mut self) {
        if let Some(span) = self.requests.span(0) {
            self.position += span.end;
        }
    }
}
