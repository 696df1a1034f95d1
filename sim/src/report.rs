//! What happened, in numbers: to see that what should happen sometimes does.

use std::collections::BTreeMap;
use std::fmt;

/// Counts by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    counts: BTreeMap<String, u64>,
}

impl Report {
    /// Something happened so many times.
    pub fn add(&mut self, name: &str, count: u64) {
        match self.counts.get_mut(name) {
            Some(so_far) => *so_far += count,
            None => drop(self.counts.insert(name.to_owned(), count)),
        }
    }

    /// How often something happened.
    pub fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or(0)
    }

    /// Adds another report.
    pub fn merge(&mut self, other: &Report) {
        for (name, count) in &other.counts {
            self.add(name, *count);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &self.counts {
            writeln!(f, "{count:>14}  {name}")?;
        }
        Ok(())
    }
}
