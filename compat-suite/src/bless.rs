//! Rewrites the list of expected failures from what runs found. It drops entries; only with `--grow` does it add any.

use crate::args::{BlessArgs, PermanentArg};
use crate::baseline::{Baseline, ListedTest, Status};
use crate::error::Result;
use crate::expectation::{Expectations, Group, Permanent};
use crate::outcome::Outcome;
use crate::record::{self, Recorded};
use crate::selection::Selection;
use crate::session::data_dir;
use std::process::ExitCode;

/// What a test did over the runs that reached its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Record {
    AlwaysPassed,
    NeverPassed,
    Varied,
}

/// Executes `bless`.
pub(crate) fn bless(args: &BlessArgs) -> Result<ExitCode> {
    let data = data_dir(&args.suite)?;
    let baseline = Baseline::load(&data)?;
    let (mut expectations, complaints) = Expectations::load_leniently(&data, &baseline)?;
    for complaint in &complaints {
        println!("dropped: {complaint}");
    }
    let runs: Vec<Recorded> = args.report.iter().map(|report| record::load(report)).collect::<Result<_>>()?;
    let selection = Selection::new(&args.suite.only, &args.suite.except);
    let group = args.grow.then(|| expectations.group_like(wanted_group(args)));
    for file in baseline.files.iter().filter(|file| selection.takes(&file.name)) {
        for test in file.tests.iter().filter(|test| test.is_required()) {
            let Some(record) = record_of(&runs, &file.name, test) else {
                continue;
            };
            if record == Record::Varied {
                println!("varied: {}: {}", file.name, test.id);
            }
            match (expectations.group_of(&file.name, &test.id), group) {
                (Some(listed), _) if record == Record::AlwaysPassed && expectations.groups[listed].flaky.is_none() => {
                    println!("dropped, it passes: {}: {}", file.name, test.id);
                    expectations.remove(&file.name, &test.id);
                }
                (None, Some(group)) if record != Record::AlwaysPassed && is_wanted(args, test, record) => {
                    expectations.insert(&file.name, test.id.clone(), group);
                }
                _ => {}
            }
        }
    }
    expectations.save(&data, &baseline)?;
    println!("{} expected failures", expectations.len());
    Ok(ExitCode::SUCCESS)
}

fn wanted_group(args: &BlessArgs) -> Group {
    let permanent = args.permanent.map(|permanent| match permanent {
        PermanentArg::Superseded => Permanent::Superseded,
        PermanentArg::Mechanism => Permanent::Mechanism,
    });
    let mut group = Group::new(args.reason.as_deref().unwrap_or_default(), args.until.as_deref(), permanent);
    group.instead.clone_from(&args.instead);
    group.flaky.clone_from(&args.flaky);
    group
}

/// `None` when no run reached the file, which says nothing.
fn record_of(runs: &[Recorded], file: &str, test: &ListedTest) -> Option<Record> {
    let outcomes: Vec<bool> = runs
        .iter()
        .filter_map(|run| run.get(file))
        .map(|tests| tests.get(&test.id) == Some(&Outcome::Passed))
        .collect();
    match (outcomes.iter().any(|passed| *passed), outcomes.iter().any(|passed| !*passed)) {
        (true, false) => Some(Record::AlwaysPassed),
        (false, true) => Some(Record::NeverPassed),
        (true, true) => Some(Record::Varied),
        (false, false) => None,
    }
}

fn is_wanted(args: &BlessArgs, test: &ListedTest, record: Record) -> bool {
    let named = args.matching.as_ref().is_none_or(|part| test.id.name.contains(part.as_str()));
    let superseded =
        args.permanent != Some(PermanentArg::Superseded) || matches!(test.peer, Status::Failed | Status::Absent);
    // What varies may only be listed where either outcome is accepted.
    let steady = record == Record::NeverPassed || args.flaky.is_some();
    named && superseded && steady
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::TestId;
    use std::collections::HashMap;

    #[test]
    fn a_test_counts_as_passing_when_every_run_passed_it() {
        let id = TestId { name: "a".into(), occurrence: 1 };
        let test = ListedTest { id: id.clone(), reference: Status::Passed, peer: Status::Passed };
        let run = |outcome: Option<Outcome>| {
            let tests: HashMap<_, _> = outcome.into_iter().map(|outcome| (id.clone(), outcome)).collect();
            Recorded::from([("unit/x".to_owned(), tests)])
        };
        let record = |outcomes: &[Option<Outcome>]| {
            let runs: Vec<_> = outcomes.iter().map(|outcome| run(*outcome)).collect();
            record_of(&runs, "unit/x", &test)
        };
        assert_eq!(record(&[Some(Outcome::Passed), Some(Outcome::Passed)]), Some(Record::AlwaysPassed));
        assert_eq!(record(&[Some(Outcome::Failed), None]), Some(Record::NeverPassed));
        assert_eq!(record(&[Some(Outcome::Passed), None]), Some(Record::Varied));
        assert_eq!(record_of(&[run(None)], "unit/y", &test), None);
    }
}
