//! What is noted of a run for its picture: messages, disk operations, offsets,
//! verdicts. Only if somebody wants it, and nothing in a run depends on it.

use super::check::Checker;
use super::network::{Peer, Segment, Way};
use super::plan::Plan;
use super::setup::NODES;
use super::world::World;
use crate::disk::Done;
use crate::trace::{Kind, Trace, TraceEvent};
use engine::boundary::effects::DiskOperation;
use engine::boundary::id::DiskToken;
use std::collections::BTreeMap;

/// Lanes behind those of the nodes.
const CLIENTS_LANE: usize = NODES;
pub(super) const SENTINEL_LANE: usize = NODES + 1;
const CHECKERS_LANE: usize = NODES + 2;
/// An offset is noted once in so many microseconds.
const OFFSET_EVERY_US: u64 = 50_000;
/// Verdicts are counted by so many microseconds.
const VERDICTS_EVERY_US: u64 = 1_000_000;
/// Bytes of a message that are shown.
const SHOWN_MAX: usize = 96;

/// What is noted so far.
#[derive(Default)]
pub(super) struct Picture {
    events: Vec<TraceEvent>,
    /// Disk operations under way: when they began.
    operations: BTreeMap<(usize, DiskToken), (u64, Kind, String)>,
    /// When each node's offset was last noted.
    offset_at: [u64; NODES],
    verdicts: [u64; Checker::ALL.len()],
    verdicts_at: u64,
}

fn lane(peer: Peer) -> usize {
    match peer {
        Peer::Link { node, .. } => node,
        Peer::Actor(_) => CLIENTS_LANE,
        Peer::Sentinel(_) => SENTINEL_LANE,
    }
}

/// The beginning of some bytes, on one line.
fn glance(bytes: &[u8]) -> String {
    let text = bytes[..bytes.len().min(SHOWN_MAX)].escape_ascii().to_string().replace("\\r\\n", " ");
    format!("{} bytes: {text}{}", bytes.len(), if bytes.len() > SHOWN_MAX { "…" } else { "" })
}

fn name(operation: &DiskOperation) -> (Kind, String) {
    match operation {
        DiskOperation::Append { file, bytes } => {
            (Kind::Disk, format!("appends {} bytes to file {}", bytes.len(), file.0))
        }
        DiskOperation::Sync { file } => (Kind::Sync, format!("syncs file {}", file.0)),
        DiskOperation::SyncDirectory { path } => (Kind::Sync, format!("syncs directory {path}")),
        DiskOperation::Rename { from, to } => (Kind::Sync, format!("renames {from} to {to}, and syncs the directory")),
        other => (Kind::Disk, format!("{other:?}")),
    }
}

impl World {
    /// Notes for people what happens on a lane: a node's, or one behind those.
    pub(super) fn note(&mut self, lane: usize, kind: Kind, title: impl FnOnce() -> String) {
        if self.keep.trace {
            self.picture.events.push(TraceEvent::new(self.now, lane, kind, title()));
        }
    }

    /// What the sentinel tells a node, or does about it.
    pub(super) fn note_election(&mut self, node: usize, title: impl FnOnce() -> String) {
        if self.keep.trace {
            let event = TraceEvent::new(self.now, SENTINEL_LANE, Kind::Election, title());
            self.picture.events.push(TraceEvent { peer: Some(node), ..event });
        }
    }

    /// A segment has arrived that was sent at a time.
    pub(super) fn note_message(&mut self, server: usize, peer: Peer, way: Way, sent_at: u64, segment: &Segment) {
        if !self.keep.trace {
            return;
        }
        let (from, to) = match way {
            Way::In => (lane(peer), server),
            Way::Out => (server, lane(peer)),
        };
        let (kind, title) = match segment {
            Segment::Open => (Kind::Connection, "wants to connect".into()),
            Segment::Accepted => (Kind::Connection, "is connected".into()),
            Segment::Bytes(bytes) => (Kind::Message, glance(bytes)),
            Segment::Close(None) => (Kind::Connection, "closes the connection".into()),
            Segment::Close(Some(reason)) => (Kind::Connection, (*reason).to_owned()),
        };
        let event = TraceEvent::new(sent_at, from, kind, title);
        self.picture.events.push(TraceEvent { peer: Some(to), until_us: Some(self.now), ..event });
    }

    /// A disk operation begins.
    pub(super) fn note_operation(&mut self, node: usize, token: DiskToken, operation: &DiskOperation) {
        if self.keep.trace {
            let (kind, title) = name(operation);
            self.picture.operations.insert((node, token), (self.now, kind, title));
        }
    }

    /// It is complete.
    pub(super) fn note_completion(&mut self, node: usize, token: DiskToken, done: &Done) {
        let Some((began_at, kind, title)) = self.picture.operations.remove(&(node, token)) else { return };
        let detail = if let Done::Failed(error) = done { format!("failed: {}", error.message) } else { String::new() };
        let event = TraceEvent::new(began_at, node, kind, title);
        self.picture.events.push(TraceEvent { until_us: Some(self.now), detail, ..event });
    }

    /// A node's process has ended, and its disk operations with it.
    pub(super) fn note_operations_lost(&mut self, node: usize) {
        self.picture.operations.retain(|(of, _), _| *of != node);
    }

    /// A node has come to an offset of a history.
    pub(super) fn note_offset(&mut self, node: usize, history: usize, offset: u64) {
        if self.keep.trace && self.now >= self.picture.offset_at[node] + OFFSET_EVERY_US {
            self.picture.offset_at[node] = self.now;
            let event = TraceEvent::new(self.now, node, Kind::Offset, format!("{offset} of history {history}"));
            self.picture.events.push(TraceEvent { amount: Some(offset), ..event });
        }
    }

    /// Notes now and then what checkers have let pass.
    pub(super) fn note_verdicts(&mut self, last: bool) {
        if !self.keep.trace || !last && self.now < self.picture.verdicts_at + VERDICTS_EVERY_US {
            return;
        }
        let before = std::mem::replace(&mut self.picture.verdicts, self.watch.verdicts);
        let new = Checker::ALL.iter().zip(self.watch.verdicts).zip(before).filter(|((_, now), before)| now > before);
        let lines: Vec<String> = new.map(|((it, now), before)| format!("{} {}", now - before, it.name())).collect();
        if !lines.is_empty() {
            let event = TraceEvent::new(self.picture.verdicts_at, CHECKERS_LANE, Kind::Verdict, "nothing found");
            let until_us = Some(self.now);
            self.picture.events.push(TraceEvent { until_us, detail: lines.join("\n"), ..event });
        }
        self.picture.verdicts_at = self.now;
    }

    pub(super) fn take_trace(&mut self) -> Option<Trace> {
        if !self.keep.trace {
            return None;
        }
        self.note_verdicts(true);
        let mut events = std::mem::take(&mut self.picture.events);
        let failure = self.watch.fault.as_ref().map(|fault| format!("{}: {}", fault.checker, fault.text));
        if let Some(failure) = &failure {
            let event =
                TraceEvent::new(self.now, CHECKERS_LANE, Kind::Verdict, failure.lines().next().unwrap_or_default());
            events.push(TraceEvent { detail: failure.clone(), minimal: true, ..event });
        }
        events.sort_by_key(|event| event.at_us);
        let lanes = (0..NODES).map(|node| format!("node {node}"));
        Some(Trace {
            title: format!("seed {}", self.plan.seed),
            failure,
            lanes: lanes.chain(["clients", "sentinel", "checkers"].map(String::from)).collect(),
            events,
            ..Trace::default()
        })
    }
}

/// Marks in a trace what is part of a smaller plan that fails as well, and lists
/// that. False if not all of it has happened before the run failed.
pub fn highlight(trace: &mut Trace, smallest: &Plan) -> bool {
    trace.smallest = smallest.to_string().lines().map(str::to_owned).collect();
    let steps: Vec<String> = smallest.steps.iter().map(ToString::to_string).collect();
    for event in trace.events.iter_mut().filter(|event| event.kind == Kind::Fault) {
        event.minimal |= steps.contains(&event.title);
    }
    let happened = |step: &String| trace.events.iter().any(|event| event.minimal && event.title == *step);
    steps.iter().all(happened)
}
