//! A world of several nodes: a primary, replicas, a replica of a replica, each
//! with its clocks and its disk; clients, a sentinel, and a network in between.
//!
//! ```text
//! seed ─> plan (plan, draw) ─> world ─┬─ host, lifecycle: processes, their disks and clocks
//!                                     ├─ network, wires: connections, held, cut and reset
//!                                     ├─ actors, workload: what clients ask
//!                                     ├─ sentinel, faults: what is done to the nodes
//!                                     └─ observe ─> check: what must hold
//! a fault ─> shrink ─> a small plan
//! ```
//!
//! A run ends in a phase in which all is healed: then clients must get on, and
//! all nodes become the same. Everything follows from the plan; nothing reads a
//! clock or goes over an unordered map.

mod actors;
mod check;
mod clock;
pub mod draw;
mod faults;
mod history;
mod host;
mod lifecycle;
mod network;
mod observe;
pub mod picture;
pub mod plan;
pub mod runs;
mod sentinel;
mod setup;
pub mod shrink;
mod wires;
mod workload;
mod world;

pub use check::{Checker, Fault, Mutant};
pub use world::Outcome;

use plan::Plan;

/// What is kept of a run, and how it is judged. Nothing that happens in a run
/// depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Keep {
    /// Recordings of all nodes.
    pub recordings: bool,
    /// What happened, for people to look at.
    pub trace: bool,
    /// A checker that is nonsense.
    pub mutant: Option<Mutant>,
}

/// Runs a plan.
pub fn run(plan: &Plan, keep: Keep) -> Outcome {
    world::World::new(plan.clone(), keep).run()
}
