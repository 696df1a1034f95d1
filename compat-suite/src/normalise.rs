//! Test names that contain something of the run they are from.
//!
//! A few names are made of random values. `varying-names.txt` in a suite's data directory lists patterns for them, one a line, in
//! which `*` stands for what varies; a name that matches is replaced by its pattern, and occurrences tell such tests apart. Where
//! chance decides how often a test runs, a line begins with `any number of:`, and all that match count as one test.

use crate::error::{Error, Result};
use std::path::Path;

/// The patterns of one suite.
#[derive(Debug, Default)]
pub(crate) struct Names {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    name: String,
    repeats: bool,
}

/// A name that is the same in each run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StableName {
    pub(crate) name: String,
    /// All tests of this name count as one.
    pub(crate) repeats: bool,
}

impl Names {
    /// Loads `varying-names.txt` from a data directory; there need not be one.
    pub(crate) fn load(data: &Path) -> Result<Self> {
        let path = data.join("varying-names.txt");
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        Ok(Self::parse(&text))
    }

    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let pattern = |line: &str| match line.strip_prefix("any number of:") {
            Some(name) => Pattern { name: name.trim().to_owned(), repeats: true },
            None => Pattern { name: line.to_owned(), repeats: false },
        };
        Self { patterns: lines.map(pattern).collect() }
    }

    /// The name without what varies, on one line and without tabs, so that it can be kept in a table.
    pub(crate) fn stable(&self, name: &str) -> StableName {
        let name = name.replace(['\t', '\n', '\r'], " ");
        match self.patterns.iter().find(|pattern| matches(&pattern.name, &name)) {
            Some(pattern) => StableName { name: pattern.name.clone(), repeats: pattern.repeats },
            None => StableName { name, repeats: false },
        }
    }
}

/// Whether `text` is `pattern` with each `*` replaced by something.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(head) else {
        return false;
    };
    let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.any(|at| matches(rest, &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("a*c", "abbc"));
        assert!(matches("*", ""));
        assert!(matches("#* from #*", "#1 from #22"));
        assert!(!matches("a*c", "abbd"));
        assert!(!matches("a", "ab"));
    }

    #[test]
    fn names_become_their_pattern() {
        let names = Names::parse("# comment\n\nSet #* to replicate from #*\nany number of: kill *\n");
        let stable = |name, repeats| {
            let stable = names.stable(name);
            assert_eq!(stable.repeats, repeats);
            stable.name
        };
        assert_eq!(stable("Set #3 to replicate from #0", false), "Set #* to replicate from #*");
        assert_eq!(stable("kill that", true), "kill *");
        assert_eq!(stable("BITCOUNT vector #1", false), "BITCOUNT vector #1");
        assert_eq!(stable("two\nlines\there", false), "two lines here");
    }
}
