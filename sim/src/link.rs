//! The server's end of a connection: bytes come in, are parsed, and are
//! submitted, as `net`'s connection does it without a world to wait for.

use engine::boundary::effects::Progress;
use engine::boundary::id::ClientId;
use engine::boundary::input::BufferReport;
use engine::resp::request::{Limits, Parser, RequestBuffer};

/// A connection and what is left over of its bytes.
#[derive(Debug)]
pub struct Link {
    /// Whose.
    pub client: ClientId,
    /// The actor at the other end.
    pub actor: usize,
    parser: Parser,
    /// What the client may send next.
    pub limits: Limits,
    /// Requests that are parsed before they are submitted.
    parse_max: usize,
    leftover: Vec<u8>,
    /// Bytes to send.
    pub output: Vec<u8>,
    /// What the next input tells of the buffers.
    pub report: BufferReport,
    /// Set while requests have to wait.
    waiting: bool,
    /// Set when the connection ends once all is sent.
    pub closing: bool,
}

/// What a batch came to.
#[derive(Clone, Copy, Debug)]
pub struct Submitted {
    /// How far it got.
    pub progress: Progress,
    /// True if what waits is to be submitted again.
    pub resumed: bool,
}

/// What takes batches: bytes, and the requests parsed from them.
pub type Submit<'a> = dyn FnMut(&mut Link, &[u8], &RequestBuffer) -> Submitted + 'a;

impl Link {
    /// A connection that was just made.
    pub fn new(client: ClientId, actor: usize, limits: Limits, parse_max: usize) -> Link {
        Link {
            client,
            actor,
            parser: Parser::default(),
            limits,
            parse_max,
            leftover: Vec::new(),
            output: Vec::new(),
            report: BufferReport::default(),
            waiting: false,
            closing: false,
        }
    }

    /// Takes bytes that arrived. True if the rest is to be submitted again after
    /// others had their turn.
    pub fn receive(&mut self, bytes: &[u8], submit: &mut Submit<'_>) -> bool {
        if self.closing {
            return false;
        }
        self.report.received += bytes.len() as u64;
        self.leftover.extend_from_slice(bytes);
        !self.waiting && self.leftover.len() >= self.parser.needed() && self.submit_leftover(submit)
    }

    /// Goes on with requests that had to wait. True as with [`Link::receive`].
    pub fn resume(&mut self, submit: &mut Submit<'_>) -> bool {
        if self.closing {
            return false;
        }
        self.waiting = false;
        self.submit_leftover(submit)
    }

    fn submit_leftover(&mut self, submit: &mut Submit<'_>) -> bool {
        let buffer = std::mem::take(&mut self.leftover);
        let (used, again) = self.submit_some(&buffer, submit);
        self.leftover = buffer[used..].to_vec();
        again
    }

    fn submit_some(&mut self, bytes: &[u8], submit: &mut Submit<'_>) -> (usize, bool) {
        let mut position = 0;
        let mut requests = RequestBuffer::default();
        while !self.closing && position < bytes.len() {
            requests.clear();
            let rest = &bytes[position..];
            let used = self.parser.parse(rest, self.limits, self.parse_max, &mut requests);
            if requests.is_empty() {
                position += used;
                break;
            }
            self.report.query_buffer = (rest.len() - used) as u64;
            let Submitted { progress, resumed } = submit(self, rest, &requests);
            let (Progress::Yield(consumed) | Progress::Wait(consumed)) = progress else {
                position += used;
                continue;
            };
            self.parser.reset();
            self.waiting = true;
            let again = resumed || matches!(progress, Progress::Yield(_));
            return (position + requests.span(consumed).map_or(used, |span| span.start), again);
        }
        (if self.closing { bytes.len() } else { position }, false)
    }
}
