//! The run as a JUnit file, for whatever shows those.

use crate::error::{Error, Result};
use crate::expectation::Expectations;
use crate::quote::xml;
use crate::report::meaning;
use crate::verdict::{FileVerdict, Row, Verdict};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Writes `junit.xml` into a report directory: expected failures and what is not required appear as skipped, with the reason.
pub(crate) fn write(
    directory: &Path,
    files: &[FileVerdict],
    expectations: &Expectations,
) -> Result<()> {
    let path = directory.join("junit.xml");
    fs::write(&path, render(files, expectations)).map_err(Error::file("write", &path))
}

fn render(files: &[FileVerdict], expectations: &Expectations) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for file in files {
        let failures = file.count(Verdict::is_unexpected);
        let skipped = file.count(|verdict| !verdict.is_unexpected() && !is_pass(verdict));
        let _ = writeln!(
            text,
            "<testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"{}\">",
            xml(&file.name),
            file.rows.len(),
            file.seconds
        );
        for row in &file.rows {
            case(&mut text, file, row, expectations);
        }
        text.push_str("</testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn is_pass(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Passed | Verdict::FlakyPass(_))
}

fn case(text: &mut String, file: &FileVerdict, row: &Row, expectations: &Expectations) {
    let (name, class) = (xml(&row.id.to_string()), xml(&file.name.replace('/', ".")));
    let time = format!("{}.{:03}", row.time_ms / 1_000, row.time_ms % 1_000);
    let _ = write!(
        text,
        "<testcase classname=\"{class}\" name=\"{name}\" time=\"{time}\""
    );
    let message = xml(&meaning(row.verdict, expectations));
    let _ = match row.verdict {
        verdict if is_pass(verdict) => writeln!(text, "/>"),
        verdict if verdict.is_unexpected() => {
            writeln!(
                text,
                "><failure message=\"{message}\">{}</failure></testcase>",
                xml(&row.detail)
            )
        }
        _ => writeln!(text, "><skipped message=\"{message}\"/></testcase>"),
    };
}
