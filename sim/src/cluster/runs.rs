//! Many seeds of clusters on all processors, and what is told of them.

use super::draw::draw_plan_from;
use super::plan::Plan;
use super::{Checker, Fault, Keep, Mutant, Outcome, run};
use crate::report::Report;
use engine::base::fingerprint::Fingerprint;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What many runs came to.
#[derive(Default, Debug)]
pub struct Summary {
    /// What happened.
    pub report: Report,
    /// Seeds that failed, and how.
    pub failed: Vec<(u64, Fault)>,
    /// Simulated microseconds.
    pub simulated: u64,
    /// Runs.
    pub runs: u64,
    /// Hash of the effects of all runs.
    pub effects: Fingerprint,
}

impl Summary {
    /// How many seeds it takes to find what the seeds of a range found: median
    /// and 95th percentile. `None` if they found nothing.
    pub fn needed(&self, first: u64) -> Option<(u64, u64)> {
        let mut failed: Vec<u64> = self.failed.iter().map(|(seed, _)| *seed).collect();
        failed.sort_unstable();
        let before = std::iter::once(first.wrapping_sub(1)).chain(failed.iter().copied());
        let mut gaps: Vec<u64> = failed.iter().zip(before).map(|(seed, before)| seed.wrapping_sub(before)).collect();
        gaps.sort_unstable();
        let at = |percent: usize| gaps.get(((gaps.len() * percent).div_ceil(100)).saturating_sub(1)).copied();
        Some((at(50)?, at(95)?))
    }
}

/// What must happen in some of many runs, or they test nothing.
pub const SOMETIMES: &[&str] = &[
    "errors LOADING",
    "clients that gave up",
    "connections refused",
    "connections reset",
    "disk operations that failed",
    "exits",
    "counters grown",
    "pairs read",
    "recoveries with data",
    "segments held",
    "segments to machines without power",
    "writes acknowledged",
    "writes after healing",
    "fault crash",
    "fault power-loss",
    "fault stop",
    "fault cut",
    "fault partition",
    "fault isolate",
    "fault reset",
    "fault slow",
    "fault clock-jump",
    "fault clock-drift",
    "fault disk-full",
    "fault sync-fails",
    "fault sync-lies",
    "fault disk-stall",
    "fault failover",
    "fault promote",
    "fault save",
    "fault rewrite",
    "fault config-set",
    "fault power-loss-amid-rewrite",
    "fault power-loss-amid-stream",
    "fault reset-amid-stream",
    "fault power-loss-after-reply",
    "fault strand",
    "fault lag",
    "aimed losses of power",
];

/// What must happen besides where servers can follow one another.
pub const SOMETIMES_WITH_REPLICATION: &[&str] = &[
    "WAIT in vain",
    "WAIT with replicas",
    "WAITAOF of what is synced",
    "WAITAOF with replicas",
    "watched registers written",
    "watched registers written by others",
    "data compared at an offset",
    "aimed resets",
    "demotions",
    "errors READONLY",
    "failovers by the sentinel",
    "handovers seen",
    "histories by Handover",
    "histories by Promotion",
    "links",
    "nodes set right",
    "promotions",
    "recoveries that know their place",
    "streams kept while their snapshots came",
];

/// Those that should have happened and did not.
pub fn missing(report: &Report) -> Vec<String> {
    let replicated = report.count("links") > 0;
    let more = if replicated { SOMETIMES_WITH_REPLICATION } else { &[] };
    let verdicts = Checker::ALL.iter().map(|checker| format!("verdicts of {}", checker.name()));
    let all = SOMETIMES.iter().chain(more).map(|name| (*name).to_owned()).chain(verdicts);
    all.filter(|name| report.count(name) == 0).collect()
}

/// Runs a plan, twice if that is wanted: both must have the same effects.
pub fn run_plan(plan: &Plan, manner: Manner) -> Outcome {
    let keep = Keep { mutant: manner.mutant, ..Keep::default() };
    let mut outcome = run(plan, keep);
    if manner.determinism && outcome.fault.is_none() {
        let again = run(plan, Keep { recordings: true, ..keep });
        if again.effects != outcome.effects {
            let text = format!("two runs have effects {:016x} and {:016x}", outcome.effects, again.effects);
            outcome.fault = Some(Fault { checker: "determinism", text });
        }
        for (node, life, recording) in &again.recordings {
            let replayed = crate::replay::replay(recording);
            let checked = replayed.and_then(|replayed| crate::replay::check_image(recording, replayed.inputs));
            outcome.report.add("images that were restored", u64::from(checked == Ok(true)));
            if let Err(text) = checked {
                let text = format!("replay of node {node}, life {life}: {text}");
                outcome.fault.get_or_insert(Fault { checker: "replay", text });
            }
        }
    }
    outcome
}

/// How many seeds are run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Manner {
    /// Some kinds of faults are switched off in each seed.
    pub swarm: bool,
    /// Threads.
    pub jobs: usize,
    /// Each runs twice.
    pub determinism: bool,
    /// No more seeds once so many have failed.
    pub failures_max: usize,
    /// A checker that is nonsense.
    pub mutant: Option<Mutant>,
}

impl Default for Manner {
    fn default() -> Manner {
        Manner { swarm: true, jobs: 2, determinism: false, failures_max: usize::MAX, mutant: None }
    }
}

/// Runs a range of seeds; tells each that is done, in order. The summary is the
/// same whatever the number of threads.
pub fn run_seeds(seeds: Range<u64>, manner: Manner, tell: impl Fn(&Summary, u64, Option<&Fault>) + Sync) -> Summary {
    let next = AtomicU64::new(seeds.start);
    let all = Mutex::new(InOrder { next: seeds.start, ..InOrder::default() });
    std::thread::scope(|scope| {
        for _ in 0..manner.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let outcome = run_plan(&draw_plan_from(seed, manner.swarm), manner);
                    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                    if !all.add(seed, outcome, manner.failures_max, &tell) {
                        return;
                    }
                }
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner).summary
}

/// A summary that takes outcomes in the order of their seeds.
#[derive(Default)]
struct InOrder {
    summary: Summary,
    /// The seed that is next.
    next: u64,
    /// Outcomes that came before their turn.
    early: BTreeMap<u64, Outcome>,
}

impl InOrder {
    /// False if no more is wanted.
    fn add(
        &mut self,
        seed: u64,
        outcome: Outcome,
        failures_max: usize,
        tell: impl Fn(&Summary, u64, Option<&Fault>),
    ) -> bool {
        self.early.insert(seed, outcome);
        while self.summary.failed.len() < failures_max
            && let Some(outcome) = self.early.remove(&self.next)
        {
            self.summary.report.merge(&outcome.report);
            self.summary.simulated += outcome.simulated;
            self.summary.runs += 1;
            self.summary.effects.add(outcome.effects);
            if let Some(fault) = &outcome.fault {
                self.summary.failed.push((self.next, fault.clone()));
            }
            tell(&self.summary, self.next, outcome.fault.as_ref());
            self.next += 1;
        }
        self.summary.failed.len() < failures_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::draw::draw_plan;
    use crate::runs::tell_seed_on_panic;

    #[test]
    fn seeds_run_and_what_should_happen_sometimes_does() {
        tell_seed_on_panic();
        let summary = run_seeds(0..SEEDS, Manner::default(), |_, _, _| {});
        assert!(summary.failed.is_empty(), "cargo run -p sim -- cluster --seed: {:?}", summary.failed);
        assert!(summary.report.count("commands") >= SEEDS * 2000);
        assert!(summary.simulated >= SEEDS * 60_000_000);
        let missing = missing(&summary.report);
        assert!(missing.is_empty(), "never: {missing:?}");
    }

    /// Seeds that found something once, as plans were drawn then: 35, WAITAOF that one sync for two writes
    /// left waiting; 2699, an AOF that was switched on again
    /// while the last step of a rewrite was under way; 1152, a primary without a
    /// stream that became a replica under an id that said nothing of its data;
    /// 270, a file that a lost rename had left under
    /// both names, and that was emptied under one; 1385, 1678 and 4521, checkers
    /// that asked for too much.
    const ONCE_FAILED: [u64; 9] = [35, 270, 1152, 1385, 1678, 2699, 3549, 4521, 6850];

    #[test]
    fn seeds_that_failed_once_do_not_again() {
        for seed in ONCE_FAILED {
            assert_eq!(run_plan(&draw_plan(seed), Manner::default()).fault, None, "seed {seed}");
        }
    }

    #[test]
    fn the_number_of_seeds_needed_is_that_between_failures() {
        let fault = Fault { checker: "any", text: String::new() };
        let failed = [13, 11, 19, 12].map(|seed| (seed, fault.clone())).to_vec();
        let summary = Summary { failed, ..Summary::default() };
        assert_eq!(summary.needed(10), Some((1, 6)));
        assert_eq!(Summary::default().needed(0), None);
    }

    #[test]
    fn outcomes_count_in_order_and_no_more_than_wanted() {
        let outcome = |fails: bool| Outcome {
            report: Report::default(),
            fault: fails.then(|| Fault { checker: "any", text: String::new() }),
            effects: 0,
            simulated: 1,
            recordings: Vec::new(),
            trace: None,
        };
        let mut all = InOrder::default();
        let mut add = |seed, fails| all.add(seed, outcome(fails), 2, |_, _, _| {});
        assert!(add(3, true) && add(1, true) && add(0, false) && !add(2, true) && !add(4, true));
        let failed: Vec<u64> = all.summary.failed.iter().map(|(seed, _)| *seed).collect();
        assert_eq!((all.summary.runs, failed), (3, vec![1, 2]));
    }

    #[test]
    fn a_seed_runs_twice_and_replays_the_same() {
        for seed in 0..6 {
            let outcome = run_plan(&draw_plan(seed), Manner { determinism: true, ..Manner::default() });
            assert_eq!(outcome.fault, None, "seed {seed}");
        }
    }

    const SEEDS: u64 = 200;
}
