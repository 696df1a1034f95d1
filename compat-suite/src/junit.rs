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
pub(crate) fn write(directory: &Path, files: &[FileVerdict], expectations: &Expectations) -> Result<()> {
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
    let _ = write!(text, "<testcase classname=\"{class}\" name=\"{name}\" time=\"{time}\"");
    let message = xml(&meaning(row.verdict, expectations));
    let _ = match row.verdict {
        verdict if is_pass(verdict) => writeln!(text, "/>"),
        verdict if verdict.is_unexpected() => {
            writeln!(text, "><failure message=\"{message}\">{}</failure></testcase>", xml(&row.detail))
        }
        _ => writeln!(text, "><skipped message=\"{message}\"/></testcase>"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expectation::Group;
    use crate::outcome::{End, TestId};

    fn row(name: &str, verdict: Verdict) -> Row {
        let id = TestId { name: name.to_owned(), occurrence: 2 };
        Row { id, verdict, time_ms: 1_234, detail: "got <nil>".to_owned() }
    }

    #[test]
    fn failures_and_reasons() {
        let mut expectations = Expectations::default();
        let group = expectations.group_like(Group::new("no lists", Some("issue 9"), None));
        let file = FileVerdict {
            name: "unit/x".to_owned(),
            rows: vec![
                row("good", Verdict::Passed),
                row("bad", Verdict::Failed),
                row("later", Verdict::Expected(group)),
            ],
            unlisted_passes: 0,
            troubles: Vec::new(),
            blocks_skipped: 0,
            end: End::Finished,
            seconds: 3,
        };
        assert_eq!(
            render(&[file], &expectations),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n\
             <testsuite name=\"unit/x\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"3\">\n\
             <testcase classname=\"unit.x\" name=\"good (occurrence 2)\" time=\"1.234\"/>\n\
             <testcase classname=\"unit.x\" name=\"bad (occurrence 2)\" time=\"1.234\">\
             <failure message=\"failed\">got &lt;nil&gt;</failure></testcase>\n\
             <testcase classname=\"unit.x\" name=\"later (occurrence 2)\" time=\"1.234\">\
             <skipped message=\"expected: no lists (issue 9)\"/></testcase>\n\
             </testsuite>\n</testsuites>\n"
        );
    }
}
