//! A plan: everything that a run follows from, as text that a person can read
//! and shorten.

use std::fmt;
use std::str::FromStr;

/// What a run follows from: the seed, how long it is, and what goes wrong when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Where all chance comes from.
    pub seed: u64,
    /// Simulated seconds until everything heals.
    pub seconds: u64,
    /// Clients.
    pub clients: usize,
    /// Clients send nothing any more after so many commands.
    pub commands: u64,
    /// What happens, in order of time.
    pub steps: Vec<Step>,
}

/// Something that happens once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// When, milliseconds from the start.
    pub at_ms: u64,
    /// What.
    pub kind: Kind,
    /// To which node; the number of nodes means the one that is the primary then.
    pub node: usize,
    /// And which other, where two are meant; the number of nodes means the
    /// clients.
    pub other: usize,
    /// How much or for how long: milliseconds unless the kind says otherwise.
    pub amount: i64,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal,)*) => {
        /// Kinds of what may happen.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Kind] = &[$(Kind::$kind,)*];

            /// Its name in a plan.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// The process is killed, and started again after a while.
    Crash "crash",
    /// The machine loses its power, and with it what the disk had not synced.
    PowerLoss "power-loss",
    /// The process is asked to end, and started again after a while.
    Stop "stop",
    /// Bytes from the node to the other wait for a while.
    Cut "cut",
    /// Bytes both ways between two nodes wait for a while.
    Partition "partition",
    /// Bytes between a node and everybody else wait for a while.
    Isolate "isolate",
    /// Bytes between a node and all other nodes wait for a while; clients and the
    /// sentinel still reach it.
    Strand "strand",
    /// Bytes to the node on the link that it has take longer than on any other
    /// connection, as long as that link lasts.
    Lag "lag",
    /// Connections between two nodes are reset.
    Reset "reset",
    /// Bytes both ways between two nodes take longer from now on.
    Slow "slow",
    /// A node's wall clock jumps.
    ClockJump "clock-jump",
    /// A node's clocks run faster, by so many parts of a million.
    ClockDrift "clock-drift",
    /// The node's disk is full for a while.
    DiskFull "disk-full",
    /// Syncs fail for a while.
    SyncFails "sync-fails",
    /// Syncs lie for a while.
    SyncLies "sync-lies",
    /// Nothing on the disk completes for a while.
    DiskStall "disk-stall",
    /// The primary is told to hand over by FAILOVER; to the node.
    Failover "failover",
    /// The sentinel promotes the node by REPLICAOF NO ONE.
    Promote "promote",
    /// BGSAVE.
    Save "save",
    /// BGREWRITEAOF.
    Rewrite "rewrite",
    /// CONFIG SET, of the parameter with this number.
    ConfigSet "config-set",
    /// BGREWRITEAOF, and the machine loses its power after so many operations of
    /// its disk.
    PowerLossAmidRewrite "power-loss-amid-rewrite",
    /// The machine loses its power amid a segment of several requests to a replica,
    /// after so many whole ones.
    PowerLossAmidStream "power-loss-amid-stream",
    /// The connection is reset amid such a segment, after so many whole ones.
    ResetAmidStream "reset-amid-stream",
    /// The machine loses its power once a client knows of a write, after so many
    /// others.
    PowerLossAfterReply "power-loss-after-reply",
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        writeln!(f, "seconds {}", self.seconds)?;
        writeln!(f, "clients {}", self.clients)?;
        writeln!(f, "commands {}", self.commands)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Step { at_ms, kind, node, other, amount } = self;
        write!(f, "at {at_ms} {} node {node} other {other} amount {amount}", kind.name())
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Plan, String> {
        let mut plan = Plan { seed: 0, seconds: 0, clients: 0, commands: 0, steps: Vec::new() };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["seed", value] => plan.seed = number(value)?,
                ["seconds", value] => plan.seconds = number(value)?,
                ["clients", value] => plan.clients = number(value)?,
                ["commands", value] => plan.commands = number(value)?,
                ["at", at_ms, kind, "node", node, "other", other, "amount", amount] => plan.steps.push(Step {
                    at_ms: number(at_ms)?,
                    kind: *Kind::ALL.iter().find(|known| known.name() == kind).ok_or(format!("unknown: {kind}"))?,
                    node: number(node)?,
                    other: number(other)?,
                    amount: number(amount)?,
                }),
                _ => return Err(format!("not a line of a plan: {line}")),
            }
        }
        Ok(plan)
    }
}

fn number<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{text}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::draw::draw_plan;

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        for seed in 0..50 {
            let plan = draw_plan(seed);
            assert_eq!(plan.to_string().parse::<Plan>().unwrap(), plan);
        }
    }
}
