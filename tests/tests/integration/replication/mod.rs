//! Replication between processes.

mod chained;
mod from_redis;
mod to_redis;
mod tools;
