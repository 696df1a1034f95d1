//! The command line of clusters.

use sim::cluster::draw::draw_plan_from;
use sim::cluster::picture::highlight;
use sim::cluster::plan::Plan;
use sim::cluster::runs::{Manner, Summary, missing, run_plan, run_seeds};
use sim::cluster::shrink::shrink;
use sim::cluster::{Fault, Keep, Mutant, run};
use sim::trace::Trace;
use sim::trace::page::render;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Runs of smaller plans to shrink one that fails.
const SHRINK_RUNS: u64 = 400;

/// What of clusters is to be run.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Runs one seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs a range of seeds, as 0..1000.
    #[arg(long, value_parser = super::parse_range)]
    seeds: Option<Range<u64>>,
    /// Runs a plan from a file.
    #[arg(long)]
    plan: Option<PathBuf>,
    /// Threads; all processors if not given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Runs each twice and replays the recordings: all must be the same.
    #[arg(long)]
    determinism: bool,
    /// Has every kind of fault in each seed, instead of some.
    #[arg(long)]
    no_swarm: bool,
    /// Runs no more seeds of a range once so many have failed.
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    failures_max: usize,
    /// Where recordings and the plan of a seed that fails go.
    #[arg(long, default_value = "failed-seeds")]
    keep: PathBuf,
    /// How many of the seeds that fail have their plans made smaller. The first is kept and told.
    #[arg(long, default_value_t = 1)]
    shrink: usize,
    /// Draws what happens in a seed or plan as a page.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Tells what happens in a seed or plan.
    #[arg(long)]
    tell: bool,
    /// Switches a checker to nonsense, as atomic:accepts or atomic:refuses: somebody must notice.
    #[arg(long)]
    mutant: Option<Mutant>,
    /// Shows the plan of a seed and runs nothing.
    #[arg(long)]
    show: bool,
}

impl Arguments {
    fn manner(&self) -> Manner {
        Manner {
            swarm: !self.no_swarm,
            jobs: self.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
            determinism: self.determinism,
            failures_max: self.failures_max,
            mutant: self.mutant,
        }
    }

    /// The command that runs something again in the same manner.
    fn again(&self, what: &str) -> String {
        let determinism = if self.determinism { " --determinism" } else { "" };
        let swarm = if self.no_swarm { " --no-swarm" } else { "" };
        let mutant = self.mutant.map_or_else(String::new, |mutant| format!(" --mutant {mutant}"));
        format!("cargo run --release -p sim -- cluster {what}{determinism}{swarm}{mutant}")
    }

    fn again_seed(&self, seed: u64) -> String {
        self.again(&format!("--seed {seed}"))
    }

    fn again_plan(&self, path: &Path) -> String {
        self.again(&format!("--plan {}", path.display()))
    }

    fn keep(&self) -> Keep {
        Keep { mutant: self.mutant, ..Keep::default() }
    }
}

pub(crate) fn work(arguments: &Arguments) -> Result<(), String> {
    if let Some(path) = &arguments.plan {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        return run_one(&text.parse()?, arguments);
    }
    if let Some(seed) = arguments.seed {
        let plan = draw_plan_from(seed, !arguments.no_swarm);
        if arguments.show {
            print!("{plan}");
            return Ok(());
        }
        return run_one(&plan, arguments);
    }
    let seeds = arguments.seeds.clone().unwrap_or(0..100);
    let manner = arguments.manner();
    let (first, count) = (seeds.start, seeds.end.saturating_sub(seeds.start));
    let start = Instant::now();
    let summary = run_seeds(seeds, manner, |summary, seed, fault| {
        tell_progress(summary, count, start, fault.map(|fault| (fault, arguments.again_seed(seed))));
    });
    eprintln!();
    tell_summary(&summary, start, manner.jobs);
    let Some((seed, fault)) = summary.failed.first() else { return Ok(()) };
    if let Some((median, most)) = summary.needed(first) {
        println!("seeds needed to find it: median {median}, 95 of 100 times at most {most}");
    }
    let smaller: Vec<Smaller> = summary
        .failed
        .iter()
        .take(arguments.shrink)
        .map(|(seed, fault)| Smaller::than(&draw_plan_from(*seed, manner.swarm), fault, arguments))
        .collect();
    tell_smaller(&smaller);
    let plan = draw_plan_from(*seed, manner.swarm);
    let first = smaller.into_iter().next().unwrap_or_else(|| Smaller::as_it_is(&plan, fault));
    Err(explain(&plan, &first, arguments)?)
}

/// A plan that fails, made smaller.
struct Smaller {
    plan: Plan,
    fault: Fault,
    took: Duration,
}

impl Smaller {
    fn than(plan: &Plan, fault: &Fault, arguments: &Arguments) -> Self {
        let start = Instant::now();
        let (plan, fault) = shrink(plan, fault, arguments.mutant, SHRINK_RUNS);
        Smaller { plan, fault, took: start.elapsed() }
    }

    fn as_it_is(plan: &Plan, fault: &Fault) -> Self {
        Smaller { plan: plan.clone(), fault: fault.clone(), took: Duration::ZERO }
    }
}

fn tell_smaller(smaller: &[Smaller]) {
    if smaller.is_empty() {
        return;
    }
    let mut steps: Vec<usize> = smaller.iter().map(|one| one.plan.steps.len()).collect();
    let mut seconds: Vec<f64> = smaller.iter().map(|one| one.took.as_secs_f64()).collect();
    steps.sort_unstable();
    seconds.sort_unstable_by(f64::total_cmp);
    let told: Vec<String> =
        smaller.iter().map(|one| format!("{}/{:.1}", one.plan.steps.len(), one.took.as_secs_f64())).collect();
    let middle = smaller.len() / 2;
    println!(
        "{} plans made smaller: median {} steps, {:.1} s; steps/seconds each: {}",
        smaller.len(),
        steps[middle],
        seconds[middle],
        told.join(" ")
    );
}

fn tell_progress(summary: &Summary, count: u64, start: Instant, fault: Option<(&Fault, String)>) {
    if let Some((fault, again)) = fault {
        eprintln!("\r{}: {}\n  again with: {again}", fault.checker, fault.text);
    }
    if summary.runs.is_multiple_of(10) || summary.runs == count {
        let hours = summary.simulated as f64 / 3.6e9;
        let failed = summary.failed.len();
        eprint!(
            "\r{} of {count} seeds, {failed} failed, {hours:.1} simulated hours in {:.0} s",
            summary.runs,
            start.elapsed().as_secs_f64()
        );
    }
}

fn tell_summary(summary: &Summary, start: Instant, jobs: usize) {
    println!("{}", summary.report);
    for name in missing(&summary.report) {
        println!("never: {name}");
    }
    let mut checkers: Vec<&str> = summary.failed.iter().map(|(_, fault)| fault.checker).collect();
    checkers.sort_unstable();
    for group in checkers.chunk_by(|one, other| one == other) {
        println!("{} seeds failed: {}", group.len(), group[0]);
    }
    let hours = summary.simulated as f64 / 3.6e9;
    let rate = hours / (start.elapsed().as_secs_f64() / 3600.0) / jobs as f64;
    println!(
        "{} seeds, {} failed, {hours:.2} simulated hours, {rate:.0} in an hour of a core; effects {:016x}",
        summary.runs,
        summary.failed.len(),
        summary.effects.value()
    );
}

fn run_one(plan: &Plan, arguments: &Arguments) -> Result<(), String> {
    let start = Instant::now();
    let outcome = run_plan(plan, arguments.manner());
    println!("{}", outcome.report);
    println!("effects {:016x}, {:?}", outcome.effects, start.elapsed());
    if arguments.tell {
        tell_events(&run(plan, Keep { trace: true, ..arguments.keep() }).trace.unwrap_or_default());
    }
    match &outcome.fault {
        None => draw(plan, None, arguments),
        Some(fault) if arguments.shrink > 0 => Err(explain(plan, &Smaller::than(plan, fault, arguments), arguments)?),
        Some(fault) => Err(explain(plan, &Smaller::as_it_is(plan, fault), arguments)?),
    }
}

fn tell_events(trace: &Trace) {
    for event in &trace.events {
        println!("{:>12} {:8} {:10} {}", event.at_us, trace.lanes[event.lane], event.kind.name(), event.title);
    }
    if let Some(failure) = &trace.failure {
        println!("{failure}");
    }
}

/// Draws a run, if that is wanted, with what of it is part of the smallest plan that fails.
fn draw(plan: &Plan, smallest: Option<&Plan>, arguments: &Arguments) -> Result<(), String> {
    let Some(path) = &arguments.report else { return Ok(()) };
    let traced = |plan: &Plan| run(plan, Keep { trace: true, ..arguments.keep() }).trace.unwrap_or_default();
    let mut trace = traced(plan);
    if let Some(smallest) = smallest
        && !highlight(&mut trace, smallest)
    {
        // It fails later than the whole plan does.
        trace = traced(smallest);
        trace.title += ", by its smallest plan";
        highlight(&mut trace, smallest);
    }
    trace.reproduction = match &arguments.plan {
        Some(path) => arguments.again_plan(path),
        None => arguments.again_seed(plan.seed),
    };
    std::fs::write(path, render(&trace)).map_err(|error| format!("{}: {error}", path.display()))
}

/// The commit that is checked out.
fn commit() -> String {
    let output = std::process::Command::new("git").args(["rev-parse", "HEAD"]).output();
    output.map_or_else(|_| "unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Keeps the smallest plan with its recordings, and says all about it.
fn explain(plan: &Plan, smaller: &Smaller, arguments: &Arguments) -> Result<String, String> {
    let Smaller { plan: small, fault: found, .. } = smaller;
    let directory = arguments.keep.join(format!("seed-{}-{}", plan.seed, found.checker));
    let told = |error: std::io::Error| format!("{}: {error}", directory.display());
    std::fs::create_dir_all(&directory).map_err(told)?;
    let path = directory.join("plan");
    std::fs::write(&path, small.to_string()).map_err(told)?;
    keep_recordings(small, arguments.keep(), &directory).map_err(told)?;
    draw(plan, Some(small), arguments)?;
    Ok(format!(
        "{}: {}\n  commit {}\n  {}\n  smallest plan, {} steps:\n    {}\n  again with: {}",
        found.checker,
        found.text,
        commit(),
        arguments.again_seed(plan.seed),
        small.steps.len(),
        small.to_string().trim_end().replace('\n', "\n    "),
        arguments.again_plan(&path),
    ))
}

fn keep_recordings(plan: &Plan, keep: Keep, directory: &Path) -> Result<(), std::io::Error> {
    for (node, life, recording) in run(plan, Keep { recordings: true, ..keep }).recordings {
        std::fs::write(directory.join(format!("node-{node}-life-{life}")), recording)?;
    }
    Ok(())
}
