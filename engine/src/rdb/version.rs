//! The versions of the format: which are written, which are read, and how a file states its own.

use super::error::LoadError;

/// Size of magic and version at the start of a file, in bytes.
pub const HEADER_SIZE: usize = 9;

/// The first version whose files end in a checksum.
pub const FIRST_CHECKSUM_VERSION: i32 = 5;

/// The version that Valkey 9 writes, first of those under its own magic.
pub const VALKEY_VERSION: i32 = 80;

/// The newest version under the magic "REDIS".
const NEWEST_REDIS_VERSION: i32 = 11;

/// A version that can be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum WriteVersion {
    /// What 7.0 reads and writes.
    V10,
    /// What 7.2 and Valkey 7.2 to 8.1 write, and all later ones read.
    #[default]
    V11,
    /// What Valkey 9 writes: for hashes with fields that expire.
    V80,
}

impl WriteVersion {
    /// The number that files and DUMP payloads carry.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            WriteVersion::V10 => 10,
            WriteVersion::V11 => 11,
            WriteVersion::V80 => 80,
        }
    }

    /// The first bytes of a file.
    pub(super) const fn header(self) -> &'static [u8; HEADER_SIZE] {
        match self {
            WriteVersion::V10 => b"REDIS0010",
            WriteVersion::V11 => b"REDIS0011",
            WriteVersion::V80 => b"VALKEY080",
        }
    }
}

/// Whether a file or payload of `version` can be read: not the range of the other product, nor the future.
#[must_use]
pub fn is_readable(version: i32) -> bool {
    (1..=NEWEST_REDIS_VERSION).contains(&version) || version == VALKEY_VERSION
}

/// The version that a file's first bytes state.
///
/// # Errors
/// [`LoadError::WrongSignature`], or [`LoadError::UnsupportedVersion`] also where magic and version do not belong
/// together, as Valkey 9 has it.
pub(super) fn parse_header(header: &[u8]) -> Result<i32, LoadError> {
    let (is_valkey, digits) = match (header.strip_prefix(b"REDIS"), header.strip_prefix(b"VALKEY")) {
        (Some(digits), _) => (false, digits),
        (None, Some(digits)) => (true, digits),
        (None, None) => return Err(LoadError::WrongSignature),
    };
    let version = leading_number(digits);
    if is_readable(version) && is_valkey == (version >= VALKEY_VERSION) {
        Ok(version)
    } else {
        Err(LoadError::UnsupportedVersion(version))
    }
}

/// The number at the start of at most four characters, zero if there is none: C's `atoi`, as the references use it.
fn leading_number(text: &[u8]) -> i32 {
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0B;
    let text = &text[text.iter().take_while(|&byte| is_space(byte)).count()..];
    let (sign, digits) = match text.split_first() {
        Some((b'-', rest)) => (-1, rest),
        Some((b'+', rest)) => (1, rest),
        _ => (1, text),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    sign * digits.fold(0, |number, digit| number * 10 + i32::from(digit - b'0'))
}
