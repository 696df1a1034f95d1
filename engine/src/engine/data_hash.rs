//! A hash of the data alone: what a primary and its replicas have in common.

use crate::base::fingerprint::Fingerprint;
use crate::boundary::id::DatabaseId;
use crate::data::collection::Collection;
use crate::data::entry::{Content, EntryRef};
use crate::data::fields::HashRef;
use crate::data::shape::Type;
use crate::engine::Engine;
use crate::keyspace::database::Slot;

impl Engine {
    /// A hash of all keys, values and expiries, whatever the order in which they
    /// lie and the way in which they are stored. Takes as long as a walk over
    /// everything.
    pub fn data_hash(&self) -> u64 {
        let mut sum = 0u64;
        for (id, database) in self.keyspace().databases() {
            if database.is_empty() {
                continue;
            }
            for slot in (0..database.slot_count()).map(Slot) {
                database.scan(slot, 0, usize::MAX, |entry| sum = sum.wrapping_add(hash_entry(id, entry)));
            }
        }
        sum
    }
}

fn hash_entry(id: DatabaseId, entry: EntryRef<'_>) -> u64 {
    let mut hash = Fingerprint::new();
    let mut integer = [0; 20];
    hash.add(u64::from(id.0));
    hash.add_bytes(entry.key());
    hash.add(entry.value_type() as u64);
    match entry.content() {
        Content::String(value) => hash.add_bytes(value.bytes(&mut integer)),
        Content::Large(_, Collection::Stream(stream)) => stream.for_each_part(|part| hash.add_bytes(part)),
        content => {
            let mut sum = 0u64;
            content.for_each_element(|element, value| {
                let mut hash = Fingerprint::new();
                for text in [Some(element), value].into_iter().flatten() {
                    hash.add_bytes(text.bytes(&mut [0; 20]));
                }
                // What has an order is hashed with what came before it.
                let ordered = entry.value_type() == Type::List;
                sum = if ordered { sum.rotate_left(5) ^ hash.value() } else { sum.wrapping_add(hash.value()) };
            });
            if let Some(fields) = HashRef::of(content) {
                fields.for_each_expiring(|field, _, at| {
                    let mut hash = Fingerprint::new();
                    hash.add_bytes(field);
                    hash.add(at as u64);
                    sum = sum.wrapping_add(hash.value());
                });
            }
            hash.add(sum);
        }
    }
    hash.add(entry.expire_at_ms().map_or(u64::MAX, |at| at as u64));
    hash.value()
}
