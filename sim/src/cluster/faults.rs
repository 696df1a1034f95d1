//! Carries the steps of a plan out, and heals everything in the end.

use super::check::converge::{Standing, have_converged};
use super::network::{Segment, Way};
use super::plan::{Kind, Step};
use super::setup::NODES;
use super::world::{Event, World};
use crate::trace;
use engine::boundary::input::{Input, Signal};

/// How long nodes may take to become the same once all is healed, microseconds.
const CONVERGENCE_US: u64 = 60_000_000;
/// How long the power fails where a fault is aimed: long enough for a failover.
const DARK_US: u64 = 6_000_000;
/// Of so many appends to a full disk one fails: there is some space now and then.
const FULL_ONE_IN: [u64; 4] = [1, 1, 3, 6];
/// How long clients go on after all is healed.
const PROGRESS_US: u64 = 5_000_000;

/// Parameters that a plan changes.
const PARAMETERS: &[(&str, &str)] = &[
    ("hz", "20"),
    ("maxmemory-policy", "noeviction"),
    ("repl-backlog-size", "32kb"),
    ("repl-backlog-size", "1mb"),
    ("repl-diskless-sync", "yes"),
    ("repl-diskless-sync", "no"),
    ("save", "1 1"),
    ("save", ""),
    ("auto-aof-rewrite-percentage", "20"),
    ("aof-use-rdb-preamble", "yes"),
    ("aof-use-rdb-preamble", "no"),
    ("lazyfree-lazy-expire", "yes"),
    ("lazyfree-lazy-user-del", "yes"),
    ("active-expire-effort", "10"),
    ("repl-ping-replica-period", "1"),
];

impl World {
    pub(super) fn step(&mut self, step: Step) {
        let Step { kind, other, amount, .. } = step;
        let node = if step.node == NODES { self.sentinel.primary } else { step.node };
        if self.healed_at.is_some() {
            return;
        }
        self.report.add(&format!("fault {}", kind.name()), 1);
        self.note(node, trace::Kind::Fault, || step.to_string());
        let until = self.now + amount.unsigned_abs() * 1000;
        match kind {
            Kind::Crash | Kind::PowerLoss => {
                self.hosts[node].down_until = until;
                self.crash(node, kind == Kind::PowerLoss);
                self.heap.push(until, Event::Start { node });
            }
            Kind::Stop => {
                self.hosts[node].down_until = until;
                self.handle(node, Input::Signal(Signal::Terminate));
            }
            Kind::Cut => self.network.block(node, other, until),
            Kind::Partition => {
                self.network.block(node, other, until);
                self.network.block(other, node, until);
            }
            Kind::Isolate | Kind::Strand => {
                let places = if kind == Kind::Isolate { 0..NODES + 1 } else { 0..NODES };
                for place in places.filter(|place| *place != node) {
                    self.network.block(node, place, until);
                    self.network.block(place, node, until);
                }
            }
            Kind::Lag => self.network.lag(node, amount.unsigned_abs() * 1000),
            Kind::Reset => self.reset(node, other),
            Kind::Slow => {
                self.network.slow(node, other, amount.unsigned_abs() * 1000);
                self.network.slow(other, node, amount.unsigned_abs() * 1000);
            }
            Kind::ClockJump => self.hosts[node].clock.jump(amount * 1000),
            Kind::ClockDrift => self.hosts[node].clock.set_drift(self.now, amount),
            Kind::DiskFull | Kind::SyncFails | Kind::SyncLies | Kind::DiskStall => {
                self.hurt_disk(node, kind, until);
                // A rewrite amid it may get somewhere.
                if kind == Kind::DiskFull && self.hosts[node].disk.health.full_one_in > 1 {
                    self.sentinel_orders(node, &["BGREWRITEAOF"]);
                }
            }
            Kind::Failover => self.sentinel_hands_over(node),
            Kind::Promote => self.sentinel_promotes(node),
            Kind::Save => self.sentinel_orders(node, &["BGSAVE"]),
            Kind::Rewrite => self.sentinel_orders(node, &["BGREWRITEAOF"]),
            Kind::PowerLossAmidRewrite => {
                self.hosts[node].dies_after_operations = Some(amount.unsigned_abs());
                self.sentinel_orders(node, &["BGREWRITEAOF"]);
            }
            Kind::PowerLossAmidStream => self.hosts[node].dies_after_segments = Some(amount.unsigned_abs()),
            Kind::ResetAmidStream => self.hosts[node].breaks_off_after_segments = Some(amount.unsigned_abs()),
            Kind::PowerLossAfterReply => self.hosts[node].dies_after_replies = Some(amount.unsigned_abs()),
            Kind::ConfigSet => {
                let (name, value) = PARAMETERS[amount.unsigned_abs() as usize % PARAMETERS.len()];
                self.sentinel_orders(node, &["CONFIG", "SET", name, value]);
            }
        }
    }

    /// The power of a machine fails for a moment, as a step has arranged.
    pub(super) fn power_fails(&mut self, node: usize) {
        if self.hosts[node].process.is_none() {
            return;
        }
        self.report.add("aimed losses of power", 1);
        let until = self.now + DARK_US;
        self.hosts[node].down_until = until;
        self.crash(node, true);
        self.heap.push(until, Event::Start { node });
    }

    fn hurt_disk(&mut self, node: usize, kind: Kind, until: u64) {
        let now = self.now;
        let host = &mut self.hosts[node];
        let health = &mut host.disk.health;
        match kind {
            Kind::DiskFull => {
                health.full_until = until;
                health.full_one_in = FULL_ONE_IN[(until / 1000 % 4) as usize];
            }
            Kind::SyncFails => health.sync_fails_until = until,
            Kind::SyncLies => health.sync_lies_until = until,
            _ => health.stalled_until = until,
        }
        host.intact &= !host.is_excused(now);
    }

    /// Connections between two places end at once, and what was under way is
    /// lost.
    fn reset(&mut self, node: usize, other: usize) {
        for number in 0..self.network.connections.len() {
            let Some(connection) = self.network.get(number) else { continue };
            let ends = (connection.peer.place(), connection.server);
            if ends != (node, other) && ends != (other, node) {
                continue;
            }
            for way in [Way::In, Way::Out] {
                if let Some(connection) = self.network.get(number) {
                    connection.pipe(way).lose();
                }
                let segment = Segment::Close(Some("Connection reset by peer"));
                if let Some(at) = self.network.send(number, way, segment, self.now) {
                    self.heap.push(at, Event::Arrive { connection: number, way });
                }
            }
            self.report.add("connections reset", 1);
        }
    }

    /// All faults end; clients go on for a while, then everything must become
    /// the same.
    pub(super) fn heal(&mut self) {
        let stalled = self.hosts.iter().map(|host| host.disk.health.stalled_until).max().unwrap_or(0);
        let until = self.network.blocked_until().max(stalled);
        if until > self.now {
            return self.heap.push(until, Event::Heal);
        }
        self.healed_at = Some(self.now);
        self.network.heal();
        for node in 0..NODES {
            let host = &mut self.hosts[node];
            host.disarm();
            host.disk.health.full_until = 0;
            host.disk.health.sync_fails_until = 0;
            host.disk.health.sync_lies_until = 0;
            host.clock.set_drift(self.now, 0);
            if host.process.is_none() {
                host.down_until = self.now;
                self.heap.push(self.now, Event::Start { node });
            }
        }
        self.push_in(PROGRESS_US, Event::Converged);
    }

    pub(super) fn look_for_convergence(&mut self) {
        let Some(healed_at) = self.healed_at else { return };
        let standings: Option<Vec<Standing>> = (0..NODES).map(|node| self.standing(node)).collect();
        let late = self.now > healed_at + CONVERGENCE_US;
        let quiet = self.actors.iter().all(|actor| actor.rests());
        let same = standings.as_ref().is_some_and(|all| !self.replication || have_converged(all));
        if quiet && same {
            self.watch.check_converged(None);
            return self.converged();
        }
        if late {
            self.watch.check_converged(Some(&standings.unwrap_or_default()));
        }
        self.push_in(500_000, Event::Converged);
    }

    /// Where a node stands; `None` if it is not there or not at rest.
    fn standing(&self, node: usize) -> Option<Standing> {
        let engine = self.engine(node)?;
        let view = &self.watch.nodes[node];
        let leads = self.sentinel.primary == node;
        if engine.server().loading || view.recovering || self.replication && leads == view.replica {
            return None;
        }
        Some(Standing { position: view.position, data: engine.data_hash() })
    }

    fn converged(&mut self) {
        let primary = self.sentinel.primary;
        if let Some((history, _)) = self.watch.nodes[primary].position {
            let values = self.register_values(primary);
            self.watch.check_loss(history, &values);
        }
        let progress = self.actors.iter().map(|actor| actor.written_after_healing).sum::<u64>();
        self.watch.check_progress(progress, self.plan.clients);
        self.report.add("writes after healing", progress);
        self.finished = true;
    }
}
