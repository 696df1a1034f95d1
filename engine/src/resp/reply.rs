//! Writing replies, in the protocol that the client chose with HELLO.

use crate::base::number::{format_double, format_i64};
use crate::data::value::Value;
use alloc::vec::Vec;

/// The protocol of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Protocol {
    /// RESP2, where every connection begins.
    #[default]
    Resp2,
    /// RESP3.
    Resp3,
}

/// Appends replies to a buffer. Aggregates are a header and then their parts,
/// which the caller writes.
pub struct Reply<'a> {
    out: &'a mut Vec<u8>,
    protocol: Protocol,
}

impl<'a> Reply<'a> {
    /// Writes behind what `out` holds.
    pub fn new(out: &'a mut Vec<u8>, protocol: Protocol) -> Self {
        Reply { out, protocol }
    }

    /// The protocol that is written.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Writes in another protocol from here on.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    /// Bytes in the buffer, whoever wrote them.
    pub fn position(&self) -> usize {
        self.out.len()
    }

    /// Takes back everything behind a position.
    pub fn truncate(&mut self, position: usize) {
        self.out.truncate(position);
    }

    /// Bytes that are replies already: what EXEC and replication hand on.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// `+OK`.
    #[inline]
    pub fn ok(&mut self) {
        self.raw(b"+OK\r\n");
    }

    /// A simple string, without line breaks.
    pub fn simple(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// An error: its code, a space, its text. Line breaks become spaces.
    pub fn error(&mut self, text: &str) {
        self.error_bytes(text.as_bytes());
    }

    /// An error that repeats what a client sent.
    pub fn error_bytes(&mut self, text: &[u8]) {
        let end = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
        self.out.push(b'-');
        self.out.extend(text[..end].iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
        self.raw(b"\r\n");
    }

    /// An integer.
    #[inline]
    pub fn integer(&mut self, number: i64) {
        match number {
            0 => self.raw(b":0\r\n"),
            1 => self.raw(b":1\r\n"),
            _ => self.header(b':', number),
        }
    }

    /// A bulk string.
    #[inline]
    pub fn bulk(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() + 32);
        self.header(b'$', bytes.len() as i64);
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }

    /// An integer as a bulk string.
    #[inline]
    pub fn bulk_integer(&mut self, number: i64) {
        self.bulk(format_i64(number, &mut [0; 20]));
    }

    /// A string, an element, a field, however it is stored.
    #[inline]
    pub fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Integer(number) => self.bulk_integer(number),
            Value::Bytes(bytes) => self.bulk(bytes),
        }
    }

    /// No value: a null bulk string, or RESP3's null.
    #[inline]
    pub fn null(&mut self) {
        self.raw(if self.protocol == Protocol::Resp2 { b"$-1\r\n" } else { b"_\r\n" });
    }

    /// No array: a null array, or RESP3's null.
    pub fn null_array(&mut self) {
        self.raw(if self.protocol == Protocol::Resp2 { b"*-1\r\n" } else { b"_\r\n" });
    }

    /// An array of `length` parts.
    pub fn array(&mut self, length: usize) {
        self.header(b'*', length as i64);
    }

    /// Makes an array of what was written since a position, of which it is known
    /// only now how many parts it is.
    pub fn array_since(&mut self, position: usize, length: usize) {
        self.since(position, |reply| reply.array(length));
    }

    /// Likewise a map.
    pub fn map_since(&mut self, position: usize, length: usize) {
        self.since(position, |reply| reply.map(length));
    }

    fn since(&mut self, position: usize, header: impl FnOnce(&mut Self)) {
        let end = self.out.len();
        header(self);
        let size = self.out.len() - end;
        self.out[position..].rotate_right(size);
    }

    /// A map of `length` pairs; in RESP2 an array of twice as many.
    pub fn map(&mut self, length: usize) {
        match self.protocol {
            Protocol::Resp2 => self.header(b'*', 2 * length as i64),
            Protocol::Resp3 => self.header(b'%', length as i64),
        }
    }

    /// A set of `length` parts; in RESP2 an array.
    pub fn set(&mut self, length: usize) {
        self.header(if self.protocol == Protocol::Resp2 { b'*' } else { b'~' }, length as i64);
    }

    /// A push of `length` parts; in RESP2 an array.
    pub fn push(&mut self, length: usize) {
        self.header(if self.protocol == Protocol::Resp2 { b'*' } else { b'>' }, length as i64);
    }

    /// A boolean; in RESP2 1 or 0.
    pub fn boolean(&mut self, value: bool) {
        match self.protocol {
            Protocol::Resp2 => self.integer(i64::from(value)),
            Protocol::Resp3 => self.raw(if value { b"#t\r\n" } else { b"#f\r\n" }),
        }
    }

    /// A double; in RESP2 a bulk string.
    pub fn double(&mut self, value: f64) {
        self.double_text(format_double(value).as_str());
    }

    /// A double that was formatted elsewhere; in RESP2 a bulk string.
    pub fn double_text(&mut self, text: &str) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text.as_bytes()),
            Protocol::Resp3 => self.line(b',', text.as_bytes()),
        }
    }

    /// Text with a format of three letters (`txt`, `mkd`); in RESP2 a bulk
    /// string.
    pub fn verbatim(&mut self, format: &str, text: &[u8]) {
        debug_assert_eq!(format.len(), 3);
        match self.protocol {
            Protocol::Resp2 => self.bulk(text),
            Protocol::Resp3 => {
                self.header(b'=', text.len() as i64 + 4);
                self.raw(format.as_bytes());
                self.raw(b":");
                self.raw(text);
                self.raw(b"\r\n");
            }
        }
    }

    /// A big number, in decimal; in RESP2 a bulk string.
    pub fn big_number(&mut self, digits: &str) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(digits.as_bytes()),
            Protocol::Resp3 => self.line(b'(', digits.as_bytes()),
        }
    }

    /// An attribute of `length` pairs, before the reply that it belongs to; the
    /// caller writes none in RESP2.
    pub fn attribute(&mut self, length: usize) {
        self.header(b'|', length as i64);
    }

    fn line(&mut self, kind: u8, text: &[u8]) {
        self.out.push(kind);
        self.raw(text);
        self.raw(b"\r\n");
    }

    #[inline]
    fn header(&mut self, kind: u8, number: i64) {
        if let digit @ 0..10 = number {
            self.out.extend_from_slice(&[kind, b'0' + digit as u8, b'\r', b'\n']);
            return;
        }
        if let two @ 10..100 = number {
            self.out.extend_from_slice(&[kind, b'0' + (two / 10) as u8, b'0' + (two % 10) as u8, b'\r', b'\n']);
            return;
        }
        self.out.push(kind);
        self.out.extend_from_slice(format_i64(number, &mut [0; 20]));
        self.out.extend_from_slice(b"\r\n");
    }
}
