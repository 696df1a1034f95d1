//! Test names that contain something of the run they are from.
//!
//! A few names are made of random values. `varying-names.txt` in a suite's data directory lists patterns for them, one a line, in
//! which `*` stands for what varies; a name that matches is replaced by its pattern, and occurrences tell such tests apart.

use crate::error::{Error, Result};
use std::path::Path;

/// The patterns of one suite.
#[derive(Debug, Default)]
pub(crate) struct Names {
    patterns: Vec<String>,
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

    fn parse(text: &str) -> Self {
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self {
            patterns: lines.map(str::to_owned).collect(),
        }
    }

    /// The name without what varies, on one line and without tabs, so that it can be kept in a table.
    pub(crate) fn stable(&self, name: &str) -> String {
        let name = name.replace(['\t', '\n', '\r'], " ");
        match self.patterns.iter().find(|pattern| matches(pattern, &name)) {
            Some(pattern) => pattern.clone(),
            None => name,
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
        let names = Names::parse("# comment\n\nSet #* to replicate from #*\n");
        assert_eq!(
            names.stable("Set #3 to replicate from #0"),
            "Set #* to replicate from #*"
        );
        assert_eq!(names.stable("BITCOUNT vector #1"), "BITCOUNT vector #1");
        assert_eq!(names.stable("two\nlines\there"), "two lines here");
    }
}
