//! What became of tests: the outcome of one, and all of a file.

use std::collections::HashMap;
use std::fmt;

/// A test of a file: its name, and which of the tests of that name it is, counted from 1 in the order they ran.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TestId {
    pub(crate) name: String,
    pub(crate) occurrence: u32,
}

impl fmt::Display for TestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.occurrence {
            1 => write!(f, "{}", self.name),
            nth => write!(f, "{} (occurrence {nth})", self.name),
        }
    }
}

/// What became of a test. One that was not reached has no outcome of its own: it is absent from its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// The suite itself left it out, for want of a flag or a tag.
    Skipped,
}

/// A test that reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestResult {
    pub(crate) id: TestId,
    pub(crate) outcome: Outcome,
    /// How long it took, where the suite says so.
    pub(crate) time_ms: Option<u64>,
    /// For a failure, what the suite says about it.
    pub(crate) detail: String,
}

/// How a file came to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// The suite ran all of it.
    Finished,
    /// An error outside any test ended it.
    Exception(String),
    /// The suite saw no progress for too long.
    Stalled,
    /// It took longer than its limit and was killed.
    TimedOut,
    /// The suite's process ended without saying how.
    #[default]
    Died,
}

impl End {
    /// One word for a table.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Finished => "",
            Self::Exception(_) => "exception",
            Self::Stalled => "stalled",
            Self::TimedOut => "timed out",
            Self::Died => "died",
        }
    }
}

/// All that a file reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FileOutcome {
    /// In the order they reported.
    pub(crate) tests: Vec<TestResult>,
    /// Errors that belong to no test: each ended a block of tests early.
    pub(crate) troubles: Vec<String>,
    /// Blocks of tests that the suite left out whole, by reason.
    pub(crate) blocks_skipped: Vec<String>,
    pub(crate) end: End,
    pub(crate) seconds: u64,
}

impl FileOutcome {
    /// The tests by id.
    pub(crate) fn by_id(&self) -> HashMap<&TestId, &TestResult> {
        self.tests.iter().map(|test| (&test.id, test)).collect()
    }

    /// Seconds of the slowest test that reported a time, rounded up.
    pub(crate) fn slowest_seconds(&self) -> u64 {
        self.tests.iter().filter_map(|test| test.time_ms).max().unwrap_or(0).div_ceil(1_000)
    }
}
