//! The table, the totals and the readable report of a run.

use crate::error::{Error, Result};
use crate::expectation::Expectations;
use crate::outcome::End;
use crate::suite::Suite;
use crate::verdict::{FileVerdict, Row, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The readable report's file name.
pub(crate) const FILE: &str = "report.md";

/// The totals of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) passed: usize,
    /// Whatever closes the gate.
    pub(crate) unexpected: usize,
    /// Left out by the suite.
    pub(crate) skipped: usize,
    /// Failed, as on the reference.
    pub(crate) not_required: usize,
    /// Expected failures under what removes them.
    expected: BTreeMap<String, usize>,
    flaky_passes: usize,
    flaky_failures: usize,
    unlisted_passes: usize,
    blocks_skipped: usize,
}

impl Summary {
    /// Adds up the files.
    pub(crate) fn new(files: &[FileVerdict], expectations: &Expectations) -> Self {
        let mut summary = Self::default();
        for file in files {
            summary.unlisted_passes += file.unlisted_passes;
            summary.blocks_skipped += file.blocks_skipped;
            for row in &file.rows {
                summary.add(row, expectations);
            }
        }
        summary
    }

    fn add(&mut self, row: &Row, expectations: &Expectations) {
        match row.verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::FlakyPass(_) => {
                self.passed += 1;
                self.flaky_passes += 1;
            }
            Verdict::FlakyFailure(_) => self.flaky_failures += 1,
            Verdict::Expected(group) => {
                *self.expected.entry(expectations.groups[group].heading().to_owned()).or_insert(0) += 1;
            }
            Verdict::Skipped => self.skipped += 1,
            Verdict::NotRequired => self.not_required += 1,
            unexpected => {
                debug_assert!(unexpected.is_unexpected());
                self.unexpected += 1;
            }
        }
    }

    /// What the last line's numbers are made of, in one line.
    pub(crate) fn explanation(&self) -> String {
        let expected: usize = self.expected.values().sum();
        let mut text = format!("{} expected failures", expected);
        let parts: Vec<String> = self.expected.iter().map(|(heading, count)| format!("{heading}: {count}")).collect();
        if !parts.is_empty() {
            let _ = write!(text, " ({})", parts.join("; "));
        }
        let _ = write!(text, "; flaky: {} passed, {} failed", self.flaky_passes, self.flaky_failures);
        let _ = write!(
            text,
            "; skipped: {} by the suite, {} that fail on the reference too",
            self.skipped, self.not_required
        );
        if self.blocks_skipped > 0 {
            let _ = write!(text, ", and {} blocks of tests", self.blocks_skipped);
        }
        if self.unlisted_passes > 0 {
            let _ = write!(text, "; {} passed that the list does not know", self.unlisted_passes);
        }
        text
    }

    /// The last line of a run.
    pub(crate) fn last_line(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.unexpected, self.skipped + self.not_required)
    }
}

/// Prints table, surprises and totals.
pub(crate) fn print(files: &[FileVerdict], expectations: &Expectations, summary: &Summary) {
    print!("{}", table(files));
    let surprises = surprises(files, expectations, 1);
    if !surprises.is_empty() {
        print!("\nnot as expected:\n{surprises}");
    }
    println!("\n{}", summary.explanation());
    println!("{}", summary.last_line());
}

/// One row a file, and the total.
fn table(files: &[FileVerdict]) -> String {
    let mut text = format!(
        "{:<42} {:>6} {:>7} {:>8} {:>6} {:>7} {:>6}\n",
        "file", "tests", "passed", "expected", "failed", "skipped", "time"
    );
    let mut total = [0_usize; 5];
    let mut seconds = 0;
    for file in files {
        let counts = [
            file.rows.len(),
            file.count(|verdict| matches!(verdict, Verdict::Passed | Verdict::FlakyPass(_))),
            file.count(|verdict| matches!(verdict, Verdict::Expected(_) | Verdict::FlakyFailure(_))),
            file.count(Verdict::is_unexpected),
            file.count(|verdict| matches!(verdict, Verdict::Skipped | Verdict::NotRequired)),
        ];
        table_row(&mut text, &file.name, &counts, file.seconds, file.end.word());
        for (sum, count) in total.iter_mut().zip(counts) {
            *sum += count;
        }
        seconds += file.seconds;
    }
    table_row(&mut text, "total", &total, seconds, "");
    text
}

fn table_row(text: &mut String, name: &str, counts: &[usize; 5], seconds: u64, end: &str) {
    let [tests, passed, expected, failed, skipped] = counts;
    let row = format!("{name:<42} {tests:>6} {passed:>7} {expected:>8} {failed:>6} {skipped:>7} {seconds:>4} s  {end}");
    let _ = writeln!(text, "{}", row.trim_end());
}

/// Each test that closes the gate, with so many lines of detail.
fn surprises(files: &[FileVerdict], expectations: &Expectations, detail_lines: usize) -> String {
    let mut text = String::new();
    for file in files {
        for row in file.rows.iter().filter(|row| row.verdict.is_unexpected()) {
            let _ = writeln!(text, "- {}: {}: {}", file.name, row.id, meaning(row.verdict, expectations));
            for line in row.detail.lines().take(detail_lines) {
                let short: String = line.chars().take(300).collect();
                let _ = writeln!(text, "      {short}");
            }
        }
    }
    text
}

/// What a verdict means, for people.
pub(crate) fn meaning(verdict: Verdict, expectations: &Expectations) -> String {
    let listed = |group: usize| {
        let group = &expectations.groups[group];
        format!("{} ({})", group.reason, group.heading())
    };
    match verdict {
        Verdict::Passed => "passed".to_owned(),
        Verdict::Expected(group) => format!("expected: {}", listed(group)),
        Verdict::FlakyPass(group) => format!("passed, flaky: {}", listed(group)),
        Verdict::FlakyFailure(group) => format!("failed, flaky: {}", listed(group)),
        Verdict::Skipped => "left out by the suite".to_owned(),
        Verdict::NotRequired => "fails on the reference too".to_owned(),
        Verdict::Failed => "failed".to_owned(),
        Verdict::NotReached => "not reached".to_owned(),
        Verdict::PassesThoughListed(group) => format!("passes, but is listed: {}", listed(group)),
        Verdict::PeerPasses(group) => {
            format!("the peer passes it, but it is listed: {}", listed(group))
        }
    }
}

/// Writes the readable report.
pub(crate) fn write(
    directory: &Path,
    suite: &Suite,
    files: &[FileVerdict],
    expectations: &Expectations,
    summary: &Summary,
) -> Result<()> {
    let mut text = format!("# Suite of {}\n\n{}\n\n{}\n", suite.name, summary.last_line(), summary.explanation());
    let _ = write!(text, "\n```text\n{}```\n", table(files));
    section(&mut text, "Not as expected", &surprises(files, expectations, 12));
    section(&mut text, "Files that ended early", &early_ends(files));
    section(&mut text, "Errors outside tests", &troubles(files));
    section(&mut text, "Expected failures", &expected(files, expectations));
    section(&mut text, "Skipped and not required", &skipped(files, expectations));
    let path = directory.join(FILE);
    fs::write(&path, text).map_err(Error::file("write", &path))
}

fn section(text: &mut String, title: &str, body: &str) {
    if !body.is_empty() {
        let _ = write!(text, "\n## {title}\n\n{body}");
    }
}

fn early_ends(files: &[FileVerdict]) -> String {
    let mut text = String::new();
    for file in files.iter().filter(|file| file.end != End::Finished) {
        let detail = match &file.end {
            End::Exception(detail) => detail.lines().next().unwrap_or_default(),
            _ => "",
        };
        let _ = writeln!(text, "- {}: {} {detail}", file.name, file.end.word());
    }
    text
}

fn troubles(files: &[FileVerdict]) -> String {
    let mut text = String::new();
    for file in files {
        for trouble in &file.troubles {
            let _ = writeln!(text, "- {}:", file.name);
            for line in trouble.lines().take(12) {
                let short: String = line.chars().take(300).collect();
                let _ = writeln!(text, "      {short}");
            }
        }
    }
    text
}

fn expected(files: &[FileVerdict], expectations: &Expectations) -> String {
    let mut text = String::new();
    for (index, group) in expectations.groups.iter().enumerate() {
        let in_group = |verdict: Verdict| matches!(verdict, Verdict::Expected(group) | Verdict::FlakyFailure(group) | Verdict::FlakyPass(group) if group == index);
        let counts: Vec<String> = files
            .iter()
            .map(|file| (file, file.count(in_group)))
            .filter(|(_, count)| *count > 0)
            .map(|(file, count)| format!("{} {count}", file.name))
            .collect();
        if !counts.is_empty() {
            let _ = writeln!(text, "- {} ({}): {}", group.reason, group.heading(), counts.join(", "));
        }
    }
    text
}

fn skipped(files: &[FileVerdict], expectations: &Expectations) -> String {
    let mut text = String::new();
    for file in files {
        for row in &file.rows {
            if matches!(row.verdict, Verdict::Skipped | Verdict::NotRequired) {
                let _ = writeln!(text, "- {}: {}: {}", file.name, row.id, meaning(row.verdict, expectations));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expectation::Group;
    use crate::outcome::TestId;

    fn file(verdicts: &[Verdict]) -> FileVerdict {
        let row = |(index, verdict): (usize, &Verdict)| Row {
            id: TestId { name: format!("test {index}"), occurrence: 1 },
            verdict: *verdict,
            time_ms: 0,
            detail: "first\nsecond".to_owned(),
        };
        FileVerdict {
            name: "unit/x".to_owned(),
            rows: verdicts.iter().enumerate().map(row).collect(),
            unlisted_passes: 1,
            troubles: Vec::new(),
            blocks_skipped: 0,
            end: End::Finished,
            seconds: 2,
        }
    }

    #[test]
    fn totals_say_what_they_are_made_of() {
        let mut expectations = Expectations::default();
        let group = expectations.group_like(Group::new("no lists", Some("issue 9: lists"), None));
        let files = [file(&[
            Verdict::Passed,
            Verdict::FlakyPass(group),
            Verdict::FlakyFailure(group),
            Verdict::Expected(group),
            Verdict::Skipped,
            Verdict::NotRequired,
            Verdict::Failed,
            Verdict::NotReached,
            Verdict::PassesThoughListed(group),
        ])];
        let summary = Summary::new(&files, &expectations);
        assert_eq!(summary.last_line(), "2 passed, 3 failed, 2 skipped");
        assert_eq!(
            summary.explanation(),
            "1 expected failures (issue 9: lists: 1); flaky: 1 passed, 1 failed; skipped: 1 by the suite, \
             1 that fail on the reference too; 1 passed that the list does not know"
        );
        assert_eq!(
            surprises(&files, &expectations, 1),
            "- unit/x: test 6: failed\n      first\n- unit/x: test 7: not reached\n      first\n\
             - unit/x: test 8: passes, but is listed: no lists (issue 9: lists)\n      first\n"
        );
        assert!(table(&files).lines().last().is_some_and(|line| line.starts_with("total")));
    }
}
