//! The engine: every decision of the server, as a pure function of its inputs.
#![no_std]
extern crate alloc;

pub mod base;
pub mod boundary;
pub mod command;
pub mod commands;
pub mod config;
pub mod data;
pub mod engine;
pub mod info;
pub mod keyspace;
mod migration;
pub mod persistence;
pub mod rdb;
pub mod recording;
pub mod replication;
pub mod resp;
pub mod server;
pub mod session;
#[cfg(test)]
mod testing;
