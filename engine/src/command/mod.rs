//! Commands as data, and how one is run.

pub(crate) mod apply;
pub mod block;
pub mod collection;
pub mod container;
pub mod context;
pub mod databases;
pub mod dispatch;
pub mod error;
pub mod eviction;
pub mod expiry_condition;
pub mod fields;
pub mod generate;
mod held;
mod named_keys;
pub mod options;
mod pubsub;
pub mod redaction;
mod refusal;
pub mod scan;
pub mod spec;
pub mod table;
