//! Draws plans: which kinds of faults there are in a run at all, and when each
//! strikes.

use super::plan::{Kind, Plan, Step};
use super::setup::NODES;
use engine::base::random::Random;

/// Seconds after the last fault before a run heals.
const QUIET_S: u64 = 2;

/// How often a kind is drawn, by its weight; one of so many runs has it at all.
fn weight(kind: Kind) -> (u64, u64) {
    match kind {
        Kind::Crash | Kind::PowerLoss => (4, 2),
        Kind::Failover | Kind::Promote => (3, 2),
        Kind::SyncLies => (1, 5),
        Kind::SyncFails | Kind::DiskFull => (2, 4),
        Kind::ConfigSet | Kind::Save | Kind::Rewrite => (3, 2),
        Kind::Strand | Kind::Lag => (1, 3),
        _ => (2, 2),
    }
}

/// The plan of a seed.
pub fn draw_plan(seed: u64) -> Plan {
    draw_plan_from(seed, true)
}

/// The plan of a seed; with every kind of fault in it if it does not `swarm`.
pub fn draw_plan_from(seed: u64, swarm: bool) -> Plan {
    let mut random = Random::from_seed(seed ^ 0x706c_616e);
    let mut kinds = Vec::new();
    let aimed = |kind: &Kind| AIMED.iter().any(|(known, _)| known == kind);
    for &kind in Kind::ALL.iter().filter(|kind| !aimed(kind)) {
        let (times, one_in) = weight(kind);
        if random.below(one_in) == 0 || !swarm {
            kinds.extend(std::iter::repeat_n(kind, times as usize));
        }
    }
    let seconds = 60 + random.below(15);
    let gap_ms = [700, 2000, 4000, 9000][random.below(4) as usize];
    let mut steps = Vec::new();
    let mut at_ms = random.below(2000);
    while !kinds.is_empty() && at_ms < (seconds - QUIET_S) * 1000 {
        let kind = kinds[random.below(kinds.len() as u64) as usize];
        steps.push(draw_step(kind, at_ms, &mut random));
        at_ms += 1 + random.below(2 * gap_ms);
    }
    draw_aimed(seed, swarm, seconds, &mut steps);
    let clients = 2 + random.below(4) as usize;
    Plan { seed, seconds, clients, commands: 100 * seconds + random.below(2000), steps }
}

/// Faults that strike at the moments that matter most: amid the steps of a
/// rewrite or the stream to a replica, or when a client has just been told of a
/// write. And after how many of what they count, at most.
const AIMED: &[(Kind, u64)] = &[
    (Kind::PowerLossAmidRewrite, 60),
    (Kind::PowerLossAmidStream, 20),
    (Kind::ResetAmidStream, 20),
    (Kind::PowerLossAfterReply, 20),
];

fn draw_aimed(seed: u64, swarm: bool, seconds: u64, steps: &mut Vec<Step>) {
    let mut random = Random::from_seed(seed ^ 0x6169_6d65);
    let end_ms = (seconds - QUIET_S) * 1000;
    for &(kind, most) in AIMED {
        if swarm && random.below(3) > 0 {
            continue;
        }
        for _ in 0..1 + random.below(4) {
            let node = if random.below(2) == 0 { NODES } else { random.below(NODES as u64) as usize };
            let at_ms = 1000 + random.below(end_ms - 1000);
            let step = Step { at_ms, kind, node, other: NODES, amount: 1 + random.below(most) as i64 };
            steps.push(step);
        }
    }
    for kind in [Kind::Lag, Kind::Strand] {
        if swarm && random.below(3) > 0 {
            continue;
        }
        for _ in 0..1 + random.below(3) {
            draw_stale(kind, end_ms, &mut random, steps);
        }
    }
    steps.sort_by_key(|step| step.at_ms);
}

/// A node falls behind, and is made the primary before it has caught up: by a
/// handover while bytes to it are under way, or by an order after it was cut off.
fn draw_stale(kind: Kind, end_ms: u64, random: &mut Random, steps: &mut Vec<Step>) {
    let node = random.below(NODES as u64 - 1) as usize;
    let behind_ms = if kind == Kind::Lag { 200 + random.below(3000) } else { 3000 + random.below(9000) };
    let at_ms = 2000 + random.below(end_ms - 2000);
    let (then, after_ms) = match kind {
        Kind::Lag => (Kind::Failover, random.below(behind_ms)),
        _ => (Kind::Promote, behind_ms - random.below(1000)),
    };
    steps.push(Step { at_ms, kind, node, other: NODES, amount: behind_ms as i64 });
    steps.push(Step { at_ms: at_ms + after_ms, kind: then, node, other: NODES, amount: 0 });
}

fn draw_step(kind: Kind, at_ms: u64, random: &mut Random) -> Step {
    // The first node is the primary in the beginning, and mostly of most use.
    let node = if random.below(3) == 0 { 0 } else { random.below(NODES as u64) as usize };
    let other = (node + 1 + random.below(NODES as u64) as usize) % (NODES + 1);
    let some_ms = [30, 300, 1500, 6000, 12_000][random.below(5) as usize];
    let amount = match kind {
        Kind::Crash | Kind::PowerLoss | Kind::Stop => random.below(some_ms.min(6000)) as i64,
        Kind::ClockJump => random.below(20_000) as i64 - 10_000,
        Kind::ClockDrift => random.below(2000) as i64 - 1000,
        Kind::Slow => random.below(120) as i64,
        Kind::ConfigSet => random.below(100) as i64,
        Kind::Reset | Kind::Failover | Kind::Promote | Kind::Save | Kind::Rewrite => 0,
        _ => 1 + random.below(some_ms) as i64,
    };
    Step { at_ms, kind, node, other, amount }
}
