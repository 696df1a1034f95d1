//! Many seeds on all processors.

use crate::replay::{check_image, replay};
use crate::report::Report;
use crate::world::{Run, run};
use std::cell::Cell;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How seeds are run.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Commands a seed.
    pub commands: u64,
    /// True to run each seed twice and to replay its recording.
    pub determinism: bool,
}

thread_local! {
    static RUNNING: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
}

/// The command that runs a seed again.
pub fn reproduction(seed: u64, commands: u64) -> String {
    format!("cargo run --release -p sim -- --seed {seed} --commands {commands} --determinism")
}

/// Makes a panic tell which seed it was.
pub fn tell_seed_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        if let Some((seed, commands)) = RUNNING.get() {
            eprintln!("seed {seed} panicked; again with: {}", reproduction(seed, commands));
        }
    }));
}

/// Runs one seed, in the manner told.
///
/// # Errors
/// What was found.
pub fn run_seed(seed: u64, manner: Manner) -> Result<Run, String> {
    RUNNING.set(Some((seed, manner.commands)));
    let mut first = run(seed, manner.commands)?;
    if manner.determinism {
        for (number, life) in first.lives.iter().enumerate() {
            let replayed = replay(&life.recording).map_err(|fault| format!("replay of life {number}: {fault}"))?;
            if (replayed.effects, replayed.state, replayed.inputs) != (life.effects, life.state, life.inputs) {
                return Err(format!("life {number}: a replay came to {replayed:x?}"));
            }
            let imaged =
                check_image(&life.recording, life.inputs).map_err(|fault| format!("life {number}: {fault}"))?;
            first.report.add("images that were restored", u64::from(imaged));
        }
        if run(seed, manner.commands)?.lives != first.lives {
            return Err("two runs of the seed differ".into());
        }
    }
    RUNNING.set(None);
    Ok(first)
}

/// Runs a range of seeds on so many threads; tells each failure as it comes.
/// Returns what happened, and the seeds that failed.
pub fn run_seeds(seeds: Range<u64>, jobs: usize, manner: Manner) -> (Report, Vec<u64>) {
    let next = AtomicU64::new(seeds.start);
    let all = Mutex::new((Report::default(), Vec::new()));
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < seeds.end);
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some(seed) = take() {
                    let result = run_seed(seed, manner);
                    let mut all = all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    match result {
                        Ok(run) => all.0.merge(&run.report),
                        Err(fault) => {
                            eprintln!("seed {seed}: {fault}\n  again with: {}", reproduction(seed, manner.commands));
                            all.1.push(seed);
                        }
                    }
                }
            });
        }
    });
    all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_run_and_replay_the_same() {
        tell_seed_on_panic();
        let (report, failed) = run_seeds(0..30, 2, Manner { commands: 500, determinism: true });
        assert!(failed.is_empty(), "{failed:?}");
        assert!(report.count("commands") >= 15_000);
        for sometimes in [
            "keys expired",
            "errors",
            "connections closed by clients",
            "replies that the model foretold",
            "images that were restored",
        ] {
            assert!(report.count(sometimes) > 0, "never: {sometimes}");
        }
    }
}
