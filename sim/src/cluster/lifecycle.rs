//! Processes begin and end, by themselves or not.

use super::check::recovery::Ended;
use super::network::{Peer, Segment, Way};
use super::setup::Durability;
use super::world::{Event, World};
use crate::disk::{Done, Files};
use crate::trace::Kind;
use engine::boundary::input::{DiskDone, Input};
use engine::recording::Writer;

/// How long a supervisor waits before it starts a process again, microseconds.
const RESTART_US: u64 = 300_000;
/// A process that ends earlier has not come up.
const COMES_UP_US: u64 = 400_000;
/// Starts in a row that may fail.
const FAILED_STARTS_MAX: u32 = 20;
/// How much longer than the two seconds that are promised a sync may take.
const WINDOW_US: u64 = 2_200_000;

/// True when that is over which is counted, if anything is.
pub(super) fn count_down(left: &mut Option<u64>) -> bool {
    match left {
        Some(0) => {
            *left = None;
            true
        }
        Some(left) => {
            *left -= 1;
            false
        }
        None => false,
    }
}

impl World {
    pub(super) fn start(&mut self, node: usize) {
        let host = &mut self.hosts[node];
        if host.process.is_some() || host.down_until > self.now {
            return;
        }
        if let Err(text) = host.start(node, self.now, self.keep.recordings) {
            return self.watch.fail("configuration", text);
        }
        self.report.add("starts", 1);
        self.note(node, Kind::Start, || "starts".into());
        let view = &mut self.watch.nodes[node];
        view.life += 1;
        view.reign += 1;
        view.recovering = true;
        view.always_primary = true;
        view.id = None;
        view.position = None;
        view.expired = 0;
        self.handle(node, Input::Start);
    }

    /// A process asked to end, or had to.
    pub(super) fn process_exits(&mut self, node: usize) {
        let host = &mut self.hosts[node];
        if host.process.is_none() {
            return;
        }
        let came_up = self.now - host.started_at > COMES_UP_US && !self.watch.nodes[node].recovering;
        let hopeless = self.now < host.disk.health.full_until;
        host.failed_starts = if came_up || hopeless { 0 } else { host.failed_starts + 1 };
        if host.failed_starts > FAILED_STARTS_MAX {
            self.does_not_come_up(node);
        }
        let host = &mut self.hosts[node];
        self.report.add("exits", 1);
        let at = host.down_until.max(self.now + RESTART_US);
        host.down_until = at;
        self.crash(node, false);
        self.heap.push(at, Event::Start { node });
    }

    /// Where syncs were false nothing can be relied on: somebody empties the disk.
    fn does_not_come_up(&mut self, node: usize) {
        let host = &mut self.hosts[node];
        if host.disk.false_syncs == 0 {
            return self.watch.fail("start", format!("node {node} does not come up: {}", host.last_words));
        }
        host.shared.lock().files = Files::default();
        host.failed_starts = 0;
        self.report.add("disks emptied", 1);
    }

    /// The process of a node ends here and now; with the machine's power or
    /// without.
    pub(super) fn crash(&mut self, node: usize, power: bool) {
        if self.hosts[node].process.is_none() {
            return;
        }
        let ended = self.how_it_ends(node, power);
        self.note_what_came(node);
        self.note(node, Kind::Crash, || if power { "loses its power" } else { "ends" }.into());
        self.note_operations_lost(node);
        self.end_process(node);
        let host = &mut self.hosts[node];
        let mut surroundings = host.shared.lock();
        host.disk.crash(&mut surroundings.files);
        if power {
            surroundings.files.lose_power(&mut host.random);
        } else {
            surroundings.files.forget_unnamed();
        }
        drop(surroundings);
        // A life that ended before it had loaded all decides nothing.
        if !self.watch.nodes[node].recovering {
            host.ended = ended;
        }
        host.dark = power;
        self.hang_up(node, power);
    }

    /// The file of a full synchronization that is under way may be there, or is
    /// about to be: it is of the history of the node at the other end.
    pub(super) fn note_what_came(&mut self, node: usize) {
        let links = self.network.open().filter(|(_, it)| it.peer.place() == node && it.open_at_peer);
        let histories: Vec<_> =
            links.filter_map(|(_, it)| self.watch.nodes[it.server].position).map(|(history, _)| history).collect();
        let on_disk = &mut self.watch.nodes[node].on_disk;
        for history in histories {
            if !on_disk.contains(&history) {
                on_disk.push(history);
            }
        }
    }

    fn how_it_ends(&self, node: usize, power: bool) -> Ended {
        let host = &self.hosts[node];
        let view = &self.watch.nodes[node];
        let window = view.always_primary && host.intact && !view.recovering;
        let since = match host.setup.durability {
            Durability::EverySecond if !host.setup.lenient => Some(WINDOW_US),
            Durability::No if !power => Some(WINDOW_US),
            _ => None,
        };
        let kept_before = since.filter(|_| window).map(|since| self.now.saturating_sub(since));
        Ended { kept_before, promises_hold: host.intact && !view.replica, untrue: false }
    }

    /// Keeps what is to be known of a process that is no more.
    pub(super) fn end_process(&mut self, node: usize) {
        let host = &mut self.hosts[node];
        let Some(process) = host.process.take() else { return };
        host.past_effects = host.past_effects.rotate_left(5) ^ process.node.effects_hash();
        self.report.add("inputs", process.inputs);
        let mut surroundings = host.shared.lock();
        if let Some(writer) = &mut surroundings.writer {
            writer.checkpoint(process.node.effects_hash(), process.node.engine.state_hash());
            let recording = Writer::take(writer);
            host.recordings.push(recording);
        }
    }

    /// All connections of a node's process are gone; nobody is told if the
    /// machine is gone as well.
    fn hang_up(&mut self, node: usize, silently: bool) {
        for number in 0..self.network.connections.len() {
            let Some(connection) = self.network.get(number) else { continue };
            let ours = matches!(connection.peer, Peer::Link { node: from, .. } if from == node);
            let way = match (connection.server == node && connection.open_at_server, ours) {
                (true, _) => {
                    connection.open_at_server = false;
                    connection.link = None;
                    Way::Out
                }
                (false, true) if connection.open_at_peer => {
                    connection.open_at_peer = false;
                    Way::In
                }
                _ => continue,
            };
            if silently {
                connection.pipe(way).lose();
            } else if let Some(at) = self.network.send(number, way, Segment::Close(None), self.now) {
                self.heap.push(at, Event::Arrive { connection: number, way });
            }
            self.drop_if_over(number);
        }
    }

    pub(super) fn disk_due(&mut self, node: usize, life: u64) {
        let now = self.now;
        let host = &mut self.hosts[node];
        if host.life != life || host.process.is_none() {
            return;
        }
        let before = host.disk.false_syncs;
        let (completed, next) = host.disk.complete(now, &mut host.shared.lock().files);
        host.intact &= host.disk.false_syncs == before;
        if let Some(at) = next {
            self.heap.push(at, Event::Disk { node, life });
        }
        let Some((token, done)) = completed else { return };
        self.note_completion(node, token, &done);
        if count_down(&mut self.hosts[node].dies_after_operations) {
            return self.power_fails(node);
        }
        let result = match &done {
            Done::Done => Ok(DiskDone::Done),
            Done::Opened(size) => Ok(DiskDone::Opened { size: *size }),
            Done::Data(bytes) => Ok(DiskDone::Data(bytes)),
            Done::Failed(error) => Err(error.clone()),
        };
        if result.is_err() {
            self.report.add("disk operations that failed", 1);
        }
        self.handle(node, Input::Disk { token, result });
    }
}
