//! A run's outcomes as a file in its report directory, for `bless` to go by.
//!
//! ```text
//! unit/type/string
//! <tab> passed <tab> 1 <tab> SET and GET an item
//! ```

use crate::error::{Error, Result};
use crate::outcome::{FileOutcome, Outcome, TestId};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const FILE: &str = "outcomes.tsv";

/// What became of the tests that reported, of each file that ran.
pub(crate) type Recorded = BTreeMap<String, HashMap<TestId, Outcome>>;

/// Saves the outcomes into a report directory.
pub(crate) fn save(outcomes: &BTreeMap<String, FileOutcome>, report: &Path) -> Result<()> {
    let mut text = String::new();
    for (file, outcome) in outcomes {
        let _ = writeln!(text, "{file}");
        for test in &outcome.tests {
            let word = match test.outcome {
                Outcome::Passed => "passed",
                Outcome::Failed => "failed",
                Outcome::Skipped => "skipped",
            };
            let _ = writeln!(text, "\t{word}\t{}\t{}", test.id.occurrence, test.id.name);
        }
    }
    let path = report.join(FILE);
    fs::write(&path, text).map_err(Error::file("write", &path))
}

/// Loads the outcomes of the run that left this report directory.
pub(crate) fn load(report: &Path) -> Result<Recorded> {
    let path = report.join(FILE);
    let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    parse(&text).map_err(|line| Error::Data { path, line: Some(line), why: "not an outcome".to_owned() })
}

fn parse(text: &str) -> std::result::Result<Recorded, usize> {
    let mut recorded = Recorded::new();
    let mut current = None;
    for (index, line) in text.lines().enumerate() {
        match line.strip_prefix('\t') {
            None => current = Some(recorded.entry(line.to_owned()).or_default()),
            Some(test) => {
                let (id, outcome) = parse_test(test).ok_or(index + 1)?;
                current.as_mut().ok_or(index + 1)?.insert(id, outcome);
            }
        }
    }
    Ok(recorded)
}

fn parse_test(line: &str) -> Option<(TestId, Outcome)> {
    let mut columns = line.splitn(3, '\t');
    let outcome = match columns.next()? {
        "passed" => Outcome::Passed,
        "failed" => Outcome::Failed,
        "skipped" => Outcome::Skipped,
        _ => return None,
    };
    let occurrence = columns.next()?.parse().ok()?;
    Some((TestId { occurrence, name: columns.next()?.to_owned() }, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_by_file() {
        let recorded = parse("unit/a\n\tpassed\t1\tx\n\tfailed\t2\tx\nunit/b\n").unwrap();
        assert_eq!(recorded["unit/a"][&TestId { name: "x".into(), occurrence: 2 }], Outcome::Failed);
        assert!(recorded["unit/b"].is_empty());
        assert_eq!(parse("\tpassed\t1\tx\n"), Err(1));
        assert_eq!(parse("unit/a\n\tmaybe\t1\tx\n"), Err(2));
    }
}
