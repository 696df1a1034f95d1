//! Listpacks that lie one behind the other in one buffer: changing one of them
//! without taking it out.

use super::form::{element_size, write_element};
use super::{END, HEADER, Listpack, MANY, Position};
use crate::data::entry::Value;
use alloc::vec::Vec;
use core::ops::Range;

/// Adds elements at the end of the listpack that begins at an offset and is the
/// last of the buffer. Positions in it stay good.
pub fn append<'a>(bytes: &mut Vec<u8>, start: usize, values: impl Iterator<Item = Value<'a>> + Clone) {
    let (mut size, mut more) = (0, 0);
    for value in values.clone() {
        size += element_size(value);
        more += 1;
    }
    let mut at = bytes.len() - 1;
    bytes.resize(at + size + 1, END);
    for value in values {
        let end = at + element_size(value);
        write_element(&mut bytes[at..end], value);
        at = end;
    }
    bytes[at] = END;
    let count = Listpack::new(&bytes[start..]).count();
    set_header(&mut bytes[start..], if count == MANY { MANY } else { count + more });
}

/// Puts another element in the place of one of the listpack that takes these
/// bytes of the buffer. Returns the bytes that it takes then.
pub fn replace_in(bytes: &mut Vec<u8>, place: Range<usize>, position: Position, value: Value<'_>) -> Range<usize> {
    let list = Listpack::new(&bytes[place.clone()]);
    let (old, size) = (list.end_of(position).unwrap_or(position.at()) - position.at(), element_size(value));
    let at = place.start + position.at();
    if size != old {
        bytes.splice(at..at + old, core::iter::repeat_n(0, size));
    }
    write_element(&mut bytes[at..at + size], value);
    let place = place.start..place.end - old + size;
    let region = &mut bytes[place.clone()];
    let count = Listpack::new(region).count();
    set_header(region, count);
    place
}

fn set_header(region: &mut [u8], count: usize) {
    let total = region.len() as u32;
    region[..4].copy_from_slice(&total.to_le_bytes());
    region[4..HEADER].copy_from_slice(&(count.min(MANY) as u16).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::{push_back, replace, with_capacity};
    use super::*;
    use alloc::vec;

    #[test]
    fn as_on_their_own() {
        let before = b"something else";
        let mut buffer = before.to_vec();
        let mut alone = with_capacity(0);
        buffer.extend_from_slice(&alone);
        let long = vec![b'x'; 5000];
        for values in [vec![Value::Integer(1), Value::Bytes(b"ab")], vec![Value::Bytes(&long), Value::Integer(-70_000)]]
        {
            values.iter().for_each(|&value| push_back(&mut alone, value));
            append(&mut buffer, before.len(), values.into_iter());
            assert_eq!(&buffer[before.len()..], alone);
        }
        let (start, behind) = (before.len(), b"behind");
        buffer.extend_from_slice(behind);
        for (index, value) in
            [(0, Value::Integer(5)), (0, Value::Integer(300)), (1, Value::Bytes(b"abc")), (2, Value::Integer(7))]
        {
            let position = Listpack::new(&alone).at(index).unwrap();
            let place = replace_in(&mut buffer, start..start + alone.len(), position, value);
            replace(&mut alone, position, value);
            assert_eq!(buffer[place.clone()], alone);
            assert_eq!((&buffer[..start], &buffer[place.end..]), (&before[..], &behind[..]));
        }
    }
}
