//! A connection over turmoil's network. Turmoil sends each write as one segment,
//! and knows no send buffer: this is one, which splits and coalesces by the
//! seed, so that requests and replies arrive in any pieces.

use super::life::Life;
use engine::base::random::Random;
use std::cell::RefCell;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use turmoil::net::TcpStream;
use turmoil::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Bytes that wait to be sent; more is not taken.
const BUFFER_MAX: usize = 64 * 1024;
/// However small the pieces, no more of them at once.
const PIECES_MAX: usize = 32;

/// A connection.
pub struct Stream {
    reading: OwnedReadHalf,
    line: Rc<RefCell<Line>>,
    /// Of the process it belongs to, unless that is a client.
    life: Option<Arc<Life>>,
    /// True if one read may take several segments.
    joins: bool,
    local: SocketAddr,
    peer: SocketAddr,
}

/// What is between the writer and the network.
#[derive(Default)]
struct Line {
    bytes: Vec<u8>,
    closed: bool,
    broken: bool,
    writer: Option<Waker>,
    sender: Option<Waker>,
}

/// How a connection cuts what it sends.
struct Manner {
    random: Random,
    piece_max: u64,
    /// One piece of so many waits a little for more.
    waits_one_in: u64,
    wait_ms_max: u64,
}

impl Manner {
    fn draw(mut random: Random) -> Manner {
        let piece_max = [1, 7, 100, 1400, 65_536, 65_536][random.below(6) as usize];
        let waits_one_in = [1, 4, 20, 100][random.below(4) as usize];
        let wait_ms_max = [1, 5, 40][random.below(3) as usize];
        Manner { random, piece_max, waits_one_in, wait_ms_max }
    }
}

impl Stream {
    /// Wraps a connection; must be called on its host.
    ///
    /// # Errors
    /// None, as turmoil is.
    pub fn new(stream: TcpStream, life: Option<Arc<Life>>, mut random: Random) -> Result<Stream, Error> {
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        let joins = random.below(2) == 0;
        let (reading, writing) = stream.into_split();
        let line = Rc::new(RefCell::new(Line::default()));
        tokio::task::spawn_local(send(writing, Rc::clone(&line), life.clone(), Manner::draw(random)));
        Ok(Stream { reading, line, life, joins, local, peer })
    }

    /// Our end.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The other end.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    fn ended(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.ended())
    }
}

/// Sends until the writer closes or the connection breaks.
async fn send(mut writing: OwnedWriteHalf, line: Rc<RefCell<Line>>, life: Option<Arc<Life>>, mut manner: Manner) {
    loop {
        std::future::poll_fn(|context| {
            let mut line = line.borrow_mut();
            if line.bytes.is_empty() && !line.closed {
                line.sender = Some(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        if line.borrow().bytes.is_empty() {
            return;
        }
        if manner.random.below(manner.waits_one_in) == 0 {
            tokio::time::sleep(Duration::from_millis(1 + manner.random.below(manner.wait_ms_max))).await;
        }
        if life.as_ref().is_some_and(|life| life.ended()) {
            // What a process has not sent goes with it.
            std::future::pending::<()>().await;
        }
        let piece: Vec<u8> = {
            let mut line = line.borrow_mut();
            let most = manner.piece_max.max((line.bytes.len() / PIECES_MAX) as u64);
            let length = line.bytes.len().min(1 + manner.random.below(most) as usize);
            line.bytes.drain(..length).collect()
        };
        let sent = writing.write_all(&piece).await;
        let mut line = line.borrow_mut();
        line.broken = sent.is_err();
        if let Some(writer) = line.writer.take() {
            writer.wake();
        }
        if line.broken {
            return;
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<(), Error>> {
        let this = self.get_mut();
        if this.ended() {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        loop {
            let start = buffer.filled().len();
            let read = Pin::new(&mut this.reading).poll_read(context, buffer);
            let got = buffer.filled().len() - start;
            let goes_on = this.joins && got > 0 && buffer.remaining() > 0;
            match read {
                Poll::Ready(Ok(())) if goes_on => {}
                // What was read comes first; the end or the error comes again.
                Poll::Pending | Poll::Ready(Err(_)) if start > before => return Poll::Ready(Ok(())),
                read => return read,
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Error>> {
        if self.ended() {
            return Poll::Pending;
        }
        let mut line = self.line.borrow_mut();
        if line.broken {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        let room = BUFFER_MAX - line.bytes.len();
        if room == 0 {
            line.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let length = room.min(bytes.len());
        line.bytes.extend_from_slice(&bytes[..length]);
        if let Some(sender) = line.sender.take() {
            sender.wake();
        }
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.line.borrow_mut().close();
        Poll::Ready(Ok(()))
    }
}

impl Line {
    fn close(&mut self) {
        self.closed = true;
        if let Some(sender) = self.sender.take() {
            sender.wake();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.line.borrow_mut().close();
    }
}
