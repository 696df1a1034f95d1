//! What goes wrong in a run, drawn from the seed. Each seed switches some kinds
//! of faults off, so that the others get their way.

use engine::base::random::Random;

/// Kinds of faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Whatever goes between two hosts is held back, and comes later.
    Hold,
    /// Whatever goes between two hosts is lost, both ways.
    Cut,
    /// Whatever goes one way between two hosts is lost.
    CutOneWay,
    /// A process ends, as by kill -9.
    Crash,
    /// A machine loses its power.
    PowerFailure,
    /// A node's wall clock is set.
    Jump,
    /// A disk becomes slow.
    SlowDisk,
    /// A disk is full now and then.
    FullDisk,
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::Hold,
        Kind::Cut,
        Kind::CutOneWay,
        Kind::Crash,
        Kind::PowerFailure,
        Kind::Jump,
        Kind::SlowDisk,
        Kind::FullDisk,
    ];

    /// For the report.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Hold => "links held",
            Kind::Cut => "links cut",
            Kind::CutOneWay => "links cut one way",
            Kind::Crash => "crashes",
            Kind::PowerFailure => "power failures",
            Kind::Jump => "jumps of a wall clock",
            Kind::SlowDisk => "slow disks",
            Kind::FullDisk => "full disks",
        }
    }
}

/// A fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// When it begins, milliseconds from the start.
    pub at_ms: u64,
    /// How long it lasts.
    pub for_ms: u64,
    /// What it is.
    pub kind: Kind,
    /// The node it strikes.
    pub node: usize,
    /// The other host of a link: a node, or the clients' host behind them all.
    pub other: usize,
    /// How much of it: of a jump, microseconds.
    pub amount: i64,
}

/// What goes wrong in a run, in order.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Plan {
    /// The faults.
    pub faults: Vec<Fault>,
}

impl Plan {
    /// A plan for a world of so many nodes, in which faults may happen during so
    /// many milliseconds.
    pub fn draw(random: &mut Random, nodes: usize, during_ms: u64) -> Plan {
        let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|_| random.below(2) == 0).collect();
        let mean_ms = [500, 2000, 6000][random.below(3) as usize];
        let longest_ms = [200, 2000, 8000][random.below(3) as usize];
        let mut plan = Plan::default();
        let mut at_ms = 0;
        while !kinds.is_empty() {
            at_ms += 1 + random.below(2 * mean_ms);
            if at_ms >= during_ms {
                break;
            }
            let node = random.below(nodes as u64) as usize;
            plan.faults.push(Fault {
                at_ms,
                for_ms: (1 + random.below(longest_ms)).min(during_ms - at_ms),
                kind: kinds[random.below(kinds.len() as u64) as usize],
                node,
                other: (node + 1 + random.below(nodes as u64) as usize) % (nodes + 1),
                amount: random.below(20_000_000) as i64 - 10_000_000,
            });
        }
        plan
    }
}
