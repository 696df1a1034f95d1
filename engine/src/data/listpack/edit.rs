//! Changing listpacks: each change moves what is behind it once.
//!
//! The bytes are those of a listpack, and positions were given out by it since
//! its last change. The header's count stays right as long as it is known;
//! once there were 65535 elements, only [`recount`] makes it known again.

use super::form::{element_size, write_element};
use super::{END, HEADER, Listpack, MANY, Position};
use crate::data::entry::Value;
use alloc::vec::Vec;
use core::ops::Range;

/// A listpack without elements.
pub fn empty() -> Vec<u8> {
    with_capacity(0)
}

/// A listpack without elements, with room for so many bytes of them, each as
/// [`element_size`] says.
pub fn with_capacity(element_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity((HEADER + 1).saturating_add(element_bytes));
    bytes.resize(HEADER, 0);
    bytes.push(END);
    set_header(&mut bytes, 0);
    bytes
}

/// Adds an element at the end.
#[inline]
pub fn push_back(bytes: &mut Vec<u8>, value: Value<'_>) {
    let end = bytes.len() - 1;
    put(bytes, end..end, value, 1);
}

/// Adds an element at the beginning.
pub fn push_front(bytes: &mut Vec<u8>, value: Value<'_>) {
    put(bytes, HEADER..HEADER, value, 1);
}

/// Adds an element before another, at whose position it stands then.
pub fn insert_before(bytes: &mut Vec<u8>, position: Position, value: Value<'_>) {
    put(bytes, position.at()..position.at(), value, 1);
}

/// Adds an element behind another.
pub fn insert_after(bytes: &mut Vec<u8>, position: Position, value: Value<'_>) {
    let at = Listpack::new(bytes).end_of(position).unwrap_or(bytes.len() - 1);
    put(bytes, at..at, value, 1);
}

/// Puts another element in the place of one; its position stays the same.
pub fn replace(bytes: &mut Vec<u8>, position: Position, value: Value<'_>) {
    let end = Listpack::new(bytes).end_of(position).unwrap_or(bytes.len() - 1);
    put(bytes, position.at()..end, value, 0);
}

/// Removes an element; what came behind it stands at its position then.
pub fn remove(bytes: &mut Vec<u8>, position: Position) {
    remove_range(bytes, position, 1);
}

/// Removes so many elements, or as many as there are, from one on. Returns how
/// many went.
pub fn remove_range(bytes: &mut Vec<u8>, position: Position, count: usize) -> usize {
    let list = Listpack::new(bytes);
    let (mut end, mut removed) = (position.at(), 0);
    while removed < count
        && let Some(next) = list.end_of(Position::of(end))
    {
        end = next;
        removed += 1;
    }
    bytes.drain(position.at()..end);
    change_count(bytes, |count| count.saturating_sub(removed));
    removed
}

/// Adds all elements of another listpack at the end.
pub fn merge(bytes: &mut Vec<u8>, other: &[u8]) {
    let count = Listpack::new(bytes).len() + Listpack::new(other).len();
    bytes.pop();
    bytes.extend_from_slice(other.get(HEADER..).unwrap_or(&[END]));
    set_header(bytes, count);
}

/// Takes off all elements from one on, as a listpack of their own.
pub fn split_off(bytes: &mut Vec<u8>, position: Position) -> Vec<u8> {
    let whole = Listpack::new(bytes).count();
    let behind = bytes.get(position.at()..).unwrap_or(&[END]);
    let mut tail = with_capacity(behind.len() - 1);
    tail.truncate(HEADER);
    tail.extend_from_slice(behind);
    bytes.truncate(position.at());
    bytes.push(END);
    let moved = Listpack::new(&tail).walk();
    set_header(&mut tail, moved);
    let left = if whole == MANY { Listpack::new(bytes).walk() } else { whole.saturating_sub(moved) };
    set_header(bytes, left);
    tail
}

/// Number of elements. If the header didn't know it, but could, it does then.
///
/// The reference counts so whenever it asks a small hash, set or sorted set for
/// its size, which it does after each removal: that its bytes and ours stay the
/// same, ask this then.
pub fn recount(bytes: &mut [u8]) -> usize {
    let count = Listpack::new(bytes).len();
    set_header(bytes, count);
    count
}

/// Puts an element in the place of some bytes; `more` elements are added by it.
#[inline]
fn put(bytes: &mut Vec<u8>, place: Range<usize>, value: Value<'_>, more: usize) {
    let (size, end) = (element_size(value), bytes.len());
    let after = end - place.len() + size;
    if after > end {
        bytes.resize(after, 0);
    }
    bytes.copy_within(place.end..end, place.start + size);
    bytes.truncate(after);
    write_element(&mut bytes[place.start..place.start + size], value);
    change_count(bytes, |count| count + more);
}

#[inline]
fn change_count(bytes: &mut [u8], change: impl FnOnce(usize) -> usize) {
    let count = Listpack::new(bytes).count();
    set_header(bytes, if count == MANY { MANY } else { change(count) });
}

/// Writes size and count; `MANY` if there are as many or more.
#[inline]
fn set_header(bytes: &mut [u8], count: usize) {
    let total = bytes.len() as u32;
    bytes[..4].copy_from_slice(&total.to_le_bytes());
    bytes[4..HEADER].copy_from_slice(&(count.min(MANY) as u16).to_le_bytes());
}
