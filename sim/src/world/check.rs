//! What must hold whatever happened.

use super::*;

impl World {
    /// The databases count what is in them.
    pub(super) fn check_counts(&self) -> Result<(), String> {
        for (id, database) in self.node.engine.keyspace().databases() {
            let (mut count, mut volatile) = (0, 0);
            for slot in (0..database.slot_count()).map(engine::keyspace::database::Slot) {
                database.scan(slot, 0, usize::MAX, |entry| {
                    count += 1;
                    volatile += usize::from(entry.expire_at_ms().is_some());
                });
            }
            if (count, volatile) != (database.len(), database.volatile()) {
                return Err(format!("database {} counts other keys than it has", id.0));
            }
        }
        Ok(())
    }
}
