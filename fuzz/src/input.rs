//! Choices out of a fuzzer's bytes.

use engine::command::generate::Source;

/// Bytes that are used up by choices. When none is left every choice is the
/// first.
#[derive(Clone, Debug)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// Choices out of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Bytes<'a> {
        Bytes(bytes)
    }

    /// True if none is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// The next bytes, fewer at the end.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A number of two bytes.
    pub fn number(&mut self) -> u16 {
        u16::from(self.byte()) << 8 | u16::from(self.byte())
    }
}

impl Source for Bytes<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        let number = if bound <= 256 { u64::from(self.byte()) } else { u64::from(self.number()) };
        number.checked_rem(bound).unwrap_or(0)
    }
}

/// Cuts `bytes` into pieces whose lengths `cuts` tells, again and again; one
/// piece if it tells none.
pub fn pieces<'a>(mut bytes: &'a [u8], cuts: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for cut in cuts.iter().cycle().take(bytes.len() * usize::from(!cuts.is_empty())) {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at(usize::from(*cut).clamp(1, bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    if !bytes.is_empty() {
        pieces.push(bytes);
    }
    pieces
}
