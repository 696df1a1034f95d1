//! The list of expected failures.
//!
//! Tests are listed in groups that share a reason. A reason is either permanent or names what removes it:
//!
//! - `permanent = "superseded"`: the peer fails the test too, or `opposite` names the line of a newer suite that asserts the opposite;
//! - `permanent = "mechanism"`: the test needs a forked child or the reference's table internals; `instead` names our own test of the property;
//! - `until = "issue N: …"`: everything else.
//!
//! `flaky` in a group says why either outcome is accepted for its tests. A file's tests are a list of names, `["name", 2]` for a later
//! occurrence, or `"*"` for all that are required of the file.

use crate::baseline::{Baseline, ListedFile, ListedTest, Status};
use crate::error::{Error, Result};
use crate::outcome::TestId;
use crate::quote::quoted;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A reason that no work of ours removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Permanent {
    Superseded,
    Mechanism,
}

impl Permanent {
    fn word(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Mechanism => "mechanism",
        }
    }
}

/// Why a group of tests fails.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) reason: String,
    pub(crate) until: Option<String>,
    pub(crate) permanent: Option<Permanent>,
    pub(crate) opposite: Option<String>,
    pub(crate) instead: Option<String>,
    pub(crate) flaky: Option<String>,
    #[serde(default)]
    tests: BTreeMap<String, Listed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Listed {
    All(String),
    Some(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Entry {
    First(String),
    Nth(String, u32),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    group: Vec<Group>,
}

impl Group {
    /// A group without tests yet.
    pub(crate) fn new(reason: &str, until: Option<&str>, permanent: Option<Permanent>) -> Self {
        Self {
            reason: reason.to_owned(),
            until: until.map(str::to_owned),
            permanent,
            opposite: None,
            instead: None,
            flaky: None,
            tests: BTreeMap::new(),
        }
    }

    /// Whether the two say the same about their tests.
    pub(crate) fn same_reason(&self, other: &Self) -> bool {
        let said = |group: &Self| Self { tests: BTreeMap::new(), ..group.clone() };
        said(self) == said(other)
    }

    /// What its tests are counted under: the kind of a permanent reason, or what removes it.
    pub(crate) fn heading(&self) -> &str {
        match (&self.permanent, &self.until) {
            (Some(permanent), _) => permanent.word(),
            (None, Some(until)) => until,
            (None, None) => &self.reason,
        }
    }

    fn complaint(&self) -> Option<&'static str> {
        match (self.permanent, &self.until) {
            (Some(_), Some(_)) => Some("a group is either permanent or has an `until`"),
            (None, None) => Some("a group needs `until` or `permanent`"),
            (Some(Permanent::Mechanism), None) if self.instead.is_none() => {
                Some("a mechanism needs `instead`, our own test of the property")
            }
            _ if self.reason.trim().is_empty() => Some("a group needs a reason"),
            _ => None,
        }
    }
}

/// The expected failures of a suite: for each listed test of a file, its group.
#[derive(Debug, Default)]
pub(crate) struct Expectations {
    pub(crate) groups: Vec<Group>,
    entries: HashMap<(String, TestId), usize>,
}

impl Expectations {
    /// The file name in a data directory.
    pub(crate) const FILE: &str = "expected-failures.toml";

    /// Loads the list and checks it against the list of tests.
    pub(crate) fn load(data: &Path, baseline: &Baseline) -> Result<Self> {
        let (expectations, complaints) = Self::load_leniently(data, baseline)?;
        if complaints.is_empty() {
            return Ok(expectations);
        }
        let why = complaints.join("\n  ");
        Err(Error::Data {
            path: data.join(Self::FILE),
            line: None,
            why: format!("{} mistakes:\n  {why}", complaints.len()),
        })
    }

    /// Loads the list, leaving out what is wrong with it and saying what that is.
    pub(crate) fn load_leniently(data: &Path, baseline: &Baseline) -> Result<(Self, Vec<String>)> {
        let path = data.join(Self::FILE);
        if !path.exists() {
            return Ok((Self::default(), Vec::new()));
        }
        let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        Self::parse(&text, baseline).map_err(|error| Error::Data { path, line: None, why: error.to_string() })
    }

    fn parse(text: &str, baseline: &Baseline) -> std::result::Result<(Self, Vec<String>), toml::de::Error> {
        let document: Document = toml::from_str(text)?;
        let mut expectations = Self::default();
        let mut complaints = Vec::new();
        for mut group in document.group {
            if let Some(complaint) = group.complaint() {
                complaints.push(format!("{}: {complaint}", group.reason));
            }
            let tests = std::mem::take(&mut group.tests);
            let index = expectations.groups.len();
            expectations.groups.push(group);
            for (file, listed) in tests {
                match baseline.file(&file) {
                    Some(found) => expectations.enlist(found, listed, index, &mut complaints),
                    None => complaints.push(format!("{file}: no such file in {}", Baseline::FILE)),
                }
            }
        }
        Ok((expectations, complaints))
    }

    fn enlist(&mut self, file: &ListedFile, listed: Listed, group: usize, complaints: &mut Vec<String>) {
        let ids: Vec<TestId> = match listed {
            Listed::All(star) if star == "*" => {
                file.tests.iter().filter(|test| test.is_required()).map(|test| test.id.clone()).collect()
            }
            Listed::All(other) => {
                complaints.push(format!("{}: {other:?} is neither a list nor \"*\"", file.name));
                return;
            }
            Listed::Some(entries) => entries.into_iter().map(Entry::into_id).collect(),
        };
        for id in ids {
            let complaint = match file.tests.iter().find(|test| test.id == id) {
                None => Some("there is no such test"),
                Some(test) if !test.is_required() => Some("the reference does not pass it, so nothing is required"),
                Some(test) if self.refuted(test, group) => {
                    Some("listed as superseded, but the peer passes it and no `opposite` is named")
                }
                Some(_) if self.group_of(&file.name, &id).is_some() => Some("listed twice"),
                Some(_) => None,
            };
            match complaint {
                Some(complaint) => complaints.push(format!("{}: {id}: {complaint}", file.name)),
                None => self.insert(&file.name, id, group),
            }
        }
    }

    fn refuted(&self, test: &ListedTest, group: usize) -> bool {
        let passes = matches!(test.peer, Status::Passed | Status::Flaky) || test.reference == Status::Presumed;
        self.needs_peer(group) && passes
    }

    /// Whether a group's claim is that the peer fails its tests.
    pub(crate) fn needs_peer(&self, group: usize) -> bool {
        let group = &self.groups[group];
        group.permanent == Some(Permanent::Superseded) && group.opposite.is_none()
    }

    /// The group that a test is listed in.
    pub(crate) fn group_of(&self, file: &str, id: &TestId) -> Option<usize> {
        self.entries.get(&(file.to_owned(), id.clone())).copied()
    }

    /// Lists a test.
    pub(crate) fn insert(&mut self, file: &str, id: TestId, group: usize) {
        self.entries.insert((file.to_owned(), id), group);
    }

    /// Takes a test off the list.
    pub(crate) fn remove(&mut self, file: &str, id: &TestId) {
        self.entries.remove(&(file.to_owned(), id.clone()));
    }

    /// The group that says this, made when there is none.
    pub(crate) fn group_like(&mut self, wanted: Group) -> usize {
        let found = self.groups.iter().position(|group| group.same_reason(&wanted));
        found.unwrap_or_else(|| {
            self.groups.push(wanted);
            self.groups.len() - 1
        })
    }

    /// How many tests are listed.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Saves the list into a data directory, in the order of the list of tests.
    pub(crate) fn save(&self, data: &Path, baseline: &Baseline) -> Result<()> {
        let path = data.join(Self::FILE);
        fs::write(&path, self.render(baseline)).map_err(Error::file("write", &path))
    }

    fn render(&self, baseline: &Baseline) -> String {
        let mut text = HEADER.to_owned();
        for (index, group) in self.groups.iter().enumerate() {
            let mut tests = String::new();
            for file in &baseline.files {
                self.render_file(index, file, &mut tests);
            }
            if tests.is_empty() {
                continue;
            }
            let _ = writeln!(text, "\n[[group]]\nreason = {}", quoted(&group.reason));
            let fields = [
                ("until", group.until.as_deref()),
                ("permanent", group.permanent.map(Permanent::word)),
                ("opposite", group.opposite.as_deref()),
                ("instead", group.instead.as_deref()),
                ("flaky", group.flaky.as_deref()),
            ];
            for (name, value) in fields {
                if let Some(value) = value {
                    let _ = writeln!(text, "{name} = {}", quoted(value));
                }
            }
            let _ = write!(text, "\n[group.tests]\n{tests}");
        }
        text
    }

    fn render_file(&self, group: usize, file: &ListedFile, text: &mut String) {
        let listed: Vec<&TestId> =
            file.tests.iter().map(|test| &test.id).filter(|id| self.group_of(&file.name, id) == Some(group)).collect();
        let required = file.tests.iter().filter(|test| test.is_required()).count();
        let name = quoted(&file.name);
        if listed.is_empty() {
            return;
        }
        if listed.len() == required {
            let _ = writeln!(text, "{name} = \"*\"");
            return;
        }
        let _ = writeln!(text, "{name} = [");
        for id in listed {
            let _ = match id.occurrence {
                1 => writeln!(text, "    {},", quoted(&id.name)),
                nth => writeln!(text, "    [{}, {nth}],", quoted(&id.name)),
            };
        }
        text.push_str("]\n");
    }
}

impl Entry {
    fn into_id(self) -> TestId {
        match self {
            Self::First(name) => TestId { name, occurrence: 1 },
            Self::Nth(name, occurrence) => TestId { name, occurrence },
        }
    }
}

const HEADER: &str = "\
# Tests of the suite that are expected to fail, by reason. The list only shrinks: `compat-suite bless` drops what passes.
# What the fields mean is said in src/expectation.rs.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline() -> Baseline {
        let test = |name: &str, occurrence, reference, peer| ListedTest {
            id: TestId { name: name.into(), occurrence },
            reference,
            peer,
        };
        let tests = vec![
            test("a", 1, Status::Passed, Status::Passed),
            test("a", 2, Status::Passed, Status::Failed),
            test("b \"quoted\"", 1, Status::Passed, Status::Failed),
            test("c", 1, Status::Failed, Status::Failed),
        ];
        Baseline { files: vec![ListedFile { name: "unit/x".into(), seconds: 1, slowest_seconds: 1, tests }] }
    }

    fn complaints(text: &str) -> Vec<String> {
        Expectations::parse(text, &baseline()).unwrap().1
    }

    #[test]
    fn names_occurrences_and_all() {
        let text = "[[group]]\nreason = \"r\"\nuntil = \"issue 1\"\n[group.tests]\n\"unit/x\" = [\"b \\\"quoted\\\"\", [\"a\", 2]]\n";
        let (some, none) = Expectations::parse(text, &baseline()).unwrap();
        assert!(none.is_empty());
        assert_eq!(some.len(), 2);
        let (all, none) = Expectations::parse(
            "[[group]]\nreason = \"r\"\nuntil = \"u\"\ntests = { \"unit/x\" = \"*\" }\n",
            &baseline(),
        )
        .unwrap();
        assert!(none.is_empty());
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn saved_and_loaded_are_the_same() {
        let text = "[[group]]\nreason = \"r\"\nuntil = \"issue 1\"\n[group.tests]\n\"unit/x\" = [\"b \\\"quoted\\\"\", [\"a\", 2]]\n";
        let (first, _) = Expectations::parse(text, &baseline()).unwrap();
        let rendered = first.render(&baseline());
        let (second, complaints) = Expectations::parse(&rendered, &baseline()).unwrap();
        assert!(complaints.is_empty());
        assert_eq!(second.entries, first.entries);
        assert_eq!(second.groups, first.groups);
        assert_eq!(second.render(&baseline()), rendered);
    }

    #[test]
    fn a_whole_file_is_saved_as_a_star() {
        let (all, _) = Expectations::parse(
            "[[group]]\nreason = \"r\"\nuntil = \"u\"\ntests = { \"unit/x\" = \"*\" }\n",
            &baseline(),
        )
        .unwrap();
        assert!(all.render(&baseline()).contains("\"unit/x\" = \"*\""));
    }

    #[test]
    fn mistakes_are_named() {
        let group = |fields: &str, tests: &str| {
            complaints(&format!("[[group]]\nreason = \"r\"\n{fields}\ntests = {{ {tests} }}\n"))
        };
        assert!(group("", "")[0].contains("needs `until` or `permanent`"));
        assert!(group("until = \"u\"\npermanent = \"superseded\"", "")[0].contains("either permanent"));
        assert!(group("permanent = \"mechanism\"", "")[0].contains("instead"));
        assert!(group("until = \"u\"", "\"unit/y\" = \"*\"")[0].contains("no such file"));
        assert!(group("until = \"u\"", "\"unit/x\" = [\"z\"]")[0].contains("no such test"));
        assert!(group("until = \"u\"", "\"unit/x\" = [\"c\"]")[0].contains("nothing is required"));
        assert!(group("until = \"u\"", "\"unit/x\" = [\"a\", \"a\"]")[0].contains("listed twice"));
        assert!(group("permanent = \"superseded\"", "\"unit/x\" = [\"a\"]")[0].contains("the peer passes it"));
        assert!(group("permanent = \"superseded\"", "\"unit/x\" = [[\"a\", 2]]").is_empty());
        assert!(
            group("permanent = \"superseded\"\nopposite = \"tests/unit/x.tcl:1\"", "\"unit/x\" = [\"a\"]").is_empty()
        );
    }
}
