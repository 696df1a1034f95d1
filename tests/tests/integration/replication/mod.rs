//! Replication between processes.

mod chained;
mod dual;
mod from_redis;
mod published;
mod restarting;
mod sentinel;
mod to_redis;
mod tools;
