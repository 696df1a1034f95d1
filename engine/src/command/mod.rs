//! Commands as data, and how one is run.

pub mod context;
pub mod dispatch;
pub mod error;
pub mod generate;
pub mod spec;
pub mod table;
