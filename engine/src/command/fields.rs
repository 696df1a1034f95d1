//! What fields of hashes that expire mean for a request: which of them it sees,
//! and how the sweep that removes them states what it did.
//!
//! A field is seen up to and including its time; where a time is set, one that
//! has come counts as passed. That is how the reference has it for both.

use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::keyspace::change::{Change, Event, EventClass, Record};
use crate::keyspace::fields::{ExpiredFields, FieldBudget};
use crate::server::Server;
use crate::session::class::Class;
use alloc::vec::Vec;

impl Context<'_> {
    /// The time before which fields have expired that the request therefore does not
    /// see; `None` if it sees all: what comes next of what is loaded or imported, or
    /// of a primary's stream, may depend on them.
    #[inline]
    pub fn fields_hidden_before_ms(&self) -> Option<i64> {
        let Server { loading, serving_while_loading, .. } = *self.server;
        let sees_all = loading && !serving_while_loading || self.session.class() == Class::Primary;
        let imports = self.session.import_source && self.server.imports();
        (!sees_all && !imports).then(|| self.now_ms())
    }

    /// The time that has passed where one is set; `None` where nothing expires by
    /// itself.
    #[inline]
    pub fn fields_past_ms(&self) -> Option<i64> {
        self.past_deletes().then(|| self.now_ms())
    }

    /// Counts fields that a command found to have expired, or let expire at once.
    pub fn fields_expired(&mut self, count: usize) {
        self.keyspace.statistics.expired_fields += count as u64;
    }

    /// Removes fields that have expired in a database until the budget is used up.
    /// True if none is left.
    pub fn sweep_fields(&mut self, database: DatabaseId, mut budget: FieldBudget) -> bool {
        while budget.fields > 0 && budget.buckets > 0 {
            let Some(expired) = self.keyspace.expire_fields(database, self.now_ms(), budget) else { return true };
            budget.fields = budget.fields.saturating_sub(expired.fields.len());
            budget.buckets = budget.buckets.saturating_sub(expired.buckets.max(1));
            if !expired.fields.is_empty() {
                self.state_expired(database, expired);
            }
        }
        false
    }

    fn state_expired(&mut self, database: DatabaseId, expired: ExpiredFields) {
        let ExpiredFields { key, fields, emptied, large, .. } = expired;
        let key = self.keyspace.key(&key);
        let mut request: Vec<&[u8]> = Vec::with_capacity(2 + fields.len());
        request.extend([&b"HDEL"[..], key.bytes]);
        request.extend(fields.iter().map(Vec::as_slice));
        let event = Event { class: EventClass::Expired, name: "hexpired" };
        self.derive(Change { database, key, event, record: Record::Request(&request) });
        if emptied {
            self.also_in(database, &key, Event::generic("del"));
        }
        if let Some(large) = large {
            self.discard(large);
        }
    }
}
