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
        self.edit_string(id, key, location, offset + bytes.len(), now, |buffer| {
            overwrite(buffer, offset, bytes);
            length = buffer.len();
        });
        length
    }

    /// Has the string at a key whose location was just looked up changed, an
    /// empty one if there is none. The expiry stays, and the encoding is `raw`.
    ///
    /// `end` is the length that it will have at least: `edit` is called once,
    /// and must see to that itself. What it is handed may be zeros up to less
    /// than `end` already.
    pub fn edit_string(
        &mut self,
        id: DatabaseId,
        key: &Key<'_>,
        location: Option<Location>,
        end: usize,
        now: Now,
        mut edit: impl FnMut(&mut Vec<u8>),
    ) {
        if let Some(location) = location
            && self.edit_large(id, key, location, &mut edit)
        {
            self.touch(id, location, now);
            return;
        }
        let mut buffer = Vec::with_capacity(SLOT_MAX + 1);
        if let Some(location) = location {
            buffer.extend_from_slice(self.get(id, location).value().bytes(&mut [0; 20]));
        }
        let long = end > SLOT_MAX;
        if long {
            // First set to as much as makes it long, and then edited: so it is
            // never in memory twice.
            buffer.resize(SLOT_MAX + 1, 0);
        } else {
            edit(&mut buffer);
        }
        self.set_at(id, key, location, Value::Bytes(&buffer), Expiry::Keep, true, now);
        if long && let Some(location) = self.locate(id, key) {
            // It has not grown before: no room to grow further yet.
            self.edit_large(id, key, location, |buffer| {
                buffer.reserve_exact(end.saturating_sub(buffer.len()));
                edit(buffer);
            });
        }
    }
}

/// Makes a string at least `length` long, with zeros and with room to grow
/// further, in proportion: many small additions copy each byte a few times at
/// most.
pub fn grow(buffer: &mut Vec<u8>, length: usize) {
    make_room(buffer, length);
    if length > buffer.len() {
        buffer.resize(length, 0);
    }
}

fn make_room(buffer: &mut Vec<u8>, end: usize) {
    if end > buffer.capacity() {
        let room = if end < DOUBLING_MAX { end } else { DOUBLING_MAX.max(end / 8) };
        buffer.reserve_exact(end + room - buffer.len());
    }
}

/// Writes at `offset`; zeros go between the end and there.
fn overwrite(buffer: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    make_room(buffer, offset + bytes.len());
    if offset > buffer.len() {
        buffer.resize(offset, 0);
    }
    let over = bytes.len().min(buffer.len() - offset);
    buffer[offset..offset + over].copy_from_slice(&bytes[..over]);
    buffer.extend_from_slice(&bytes[over..]);
}
