//! Writing into the middle of strings and behind their ends. Long ones are
//! changed where they are, with room to grow; short ones are set anew.

use crate::boundary::id::DatabaseId;
use crate::boundary::time::Now;
use crate::data::entry::Value;
use crate::data::slab::SLOT_MAX;
use crate::keyspace::database::{Key, Location};
use crate::keyspace::{Expiry, Keyspace};
use alloc::vec::Vec;

/// Buffers below this size double when they grow.
const DOUBLING_MAX: usize = 1 << 20;

impl Keyspace {
    /// Writes `bytes` at `offset` of the string at a key whose location was just
    /// looked up; what is missing is zero. The expiry stays, and the encoding is
    /// `raw`. Returns the string's length.
    pub fn write_range(
        &mut self,
        id: DatabaseId,
        key: &Key<'_>,
        location: Option<Location>,
        offset: usize,
        bytes: &[u8],
        now: Now,
    ) -> usize {
        let mut length = 0;
        let mut write = |buffer: &mut Vec<u8>| {
            overwrite(buffer, offset, bytes);
            length = buffer.len();
        };
        if let Some(location) = location
            && self.edit_large(id, key, location, &mut write)
        {
            self.touch(id, location, now);
            return length;
        }
        let mut buffer = Vec::with_capacity(SLOT_MAX + 1);
        if let Some(location) = location {
            buffer.extend_from_slice(self.get(id, location).value().bytes(&mut [0; 20]));
        }
        let long = offset + bytes.len() > SLOT_MAX;
        if long {
            // First set to as much as makes it long, and then edited: so it is
            // never in memory twice.
            buffer.resize(SLOT_MAX + 1, 0);
        } else {
            write(&mut buffer);
        }
        self.set_at(id, key, location, Value::Bytes(&buffer), Expiry::Keep, true, now);
        if long && let Some(location) = self.locate(id, key) {
            // It has not grown before: no room to grow further yet.
            let end = offset + bytes.len();
            self.edit_large(id, key, location, |buffer| {
                buffer.reserve_exact(end.saturating_sub(buffer.len()));
                write(buffer);
            });
        }
        length
    }
}

/// Writes at `offset`; zeros go between the end and there. Room is made in
/// proportion, so that many small additions copy each byte a few times at most.
fn overwrite(buffer: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if end > buffer.capacity() {
        let room = if end < DOUBLING_MAX { end } else { DOUBLING_MAX.max(end / 8) };
        buffer.reserve_exact(end + room - buffer.len());
    }
    if offset > buffer.len() {
        buffer.resize(offset, 0);
    }
    let over = bytes.len().min(buffer.len() - offset);
    buffer[offset..offset + over].copy_from_slice(&bytes[..over]);
    buffer.extend_from_slice(&bytes[over..]);
}
