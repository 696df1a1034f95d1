//! The list of tests: what the suite holds and what became of each test on the reference and on the peer.
//!
//! ```text
//! # comment
//! unit/type/string <tab> 10 <tab> 4                    file, seconds on the reference, seconds of its slowest test
//! <tab> passed <tab> passed <tab> 1 <tab> SET and GET  reference, peer, occurrence, name
//! ```

use crate::error::{Error, Result};
use crate::outcome::{FileOutcome, Outcome, TestId};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// What became of a test over all runs of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Passed,
    Failed,
    Skipped,
    /// It varied from run to run.
    Flaky,
    /// The server that the suite belongs to can't be had, and the older one that ran in its place does not pass it.
    Presumed,
    /// No run reached it.
    Absent,
    /// That server was not run.
    Unknown,
}

const STATUS_WORDS: &[(Status, &str)] = &[
    (Status::Passed, "passed"),
    (Status::Failed, "failed"),
    (Status::Skipped, "skipped"),
    (Status::Flaky, "flaky"),
    (Status::Presumed, "presumed"),
    (Status::Absent, "absent"),
    (Status::Unknown, "unknown"),
];

impl Status {
    fn word(self) -> &'static str {
        STATUS_WORDS.iter().find(|(status, _)| *status == self).map_or("unknown", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<Self> {
        STATUS_WORDS.iter().find(|(_, known)| *known == word).map(|(status, _)| *status)
    }

    /// The status that several runs of one test add up to; `None` is a run that did not reach it.
    fn of(outcomes: &[Option<Outcome>]) -> Self {
        let Some(first) = outcomes.first() else {
            return Self::Unknown;
        };
        if outcomes.iter().any(|outcome| outcome != first) {
            return Self::Flaky;
        }
        match first {
            Some(Outcome::Passed) => Self::Passed,
            Some(Outcome::Failed) => Self::Failed,
            Some(Outcome::Skipped) => Self::Skipped,
            None => Self::Absent,
        }
    }
}

/// A test as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedTest {
    pub(crate) id: TestId,
    pub(crate) reference: Status,
    pub(crate) peer: Status,
}

impl ListedTest {
    /// Whether our server has to pass it.
    pub(crate) fn is_required(&self) -> bool {
        matches!(self.reference, Status::Passed | Status::Presumed)
    }
}

/// A file as it is listed, with its tests in the order the reference ran them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedFile {
    pub(crate) name: String,
    pub(crate) seconds: u64,
    pub(crate) slowest_seconds: u64,
    pub(crate) tests: Vec<ListedTest>,
}

impl ListedFile {
    /// Adds up runs of the reference and runs of the peer.
    pub(crate) fn from_runs(name: &str, reference: &[FileOutcome], peer: &[FileOutcome]) -> Self {
        let reference_maps: Vec<_> = reference.iter().map(FileOutcome::by_id).collect();
        let peer_maps: Vec<_> = peer.iter().map(FileOutcome::by_id).collect();
        let mut seen = HashMap::new();
        let mut tests = Vec::new();
        for test in reference.iter().flat_map(|run| &run.tests) {
            if seen.insert(&test.id, ()).is_some() {
                continue;
            }
            let outcomes = |maps: &[HashMap<_, &crate::outcome::TestResult>]| -> Vec<_> {
                maps.iter().map(|map| map.get(&test.id).map(|result| result.outcome)).collect()
            };
            tests.push(ListedTest {
                id: test.id.clone(),
                reference: Status::of(&outcomes(&reference_maps)),
                peer: Status::of(&outcomes(&peer_maps)),
            });
        }
        Self {
            name: name.to_owned(),
            seconds: reference.iter().map(|run| run.seconds).max().unwrap_or(0),
            slowest_seconds: reference.iter().map(FileOutcome::slowest_seconds).max().unwrap_or(0),
            tests,
        }
    }

    /// Adds up runs of a server older than the suite, which is thereby the peer, and of a further server, which is asked for nothing
    /// but the names of tests that the older one does not reach. The server that the suite belongs to is presumed to pass what
    /// neither leaves out.
    pub(crate) fn from_runs_of_an_older_server(name: &str, older: &[FileOutcome], further: &[FileOutcome]) -> Self {
        let mut file = Self::from_runs(name, older, older);
        let names = Self::from_runs(name, further, &[]).tests;
        for mut test in names.into_iter().filter(|test| test.reference != Status::Flaky) {
            if !file.tests.iter().any(|known| known.id == test.id) {
                test.peer = Status::Absent;
                file.tests.push(test);
            }
        }
        for test in &mut file.tests {
            let known = matches!((test.reference, test.peer), (Status::Passed, Status::Passed) | (Status::Skipped, _));
            if !known && test.reference != Status::Flaky {
                test.reference = Status::Presumed;
            }
        }
        file
    }
}

/// The list of a suite, in the suite's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Baseline {
    pub(crate) files: Vec<ListedFile>,
}

const HEADER: &str = "\
# The tests of the suite, made by `compat-suite list`: what became of each on the reference, whose passes are required, and on the peer.
# file, seconds on the reference, seconds of its slowest test; below it: reference, peer, occurrence, name.
";

impl Baseline {
    /// The file name in a data directory.
    pub(crate) const FILE: &str = "tests.tsv";

    /// Loads the list from a data directory.
    pub(crate) fn load(data: &Path) -> Result<Self> {
        let path = data.join(Self::FILE);
        let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        Self::parse(&text).map_err(|(line, why)| Error::Data { path, line: Some(line), why: why.to_owned() })
    }

    /// Saves the list into a data directory.
    pub(crate) fn save(&self, data: &Path) -> Result<()> {
        fs::create_dir_all(data).map_err(Error::file("create", data))?;
        let path = data.join(Self::FILE);
        fs::write(&path, self.render()).map_err(Error::file("write", &path))
    }

    /// A file by name.
    pub(crate) fn file(&self, name: &str) -> Option<&ListedFile> {
        self.files.iter().find(|file| file.name == name)
    }

    fn parse(text: &str) -> std::result::Result<Self, (usize, &'static str)> {
        let mut baseline = Self::default();
        for (index, line) in text.lines().enumerate() {
            let at = |why| (index + 1, why);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(test) = line.strip_prefix('\t') {
                let file = baseline.files.last_mut().ok_or(at("a test before any file"))?;
                file.tests.push(parse_test(test).ok_or(at("not a test"))?);
            } else {
                baseline.files.push(parse_file(line).ok_or(at("not a file"))?);
            }
        }
        Ok(baseline)
    }

    fn render(&self) -> String {
        let mut text = HEADER.to_owned();
        for file in &self.files {
            let _ = writeln!(text, "\n{}\t{}\t{}", file.name, file.seconds, file.slowest_seconds);
            for test in &file.tests {
                let (reference, peer) = (test.reference.word(), test.peer.word());
                let _ = writeln!(text, "\t{reference}\t{peer}\t{}\t{}", test.id.occurrence, test.id.name);
            }
        }
        text
    }
}

fn parse_file(line: &str) -> Option<ListedFile> {
    let mut columns = line.split('\t');
    let file = ListedFile {
        name: columns.next()?.to_owned(),
        seconds: columns.next()?.parse().ok()?,
        slowest_seconds: columns.next()?.parse().ok()?,
        tests: Vec::new(),
    };
    columns.next().is_none().then_some(file)
}

fn parse_test(line: &str) -> Option<ListedTest> {
    let mut columns = line.splitn(4, '\t');
    Some(ListedTest {
        reference: Status::from_word(columns.next()?)?,
        peer: Status::from_word(columns.next()?)?,
        id: TestId { occurrence: columns.next()?.parse().ok()?, name: columns.next()?.to_owned() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::Names;
    use crate::parse::output;

    fn run(text: &str) -> FileOutcome {
        output("unit/x", text, &Names::default())
    }

    #[test]
    fn runs_add_up() {
        let first =
            run("[ok]: a (1200 ms)\n[ok]: b (0 ms)\n[ok]: only here (0 ms)\n[err]: c in tests/unit/x.tcl\nwhy\n");
        let second = run("[ok]: a (0 ms)\n[err]: b in tests/unit/x.tcl\nwhy\n[err]: c in tests/unit/x.tcl\nwhy\n");
        let peer = run("[ok]: a (0 ms)\n");
        let file = ListedFile::from_runs("unit/x", &[first, second], &[peer]);
        let rows: Vec<_> = file.tests.iter().map(|test| (test.id.name.as_str(), test.reference, test.peer)).collect();
        assert_eq!(
            rows,
            [
                ("a", Status::Passed, Status::Passed),
                ("b", Status::Flaky, Status::Absent),
                ("only here", Status::Flaky, Status::Absent),
                ("c", Status::Failed, Status::Absent),
            ]
        );
        assert_eq!(file.slowest_seconds, 2);
    }

    #[test]
    fn what_an_older_server_does_not_pass_is_presumed() {
        let older = "[ok]: a (0 ms)\n[err]: b in tests/unit/x.tcl\nwhy\n[skip]: c\n";
        let further = "[ok]: a (0 ms)\n[ok]: b (0 ms)\n[err]: new in tests/unit/x.tcl\nwhy\n[skip]: left out\n";
        let file = ListedFile::from_runs_of_an_older_server("unit/x", &[run(older)], &[run(further)]);
        let rows: Vec<_> = file.tests.iter().map(|test| (test.id.name.as_str(), test.reference, test.peer)).collect();
        assert_eq!(
            rows,
            [
                ("a", Status::Passed, Status::Passed),
                ("b", Status::Presumed, Status::Failed),
                ("c", Status::Skipped, Status::Skipped),
                ("new", Status::Presumed, Status::Absent),
                ("left out", Status::Skipped, Status::Absent),
            ]
        );
        assert!(file.tests[1].is_required());
    }

    #[test]
    fn saved_and_loaded_are_the_same() {
        let file = ListedFile::from_runs("unit/x", &[run("[ok]: a \"b\" #c (0 ms)\n[ok]:  spaced  (0 ms)\n")], &[]);
        let baseline = Baseline { files: vec![file] };
        assert_eq!(Baseline::parse(&baseline.render()).unwrap(), baseline);
    }

    #[test]
    fn a_malformed_line_is_named() {
        assert_eq!(Baseline::parse("# x\n\tpassed\tpassed\t1\ta\n"), Err((2, "a test before any file")));
        assert_eq!(Baseline::parse("unit/x\tsoon\t1\n"), Err((1, "not a file")));
    }
}
