//! Commands as data, and how one is run.

pub mod context;
pub mod databases;
pub mod dispatch;
pub mod error;
pub mod help;
pub mod spec;
pub mod table;
