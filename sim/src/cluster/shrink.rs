//! Makes a plan that fails as small as it gets in so many runs: fewer steps,
//! fewer clients and commands, less time.

use super::plan::{Plan, Step};
use super::{Fault, Keep, Mutant, run};

/// Makes a failing plan smaller, by at most so many runs. What is returned still
/// fails by the same checker.
pub fn shrink(plan: &Plan, fault: &Fault, mutant: Option<Mutant>, runs_max: u64) -> (Plan, Fault) {
    let keep = Keep { mutant, ..Keep::default() };
    let mut shrinker = Shrinker { best: plan.clone(), fault: fault.clone(), keep, runs: runs_max };
    shrinker.shorten();
    shrinker.drop_steps();
    shrinker.drop_clients();
    shrinker.shorten();
    shrinker.drop_steps();
    (shrinker.best, shrinker.fault)
}

struct Shrinker {
    best: Plan,
    fault: Fault,
    keep: Keep,
    runs: u64,
}

impl Shrinker {
    /// True if the candidate fails in the same way; then it is the best.
    fn accept(&mut self, candidate: Plan) -> bool {
        if self.runs == 0 || candidate == self.best {
            return false;
        }
        self.runs -= 1;
        match run(&candidate, self.keep).fault {
            Some(fault) if fault.checker == self.fault.checker => {
                (self.best, self.fault) = (candidate, fault);
                true
            }
            _ => false,
        }
    }

    /// Heals earlier, and leaves out what would come later.
    fn shorten(&mut self) {
        for part in [4, 2, 3] {
            loop {
                let seconds = self.best.seconds * (part - 1) / part;
                let steps: Vec<Step> =
                    self.best.steps.iter().copied().filter(|step| step.at_ms < seconds * 1000).collect();
                if seconds < 2 || !self.accept(Plan { seconds, steps, ..self.best.clone() }) {
                    break;
                }
            }
        }
    }

    /// Leaves steps out: halves, then quarters, down to single ones.
    fn drop_steps(&mut self) {
        let mut size = self.best.steps.len().div_ceil(2);
        while size > 0 && self.runs > 0 {
            let mut from = 0;
            while from < self.best.steps.len() {
                let mut steps = self.best.steps.clone();
                let to = (from + size).min(steps.len());
                steps.drain(from..to);
                if !self.accept(Plan { steps, ..self.best.clone() }) {
                    from += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }

    fn drop_clients(&mut self) {
        while self.best.clients > 1 && self.accept(Plan { clients: self.best.clients - 1, ..self.best.clone() }) {}
        while self.best.commands > 10 && self.accept(Plan { commands: self.best.commands / 2, ..self.best.clone() }) {}
    }
}
