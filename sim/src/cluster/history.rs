//! Who wrote what in which order: the histories that replication ids name, as
//! seen from outside.
//!
//! A history is the sequence of register writes that its primaries executed. One
//! that goes on from another has it as its parent, up to a cut; what the parent
//! has behind the cut is lost to it.

use std::collections::BTreeMap;

/// The number of a history.
pub(crate) type HistoryNumber = usize;
/// The number of a write.
pub(crate) type WriteNumber = usize;

/// Why a history began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Born {
    /// With an empty data set, or out of nothing that is known.
    Empty,
    /// A replica was promoted by REPLICAOF NO ONE.
    Promotion,
    /// A replica took over as FAILOVER arranged it.
    Handover,
    /// A node started again with what it found on its disk.
    Recovery,
    /// A primary gave its history another name.
    Renaming,
}

/// A history.
#[derive(Debug)]
pub(crate) struct History {
    /// What it goes on from: which, and how many of its writes it has.
    pub parent: Option<(HistoryNumber, usize)>,
    /// Why it began.
    pub born: Born,
    /// Its writes, with the offset behind the batch that each was in.
    pub log: Vec<Entry>,
    /// The furthest offset to which a primary has written it.
    pub written_to: u64,
}

/// A write in a history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Which.
    pub write: WriteNumber,
    /// The offset behind it.
    pub after: u64,
}

/// All histories of a run.
#[derive(Default, Debug)]
pub(crate) struct Histories {
    /// By number.
    pub all: Vec<History>,
    by_id: BTreeMap<[u8; 40], HistoryNumber>,
}

/// The prefixes of a sequence of writes that some values may come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Prefix {
    /// The shortest.
    pub least: usize,
    /// The longest.
    pub most: usize,
}

impl Histories {
    /// The history with an id.
    pub(crate) fn find(&self, id: &[u8; 40]) -> Option<HistoryNumber> {
        self.by_id.get(id).copied()
    }

    /// A history begins.
    pub(crate) fn begin(&mut self, id: [u8; 40], parent: Option<(HistoryNumber, usize)>, born: Born) -> HistoryNumber {
        self.all.push(History { parent, born, log: Vec::new(), written_to: 0 });
        self.by_id.insert(id, self.all.len() - 1);
        self.all.len() - 1
    }

    /// All writes up to a place in a history, from the very beginning.
    pub(crate) fn lineage(&self, history: HistoryNumber, length: usize) -> Vec<WriteNumber> {
        let known = &self.all[history];
        let mut writes = match known.parent {
            Some((parent, cut)) => self.lineage(parent, cut),
            None => Vec::new(),
        };
        writes.extend(known.log[..length].iter().map(|entry| entry.write));
        writes
    }

    /// Number of writes before a history's own.
    pub(crate) fn inherited(&self, history: HistoryNumber) -> usize {
        match self.all[history].parent {
            Some((parent, cut)) => self.inherited(parent) + cut,
            None => 0,
        }
    }

    /// Number of writes of a history's lineage that whoever has come to an offset
    /// has at least: it may be an offset of a parent, before the cut.
    pub(crate) fn known_at(&self, history: HistoryNumber, offset: u64) -> usize {
        let inherited = self.inherited(history);
        let own = self.all[history].log.partition_point(|entry| entry.after <= offset);
        match self.all[history].parent {
            Some((parent, _)) if own == 0 => inherited.min(self.known_at(parent, offset)),
            _ => inherited + own,
        }
    }

    /// The cut of a history's own log that makes a prefix of its lineage so long;
    /// goes back to a parent where the prefix is shorter.
    pub(crate) fn cut(&self, history: HistoryNumber, length: usize) -> (HistoryNumber, usize) {
        let inherited = self.inherited(history);
        match self.all[history].parent {
            Some((parent, _)) if length < inherited => self.cut(parent, length),
            _ => (history, length.saturating_sub(inherited).min(self.all[history].log.len())),
        }
    }

    /// True if who has come to an offset of a history has all that another
    /// history had at an offset.
    pub(crate) fn includes(&self, history: HistoryNumber, offset: u64, other: HistoryNumber, needed: u64) -> bool {
        if history == other {
            return offset >= needed;
        }
        match self.all[history].parent {
            // Offsets go on where a history goes on under another name.
            Some((parent, _)) => self.includes(parent, offset, other, needed),
            None => false,
        }
    }
}

/// Which prefixes of `lineage` leave each register with the value it has: the
/// write that `values` has, by register, or none. `None` if there is no such
/// prefix.
pub(crate) fn prefix(
    lineage: &[WriteNumber],
    register_of: impl Fn(WriteNumber) -> usize,
    values: &[Option<WriteNumber>],
) -> Option<Prefix> {
    let mut found: Vec<bool> = values.iter().map(Option::is_none).collect();
    let mut prefix = Prefix { least: 0, most: lineage.len() };
    for (index, &write) in lineage.iter().enumerate() {
        let register = register_of(write);
        if values[register] == Some(write) {
            found[register] = true;
            prefix.least = prefix.least.max(index + 1);
        } else if found[register] {
            prefix.most = prefix.most.min(index);
        }
    }
    (found.iter().all(|found| *found) && prefix.least <= prefix.most).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_found() {
        // Even writes go to register 0, odd ones to 1.
        let of = |write: WriteNumber| write % 2;
        let lineage = [0, 1, 2, 3, 5];
        let found = |values: [Option<WriteNumber>; 2]| prefix(&lineage, of, &values).map(|it| (it.least, it.most));
        assert_eq!(found([None, None]), Some((0, 0)));
        assert_eq!(found([Some(0), None]), Some((1, 1)));
        assert_eq!(found([Some(2), Some(1)]), Some((3, 3)));
        assert_eq!(found([Some(2), Some(5)]), Some((5, 5)));
        assert_eq!(found([Some(0), Some(3)]), None);
        assert_eq!(found([Some(2), None]), None);
        assert_eq!(found([Some(4), None]), None);
    }

    #[test]
    fn lineages_follow_their_cuts() {
        let mut histories = Histories::default();
        let first = histories.begin([b'a'; 40], None, Born::Empty);
        let entry = |write| Entry { write, after: 0 };
        histories.all[first].log.extend([entry(0), entry(1), entry(2)]);
        let second = histories.begin([b'b'; 40], Some((first, 2)), Born::Promotion);
        histories.all[second].log.push(entry(7));
        assert_eq!(histories.lineage(second, 1), [0, 1, 7]);
        assert_eq!(histories.cut(second, 3), (second, 1));
        assert_eq!(histories.cut(second, 1), (first, 1));
    }

    #[test]
    fn who_is_not_yet_at_the_cut_has_no_more_than_the_parent_had_there() {
        let mut histories = Histories::default();
        let first = histories.begin([b'a'; 40], None, Born::Empty);
        histories.all[first].log.extend((0..4).map(|write| Entry { write, after: 10 * (write as u64 + 1) }));
        let second = histories.begin([b'b'; 40], Some((first, 3)), Born::Promotion);
        histories.all[second].log.push(Entry { write: 7, after: 50 });
        let known = [5, 10, 29, 30, 49, 50].map(|offset| histories.known_at(second, offset));
        assert_eq!(known, [0, 1, 2, 3, 3, 4]);
    }
}
