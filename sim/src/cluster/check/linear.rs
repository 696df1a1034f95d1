//! Each register is linearizable as long as one process is its primary without
//! a break.
//!
//! Every write has a value of its own, so that it is known which one a read has
//! seen. The operations of one value form a zone from its first end to its last
//! begin; a history is linearizable if no two zones that run forward overlap and
//! none that runs backward lies within one that runs forward (Gibbons and Korach,
//! "Testing shared memories", 1997).

use super::{Checker, Watch};
use crate::cluster::history::WriteNumber;
use std::collections::BTreeMap;

/// Where an operation took place: node, life, reign, register.
type Place = (usize, u64, u64, usize);

/// What clients did with registers, and when.
#[derive(Default, Debug)]
pub(crate) struct Registers {
    operations: BTreeMap<Place, Vec<Operation>>,
}

#[derive(Clone, Copy, Debug)]
struct Operation {
    /// The value; `None` is that of a register that was never written.
    value: Option<WriteNumber>,
    is_write: bool,
    begin: u64,
    end: u64,
}

/// Operations of one value: from the first end to the last begin.
#[derive(Clone, Copy, Debug)]
struct Zone {
    first_end: u64,
    last_begin: u64,
    written: Option<u64>,
    first_read_end: u64,
}

impl Watch {
    /// A client wrote a register.
    pub(crate) fn wrote(&mut self, place: Place, value: WriteNumber, begin: u64, end: u64) {
        let operation = Operation { value: Some(value), is_write: true, begin, end };
        self.registers.operations.entry(place).or_default().push(operation);
    }

    /// A client read a register.
    pub(crate) fn read(&mut self, place: Place, value: Option<WriteNumber>, begin: u64, end: u64) {
        let operation = Operation { value, is_write: false, begin, end };
        self.registers.operations.entry(place).or_default().push(operation);
    }

    /// All is over: looks at all of it.
    pub(crate) fn check_linear(&mut self) {
        let operations = std::mem::take(&mut self.registers.operations);
        for (place, operations) in &operations {
            let (node, life, reign, register) = place;
            let wrong = |text| format!("register {register} on node {node}, life {life}, reign {reign}: {text}");
            self.judge(Checker::Linear, check(operations).err().map(wrong));
        }
        self.registers.operations = operations;
    }
}

fn check(operations: &[Operation]) -> Result<(), String> {
    let mut zones: BTreeMap<Option<WriteNumber>, Zone> = BTreeMap::new();
    for operation in operations {
        let empty = Zone { first_end: u64::MAX, last_begin: 0, written: None, first_read_end: u64::MAX };
        let zone = zones.entry(operation.value).or_insert(empty);
        zone.first_end = zone.first_end.min(operation.end);
        zone.last_begin = zone.last_begin.max(operation.begin);
        if operation.is_write {
            zone.written = Some(operation.begin);
        } else {
            zone.first_read_end = zone.first_read_end.min(operation.end);
        }
    }
    let mut forward: Vec<(u64, u64, Option<WriteNumber>)> = Vec::new();
    let mut backward = Vec::new();
    for (&value, zone) in &zones {
        if zone.written.is_some_and(|begin| zone.first_read_end < begin) {
            return Err(format!("{value:?} was read before it was written"));
        }
        // What nobody saw written was there from the beginning, or its write was
        // never answered: it counts from when it was first read.
        let first = if zone.written.is_some() { zone.first_end } else { zone.first_read_end };
        if first < zone.last_begin {
            forward.push((first, zone.last_begin, value));
        } else {
            backward.push((zone.last_begin, first, value));
        }
    }
    forward.sort_unstable();
    for pair in forward.windows(2) {
        if pair[0].1 > pair[1].0 {
            return Err(format!("{:?} and {:?} take turns", pair[0], pair[1]));
        }
    }
    for &(from, to, value) in &backward {
        let before = forward.partition_point(|zone| zone.0 < from);
        if let Some(zone) = before.checked_sub(1).map(|index| forward[index])
            && to < zone.1
        {
            return Err(format!("{value:?} from {from} to {to} interrupts {zone:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(value: WriteNumber, begin: u64, end: u64) -> Operation {
        Operation { value: Some(value), is_write: true, begin, end }
    }

    fn read(value: WriteNumber, begin: u64, end: u64) -> Operation {
        Operation { value: Some(value), is_write: false, begin, end }
    }

    #[test]
    fn histories_are_judged() {
        let right: [&[Operation]; 3] = [
            &[write(1, 0, 10), read(1, 5, 6), write(2, 20, 30), read(1, 21, 22), read(2, 23, 40)],
            &[write(1, 0, 100), write(2, 0, 100), read(1, 10, 20), read(2, 30, 40)],
            &[read(9, 0, 1), write(1, 2, 3), read(1, 4, 5)],
        ];
        for operations in right {
            assert_eq!(check(operations), Ok(()));
        }
        let wrong: [&[Operation]; 4] = [
            &[write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)],
            &[write(1, 0, 100), write(2, 0, 100), read(1, 10, 20), read(2, 30, 40), read(1, 50, 60)],
            &[read(1, 0, 1), write(1, 2, 3)],
            &[write(1, 0, 1), read(1, 10, 11), write(2, 3, 4), read(1, 12, 13)],
        ];
        for operations in wrong {
            assert!(check(operations).is_err(), "{operations:?}");
        }
    }
}
