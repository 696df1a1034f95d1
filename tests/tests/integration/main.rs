//! Tests of the daemon as a process, alone and beside real servers.

mod client;
mod persistence;
mod process;
