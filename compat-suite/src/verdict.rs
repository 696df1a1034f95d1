//! Compares what became of tests with what is expected of them.

use crate::baseline::{Baseline, ListedFile, ListedTest, Status};
use crate::expectation::Expectations;
use crate::outcome::{End, FileOutcome, Outcome, TestId};
use std::collections::{BTreeMap, HashMap};

/// What a test's outcome means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It passed, as it should.
    Passed,
    /// It failed, as listed in this group.
    Expected(usize),
    /// It failed, which the group accepts either way.
    FlakyFailure(usize),
    /// It passed, which the group accepts either way.
    FlakyPass(usize),
    /// The suite leaves it out, here as on the reference.
    Skipped,
    /// It failed, as it does on the reference, at least at times.
    NotRequired,
    /// It should have passed.
    Failed,
    /// Its file ended, or its block of tests, before its turn.
    NotReached,
    /// It passed, and this group lists it as failing.
    PassesThoughListed(usize),
    /// This group says that it fails on the peer, and it does not.
    PeerPasses(usize),
}

impl Verdict {
    /// Whether the gate closes over it.
    pub(crate) fn is_unexpected(self) -> bool {
        matches!(self, Self::Failed | Self::NotReached | Self::PassesThoughListed(_) | Self::PeerPasses(_))
    }
}

/// A test and its verdict.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: TestId,
    pub(crate) verdict: Verdict,
    pub(crate) time_ms: u64,
    pub(crate) detail: String,
}

/// All of a file.
#[derive(Debug, Clone)]
pub(crate) struct FileVerdict {
    pub(crate) name: String,
    /// Listed tests in the list's order, then failures that are not listed at all.
    pub(crate) rows: Vec<Row>,
    /// Tests that passed and are not on the list.
    pub(crate) unlisted_passes: usize,
    pub(crate) troubles: Vec<String>,
    pub(crate) blocks_skipped: usize,
    pub(crate) end: End,
    pub(crate) seconds: u64,
}

impl FileVerdict {
    /// How many rows satisfy a condition.
    pub(crate) fn count(&self, condition: impl Fn(Verdict) -> bool) -> usize {
        self.rows.iter().filter(|row| condition(row.verdict)).count()
    }
}

/// Judges each file that ran, in the order of the list. `peer` holds the files that ran on the peer in the same run.
pub(crate) fn judge(
    baseline: &Baseline,
    expectations: &Expectations,
    outcomes: &BTreeMap<String, FileOutcome>,
    peer: &BTreeMap<String, FileOutcome>,
) -> Vec<FileVerdict> {
    let ran = baseline.files.iter().filter_map(|file| Some((file, outcomes.get(&file.name)?)));
    ran.map(|(file, outcome)| judge_file(file, outcome, expectations, peer.get(&file.name))).collect()
}

fn judge_file(
    file: &ListedFile,
    outcome: &FileOutcome,
    expectations: &Expectations,
    peer: Option<&FileOutcome>,
) -> FileVerdict {
    let mut results = outcome.by_id();
    let peer = peer.map(FileOutcome::by_id);
    let mut rows: Vec<Row> = Vec::with_capacity(file.tests.len());
    for test in &file.tests {
        let result = results.remove(&test.id);
        let group = expectations.group_of(&file.name, &test.id);
        let verdict = match group.filter(|group| expectations.needs_peer(*group)) {
            Some(group) if peer.as_ref().is_some_and(|peer| passes(peer, &test.id)) => Verdict::PeerPasses(group),
            _ => judge_test(test, result.map(|result| result.outcome), group, expectations),
        };
        rows.push(Row {
            id: test.id.clone(),
            verdict,
            time_ms: result.and_then(|result| result.time_ms).unwrap_or(0),
            detail: result.map(|result| result.detail.clone()).unwrap_or_default(),
        });
    }
    let unlisted = outcome.tests.iter().filter(|test| results.contains_key(&test.id));
    let failures = unlisted.clone().filter(|test| test.outcome == Outcome::Failed);
    rows.extend(failures.map(|test| Row {
        id: test.id.clone(),
        verdict: Verdict::Failed,
        time_ms: 0,
        detail: test.detail.clone(),
    }));
    FileVerdict {
        name: file.name.clone(),
        rows,
        unlisted_passes: unlisted.filter(|test| test.outcome == Outcome::Passed).count(),
        troubles: outcome.troubles.clone(),
        blocks_skipped: outcome.blocks_skipped.len(),
        end: outcome.end.clone(),
        seconds: outcome.seconds,
    }
}

fn passes(results: &HashMap<&TestId, &crate::outcome::TestResult>, id: &TestId) -> bool {
    results.get(id).is_some_and(|result| result.outcome == Outcome::Passed)
}

fn judge_test(
    test: &ListedTest,
    outcome: Option<Outcome>,
    group: Option<usize>,
    expectations: &Expectations,
) -> Verdict {
    let flaky = group.filter(|group| expectations.groups[*group].flaky.is_some());
    match (outcome, flaky, group) {
        (Some(Outcome::Passed), Some(group), _) => Verdict::FlakyPass(group),
        (Some(Outcome::Passed), None, Some(group)) => Verdict::PassesThoughListed(group),
        (Some(Outcome::Passed), None, None) => Verdict::Passed,
        (_, Some(group), _) => Verdict::FlakyFailure(group),
        (_, None, Some(group)) => Verdict::Expected(group),
        (_, None, None) if test.reference == Status::Skipped => Verdict::Skipped,
        (_, None, None) if !test.is_required() => Verdict::NotRequired,
        (None, None, None) => Verdict::NotReached,
        (Some(_), None, None) => Verdict::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expectation::{Group, Permanent};
    use crate::normalise::Names;
    use crate::parse::output;

    fn id(name: &str) -> TestId {
        TestId { name: name.to_owned(), occurrence: 1 }
    }

    fn listed(tests: &[(&str, Status)]) -> ListedFile {
        let tests = tests.iter().map(|(name, reference)| ListedTest {
            id: id(name),
            reference: *reference,
            peer: Status::Unknown,
        });
        ListedFile { name: "unit/x".to_owned(), seconds: 1, slowest_seconds: 1, tests: tests.collect() }
    }

    fn run(text: &str) -> FileOutcome {
        output("unit/x", text, &Names::default())
    }

    fn verdicts(
        file: &ListedFile,
        text: &str,
        expectations: &Expectations,
        peer: Option<&str>,
    ) -> Vec<(String, Verdict)> {
        let peer = peer.map(run);
        let judged = judge_file(file, &run(text), expectations, peer.as_ref());
        judged.rows.into_iter().map(|row| (row.id.name, row.verdict)).collect()
    }

    #[test]
    fn without_a_list_everything_required_has_to_pass() {
        let file = listed(&[
            ("a", Status::Passed),
            ("b", Status::Passed),
            ("c", Status::Passed),
            ("d", Status::Skipped),
            ("e", Status::Failed),
            ("f", Status::Flaky),
        ]);
        let text = "[ok]: a (1 ms)\n[err]: b in tests/unit/x.tcl\nwhy\n[ignore]: d: Tag: x\n[err]: e in tests/unit/x.tcl\nwhy\n[err]: new in tests/unit/x.tcl\nwhy\n[ok]: new too (0 ms)\n";
        assert_eq!(
            verdicts(&file, text, &Expectations::default(), None),
            [
                ("a".into(), Verdict::Passed),
                ("b".into(), Verdict::Failed),
                ("c".into(), Verdict::NotReached),
                ("d".into(), Verdict::Skipped),
                ("e".into(), Verdict::NotRequired),
                ("f".into(), Verdict::NotRequired),
                ("new".into(), Verdict::Failed),
            ]
        );
        assert_eq!(judge_file(&file, &run(text), &Expectations::default(), None).unlisted_passes, 1);
    }

    #[test]
    fn what_is_listed_has_to_fail() {
        let file = listed(&[("a", Status::Passed), ("b", Status::Passed), ("c", Status::Passed)]);
        let mut expectations = Expectations::default();
        let group = expectations.group_like(Group::new("not there yet", Some("issue 1: it"), None));
        for name in ["a", "b", "c"] {
            expectations.insert("unit/x", id(name), group);
        }
        let text = "[ok]: a (1 ms)\n[err]: b in tests/unit/x.tcl\nwhy\n";
        assert_eq!(
            verdicts(&file, text, &expectations, None),
            [
                ("a".into(), Verdict::PassesThoughListed(group)),
                ("b".into(), Verdict::Expected(group)),
                ("c".into(), Verdict::Expected(group)),
            ]
        );
        expectations.groups[group].flaky = Some("a race".to_owned());
        assert_eq!(verdicts(&file, text, &expectations, None)[0].1, Verdict::FlakyPass(group));
        assert_eq!(verdicts(&file, text, &expectations, None)[1].1, Verdict::FlakyFailure(group));
    }

    #[test]
    fn superseded_needs_the_peer_to_fail() {
        let file = listed(&[("a", Status::Passed), ("b", Status::Passed)]);
        let mut expectations = Expectations::default();
        let group = expectations.group_like(Group::new("newer behaviour", None, Some(Permanent::Superseded)));
        expectations.insert("unit/x", id("a"), group);
        expectations.insert("unit/x", id("b"), group);
        let peer = "[err]: a in tests/unit/x.tcl\nwhy\n[ok]: b (0 ms)\n";
        assert_eq!(
            verdicts(&file, "", &expectations, Some(peer)),
            [("a".into(), Verdict::Expected(group)), ("b".into(), Verdict::PeerPasses(group))]
        );
        expectations.groups[group].opposite = Some("tests/unit/x.tcl:1".to_owned());
        assert_eq!(verdicts(&file, "", &expectations, Some(peer))[1].1, Verdict::Expected(group));
    }
}
