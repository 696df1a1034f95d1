//! Reads the primitives of the format off a slice that may end anywhere.
//!
//! Where the slice ends inside a primitive, the cursor says how many bytes that primitive needs, so that its caller
//! does not try again before they are there.

use alloc::vec::Vec;

use crate::base::lzf;

use super::error::LoadError;
use super::opcode;

/// Why a primitive could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The input ends inside the primitive.
    Incomplete {
        /// Where the primitive starts.
        at: usize,
        /// The size of the input from which on it is complete.
        needed: usize,
    },
    /// The bytes are wrong.
    Corrupt {
        /// The end of what was read.
        at: usize,
        /// What is wrong.
        error: LoadError,
    },
}

/// A range of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The first byte.
    pub(super) start: usize,
    /// The byte after the last.
    pub(super) end: usize,
}

/// A string as it stands in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EncodedString {
    /// As it is.
    Plain(Span),
    /// The decimal text of an integer.
    Integer(i64),
    /// LZF data.
    Compressed {
        /// The compressed bytes.
        data: Span,
        /// The size of the string.
        size: u64,
    },
}

/// A position in a slice.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    input: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(input: &'a [u8], position: usize) -> Self {
        Cursor { input, position }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Goes back to where it was.
    pub(super) fn return_to(&mut self, position: usize) {
        self.position = position;
    }

    /// That what was read so far is wrong.
    pub(super) fn corrupt(&self, error: LoadError) -> Stop {
        Stop::Corrupt { at: self.position, error }
    }

    pub(super) fn bytes(&self, span: Span) -> &'a [u8] {
        &self.input[span.start..span.end]
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Stop> {
        let Some(&byte) = self.input.get(self.position) else {
            return Err(self.incomplete(1));
        };
        self.position += 1;
        Ok(byte)
    }

    #[inline]
    pub(super) fn span(&mut self, size: u64) -> Result<Span, Stop> {
        let start = self.position;
        if size > (self.input.len() - start) as u64 {
            return Err(self.incomplete(size));
        }
        self.position += size as usize;
        Ok(Span { start, end: self.position })
    }

    #[inline]
    pub(super) fn array<const SIZE: usize>(&mut self) -> Result<[u8; SIZE], Stop> {
        let Some(&array) = self.input[self.position..].first_chunk() else {
            return Err(self.incomplete(SIZE as u64));
        };
        self.position += SIZE;
        Ok(array)
    }

    /// A length, where the largest `u64` stands for an error.
    pub(super) fn length(&mut self) -> Result<u64, Stop> {
        match self.integer()? {
            u64::MAX => Err(self.corrupt(LoadError::UnexpectedEnd)),
            length => Ok(length),
        }
    }

    /// An integer in the form of a length. As in the references, an encoding's marker counts as its low 6 bits.
    pub(super) fn integer(&mut self) -> Result<u64, Stop> {
        let first = self.byte()?;
        match first & opcode::ENCODED {
            opcode::ENCODED => Ok(u64::from(first & 0x3F)),
            _ => self.integer_after(first),
        }
    }

    #[inline]
    fn integer_after(&mut self, first: u8) -> Result<u64, Stop> {
        match first {
            0..opcode::LENGTH_14_BIT => Ok(u64::from(first)),
            opcode::LENGTH_14_BIT..opcode::LENGTH_32_BIT => Ok(u64::from(first & 0x3F) << 8 | u64::from(self.byte()?)),
            opcode::LENGTH_32_BIT => Ok(u64::from(u32::from_be_bytes(self.array()?))),
            opcode::LENGTH_64_BIT => Ok(u64::from_be_bytes(self.array()?)),
            _ => Err(self.corrupt(LoadError::UnknownLengthEncoding(first >> 6))),
        }
    }

    /// A string, none of whose bytes is looked at.
    #[inline]
    pub(super) fn string(&mut self) -> Result<EncodedString, Stop> {
        let first = self.byte()?;
        if first & opcode::ENCODED != opcode::ENCODED {
            let size = self.integer_after(first)?;
            return self.span(size).map(EncodedString::Plain);
        }
        match first & 0x3F {
            opcode::ENCODING_INT8 => Ok(EncodedString::Integer(i64::from(i8::from_le_bytes(self.array()?)))),
            opcode::ENCODING_INT16 => Ok(EncodedString::Integer(i64::from(i16::from_le_bytes(self.array()?)))),
            opcode::ENCODING_INT32 => Ok(EncodedString::Integer(i64::from(i32::from_le_bytes(self.array()?)))),
            opcode::ENCODING_LZF => {
                let compressed_size = self.length()?;
                let size = self.length()?;
                let data = self.span(compressed_size)?;
                Ok(EncodedString::Compressed { data, size })
            }
            unknown => Err(self.corrupt(LoadError::UnknownStringEncoding(unknown))),
        }
    }

    /// The `size` bytes of which `data` is the compressed form; allocates no more than such data can expand to.
    pub(super) fn expand(&self, data: Span, size: u64) -> Result<Vec<u8>, Stop> {
        usize::try_from(size)
            .ok()
            .and_then(|size| lzf::decompress(self.bytes(data), size))
            .ok_or_else(|| self.corrupt(LoadError::InvalidCompressedString))
    }

    #[cold]
    fn incomplete(&self, size: u64) -> Stop {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        Stop::Incomplete { at: self.position, needed: self.position.saturating_add(size) }
    }
}
