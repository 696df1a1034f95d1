//! Where the journal's consumers get what has gathered while an input was
//! handled.

use crate::boundary::effects::Effects;
use crate::boundary::time::Now;
use crate::engine::Engine;

impl Engine {
    /// An input was handled: what it changed goes to the AOF and to replicas.
    #[cold]
    pub(super) fn distribute(&mut self, now: Now, effects: &mut Effects) {
        if self.server.journal.listened {
            let position = self.server.replication.position();
            self.server.persistence.aof.note_place(position);
            self.persistence(now, effects).aof_progress();
            let replication = &mut self.server.replication;
            if let Some(offset) = self.server.persistence.aof.synced_offset(replication.offset) {
                replication.note_synced(offset);
                self.server.settle_waits(now);
                self.send_deferred(effects);
            }
        }
        if !self.server.replication.keeps_stream() {
            return;
        }
        self.server.deliver(now, effects);
        let mut work = self.persistence(now, effects);
        work.read_files();
        work.transfer_follows();
    }
}
