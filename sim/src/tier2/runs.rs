//! Many seeds on all processors.

use super::world::{Run, run};
use crate::replay::{check_image, replay};
use crate::report::Report;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The command that runs a seed again.
pub fn reproduction(seed: u64) -> String {
    format!("cargo run --release -p sim -- tier2 --seed {seed} --determinism")
}

/// Runs one seed; for determinism twice, and each process once more from its
/// recording.
///
/// # Errors
/// What was found.
pub fn run_seed(seed: u64, determinism: bool) -> Result<Run, String> {
    let first = run(seed)?;
    if determinism {
        let second = run(seed)?;
        if (second.trace, &second.remains) != (first.trace, &first.remains) {
            return Err(format!("two runs differ: {:016x} and {:016x}", first.trace, second.trace));
        }
        for (number, life) in first.remains.iter().enumerate() {
            let replayed = replay(&life.recording).map_err(|fault| format!("replay of process {number}: {fault}"))?;
            if replayed != life.summary {
                return Err(format!("process {number}: a replay came to {replayed:x?}, not {:x?}", life.summary));
            }
            check_image(&life.recording, replayed.inputs).map_err(|fault| format!("process {number}: {fault}"))?;
        }
    }
    Ok(first)
}

/// What many seeds came to.
#[derive(Default, Debug)]
pub struct Summary {
    /// What happened.
    pub report: Report,
    /// Seeds and their traces, in order.
    pub traces: Vec<(u64, u64)>,
    /// Seeds that failed.
    pub failed: Vec<u64>,
}

/// Runs a range of seeds on so many threads; tells each failure as it comes.
pub fn run_seeds(seeds: Range<u64>, jobs: usize, determinism: bool) -> Summary {
    let next = AtomicU64::new(seeds.start);
    let all = Mutex::new(Summary::default());
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < seeds.end);
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some(seed) = take() {
                    let result = run_seed(seed, determinism);
                    let mut all = super::life::lock(&all);
                    match result {
                        Ok(run) => {
                            all.report.merge(&run.report);
                            all.traces.push((seed, run.trace));
                        }
                        Err(fault) => {
                            eprintln!("seed {seed}: {fault}\n  again with: {}", reproduction(seed));
                            all.failed.push(seed);
                        }
                    }
                }
            });
        }
    });
    let mut summary = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    summary.traces.sort_unstable();
    summary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_run_twice_the_same_over_the_driver_of_production() {
        let summary = run_seeds(0..SEEDS, 2, true);
        assert!(summary.failed.is_empty(), "{:?}", summary.failed);
        for sometimes in [
            "commands",
            "restarts",
            "power failures",
            "links held",
            "links cut",
            "connections closed by the server",
            "replies that the model foretold",
            "loads compared with what was saved",
            "looks at the ledger",
            "replicas compared with their primary",
        ] {
            assert!(summary.report.count(sometimes) > 0, "never: {sometimes}");
        }
    }

    /// Each takes one or two seconds of CPU time for its two runs, without optimisation.
    const SEEDS: u64 = 24;
}
