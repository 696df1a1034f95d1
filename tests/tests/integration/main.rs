//! Tests of the daemon as a process: started, asked and ended as its users do
//! it, alone and beside real servers.

mod client;
mod daemon;
mod differential;
mod migrate;
mod persistence;
mod process;
mod recording;
mod replication;
mod report;
