//! Any split of the bytes into reads gives the same requests and the same error.

use crate::input::{Bytes, pieces};
use engine::resp::request::{Limits, Parser, ProtocolError, RequestBuffer};

/// Requests, and what was wrong behind them.
type Parsed = (Vec<Vec<Vec<u8>>>, Option<ProtocolError>);

/// The first bytes choose limits and cuts, the rest is parsed.
pub fn run(data: &[u8]) {
    let mut input = Bytes::new(data);
    let choices = input.byte();
    let limits = Limits { bulk_max: if choices & 2 == 0 { 512 << 20 } else { 100 }, authenticated: choices & 1 == 0 };
    let cut_count = usize::from(choices >> 4);
    let cuts = input.take(cut_count);
    let whole = parse(&[input.rest()], limits, 512, false);
    let cut = pieces(input.rest(), cuts);
    for (count_max, resets) in [(512, false), (1, false), (3, true)] {
        assert_eq!(parse(&cut, limits, count_max, resets), whole);
    }
}

/// Parses as a driver does: what is left over stays in front of what comes.
fn parse(pieces: &[&[u8]], limits: Limits, count_max: usize, resets: bool) -> Parsed {
    let mut parser = Parser::default();
    let mut buffer = Vec::new();
    let mut requests = RequestBuffer::default();
    let mut all = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            requests.clear();
            if resets {
                parser.reset();
            }
            let used = parser.parse(&buffer, limits, count_max, &mut requests);
            assert!(used <= buffer.len());
            let parsed = requests.requests(&buffer, 0);
            let mut wire = 0;
            for index in 0..parsed.len() {
                all.push(parsed.arguments(index).iter().map(<[u8]>::to_vec).collect());
                wire += parsed.wire_length(index);
            }
            assert!(wire <= used && parsed.wire().len() >= wire);
            if let Some(error) = parsed.error() {
                return (all, Some(error));
            }
            let done = parsed.is_empty();
            buffer.drain(..used);
            if done {
                break;
            }
            assert!(used > 0);
        }
    }
    (all, None)
}
