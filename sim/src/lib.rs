//! The simulator. Tier 1: an engine, its clients, its disk and its clock on a
//! bare heap of events, all from one seed. Tier 2 ([`tier2`]): the driver of
//! production around it, over a simulated network.
//!
//! A run says what went into the engine as a recording, and what came out as a
//! hash. The same seed must give the same, and so must a replay of the
//! recording. Nothing in here reads a clock, draws from the system, or goes
//! over an unordered map; no decision of the server is repeated in here but
//! what [`model`] states about a few commands, to check replies against.

pub mod client;
pub mod clock;
pub mod cluster;
pub mod disk;
pub mod heap;
pub mod link;
pub mod model;
pub mod node;
pub mod oracle;
pub mod replay;
pub mod reply;
pub mod report;
pub mod runs;
#[cfg(feature = "driver")]
pub mod serve;
#[cfg(feature = "driver")]
pub mod tier2;
pub mod trace;
pub mod workload;
pub mod world;
