//! Upstream's suite of sentinels: five of them, as Debian has them, watch over five of our servers.
//!
//! It is a program of its own beside the rest of the suite: it starts all servers itself, says what becomes of tests in other words, and
//! has fixed ports. Its files count as files of the suite with names like `sentinel/00-base`; here is what makes them so.

use crate::error::{Error, Result};
use crate::layout::on_path;
use crate::ports::PER_JOB;
use crate::suite::Suite;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

const PREFIX: &str = "sentinel/";
const PROGRAM: &str = "redis-sentinel";
/// Our script in the scratch directory, which has the suite run on other ports than it says.
const STARTER: &str = "sentinel.tcl";
/// The suite sets its ports as it is loaded: what is written there is written over.
const STARTER_TEXT: &str = "\
proc write_over {name value args} { set ::$name $value }
lassign $argv sentinels servers count
foreach {name value} [list sentinel_base_port $sentinels redis_base_port $servers redis_port_count $count] {
    set ::$name $value
    trace add variable ::$name write [list write_over $name $value]
}
set argv [lrange $argv 3 end]
fconfigure stdout -buffering line
source tests/sentinel/run.tcl
";
const SECONDS_OF_A_DAY: u64 = 86_400;

/// Whether a file of the suite belongs here.
pub(crate) fn has(file: &str) -> bool {
    file.starts_with(PREFIX)
}

/// The files of a source tree. There are none for a suite that is not of the servers whose sentinels we take.
pub(crate) fn list(suite: &Suite, source: &Path) -> Result<Vec<String>> {
    if suite.package != "redis" {
        return Ok(Vec::new());
    }
    let directory = source.join("tests/sentinel/tests");
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).map_err(Error::file("read", &directory))? {
        let name = entry.map_err(Error::file("read", &directory))?.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(".tcl")).map(|name| format!("{PREFIX}{name}")));
    }
    names.sort();
    Ok(names)
}

/// Makes a scratch directory that is laid out for the rest of the suite ready for this one.
pub(crate) fn prepare(scratch: &Path) -> Result<()> {
    let installed = on_path(PROGRAM).ok_or(Error::MissingProgram { program: PROGRAM, package: PROGRAM })?;
    let link = scratch.join("src").join(PROGRAM);
    fs::remove_file(&link).map_err(Error::file("replace", &link))?;
    symlink(installed, &link).map_err(Error::file("link", &link))?;
    let starter = scratch.join(STARTER);
    fs::write(&starter, STARTER_TEXT).map_err(Error::file("write", &starter))
}

/// What tclsh is to be given to run a file on the ports of a job.
pub(crate) fn arguments(file: &str, first_port: u16) -> Vec<String> {
    let (half, unit) = (PER_JOB / 2, file.strip_prefix(PREFIX).unwrap_or(file));
    let ports = [first_port, first_port + half, half].map(|number| number.to_string());
    let mut arguments = vec![STARTER.to_owned()];
    arguments.extend(ports);
    arguments.extend(["--single".to_owned(), format!("/{unit}.tcl")]);
    arguments
}

/// Says in the words of the rest of the suite what this one prints.
///
/// ```text
/// 12:34:56> NAME: OK                    passed; between the two may be what the test itself prints, on several lines
/// 12:34:56> NAME: FAILED: why           failed; lines of detail follow
/// FAILED: why                           an error outside any test
/// WARNING: Aborting the test.           it ends there, the line that follows says why
/// GOOD! No errors.                      all of it ran
/// WARNING 2 test(s) failed.             all of it ran
/// ```
pub(crate) fn translated(file: &str, text: &str) -> String {
    let mut translator = Translator { file, ..Translator::default() };
    for line in text.lines() {
        translator.line(line.trim_end_matches('\r'));
    }
    translator.give_up("It did not end.");
    translator.close(None);
    translator.text
}

#[derive(Debug, Default)]
struct Translator<'a> {
    file: &'a str,
    text: String,
    /// The test that runs, and the second it began in.
    open: Option<(String, u64)>,
    /// The test that has passed last and the second it began in. How long it took is known when the next begins.
    passed: Option<(String, u64)>,
    /// Whether lines are detail of what went wrong last.
    in_detail: bool,
    began: Option<u64>,
    now: u64,
}

impl Translator<'_> {
    fn line(&mut self, line: &str) {
        if let Some((second, name, rest)) = beginning(line) {
            self.give_up("It did not end.");
            self.close(Some(second));
            (self.began, self.now) = (self.began.or(Some(second)), second);
            self.in_detail = false;
            self.open = Some((name.to_owned(), second));
            self.printed(rest);
        } else if self.open.is_some() && !line.starts_with("WARNING") {
            self.printed(line);
        } else {
            self.beside_tests(line);
        }
    }

    /// What is printed while a test runs.
    fn printed(&mut self, text: &str) {
        if text == "OK" || text.ends_with(" OK") {
            self.passed = self.open.take();
        } else if let Some((_, why)) = text.split_once("FAILED: ") {
            self.give_up(why);
        }
    }

    fn beside_tests(&mut self, line: &str) {
        if line.starts_with("GOOD! ") || line.starts_with("WARNING ") && line.ends_with(" failed.") {
            self.close(None);
            let seconds = since(self.began.unwrap_or(self.now), self.now);
            let _ = writeln!(self.text, "[1/1 done]: {} ({seconds} seconds)", self.file);
        } else if line.starts_with("WARNING: Aborting") {
            self.give_up("The suite gave up.");
            self.trouble("exception", line);
        } else if line.starts_with("Cleaning up") {
            self.in_detail = false;
        } else if self.in_detail {
            let _ = writeln!(self.text, "{line}");
        } else if line.starts_with("FAILED: ") || line.starts_with("*** Crash report") || line.starts_with("ERROR: ") {
            self.trouble("err", line);
        }
    }

    fn trouble(&mut self, tag: &str, line: &str) {
        self.close(None);
        let _ = writeln!(self.text, "[{tag}]: {line}");
        self.in_detail = true;
    }

    /// The test that runs, if one does, has failed.
    fn give_up(&mut self, why: &str) {
        if let Some((name, _)) = self.open.take() {
            self.close(None);
            let _ = writeln!(self.text, "[err]: {name} in tests/{}.tcl\n{why}", self.file);
            self.in_detail = true;
        }
    }

    /// Writes the test that has passed last.
    fn close(&mut self, next: Option<u64>) {
        if let Some((name, second)) = self.passed.take() {
            let took = next.map_or(0, |next| since(second, next)) * 1_000;
            let _ = writeln!(self.text, "[ok]: {name} ({took} ms)");
        }
    }
}

/// Splits `12:34:56> NAME: REST`, the time in seconds of its day.
fn beginning(line: &str) -> Option<(u64, &str, &str)> {
    let (time, rest) = line.split_once("> ")?;
    let numbers: Vec<u64> = time.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hour, minute, second] = numbers[..] else { return None };
    let (name, rest) = rest.split_once(": ")?;
    Some((hour * 3_600 + minute * 60 + second, name, rest))
}

fn since(earlier: u64, later: u64) -> u64 {
    (later + SECONDS_OF_A_DAY - earlier) % SECONDS_OF_A_DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::Names;
    use crate::outcome::{End, FileOutcome, Outcome};
    use crate::parse::output;

    const FILE: &str = "sentinel/00-x";

    fn parsed(text: &str) -> FileOutcome {
        output(FILE, &translated(FILE, text), &Names::default())
    }

    fn summary(outcome: &FileOutcome) -> Vec<(&str, Outcome)> {
        outcome.tests.iter().map(|test| (test.id.name.as_str(), test.outcome)).collect()
    }

    #[test]
    fn a_file_that_finishes() {
        let outcome = parsed(
            "Starting sentinel #0 at port 1\nTesting unit: 00-x.tcl\n23:59:58> one: OK\n00:00:01> two, at a:1: redis/1 OK\n00:00:02> three: Waiting for process 7\nOK\nCleaning up...\nkilling stale instance 7\nGOOD! No errors.\n",
        );
        let passed = ["one", "two, at a:1", "three"].map(|name| (name, Outcome::Passed));
        assert_eq!(summary(&outcome), passed);
        assert_eq!((outcome.tests[0].time_ms, outcome.tests[2].time_ms), (Some(3_000), Some(0)));
        assert_eq!((outcome.end, outcome.seconds), (End::Finished, 4));
        assert!(outcome.troubles.is_empty());
    }

    #[test]
    fn a_failure_keeps_its_detail() {
        let outcome = parsed(
            "10:00:00> one: OK\n10:00:00> two: FAILED: Expected 1\n(Jumping)\nFAILED: caught\n    in\nCleaning up...\nkilling 7\nWARNING 2 test(s) failed.\n",
        );
        assert_eq!(summary(&outcome), [("one", Outcome::Passed), ("two", Outcome::Failed)]);
        assert_eq!(outcome.tests[1].detail, "Expected 1\n(Jumping)\nFAILED: caught\n    in");
        assert_eq!(outcome.end, End::Finished);
    }

    #[test]
    fn what_goes_wrong_beside_tests() {
        let outcome =
            parsed("10:00:00> one: OK\nFAILED: caught this\nwhere\nCleaning up...\nWARNING 1 test(s) failed.\n");
        assert_eq!(summary(&outcome), [("one", Outcome::Passed)]);
        assert_eq!(outcome.troubles, ["FAILED: caught this\nwhere"]);
    }

    #[test]
    fn how_a_file_ends_early() {
        let outcome = parsed("10:00:00> one: OK\n10:00:00> two: some\n");
        assert_eq!(summary(&outcome), [("one", Outcome::Passed), ("two", Outcome::Failed)]);
        assert_eq!(outcome.end, End::Died);
        let outcome = parsed("10:00:00> one: WARNING: Aborting the test.\n>>>> no start\nCleaning up...\n");
        assert_eq!(summary(&outcome), [("one", Outcome::Failed)]);
        let outcome = parsed("WARNING: Aborting the test.\n>>>> no start\nCleaning up...\nx\n");
        assert_eq!(outcome.end, End::Exception("WARNING: Aborting the test.\n>>>> no start".into()));
    }

    #[test]
    fn a_unit_runs_on_the_ports_of_its_job() {
        let expected = ["sentinel.tcl", "11100", "11350", "250", "--single", "/00-x.tcl"];
        assert_eq!(arguments(FILE, 11_100), expected);
    }
}
