//! The sweep for fields that have expired, one key at a time.

use crate::boundary::id::DatabaseId;
use crate::data::collection::Body;
use crate::data::entry::Large;
use crate::data::fields::HashRef;
use crate::data::members::Element;
use crate::keyspace::Keyspace;
use alloc::vec::Vec;

/// What one step of the sweep for fields is allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldBudget {
    /// Buckets that are looked at.
    pub buckets: usize,
    /// Fields that are removed, and a bucket's more.
    pub fields: usize,
}

/// What one step of the sweep removed.
#[derive(Debug)]
pub struct ExpiredFields {
    /// From which key.
    pub key: Vec<u8>,
    /// Buckets that it came past.
    pub buckets: usize,
    /// None if the sweep has just looked at fields.
    pub fields: Vec<Vec<u8>>,
    /// The key has gone with its last field.
    pub emptied: bool,
    /// What it owned.
    pub large: Option<Large>,
}

impl Keyspace {
    /// Removes fields that expired before a time from the key whose fields expire
    /// first; `None` if none has expired.
    pub fn expire_fields(&mut self, id: DatabaseId, before_ms: i64, budget: FieldBudget) -> Option<ExpiredFields> {
        let key = self.database(id).first_with_fields_before(before_ms)?.to_vec();
        let location = self.locate(id, &self.key(&key))?;
        let last_ms = before_ms.checked_sub(1)?;
        let mut fields = Vec::new();
        let mut buckets = 1;
        let emptied = self.edit(id, &self.key(&key), location, |body| {
            if let Body::Large(collection) = body {
                let taken = |element: Element<'_>| fields.push(element.member.to_vec());
                (buckets, _) = collection.members_mut().take_due(last_ms, budget.buckets, budget.fields, taken);
            }
            HashRef::of_body(body).is_empty()
        });
        self.statistics.expired_fields += fields.len() as u64;
        let large = if emptied { self.remove(id, &self.key(&key), location) } else { None };
        Some(ExpiredFields { key, buckets, fields, emptied, large })
    }
}
