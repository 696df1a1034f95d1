//! The command line: `cargo run --release -p sim -- tier2 --seed 42`.

use super::runs::{run_seed, run_seeds};
use super::world::RUN_MS;
use clap::Parser;
use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

/// Simulates the whole driver over a network, from one seed.
#[derive(Parser, Debug)]
#[command(name = "sim tier2")]
struct Arguments {
    /// Runs one seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs a range of seeds, as 0..200.
    #[arg(long, value_parser = parse_range)]
    seeds: Option<Range<u64>>,
    /// Threads; all processors if not given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Runs each seed twice and replays each process: all must be the same.
    #[arg(long)]
    determinism: bool,
    /// Prints the trace of each seed.
    #[arg(long)]
    traces: bool,
}

fn parse_range(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("a range is written as 0..200")?;
    let number = |text: &str| text.parse().map_err(|error| format!("{text}: {error}"));
    Ok(number(from)?..number(to)?)
}

/// Does what the command line says if it asks for this tier.
pub fn main() -> Option<ExitCode> {
    let mut words = std::env::args_os();
    let program = words.next()?;
    if words.next()? != "tier2" {
        return None;
    }
    let arguments = Arguments::parse_from(std::iter::once(program).chain(words));
    Some(match work(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    })
}

fn work(arguments: &Arguments) -> Result<(), String> {
    let start = Instant::now();
    if let Some(seed) = arguments.seed {
        let run = run_seed(seed, arguments.determinism).map_err(|fault| format!("seed {seed}: {fault}"))?;
        println!("{}", run.report);
        println!("{} faults planned, {} processes", run.plan.faults.len(), run.remains.len());
        println!("trace {:016x}, {:?}", run.trace, start.elapsed());
        return Ok(());
    }
    let seeds = arguments.seeds.clone().unwrap_or(0..50);
    let jobs = arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let summary = run_seeds(seeds.clone(), jobs, arguments.determinism);
    if arguments.traces {
        for (seed, trace) in &summary.traces {
            println!("seed {seed} trace {trace:016x}");
        }
    }
    println!("{}", summary.report);
    let count = seeds.end.saturating_sub(seeds.start);
    let hours = count as f64 * RUN_MS as f64 / 3_600_000.0 * if arguments.determinism { 2.0 } else { 1.0 };
    let elapsed = start.elapsed();
    let rate = hours / (elapsed.as_secs_f64() / 3600.0 * jobs as f64);
    println!("{count} seeds, {} failed, {elapsed:?}; {rate:.0} simulated hours a core-hour", summary.failed.len());
    if summary.failed.is_empty() { Ok(()) } else { Err(format!("failed: {:?}", summary.failed)) }
}
