//! Runs upstream's own TCL suite against our binary and gates on the result.
//!
//! Upstream's files are never part of this repository: they are downloaded as a Debian source package and checked by hash.
//! What is kept here is data: which tests exist, what became of each on the reference and on the peer, and which of them are
//! expected to fail on our server, each for a stated reason.
//!
//! No test is ever special-cased. A test that a file did not reach has failed.

mod args;
mod baseline;
mod bless;
mod command;
mod error;
mod expectation;
mod gate;
mod junit;
mod layout;
mod list;
mod normalise;
mod obtain;
mod outcome;
mod parse;
mod ports;
mod preflight;
mod process;
mod quote;
mod record;
mod report;
mod run;
mod selection;
mod sentinel;
mod session;
mod suite;
mod verdict;
mod workspace;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match command::execute(args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("compat-suite: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
