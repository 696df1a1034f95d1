//! What a command does to whole databases, and what follows from it.

use crate::boundary::effects::{Effect, Garbage, Orders};
use crate::boundary::id::DatabaseId;
use crate::boundary::time::Now;
use crate::command::context::Context;
use crate::keyspace::Keyspace;
use crate::keyspace::change::DatabaseChange;
use crate::persistence::Work;
use crate::session::watch::{Presence, Watches};

impl Context<'_> {
    /// Empties one database.
    pub fn flush_database(&mut self, id: DatabaseId) {
        self.empty(id);
        self.server.journal.append_databases(DatabaseChange::Flush(id));
    }

    /// Empties all databases.
    pub fn flush_all_databases(&mut self) {
        for index in 0..self.keyspace.database_count() {
            self.empty(DatabaseId(index as u32));
        }
        self.server.journal.append_databases(DatabaseChange::FlushAll);
    }

    /// Exchanges two databases.
    pub fn swap_databases(&mut self, first: DatabaseId, second: DatabaseId) {
        if first != second {
            self.watches_replaced(first, Some(second));
            self.watches_replaced(second, Some(first));
            self.keyspace.swap(first, second);
            self.server.blocking.touch_all(first, self.keyspace);
            self.server.blocking.touch_all(second, self.keyspace);
        }
        self.keyspace.dirty += 1;
        self.server.journal.append_databases(DatabaseChange::Swap(first, second));
    }

    fn empty(&mut self, id: DatabaseId) {
        self.keyspace.dirty += self.keyspace.database(id).len() as u64;
        empty_silently(self.keyspace, &mut self.server.watches, self.orders, self.now, id);
        self.server.blocking.touch_all(id, self.keyspace);
    }

    /// What is in a database is about to be replaced by what is in another, or
    /// by nothing.
    fn watches_replaced(&mut self, old: DatabaseId, new: Option<DatabaseId>) {
        let (keyspace, now_ms) = (&*self.keyspace, self.now.unix.ms());
        let before = |key: &[u8]| presence(keyspace, old, key, now_ms);
        let after = |key: &[u8]| new.map_or(Presence::Absent, |new| presence(keyspace, new, key, now_ms));
        self.server.watches.replace(old, before, after);
    }
}

impl Work<'_> {
    /// The data were replaced, or emptied: who waits for keys may be concerned.
    pub(crate) fn touch_blocked(&mut self) {
        if self.server.blocking.is_empty() {
            return;
        }
        for id in 0..self.keyspace.database_count() as u32 {
            self.server.blocking.touch_all(DatabaseId(id), self.keyspace);
        }
    }
}

/// Empties a database, which is no change that is counted or repeated; who
/// watches a key that was there will notice.
pub(crate) fn empty_silently(
    keyspace: &mut Keyspace,
    watches: &mut Watches,
    orders: &mut Orders,
    now: Now,
    id: DatabaseId,
) {
    watches.replace(id, |key| presence(keyspace, id, key, now.unix.ms()), |_| Presence::Absent);
    if let Some(database) = keyspace.flush(id) {
        orders.list.push(Effect::Drop(Garbage::new(database)));
    }
}

/// What is in a database is about to be replaced by what is in another
/// keyspace; who watches a key that changes by that will notice.
pub(crate) fn replaced_by(keyspace: &Keyspace, new: &Keyspace, watches: &mut Watches, now: Now, id: DatabaseId) {
    let now_ms = now.unix.ms();
    watches.replace(id, |key| presence(keyspace, id, key, now_ms), |key| presence(new, id, key, now_ms));
}

fn presence(keyspace: &Keyspace, database: DatabaseId, key: &[u8], now_ms: i64) -> Presence {
    match keyspace.peek(database, &keyspace.key(key)) {
        None => Presence::Absent,
        Some(entry) if entry.expire_at_ms().is_some_and(|at| at <= now_ms) => Presence::Expired,
        Some(_) => Presence::Live,
    }
}
