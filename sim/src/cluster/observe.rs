//! Looks at nodes after each input, and tells the checkers what it sees.

use super::check::same_offset::is_sample;
use super::history::{Born, WriteNumber};
use super::workload::value_of;
use super::world::World;
use crate::trace::Kind;
use engine::boundary::id::DatabaseId;
use engine::engine::Engine;
use engine::keyspace::database::Slot;

/// The value of a key.
pub(super) fn peek(engine: &Engine, database: u32, key: &[u8]) -> Option<Vec<u8>> {
    let keyspace = engine.keyspace();
    let entry = keyspace.peek(DatabaseId(database), &keyspace.key(key))?;
    let mut integer = [0; 20];
    Some(entry.value().bytes(&mut integer).to_vec())
}

/// All data, for people to compare.
fn dump(engine: &Engine) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, database) in engine.keyspace().databases() {
        for slot in (0..database.slot_count()).map(Slot) {
            database.scan(slot, 0, usize::MAX, |entry| {
                let mut integer = [0; 20];
                let value = entry.value().bytes(&mut integer).escape_ascii().to_string();
                let (key, until) = (entry.key().escape_ascii(), entry.expire_at_ms());
                lines.push(format!("{}: {key} = {value:.60} until {until:?}", id.0));
            });
        }
    }
    lines
}

impl World {
    pub(super) fn engine(&self, node: usize) -> Option<&Engine> {
        self.hosts[node].process.as_ref().map(|process| &process.node.engine)
    }

    /// The writes that a node's registers show.
    pub(super) fn register_values(&self, node: usize) -> Vec<Option<WriteNumber>> {
        let Some(engine) = self.engine(node) else { return Vec::new() };
        let look = |key: &(u32, Vec<u8>)| value_of(&peek(engine, key.0, &key.1)?);
        self.workload.registers.iter().map(look).collect()
    }

    fn look_at_pairs(&mut self, node: usize) {
        let Some(engine) = self.engine(node) else { return };
        let mut unequal = None;
        for (database, one, other) in &self.workload.pairs {
            let values = (peek(engine, *database, one), peek(engine, *database, other));
            if values.0 != values.1 {
                unequal = Some(values);
            }
        }
        if let Some((one, other)) = unequal {
            self.watch.check_pair(&format!("node {node}"), &one, &other);
        }
    }

    /// Looks at a node that has handled an input.
    pub(super) fn look_at(&mut self, node: usize) {
        let Some(engine) = self.engine(node) else { return };
        let server = engine.server();
        let replication = &server.replication;
        if server.loading {
            return;
        }
        let (offset, replica) = (replication.offset, replication.is_replica());
        let expired = engine.keyspace().statistics.expired;
        let view = &self.watch.nodes[node];
        if view.recovering {
            return self.recovered(node);
        }
        let same_id = view.id == Some(replication.id);
        if same_id && view.position.is_some_and(|(_, last)| last == offset) && view.replica == replica {
            if view.expired != expired {
                self.watch.check_expiry(node, expired, replica);
            }
            return;
        }
        self.moved(node, offset, replica, expired);
    }

    fn moved(&mut self, node: usize, offset: u64, replica: bool, expired: u64) {
        self.watch.check_expiry(node, expired, replica);
        let Some(engine) = self.engine(node) else { return };
        let id = engine.server().replication.id;
        let view = &self.watch.nodes[node];
        if view.replica != replica {
            self.watch.nodes[node].reign += 1;
            self.report.add(if replica { "demotions" } else { "promotions" }, 1);
        }
        let view = &mut self.watch.nodes[node];
        let was_primary = !view.replica;
        view.replica = replica;
        view.always_primary &= !replica;
        if replica {
            // What it has may be replaced as a whole.
            view.promised = None;
        }
        let history = match (view.id == Some(id), view.position) {
            (true, Some((history, _))) => {
                if !was_primary && replica {
                    self.watch.check_ahead(node, history, offset);
                }
                history
            }
            _ => self.follow_history(node, id),
        };
        if was_primary || !replica {
            self.watch.note_written(history, offset);
        }
        let view = &mut self.watch.nodes[node];
        view.id = Some(id);
        view.position = Some((history, offset));
        view.note_reached(history, offset);
        self.note_offset(node, history, offset);
        if is_sample(offset) {
            let hash = self.engine(node).map_or(0, Engine::data_hash);
            let data = self.engine(node).filter(|_| self.keep.trace).map(dump);
            self.watch.check_same_offset(node, history, offset, hash, data);
            self.look_at_pairs(node);
        }
    }

    /// A node has another replication id than before.
    fn follow_history(&mut self, node: usize, id: [u8; 40]) -> usize {
        if let Some(known) = self.watch.histories.find(&id) {
            if !self.watch.nodes[node].on_disk.contains(&known) {
                self.watch.nodes[node].on_disk.push(known);
            }
            return known;
        }
        let Some(engine) = self.engine(node) else { return 0 };
        let second = engine.server().replication.second_id;
        let (before, told) = (self.watch.nodes[node].position, self.watch.nodes[node].told_to_lead);
        let follows = before.filter(|(history, _)| self.watch.histories.find(&second) == Some(*history));
        let (parent, born) = match (follows, before) {
            (Some(position), _) => {
                let values = self.register_values(node);
                let cut = self.watch.check_promotion(node, position, &values);
                (Some(cut), if told { Born::Promotion } else { Born::Handover })
            }
            (None, Some((history, _))) => {
                let values = self.register_values(node);
                let length = self.watch.histories.all[history].log.len();
                let all = self.watch.check_promotion(node, (history, u64::MAX), &values);
                (Some(if all.0 == history { (history, length) } else { all }), Born::Renaming)
            }
            (None, None) => (None, Born::Empty),
        };
        self.note(node, Kind::Role, || format!("goes on from {parent:?} by {born:?}"));
        self.report.add(&format!("histories by {born:?}"), 1);
        self.watch.nodes[node].told_to_lead = false;
        let history = self.watch.begin_history(id, parent, born);
        self.watch.nodes[node].on_disk.push(history);
        history
    }

    /// A node that has loaded what it found says which state of which history
    /// that is.
    fn look_at_claim(&mut self, node: usize) {
        let Some(engine) = self.engine(node) else { return };
        let replication = &engine.server().replication;
        let (id, offset) = if replication.is_replica() {
            (replication.id, replication.offset)
        } else {
            (replication.second_id, (replication.second_offset - 1).max(0) as u64)
        };
        let Some(history) = self.watch.histories.find(&id) else { return };
        self.report.add("recoveries that know their place", 1);
        if self.hosts[node].shared.lock().files.has_broken_promises() {
            // It cannot know that something is missing amid its files.
            self.watch.cut_short = true;
            return;
        }
        if is_sample(offset) {
            let hash = self.engine(node).map_or(0, Engine::data_hash);
            let data = self.engine(node).filter(|_| self.keep.trace).map(dump);
            self.watch.check_same_offset(node, history, offset, hash, data);
        }
    }

    /// A node has loaded what it found on its disk.
    fn recovered(&mut self, node: usize) {
        let values = self.register_values(node);
        let mut ended = self.hosts[node].ended;
        ended.untrue = self.hosts[node].disk.false_syncs > 0;
        let parent = self.watch.check_recovery(node, &values, ended);
        if self.watch.cut_short {
            return;
        }
        self.look_at_pairs(node);
        self.look_at_claim(node);
        if self.watch.cut_short {
            return;
        }
        let Some(engine) = self.engine(node) else { return };
        let replication = &engine.server().replication;
        let (id, offset, replica) = (replication.id, replication.offset, replication.is_replica());
        let expired = engine.keyspace().statistics.expired;
        if values.iter().any(Option::is_some) {
            self.report.add("recoveries with data", 1);
        }
        let history = match self.watch.histories.find(&id) {
            Some(history) => history,
            None => {
                let born = if parent.is_some() { Born::Recovery } else { Born::Empty };
                self.watch.begin_history(id, parent, born)
            }
        };
        let view = &mut self.watch.nodes[node];
        view.recovering = false;
        view.promised = None;
        view.on_disk.push(history);
        view.id = Some(id);
        view.position = Some((history, offset));
        view.note_reached(history, offset);
        view.replica = replica;
        view.always_primary = !replica;
        view.expired = expired;
        if !replica {
            self.watch.note_written(history, offset);
        }
    }
}
