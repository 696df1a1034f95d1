//! The ids of entries: milliseconds, and a number within them.

use crate::base::image::{Damaged, Image, Tape};
use crate::base::number::{format_u64, parse_u64_lenient};

/// Bytes of the longest text of an id.
pub const ID_TEXT_SIZE: usize = 41;
/// The longest text that is looked at for an id, in bytes.
const PARSED_MAX: usize = 127;

/// An entry's id. Ordered by time, then by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct StreamId {
    /// Milliseconds since 1970, unless whoever added the entry says otherwise.
    pub ms: u64,
    /// Tells apart entries of the same millisecond.
    pub sequence: u64,
}

/// An id as it is written: its second part may be missing, or left to the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrittenId {
    /// The first part.
    pub ms: u64,
    /// The second part.
    pub sequence: Sequence,
}

/// The second part of an id as it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sequence {
    /// There is none.
    Missing,
    /// `*`: the next one.
    Next,
    /// A number.
    Given(u64),
}

impl StreamId {
    /// The least id, which no entry has.
    pub const MIN: StreamId = StreamId { ms: 0, sequence: 0 };
    /// The greatest id.
    pub const MAX: StreamId = StreamId { ms: u64::MAX, sequence: u64::MAX };

    /// The id of these parts.
    pub const fn new(ms: u64, sequence: u64) -> StreamId {
        StreamId { ms, sequence }
    }

    /// The next greater id; `None` of the greatest.
    pub fn next(self) -> Option<StreamId> {
        match self.sequence.checked_add(1) {
            Some(sequence) => Some(StreamId { sequence, ..self }),
            None => self.ms.checked_add(1).map(|ms| StreamId { ms, sequence: 0 }),
        }
    }

    /// The next smaller id; `None` of the least.
    pub fn previous(self) -> Option<StreamId> {
        match self.sequence.checked_sub(1) {
            Some(sequence) => Some(StreamId { sequence, ..self }),
            None => self.ms.checked_sub(1).map(|ms| StreamId { ms, sequence: u64::MAX }),
        }
    }

    /// As files have it: both parts, big endian.
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.ms) << 64 | u128::from(self.sequence)).to_be_bytes()
    }

    /// The id of such bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> StreamId {
        let both = u128::from_be_bytes(bytes);
        StreamId { ms: (both >> 64) as u64, sequence: both as u64 }
    }

    /// Its text, `ms-sequence`.
    pub fn format(self, buffer: &mut [u8; ID_TEXT_SIZE]) -> &[u8] {
        let mut number = [0; 20];
        let mut length = 0;
        let mut append = |text: &[u8]| {
            buffer[length..length + text.len()].copy_from_slice(text);
            length += text.len();
        };
        append(format_u64(self.ms, &mut number));
        append(b"-");
        append(format_u64(self.sequence, &mut number));
        &buffer[..length]
    }
}

impl WrittenId {
    /// Reads an id, but not one of those that stand for the least and the
    /// greatest. As in C, what follows a zero byte is not there.
    pub fn parse(text: &[u8]) -> Option<WrittenId> {
        if text.len() > PARSED_MAX {
            return None;
        }
        let text = text.split(|&byte| byte == 0).next()?;
        let Some(dash) = text.iter().position(|&byte| byte == b'-') else {
            return Some(WrittenId { ms: parse_u64_lenient(text)?, sequence: Sequence::Missing });
        };
        let ms = parse_u64_lenient(&text[..dash])?;
        let sequence = match &text[dash + 1..] {
            b"*" => Sequence::Next,
            number => Sequence::Given(parse_u64_lenient(number)?),
        };
        Some(WrittenId { ms, sequence })
    }

    /// The id, where its second part may be missing, but not be left open.
    pub fn complete(self, missing: u64) -> Option<StreamId> {
        match self.sequence {
            Sequence::Missing => Some(StreamId::new(self.ms, missing)),
            Sequence::Given(sequence) => Some(StreamId::new(self.ms, sequence)),
            Sequence::Next => None,
        }
    }
}

impl Image for StreamId {
    fn blank() -> StreamId {
        StreamId::MIN
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let StreamId { ms, sequence } = self;
        tape.each([ms, sequence])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let text = |id: StreamId| id.format(&mut [0; ID_TEXT_SIZE]).to_vec();
        assert_eq!(text(StreamId::new(5, 0)), b"5-0");
        assert_eq!(text(StreamId::MAX), b"18446744073709551615-18446744073709551615");
        let complete = |text: &[u8]| WrittenId::parse(text)?.complete(7);
        for (text, id) in [
            (&b"5"[..], Some(StreamId::new(5, 7))),
            (b"5-1", Some(StreamId::new(5, 1))),
            (b"05-+1", Some(StreamId::new(5, 1))),
            (b"5-1\0x", Some(StreamId::new(5, 1))),
            (b"5-*", None),
            (b"", None),
            (b"-", None),
            (b"+", None),
            (b"-5", None),
            (b"5-", None),
            (b"5-1-1", None),
            (b"18446744073709551616-1", None),
        ] {
            assert_eq!(complete(text), id, "{}", text.escape_ascii());
        }
        assert_eq!(WrittenId::parse(b"5-*"), Some(WrittenId { ms: 5, sequence: Sequence::Next }));
        assert_eq!(WrittenId::parse(&[b'1'; 128]), None);
    }

    #[test]
    fn neighbours() {
        assert_eq!(StreamId::MIN.previous(), None);
        assert_eq!(StreamId::MAX.next(), None);
        let last_of_five = StreamId::new(5, u64::MAX);
        assert_eq!(last_of_five.next(), Some(StreamId::new(6, 0)));
        assert_eq!(StreamId::new(6, 0).previous(), Some(last_of_five));
        assert_eq!(StreamId::from_bytes(last_of_five.to_bytes()), last_of_five);
        assert!(StreamId::new(5, 9).to_bytes() < StreamId::new(6, 0).to_bytes());
    }
}
