//! Nothing is applied twice: a counter is never beyond the number of times that
//! somebody has asked for it to grow.

use super::{Checker, Watch};

impl Watch {
    /// Somebody asks for the counter of a database to grow.
    pub(crate) fn note_count_asked(&mut self, database: u32) {
        *self.counts_asked.entry(database).or_default() += 1;
    }

    /// The counter has grown to a number.
    pub(crate) fn check_count(&mut self, database: u32, number: i64) {
        let asked = self.counts_asked.get(&database).copied().unwrap_or_default();
        let wrong = || format!("the counter of database {database} is at {number}, asked to grow {asked} times");
        let within = u64::try_from(number).is_ok_and(|number| number <= asked);
        self.judge(Checker::Once, (!within).then(wrong));
    }
}
