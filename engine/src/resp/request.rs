//! Parsing requests: arrays of bulk strings, and inline commands.
//!
//! The parser is the driver's, one a connection, and runs before the engine's
//! lock is taken. It copies nothing: a request is a list of spans of the buffer
//! that it was parsed from. Any split of the same bytes into reads gives the
//! same requests.
//!
//! Source: the RESP specification, and the limits of Redis 7.2.

use crate::base::argv::split_arguments;
use crate::base::image::{Damaged, Image, Tape};
use crate::base::number::parse_i64;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Longest inline request and longest line of a header, in bytes.
const LINE_MAX: usize = 64 * 1024;
/// Most arguments of a client that has not authenticated.
const UNAUTHENTICATED_ARGUMENTS_MAX: i64 = 10;
/// Longest argument of a client that has not authenticated, in bytes.
const UNAUTHENTICATED_BULK_MAX: i64 = 16 * 1024;
/// Begins where nothing does: arguments that are no request that was sent.
const NOT_SENT: usize = usize::MAX;
/// Set in a span that lies in the buffer of unquoted arguments.
const UNQUOTED: usize = 1 << (usize::BITS - 1);

/// What a connection may send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Longest argument in bytes, `proto-max-bulk-len`.
    pub bulk_max: i64,
    /// False while the connection must authenticate first: then the limits are
    /// tight, and requests are parsed one at a time.
    pub authenticated: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bulk_max: 512 << 20, authenticated: true }
    }
}

/// An argument: where it lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    start: usize,
    length: usize,
}

/// A request among [`RequestBuffer`]'s.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestSpan {
    /// Offset in the buffer of the request's first byte.
    pub start: usize,
    /// Offset behind its last byte.
    pub end: usize,
    first: u32,
    count: u32,
}

/// Parsed requests. A driver keeps one a thread and uses it again.
#[derive(Default, Debug)]
pub struct RequestBuffer {
    spans: Vec<Span>,
    requests: Vec<RequestSpan>,
    unquoted: Vec<u8>,
    error: Option<ProtocolError>,
}

impl RequestBuffer {
    /// Forgets all requests, keeps the memory.
    pub fn clear(&mut self) {
        self.spans.clear();
        self.requests.clear();
        self.unquoted.clear();
        self.error = None;
    }

    /// True if there is neither a request nor an error.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.error.is_none()
    }

    /// Ends with an error, as a parser would have found it: for replay.
    pub fn set_error(&mut self, error: Option<ProtocolError>) {
        self.error = error;
    }

    /// The requests, of which the first `skip` are left out, together with the
    /// buffer from which they were parsed.
    pub fn requests<'a>(&'a self, buffer: &'a [u8], skip: usize) -> Requests<'a> {
        Requests { buffer, parsed: self, skip }
    }

    /// Where the request of this number lies.
    pub fn span(&self, index: usize) -> Option<RequestSpan> {
        self.requests.get(index).copied()
    }
}

/// A batch of requests on its way into the engine.
#[derive(Clone, Copy, Debug)]
pub struct Requests<'a> {
    buffer: &'a [u8],
    parsed: &'a RequestBuffer,
    skip: usize,
}

impl<'a> Requests<'a> {
    /// Number of requests.
    #[inline]
    pub fn len(&self) -> usize {
        self.parsed.requests.len() - self.skip
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The arguments of one request; the first is the command's name.
    ///
    /// # Panics
    /// If there are not that many requests.
    #[inline]
    pub fn arguments(&self, index: usize) -> Arguments<'a> {
        let request = self.parsed.requests[self.skip + index];
        let spans = &self.parsed.spans[request.first as usize..][..request.count as usize];
        Arguments { buffer: self.buffer, unquoted: &self.parsed.unquoted, spans, start: request.start }
    }

    /// All requests as they came on the wire, with what was skipped between
    /// them: parsed again they are the same.
    pub fn wire(&self) -> &'a [u8] {
        match &self.parsed.requests[self.skip..] {
            [] => &[],
            [first, .., last] => &self.buffer[first.start..last.end],
            [only] => &self.buffer[only.start..only.end],
        }
    }

    /// Bytes that all requests took on the wire.
    pub fn wire_bytes(&self) -> usize {
        self.wire().len()
    }

    /// Bytes that one request took on the wire.
    pub fn wire_length(&self, index: usize) -> usize {
        let request = self.parsed.requests[self.skip + index];
        request.end - request.start
    }

    /// What was wrong behind the last request.
    pub fn error(&self) -> Option<ProtocolError> {
        self.parsed.error
    }
}

/// The arguments of a request.
#[derive(Clone, Copy)]
pub struct Arguments<'a> {
    buffer: &'a [u8],
    unquoted: &'a [u8],
    spans: &'a [Span],
    /// Where in the buffer the request begins, if it is one that was sent.
    start: usize,
}

impl<'a> Arguments<'a> {
    /// Number of arguments, the command's name included.
    #[inline]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// True if there is none, which no request is.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// One argument, if there are that many.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        let span = self.spans.get(index)?;
        if span.start & UNQUOTED == 0 {
            self.buffer.get(span.start..span.start + span.length)
        } else {
            let start = span.start & !UNQUOTED;
            self.unquoted.get(start..start + span.length)
        }
    }

    /// All arguments from `index` on.
    #[inline]
    pub fn from(&self, index: usize) -> Arguments<'a> {
        Arguments { spans: self.spans.get(index..).unwrap_or(&[]), start: NOT_SENT, ..*self }
    }

    /// All arguments in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + DoubleEndedIterator + use<'a> {
        let all = *self;
        (0..all.len()).map(move |index| all.get(index).unwrap_or(&[]))
    }

    /// Bytes of all arguments.
    pub fn byte_count(&self) -> usize {
        self.spans.iter().map(|span| span.length).sum()
    }

    /// The request as it was sent, if that is, to the byte, how it would be written
    /// anew: an array of strings.
    #[inline]
    pub fn wire(&self) -> Option<&'a [u8]> {
        let (first, last) = (self.spans.first()?, self.spans.last()?);
        // What was unquoted is not in the buffer.
        let end = last.start.checked_add(last.length + 2)?;
        let wire = self.buffer.get(self.start..end)?;
        // The parser reads numbers strictly, so that each is written in one way only,
        // and up to the first byte of a line's end. The second may be any, as may
        // those behind an argument.
        let count_end = (first.start - self.start).checked_sub(header_length(first.length) + 1)?;
        let mut sound = wire.get(count_end) == Some(&b'\n');
        for span in self.spans {
            let at = span.start - self.start;
            sound &= wire.get(at - 1) == Some(&b'\n')
                && wire.get(at + span.length..).and_then(<[u8]>::first_chunk) == Some(b"\r\n");
        }
        sound.then_some(wire)
    }

    /// A copy that lives on its own.
    pub fn to_owned(&self) -> OwnedArguments {
        let mut owned = OwnedArguments::default();
        for argument in self.iter() {
            owned.push(argument);
        }
        owned
    }
}

impl core::ops::Index<usize> for Arguments<'_> {
    type Output = [u8];

    /// One argument; empty if there are fewer, so that bad arithmetic can't
    /// take the server down.
    #[inline]
    fn index(&self, index: usize) -> &[u8] {
        self.get(index).unwrap_or(&[])
    }
}

impl fmt::Debug for Arguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(String::from_utf8_lossy)).finish()
    }
}

/// Arguments in memory of their own: what MULTI queues and what is replayed.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct OwnedArguments {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl OwnedArguments {
    /// Adds an argument at the end.
    pub fn push(&mut self, argument: &[u8]) {
        self.spans.push(Span { start: self.bytes.len(), length: argument.len() });
        self.bytes.extend_from_slice(argument);
    }

    /// The arguments, borrowed.
    pub fn as_arguments(&self) -> Arguments<'_> {
        Arguments { buffer: &self.bytes, unquoted: &[], spans: &self.spans, start: NOT_SENT }
    }

    /// Bytes of all arguments.
    pub fn argument_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of memory, for the account.
    pub fn memory(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<Span>()
    }
}

/// With the capacities of both parts.
impl Image for OwnedArguments {
    fn blank() -> OwnedArguments {
        OwnedArguments::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let OwnedArguments { bytes, spans } = self;
        let mut capacity = spans.capacity();
        tape.each([bytes, &mut capacity, spans])?;
        if tape.reads() {
            let mut room = Vec::new();
            room.try_reserve_exact(capacity.max(spans.len())).map_err(|_| Damaged)?;
            room.append(spans);
            *spans = room;
        }
        Ok(())
    }
}

impl Image for Span {
    fn blank() -> Span {
        Span { start: 0, length: 0 }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Span { start, length } = self;
        tape.each([start, length])
    }
}

impl<'a> FromIterator<&'a [u8]> for OwnedArguments {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(arguments: I) -> Self {
        let mut owned = OwnedArguments::default();
        for argument in arguments {
            owned.push(argument);
        }
        owned
    }
}

/// Why a connection's bytes are no requests. `Display` is what the client is
/// told behind `-ERR Protocol error: `.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProtocolError {
    /// No end of line within 64 KiB of an inline request.
    InlineTooBig,
    /// A quote that is not closed.
    UnbalancedQuotes,
    /// No end of line within 64 KiB of an array's header.
    CountTooBig,
    /// An array's header is no number in range.
    Count,
    /// Too many arguments before authentication.
    UnauthenticatedCount,
    /// No end of line within 64 KiB of an argument's header.
    BulkCountTooBig,
    /// An argument does not begin with `$`.
    ExpectedBulk(u8),
    /// An argument's header is no length in range.
    BulkLength,
    /// Too long an argument before authentication.
    UnauthenticatedBulk,
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProtocolError::InlineTooBig => f.write_str("too big inline request"),
            ProtocolError::UnbalancedQuotes => f.write_str("unbalanced quotes in request"),
            ProtocolError::CountTooBig => f.write_str("too big mbulk count string"),
            ProtocolError::Count => f.write_str("invalid multibulk length"),
            ProtocolError::UnauthenticatedCount => f.write_str("unauthenticated multibulk length"),
            ProtocolError::BulkCountTooBig => f.write_str("too big bulk count string"),
            ProtocolError::ExpectedBulk(byte) => write!(f, "expected '$', got '{}'", char::from(*byte)),
            ProtocolError::BulkLength => f.write_str("invalid bulk length"),
            ProtocolError::UnauthenticatedBulk => f.write_str("unauthenticated bulk length"),
        }
    }
}

/// The parser of one connection. It remembers how far it got in a request that
/// is not complete, so that a long one is not read again from its start.
#[derive(Default, Debug)]
pub struct Parser {
    partial: Option<Partial>,
}

/// An array of which not all has come. Offsets count from the request's start.
#[derive(Debug)]
struct Partial {
    spans: Vec<Span>,
    missing: i64,
    position: usize,
    /// Bytes that must be there before it is worth going on.
    needed: usize,
}

/// How a request that is being read stands.
enum Step {
    Complete(usize),
    Incomplete,
    Error(ProtocolError),
}

impl Parser {
    /// Parses requests from `buffer`, which begins with what the last call left
    /// over, into `out`, at most `count_max` of them. Returns the bytes that
    /// they took.
    pub fn parse(&mut self, buffer: &[u8], limits: Limits, count_max: usize, out: &mut RequestBuffer) -> usize {
        let count_max = if limits.authenticated { count_max } else { 1 };
        let mut start = 0;
        let mut parsed = 0;
        while start < buffer.len() && parsed < count_max {
            let first = out.spans.len();
            match self.step(buffer, start, limits, out) {
                Step::Complete(end) => {
                    if out.spans.len() > first {
                        let count = (out.spans.len() - first) as u32;
                        out.requests.push(RequestSpan { start, end, first: first as u32, count });
                        parsed += 1;
                    }
                    start = end;
                }
                Step::Incomplete => break,
                Step::Error(error) => {
                    out.spans.truncate(first);
                    out.error = Some(error);
                    break;
                }
            }
        }
        start
    }

    /// Forgets a request that was begun: the buffer begins with it again.
    pub fn reset(&mut self) {
        self.partial = None;
    }

    /// Bytes that the buffer must have, counted from where the next request
    /// begins, before parsing can get any further; 0 if that is not known.
    pub fn needed(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| partial.needed)
    }

    fn step(&mut self, buffer: &[u8], start: usize, limits: Limits, out: &mut RequestBuffer) -> Step {
        if let Some(partial) = self.partial.take() {
            if buffer.len() < start + partial.needed {
                self.partial = Some(partial);
                return Step::Incomplete;
            }
            let moved = partial.spans.iter().map(|span| Span { start: span.start + start, ..*span });
            let first = out.spans.len();
            out.spans.extend(moved);
            return self.bulks(buffer, start, start + partial.position, partial.missing, first, limits, out);
        }
        if buffer[start] != b'*' {
            return inline(buffer, start, out);
        }
        let (count, position) = match header(buffer, start) {
            Header::Number(count, position) if count <= i64::from(i32::MAX) => (count, position),
            Header::Missing => return Step::Incomplete,
            Header::TooLong => return Step::Error(ProtocolError::CountTooBig),
            _ => return Step::Error(ProtocolError::Count),
        };
        if count > UNAUTHENTICATED_ARGUMENTS_MAX && !limits.authenticated {
            return Step::Error(ProtocolError::UnauthenticatedCount);
        }
        let first = out.spans.len();
        self.bulks(buffer, start, position, count, first, limits, out)
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one loop")]
    #[inline]
    fn bulks(
        &mut self,
        buffer: &[u8],
        start: usize,
        mut position: usize,
        mut missing: i64,
        first: usize,
        limits: Limits,
        out: &mut RequestBuffer,
    ) -> Step {
        while missing > 0 {
            let needed;
            match buffer.get(position) {
                // The shortest line that can be judged, though a wrong one.
                None => needed = position + 3,
                Some(b'$') => match header(buffer, position) {
                    Header::Number(length, at) if (0..=limits.bulk_max).contains(&length) => {
                        if length > UNAUTHENTICATED_BULK_MAX && !limits.authenticated {
                            return Step::Error(ProtocolError::UnauthenticatedBulk);
                        }
                        let length = length as usize;
                        if buffer.len() - at >= length + 2 {
                            out.spans.push(Span { start: at, length });
                            position = at + length + 2;
                            missing -= 1;
                            continue;
                        }
                        needed = at + length + 2;
                    }
                    Header::Missing => needed = buffer.len() + 1,
                    Header::TooLong => return Step::Error(ProtocolError::BulkCountTooBig),
                    _ => return Step::Error(ProtocolError::BulkLength),
                },
                // A line's end is looked for before its first byte is judged.
                Some(&other) => match header(buffer, position) {
                    Header::Missing => needed = buffer.len() + 1,
                    Header::TooLong => return Step::Error(ProtocolError::BulkCountTooBig),
                    _ => return Step::Error(ProtocolError::ExpectedBulk(other)),
                },
            }
            let spans = out.spans.drain(first..).map(|span| Span { start: span.start - start, ..span }).collect();
            let partial = Partial { spans, missing, position: position - start, needed: needed - start };
            self.partial = Some(partial);
            return Step::Incomplete;
        }
        Step::Complete(position)
    }
}

/// Bytes of a header line with a number, as it is written.
#[inline]
fn header_length(number: usize) -> usize {
    let digits = match number {
        0..10 => 1,
        10..100 => 2,
        _ => number.ilog10() as usize + 1,
    };
    digits + 3
}

/// A line such as `*3` or `$12`.
enum Header {
    /// Its number, and where the next line begins.
    Number(i64, usize),
    Invalid,
    Missing,
    TooLong,
}

/// Reads a header line at `at`, whose first byte is its kind.
#[inline]
fn header(buffer: &[u8], at: usize) -> Header {
    // Up to three digits, the common case, without a search for the line's end.
    if let Some(&[a, b, c, d, e]) = buffer.get(at + 1..at + 6) {
        let digit = |byte: u8| i64::from(byte.wrapping_sub(b'0'));
        if b == b'\r' && digit(a) < 10 {
            return Header::Number(digit(a), at + 4);
        }
        if c == b'\r' && (1..10).contains(&digit(a)) && digit(b) < 10 {
            return Header::Number(digit(a) * 10 + digit(b), at + 5);
        }
        if d == b'\r' && (1..10).contains(&digit(a)) && digit(b) < 10 && digit(c) < 10 && e == b'\n' {
            return Header::Number(digit(a) * 100 + digit(b) * 10 + digit(c), at + 6);
        }
    }
    let rest = &buffer[at + 1..];
    let Some(end) = rest.iter().position(|&byte| byte == b'\r') else {
        return if buffer.len() - at > LINE_MAX { Header::TooLong } else { Header::Missing };
    };
    if end + 1 == rest.len() {
        return Header::Missing;
    }
    match parse_i64(&rest[..end]) {
        Some(number) => Header::Number(number, at + 1 + end + 2),
        None => Header::Invalid,
    }
}

fn inline(buffer: &[u8], start: usize, out: &mut RequestBuffer) -> Step {
    let rest = &buffer[start..];
    let Some(end) = rest.iter().position(|&byte| byte == b'\n') else {
        return if rest.len() > LINE_MAX { Step::Error(ProtocolError::InlineTooBig) } else { Step::Incomplete };
    };
    let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
    let Some(arguments) = split_arguments(line) else {
        return Step::Error(ProtocolError::UnbalancedQuotes);
    };
    for argument in arguments {
        out.spans.push(Span { start: out.unquoted.len() | UNQUOTED, length: argument.len() });
        out.unquoted.extend_from_slice(&argument);
    }
    Step::Complete(start + end + 1)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    /// Parses bytes that come in pieces, as a driver does.
    fn parse_in_pieces(bytes: &[u8], cuts: &[usize], limits: Limits) -> (Vec<Vec<Vec<u8>>>, Option<ProtocolError>) {
        let mut parser = Parser::default();
        let mut buffer = Vec::new();
        let mut all = Vec::new();
        let mut from = 0;
        for &to in cuts.iter().chain([&bytes.len()]) {
            buffer.extend_from_slice(&bytes[from..to]);
            from = to;
            loop {
                let mut out = RequestBuffer::default();
                let used = parser.parse(&buffer, limits, 3, &mut out);
                let requests = out.requests(&buffer, 0);
                for index in 0..requests.len() {
                    all.push(requests.arguments(index).iter().map(<[u8]>::to_vec).collect());
                }
                if out.error.is_some() {
                    return (all, out.error);
                }
                buffer.drain(..used);
                if out.is_empty() && used == 0 {
                    break;
                }
            }
        }
        (all, None)
    }

    fn one(bytes: &[u8]) -> (Vec<Vec<Vec<u8>>>, Option<ProtocolError>) {
        parse_in_pieces(bytes, &[], Limits::default())
    }

    #[test]
    fn requests_of_both_kinds() {
        let (all, error) = one(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING \"a\\x41\"\r\n\r\n*0\r\n*-1\r\n*1\r\n$0\r\n\r\nx");
        assert_eq!(error, None);
        assert_eq!(all, [vec![b"GET".to_vec(), b"k".to_vec()], vec![b"PING".to_vec(), b"aA".to_vec()], vec![vec![]]]);
    }

    #[test]
    fn errors_as_the_reference_words_them() {
        for (bytes, text) in [
            (&b"*x\r\n"[..], "invalid multibulk length"),
            (b"*3000000000\r\n", "invalid multibulk length"),
            (b"*1\r\nGET\r\n", "expected '$', got 'G'"),
            (b"*1\r\n$x\r\n", "invalid bulk length"),
            (b"*1\r\n$-1\r\n", "invalid bulk length"),
            (b"*1\r\n$600000000\r\n", "invalid bulk length"),
            (b"set \"a\r\n", "unbalanced quotes in request"),
        ] {
            assert_eq!(std::format!("{}", one(bytes).1.unwrap()), text, "{:?}", String::from_utf8_lossy(bytes));
        }
        let long = vec![b'1'; LINE_MAX + 2];
        assert_eq!(one(&long).1, Some(ProtocolError::InlineTooBig));
        assert_eq!(one(&[b"*", &long[..]].concat()).1, Some(ProtocolError::CountTooBig));
        assert_eq!(one(&[b"*1\r\n$", &long[..]].concat()).1, Some(ProtocolError::BulkCountTooBig));
        let tight = Limits { authenticated: false, ..Limits::default() };
        assert_eq!(parse_in_pieces(b"*11\r\n", &[], tight).1, Some(ProtocolError::UnauthenticatedCount));
        assert_eq!(parse_in_pieces(b"*1\r\n$16385\r\n", &[], tight).1, Some(ProtocolError::UnauthenticatedBulk));
    }

    #[test]
    fn the_shortest_wrong_line_is_judged_when_it_is_there() {
        let bytes = b"*2\r\n$4\r\nAUTH\r\n1\r\n";
        assert_eq!(one(bytes).1, Some(ProtocolError::ExpectedBulk(b'1')));
        assert_eq!(parse_in_pieces(bytes, &[bytes.len() - 3], Limits::default()), one(bytes));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same(
            pieces in prop::collection::vec(prop_oneof![
                Just(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".to_vec()),
                Just(b"*3\r\n$3\r\nSET\r\n$12\r\nabcdefghijkl\r\n$0\r\n\r\n".to_vec()),
                Just(b"PING\r\n".to_vec()),
                Just(b"set 'a b' \"\\n\"\n".to_vec()),
                Just(b"\r\n".to_vec()),
                Just(b"*0\r\n".to_vec()),
                prop::collection::vec(prop::sample::select(b"*$0123\r\nab\"".to_vec()), 0..12),
            ], 0..8),
            seed in prop::collection::vec(any::<u16>(), 0..12),
        ) {
            let bytes = pieces.concat();
            let mut cuts: Vec<usize> = seed.iter().map(|&cut| cut as usize % (bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let limits = Limits::default();
            prop_assert_eq!(parse_in_pieces(&bytes, &cuts, limits), parse_in_pieces(&bytes, &[], limits));
        }
    }
}
