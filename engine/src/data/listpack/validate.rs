//! Bytes that somebody sent: whether they are a listpack, and one that we could
//! have made.

use super::form::{backward_size, element_size, form_of, read_backward};
use super::{END, HEADER, Listpack, MANY, push_back, with_capacity};
use crate::data::entry::Value;
use alloc::vec::Vec;

/// Looks at untrusted bytes: that the lengths are right, forwards and backwards,
/// and the count. Returns the number of elements, which may be none.
pub fn validate(bytes: &[u8]) -> Option<usize> {
    let total = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
    if total != bytes.len() || total <= HEADER || bytes.last() != Some(&END) {
        return None;
    }
    let (mut at, mut count) = (HEADER, 0);
    while at < total - 1 {
        let length = form_of(bytes.get(at..)?)?.length();
        let size = backward_size(length);
        let end = at.checked_add(length)?.checked_add(size)?;
        if end > total - 1 || read_backward(bytes, end) != Some((length, size)) {
            return None;
        }
        at = end;
        count += 1;
    }
    let stated = Listpack::new(bytes).count();
    (stated == MANY || stated == count).then_some(count)
}

/// Writes a valid listpack anew if an element has another encoding than ours:
/// an integer that takes more bytes than it needs, or stands there as text. The
/// reference never makes such elements, but accepts and finds them, and other
/// tools write them. True if the bytes have changed.
pub fn normalize(bytes: &mut Vec<u8>) -> bool {
    let list = Listpack::new(bytes);
    let shortest: usize = list.iter().map(|value| element_size(as_stored(value))).sum();
    if HEADER + shortest + 1 == list.byte_len() && list.iter().all(|value| as_stored(value) == value) {
        return false;
    }
    let mut anew = with_capacity(shortest);
    list.iter().for_each(|value| push_back(&mut anew, as_stored(value)));
    *bytes = anew;
    true
}

/// A value as we store it.
fn as_stored(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Bytes(text) => Value::encode(text),
        Value::Integer(_) => value,
    }
}
