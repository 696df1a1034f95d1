//! One connection: reads and parses without the engine's lock, holds it for a
//! batch, writes without it.

use crate::host::Host;
use crate::mailbox::Mailbox;
use crate::shared::{Own, Shared};
use engine::boundary::effects::Progress;
use engine::boundary::id::ClientId;
use engine::boundary::input::{self, BufferReport, Input};
use engine::resp::request::{Limits, Parser, RequestBuffer};
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// What is read at once. A read that fills less than this has drained the
/// socket, so no second call is needed to learn that.
const READ_SIZE: usize = 64 * 1024;
/// Bytes of a long argument that are read at a time.
const LONG_READ_SIZE: usize = 256 * 1024;
/// Requests that are parsed before the lock is taken.
const PARSE_MAX: usize = 512;
/// Bytes that are read ahead while requests have to wait.
const WAITING_MAX: usize = 1 << 20;
/// A private buffer that grew beyond this is given back when it is empty.
const BUFFER_KEPT_MAX: usize = 64 * 1024;

thread_local! {
    /// Reading and parsing need no buffer of a connection's own unless a
    /// request comes in pieces.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch {
        read: vec![0; READ_SIZE].into_boxed_slice(),
        requests: RequestBuffer::default(),
    });
}

struct Scratch {
    read: Box<[u8]>,
    requests: RequestBuffer,
}

/// A connection and what is left over of its bytes.
struct Connection<H: Host, S> {
    stream: S,
    shared: Arc<Shared<H>>,
    client: ClientId,
    mailbox: Arc<Mailbox>,
    parser: Parser,
    limits: Limits,
    /// Bytes of requests that are incomplete or have to wait.
    leftover: Vec<u8>,
    /// Bytes to send, of which the first `sent` have been.
    output: Vec<u8>,
    sent: usize,
    report: BufferReport,
    /// Set while requests have to wait.
    waiting: bool,
    closing: bool,
}

/// Serves a connection until it ends.
pub async fn serve<H: Host, S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    ends: input::Connection,
    shared: Arc<Shared<H>>,
) {
    let (client, mailbox, limits) = shared.connected(ends);
    let mut connection = Connection {
        stream,
        shared,
        client,
        mailbox,
        parser: Parser::default(),
        limits,
        leftover: Vec::new(),
        output: Vec::new(),
        sent: 0,
        report: BufferReport::default(),
        waiting: false,
        closing: false,
    };
    poll_fn(|context| connection.poll(context)).await;
    connection.shared.closed(client);
}

/// Whether a connection goes on.
enum Flow {
    Continue,
    Pause,
    End,
}

impl<H: Host, S: AsyncRead + AsyncWrite + Unpin> Connection<H, S> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.mailbox.register(context.waker());
        loop {
            if let Flow::End = self.take_mail(context) {
                return Poll::Ready(());
            }
            if let Flow::End = self.write(context) {
                return Poll::Ready(());
            }
            self.report_much();
            match self.read(context) {
                Flow::Continue => {}
                Flow::Pause => return Poll::Pending,
                Flow::End => return Poll::Ready(()),
            }
        }
    }

    fn take_mail(&mut self, context: &mut Context<'_>) -> Flow {
        let post = self.mailbox.take();
        if post.bytes() {
            self.take_outbox();
        }
        if post.close_at_once() {
            return Flow::End;
        }
        if post.close() {
            self.closing = true;
        }
        if post.resume() && !self.closing {
            self.waiting = false;
            self.submit_leftover(context);
        }
        Flow::Continue
    }

    fn take_outbox(&mut self) {
        if self.sent == self.output.len() {
            self.output.clear();
            self.sent = 0;
        }
        self.mailbox.take_bytes(&mut self.output);
    }

    /// Writes what there is to send, as far as the socket takes it.
    fn write(&mut self, context: &mut Context<'_>) -> Flow {
        while self.sent < self.output.len() {
            match Pin::new(&mut self.stream).poll_write(context, &self.output[self.sent..]) {
                Poll::Ready(Ok(0) | Err(_)) => return Flow::End,
                Poll::Ready(Ok(count)) => {
                    self.sent += count;
                    self.report.written += count as u64;
                }
                Poll::Pending => return Flow::Continue,
            }
        }
        self.output.clear();
        self.sent = 0;
        if self.output.capacity() > BUFFER_KEPT_MAX {
            self.output = Vec::new();
        }
        if self.closing { Flow::End } else { Flow::Continue }
    }

    /// Reports what went through the buffers once it is much: less can wait for
    /// the next batch. Who holds much already is reported with all that comes.
    fn report_much(&mut self) {
        let held = self.leftover.len() as u64;
        let grown = held > self.report.query_buffer && held > BufferReport::UNREPORTED_MAX;
        if grown || self.report.written > BufferReport::UNREPORTED_MAX {
            let report = BufferReport { query_buffer: held, ..self.report };
            self.report = BufferReport { query_buffer: held, ..BufferReport::default() };
            self.shared.handle(Input::Drained { client: self.client, report });
        }
    }

    fn read(&mut self, context: &mut Context<'_>) -> Flow {
        if self.waiting && self.leftover.len() >= WAITING_MAX {
            return Flow::Pause;
        }
        if !self.waiting && !self.closing && self.missing() > READ_SIZE {
            return self.read_long(context);
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let Scratch { read, requests } = scratch;
            let mut buffer = ReadBuf::new(read);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Pending => return Flow::Pause,
                Poll::Ready(Err(_)) => return Flow::End,
                Poll::Ready(Ok(())) => {}
            }
            let bytes = buffer.filled();
            if bytes.is_empty() {
                return Flow::End;
            }
            if self.closing {
                return Flow::Continue;
            }
            let full = bytes.len() == READ_SIZE;
            self.report.received += bytes.len() as u64;
            if self.leftover.is_empty() && !self.waiting {
                self.submit(bytes, requests, context);
            } else {
                self.leftover.extend_from_slice(bytes);
                if !self.waiting && self.leftover.len() >= self.parser.needed() {
                    let buffer = std::mem::take(&mut self.leftover);
                    self.submit_owned(buffer, requests, context);
                }
            }
            if full {
                // There is likely more, but others first.
                context.waker().wake_by_ref();
            }
            Flow::Continue
        })
    }

    /// Reads on in a long argument, right to where it belongs.
    fn read_long(&mut self, context: &mut Context<'_>) -> Flow {
        self.reserve_needed();
        let room = LONG_READ_SIZE.min(self.leftover.capacity() - self.leftover.len());
        let mut part = (&mut self.stream).take(room as u64);
        let count = match pin!(part.read_buf(&mut self.leftover)).poll(context) {
            Poll::Pending => return Flow::Pause,
            Poll::Ready(Ok(0) | Err(_)) => return Flow::End,
            Poll::Ready(Ok(count)) => count,
        };
        self.report.received += count as u64;
        if self.missing() == 0 {
            self.submit_leftover(context);
        }
        if count == room {
            // There is likely more, but others first.
            context.waker().wake_by_ref();
        }
        Flow::Continue
    }

    /// Bytes that are still to come before the parser can go on.
    fn missing(&self) -> usize {
        self.parser.needed().saturating_sub(self.leftover.len())
    }

    fn submit_leftover(&mut self, context: &mut Context<'_>) {
        let buffer = std::mem::take(&mut self.leftover);
        if !buffer.is_empty() {
            SCRATCH.with_borrow_mut(|scratch| self.submit_owned(buffer, &mut scratch.requests, context));
        }
    }

    /// Submits a private buffer, and keeps what is left over of it.
    fn submit_owned(&mut self, mut buffer: Vec<u8>, requests: &mut RequestBuffer, context: &mut Context<'_>) {
        let used = self.submit_some(&buffer, requests, context);
        if used == buffer.len() {
            buffer.clear();
            if buffer.capacity() > BUFFER_KEPT_MAX {
                buffer = Vec::new();
            }
        } else if used > 0 {
            buffer.drain(..used);
        }
        self.leftover = buffer;
        self.reserve_needed();
    }

    fn submit(&mut self, bytes: &[u8], requests: &mut RequestBuffer, context: &mut Context<'_>) {
        let used = self.submit_some(bytes, requests, context);
        if used < bytes.len() {
            self.leftover.extend_from_slice(&bytes[used..]);
            self.reserve_needed();
        }
    }

    /// Makes room for an argument whose length is known, bounded, so that a
    /// client that only announces takes nothing.
    fn reserve_needed(&mut self) {
        self.leftover.reserve(self.missing().min(WAITING_MAX));
    }

    /// Parses and submits what `bytes` holds; returns the bytes that were used
    /// up.
    fn submit_some(&mut self, bytes: &[u8], requests: &mut RequestBuffer, context: &mut Context<'_>) -> usize {
        let mut position = 0;
        while !self.closing {
            requests.clear();
            let rest = &bytes[position..];
            let used = self.parser.parse(rest, self.limits, PARSE_MAX, requests);
            if requests.is_empty() {
                position += used;
                break;
            }
            self.report.query_buffer = (rest.len() - used) as u64;
            let (progress, resumed) = self.submit_batch(rest, requests);
            let (Progress::Yield(consumed) | Progress::Wait(consumed)) = progress else {
                position += used;
                continue;
            };
            self.parser.reset();
            self.waiting = !resumed && matches!(progress, Progress::Wait(_));
            if !self.waiting {
                self.mailbox.resume();
                context.waker().wake_by_ref();
                self.waiting = true;
            }
            return position + requests.span(consumed).map_or(used, |span| span.start);
        }
        if self.closing { bytes.len() } else { position }
    }

    fn submit_batch(&mut self, bytes: &[u8], requests: &RequestBuffer) -> (Progress, bool) {
        let report = std::mem::take(&mut self.report);
        let mut resumed = false;
        if self.sent == self.output.len() {
            self.output.clear();
            self.sent = 0;
        }
        if self.mailbox.has_bytes() {
            self.mailbox.take_bytes(&mut self.output);
        }
        let own =
            Own { client: self.client, output: &mut self.output, closing: &mut self.closing, resumed: &mut resumed };
        let (progress, limits) = self.shared.requests(own, requests.requests(bytes, 0), report);
        self.limits = limits;
        (progress, resumed)
    }
}

impl<H: Host, S> Drop for Connection<H, S> {
    fn drop(&mut self) {
        if self.report != BufferReport::default() {
            self.shared.handle(Input::Drained { client: self.client, report: self.report });
        }
    }
}
