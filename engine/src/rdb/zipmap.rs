//! Zipmaps, as versions before 2.6 packed small hashes: read, never written.
//!
//! ```text
//! +-------+--------+-------+--------+-----+-------+-------+-- ... --+------+
//! | count | length | field | length | gap | value | (gap) |         | 0xFF |
//! +-------+--------+-------+--------+-----+-------+-------+-- ... --+------+
//!   u8      u8, or           likewise  u8           bytes without meaning
//!   0xFE    0xFE and u32 le
//!   not told
//! ```

use crate::data::limits::LISTPACK_BYTES_MAX;
use alloc::vec::Vec;

const END: u8 = 0xFF;
/// A length takes four bytes more; a count does not say how many pairs there are.
const LONG: u8 = 0xFE;

/// The pairs of a zipmap out of untrusted bytes; `None` if they are none, or one without pairs.
pub(super) fn pairs_of(bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let (&stated, _) = bytes.split_first()?;
    let last = bytes.len() - 1;
    if bytes.len() > LISTPACK_BYTES_MAX || last == 0 || bytes[last] != END {
        return None;
    }
    let (mut at, mut pairs) = (1, Vec::new());
    while bytes[at] != END {
        let field = text_at(bytes, &mut at, false)?;
        let value = text_at(bytes, &mut at, true)?;
        if at > last {
            return None;
        }
        pairs.push((field, value));
    }
    let right = at == last && !pairs.is_empty();
    (right && (stated == LONG || usize::from(stated) == pairs.len())).then_some(pairs)
}

/// Reads a length and so many bytes; a value has a gap as well.
fn text_at<'a>(bytes: &'a [u8], at: &mut usize, is_value: bool) -> Option<&'a [u8]> {
    let rest = bytes.get(*at..)?;
    let (length, mut start) = match *rest.first()? {
        END => return None,
        LONG => {
            let length = u32::from_le_bytes(*rest.get(1..)?.first_chunk()?);
            // A shorter one has just one form.
            (usize::try_from(length).ok().filter(|&length| length >= usize::from(LONG))?, 5)
        }
        length => (usize::from(length), 1),
    };
    let mut gap = 0;
    if is_value {
        gap = usize::from(*rest.get(start)?);
        start += 1;
    }
    let end = start.checked_add(length)?;
    let text = rest.get(start..end)?;
    *at = at.checked_add(end)?.checked_add(gap)?;
    Some(text)
}
