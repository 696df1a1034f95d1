//! What SCAN, SSCAN, HSCAN and ZSCAN have in common: cursor and options.

use crate::base::glob;
use crate::base::number::{format_u64, parse_i64};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::resp::request::Arguments;

/// COUNT, if it is not given.
const COUNT: usize = 10;

/// What one of them was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// Where to go on; 0 at the beginning.
    pub cursor: u64,
    /// About how many elements to look at.
    pub count: usize,
    /// MATCH, unless everything matches.
    pub pattern: Option<&'a [u8]>,
    /// TYPE.
    pub type_name: Option<&'a [u8]>,
    /// NOVALUES, NOSCORES.
    pub without_values: bool,
}

/// Options that not all of them have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScanOptions {
    /// COUNT and MATCH alone.
    Common,
    /// TYPE too.
    Keys,
    /// NOVALUES too.
    Fields,
    /// NOSCORES too.
    Scores,
}

impl<'a> Scan<'a> {
    /// Parses the cursor, which is looked at before the key.
    ///
    /// # Errors
    /// [`Error::InvalidCursor`].
    pub fn cursor(arguments: &Arguments<'a>, index: usize) -> Result<u64, Error> {
        parse_cursor(&arguments[index]).ok_or(Error::InvalidCursor)
    }

    /// Parses a cursor and the options behind it, which are looked at after the
    /// key, if there is one.
    ///
    /// # Errors
    /// The one of the first that is wrong.
    pub fn parse(arguments: &Arguments<'a>, cursor: usize, options: ScanOptions) -> Result<Scan<'a>, Error> {
        let at = Scan::cursor(arguments, cursor)?;
        let mut scan = Scan { cursor: at, count: COUNT, pattern: None, type_name: None, without_values: false };
        let without_values: Option<&[u8]> = match options {
            ScanOptions::Fields => Some(b"novalues"),
            ScanOptions::Scores => Some(b"noscores"),
            ScanOptions::Common | ScanOptions::Keys => None,
        };
        let mut index = cursor + 1;
        while let Some(option) = arguments.get(index) {
            index += 1;
            if without_values.is_some_and(|word| option.eq_ignore_ascii_case(word)) {
                scan.without_values = true;
                continue;
            }
            let Some(value) = arguments.get(index) else { return Err(Error::Syntax) };
            index += 1;
            if option.eq_ignore_ascii_case(b"count") {
                let count = parse_i64(value).ok_or(Error::NotInteger)?;
                scan.count = usize::try_from(count).ok().filter(|&count| count > 0).ok_or(Error::Syntax)?;
            } else if option.eq_ignore_ascii_case(b"match") {
                scan.pattern = Some(value).filter(|&pattern| pattern != b"*");
            } else if options == ScanOptions::Keys && option.eq_ignore_ascii_case(b"type") {
                scan.type_name = Some(value);
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(scan)
    }

    /// True if an element is asked for, as far as its name goes.
    pub fn matches(&self, name: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, name, false))
    }

    /// Begins the reply: the next cursor, and of how many elements the list is
    /// that follows.
    pub fn begin_reply(context: &mut Context<'_>, next: u64, elements: usize) {
        context.reply.array(2);
        context.reply.bulk(format_u64(next, &mut [0; 20]));
        context.reply.array(elements);
    }
}

/// Reads a cursor as C's `strtoul` does, but that no space may come first: a
/// sign and leading zeros are accepted, nothing at all is 0, a number that is
/// too large is none.
fn parse_cursor(text: &[u8]) -> Option<u64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return text.is_empty().then_some(0);
    }
    let mut value = 0u64;
    for &byte in digits {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    Some(if negative { value.wrapping_neg() } else { value })
}
