//! MULTI is atomic: the two keys of a pair, only ever set together, are equal
//! whenever they are read at one moment, anywhere.

use super::{Checker, Watch};

impl Watch {
    /// Somebody has read both keys of a pair at one moment.
    pub(crate) fn check_pair<T: PartialEq + std::fmt::Debug>(&mut self, place: &str, one: &T, other: &T) {
        let wrong = || format!("{place}: the keys of a pair are {one:?} and {other:?}");
        self.judge(Checker::Atomic, (one != other).then(wrong));
    }
}
