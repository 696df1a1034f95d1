//! Reads what the suite prints.
//!
//! ```text
//! [ok]: NAME (12 ms)                    passed
//! [err]: NAME in tests/unit/x.tcl       failed; lines of detail follow
//! [err]: anything else                  an error outside any test: the block of tests that it is in ends there
//! [skip]: NAME                          left out, as is NAME in tests/unit/x.tcl: reason
//! [ignore]: NAME: reason                left out; without a name a whole block was
//! [exception]: text                     an error at the top of the file: it ends there
//! [TIMEOUT]: clients state report…      no progress for --timeout seconds: it ends there
//! [1/1 done]: FILE (3 seconds)          all of it ran
//! ```

use crate::normalise::{Names, StableName};
use crate::outcome::{End, FileOutcome, Outcome, TestId, TestResult};
use std::collections::HashMap;

/// Detail beyond this many characters is cut: some assertions print megabytes.
const DETAIL_CHARACTERS_MAX: usize = 4_000;

/// What a reason for leaving something out begins with.
const REASONS: &[&str] = &[
    "Tag: ",
    "Not supported ",
    "large memory flag",
    "Other server path",
    "TCL version",
    "IPv6 not available",
    "MPTCP not available",
];

/// Parses the whole output of a run of `file` (as `unit/type/string`).
pub(crate) fn output(file: &str, text: &str, names: &Names) -> FileOutcome {
    let mut parser = Parser {
        names,
        suffix: format!(" in tests/{file}.tcl"),
        seen: HashMap::new(),
        outcome: FileOutcome::default(),
    };
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        let line = line.trim_end_matches('\r');
        match tagged(line) {
            Some((tag, data)) => {
                parser.close(open.take());
                open = Some((tag.to_owned(), data.to_owned()));
            }
            None => {
                if let Some((_, data)) = open.as_mut().filter(|(tag, _)| tag == "err" || tag == "exception") {
                    data.push('\n');
                    data.push_str(line);
                }
            }
        }
    }
    parser.close(open);
    parser.outcome
}

/// Splits `[tag]: data` for the tags that the suite prints itself.
fn tagged(line: &str) -> Option<(&str, &str)> {
    let (tag, data) = line.strip_prefix('[')?.split_once("]: ")?;
    let known = matches!(tag, "ok" | "err" | "skip" | "ignore" | "exception" | "TIMEOUT" | "ready" | "testing");
    (known || tag.ends_with(" done")).then_some((tag, data))
}

struct Parser<'a> {
    names: &'a Names,
    suffix: String,
    seen: HashMap<String, u32>,
    outcome: FileOutcome,
}

impl Parser<'_> {
    fn close(&mut self, message: Option<(String, String)>) {
        let Some((tag, data)) = message else { return };
        match tag.as_str() {
            "ok" => {
                let (name, time_ms) = timed(&data);
                self.test(name, Outcome::Passed, time_ms, "");
            }
            "err" => self.error(&data),
            "skip" => {
                let name = data.split_once(&format!("{}: ", self.suffix)).map_or(data.as_str(), |(name, _)| name);
                self.test(name, Outcome::Skipped, None, "");
            }
            "ignore" => self.ignored(&data),
            "exception" => self.outcome.end = End::Exception(cut(&data)),
            "TIMEOUT" => self.outcome.end = End::Stalled,
            _ if tag.ends_with(" done") => {
                self.outcome.end = End::Finished;
                self.outcome.seconds = seconds(&data);
            }
            _ => {}
        }
    }

    fn error(&mut self, data: &str) {
        let (first, detail) = data.split_once('\n').unwrap_or((data, ""));
        match first.strip_suffix(&self.suffix) {
            Some(name) => self.test(name, Outcome::Failed, None, detail),
            None => self.outcome.troubles.push(cut(data)),
        }
    }

    fn ignored(&mut self, data: &str) {
        let reason = |text: &str| REASONS.iter().any(|reason| text.starts_with(reason));
        if reason(data) {
            self.outcome.blocks_skipped.push(data.to_owned());
            return;
        }
        let split = data.match_indices(": ").find(|(at, _)| reason(&data[at + 2..]));
        let name = split.map_or(data, |(at, _)| &data[..at]);
        self.test(name, Outcome::Skipped, None, "");
    }

    fn test(&mut self, name: &str, outcome: Outcome, time_ms: Option<u64>, detail: &str) {
        let StableName { name, repeats } = self.names.stable(name);
        let earlier = self.outcome.tests.iter_mut().find(|test| repeats && test.id.name == name);
        if let Some(earlier) = earlier {
            if outcome == Outcome::Failed {
                earlier.outcome = outcome;
                earlier.detail = cut(detail);
            }
            return;
        }
        let occurrence = self.seen.entry(name.clone()).or_insert(0);
        *occurrence += 1;
        let id = TestId { name, occurrence: *occurrence };
        self.outcome.tests.push(TestResult { id, outcome, time_ms, detail: cut(detail) });
    }
}

/// Splits `NAME (12 ms)`.
fn timed(data: &str) -> (&str, Option<u64>) {
    let split = data.rsplit_once(" (").and_then(|(name, time)| Some((name, time.strip_suffix(" ms)")?.parse().ok()?)));
    match split {
        Some((name, time_ms)) => (name, Some(time_ms)),
        None => (data, None),
    }
}

/// The time in `FILE (3 seconds)`.
fn seconds(data: &str) -> u64 {
    let time = data.rsplit_once(" (").and_then(|(_, time)| time.strip_suffix(" seconds)"));
    time.and_then(|time| time.parse().ok()).unwrap_or(0)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(DETAIL_CHARACTERS_MAX) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> FileOutcome {
        output("unit/x", text, &Names::default())
    }

    fn summary(outcome: &FileOutcome) -> Vec<(String, u32, Outcome)> {
        outcome.tests.iter().map(|test| (test.id.name.clone(), test.id.occurrence, test.outcome)).collect()
    }

    #[test]
    fn a_file_that_finishes() {
        let outcome = parsed(
            "Starting test server at port 21079\n[ready]: 77\nTesting unit/x\n[ok]: one (two) (3 ms)\n[ok]: again (0 ms)\n[ok]: again (1 ms)\n[1/1 done]: unit/x (4 seconds)\n",
        );
        assert_eq!(
            summary(&outcome),
            [
                ("one (two)".into(), 1, Outcome::Passed),
                ("again".into(), 1, Outcome::Passed),
                ("again".into(), 2, Outcome::Passed)
            ]
        );
        assert_eq!(outcome.tests[0].time_ms, Some(3));
        assert_eq!((outcome.end, outcome.seconds), (End::Finished, 4));
    }

    #[test]
    fn a_failure_keeps_its_detail() {
        let outcome = parsed("[err]: a in tests/b in tests/unit/x.tcl\nExpected 1\n[odd] line\n[ok]: next (0 ms)\n");
        assert_eq!(
            summary(&outcome),
            [("a in tests/b".into(), 1, Outcome::Failed), ("next".into(), 1, Outcome::Passed)]
        );
        assert_eq!(outcome.tests[0].detail, "Expected 1\n[odd] line");
        assert_eq!(outcome.end, End::Died);
    }

    #[test]
    fn an_error_outside_a_test_is_no_test() {
        let outcome = parsed(
            "[err]: wn command 'FOO'\nERR unknown command\n    while executing\n[1/1 done]: unit/x (1 seconds)\n",
        );
        assert!(outcome.tests.is_empty());
        assert_eq!(outcome.troubles, ["wn command 'FOO'\nERR unknown command\n    while executing"]);
        assert_eq!(outcome.end, End::Finished);
    }

    #[test]
    fn what_is_left_out() {
        let outcome = parsed(
            "[ignore]: big: data: large memory flag not provided\n[ignore]: Tag: tls denied\n[ignore]: tagged: Tag: x denied\n[skip]: later\n[skip]: by itself in tests/unit/x.tcl: no such thing here\n",
        );
        assert_eq!(
            summary(&outcome),
            [
                ("big: data".into(), 1, Outcome::Skipped),
                ("tagged".into(), 1, Outcome::Skipped),
                ("later".into(), 1, Outcome::Skipped),
                ("by itself".into(), 1, Outcome::Skipped)
            ]
        );
        assert_eq!(outcome.blocks_skipped, ["Tag: tls denied"]);
    }

    #[test]
    fn how_a_file_ends_early() {
        assert_eq!(
            parsed("[exception]: Executing test client: x.\nx\n").end,
            End::Exception("Executing test client: x.\nx".into())
        );
        assert_eq!(parsed("[TIMEOUT]: clients state report follows.\n").end, End::Stalled);
        assert_eq!(parsed("").end, End::Died);
    }

    #[test]
    fn long_detail_is_cut() {
        let long = "é".repeat(DETAIL_CHARACTERS_MAX + 1);
        let outcome = parsed(&format!("[err]: a in tests/unit/x.tcl\n{long}\n"));
        assert!(outcome.tests[0].detail.ends_with("bytes)"));
    }

    #[test]
    fn tests_that_repeat_by_chance_count_as_one() {
        let names = Names::parse("any number of: kill *");
        let text = "[ok]: kill a (1 ms)\n[err]: kill b in tests/unit/x.tcl\nwhy\n[ok]: kill a (1 ms)\n";
        let outcome = output("unit/x", text, &names);
        assert_eq!(summary(&outcome), [("kill *".into(), 1, Outcome::Failed)]);
        assert_eq!(outcome.tests[0].detail, "why");
    }
}
