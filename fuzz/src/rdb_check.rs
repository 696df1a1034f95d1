//! The check of a file reports the same in whatever pieces it comes, and agrees
//! with the reader.

use crate::input::{Bytes, pieces};
use engine::data::limits::Rules;
use engine::rdb::{Checker, Reader, Verdict};

/// The first bytes choose cuts, the rest is a file.
pub fn run(data: &[u8]) {
    let mut input = Bytes::new(data);
    let choices = input.byte();
    let cut_count = usize::from(choices >> 4);
    let cuts = input.take(cut_count);
    let file = input.rest();
    let (report, verdict) = check(&[file]);
    assert_eq!(check(&pieces(file, cuts)), (report, verdict));
    if verdict == Verdict::Good {
        let mut reader = Reader::new(true, Rules::default());
        reader.feed(file);
        while let Ok(Some(_)) = reader.next_item() {}
        assert_eq!(reader.finish(), Ok(()));
    }
}

fn check(pieces: &[&[u8]]) -> (Vec<u8>, Verdict) {
    let mut report = Vec::new();
    let mut checker = Checker::new(b"dump.rdb", 1_700_000_000_000, &mut report);
    for piece in pieces {
        if !checker.feed(piece, &mut report) {
            break;
        }
    }
    let verdict = checker.finish(&mut report);
    (report, verdict)
}
