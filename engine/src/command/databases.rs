//! What a command does to whole databases, and what follows from it.

use crate::boundary::effects::{Effect, Garbage};
use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::keyspace::Keyspace;
use crate::keyspace::change::DatabaseChange;
use crate::session::watch::Presence;

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
        }
        self.keyspace.dirty += 1;
        self.server.journal.append_databases(DatabaseChange::Swap(first, second));
    }

    fn empty(&mut self, id: DatabaseId) {
        self.watches_replaced(id, None);
        self.keyspace.dirty += self.keyspace.database(id).len() as u64;
        if let Some(database) = self.keyspace.flush(id) {
            self.orders.list.push(Effect::Drop(Garbage::new(database)));
        }
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

fn presence(keyspace: &Keyspace, database: DatabaseId, key: &[u8], now_ms: i64) -> Presence {
    match keyspace.peek(database, &keyspace.key(key)) {
        None => Presence::Absent,
        Some(entry) if entry.expire_at_ms().is_some_and(|at| at <= now_ms) => Presence::Expired,
        Some(_) => Presence::Live,
    }
}
