//! Runs seeds: `cargo run --release -p sim -- --seeds 0..1000 --determinism`, and
//! of several nodes: `cargo run --release -p sim -- cluster --seeds 0..1000`.

mod cluster_command;

use clap::{Parser, Subcommand};
use sim::replay::{read_recording, replay_until};
use sim::runs::{Manner, run_seed, run_seeds, tell_seed_on_panic};
use sim::serve::serve;
use std::net::TcpListener;
use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

/// Simulates the engine and its clients, from one seed.
#[derive(Parser, Debug)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Runs one seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs a range of seeds, as 0..1000.
    #[arg(long, value_parser = parse_range)]
    seeds: Option<Range<u64>>,
    /// Threads; all processors if not given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Commands a seed.
    #[arg(long, default_value_t = 2000)]
    commands: u64,
    /// Runs each seed twice and replays its recording: all must be the same.
    #[arg(long)]
    determinism: bool,
    /// Keeps the recording of the seed's last engine in a file.
    #[arg(long)]
    record: Option<std::path::PathBuf>,
    /// Replays a recording instead: a file, or a directory that `reprise --record` filled.
    #[arg(long)]
    replay: Option<std::path::PathBuf>,
    /// Replays no more than so many inputs.
    #[arg(long, requires = "replay")]
    until: Option<u64>,
    /// Opens the state that the replay comes to on a port of this machine, read-only.
    #[arg(long, requires = "replay")]
    serve: Option<u16>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Simulates several nodes, their replication and their crashes.
    Cluster(cluster_command::Arguments),
}

fn parse_range(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("a range is written as 0..1000")?;
    let number = |text: &str| text.parse().map_err(|error| format!("{text}: {error}"));
    Ok(number(from)?..number(to)?)
}

fn main() -> ExitCode {
    if let Some(code) = sim::tier2::command::main() {
        return code;
    }
    let arguments = Arguments::parse();
    tell_seed_on_panic();
    let result = match &arguments.command {
        Some(Command::Cluster(arguments)) => cluster_command::work(arguments),
        None => work(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn work(arguments: &Arguments) -> Result<(), String> {
    if let Some(path) = &arguments.replay {
        let recording = read_recording(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (replayed, node) = replay_until(&recording, arguments.until)?;
        println!("{} inputs, effects {:016x} state {:016x}", replayed.inputs, replayed.effects, replayed.state);
        if let Some(port) = arguments.serve {
            let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|error| error.to_string())?;
            println!("Ready: redis-cli -p {port}");
            return serve(node, &listener).map_err(|error| error.to_string());
        }
        return Ok(());
    }
    let manner = Manner { commands: arguments.commands, determinism: arguments.determinism };
    let start = Instant::now();
    if let Some(seed) = arguments.seed {
        let run = run_seed(seed, manner)?;
        if let Some(path) = &arguments.record {
            let recording = run.lives.last().map_or(&[][..], |life| &life.recording);
            std::fs::write(path, recording).map_err(|error| error.to_string())?;
        }
        println!("{}", run.report);
        for life in &run.lives {
            println!("effects {:016x} state {:016x}", life.effects, life.state);
        }
        println!("{:?}", start.elapsed());
        return Ok(());
    }
    let seeds = arguments.seeds.clone().unwrap_or(0..100);
    let jobs = arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let count = seeds.end.saturating_sub(seeds.start);
    let (report, failed) = run_seeds(seeds, jobs, manner);
    println!("{report}");
    println!("{count} seeds, {} failed, {:?}", failed.len(), start.elapsed());
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {failed:?}")) }
}
