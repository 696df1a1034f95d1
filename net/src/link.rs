//! Outgoing connections: the engine asks for them, and for each read.

use crate::host::Host;
use crate::listener::socket::system_text;
use crate::mailbox::Mailbox;
use crate::shared::Shared;
use engine::boundary::id::LinkId;
use engine::boundary::input::LinkEvent;
use std::future::{Future, poll_fn};
use std::io::{Error, ErrorKind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::UnboundedReceiver;

/// What is read at once.
const READ_SIZE: usize = 64 * 1024;

/// A connection that the engine has asked for.
#[derive(Debug)]
pub struct NewLink {
    /// Its number.
    pub link: LinkId,
    /// Where to.
    pub host: String,
    /// See `host`.
    pub port: u16,
    /// The address to connect from; any if empty.
    pub source: String,
    /// What the engine sends, its wish to read on, its wish to close.
    pub mailbox: Arc<Mailbox>,
}

/// Makes and serves connections that the engine asks for, for ever.
pub async fn serve<H: Host>(mut wanted: UnboundedReceiver<NewLink>, shared: Arc<Shared<H>>) {
    while let Some(new) = wanted.recv().await {
        let shared = Arc::clone(&shared);
        shared.host.clone().spawn(async move {
            let link = new.link;
            let end = run(new, &shared).await;
            let reason = end.as_ref().map(system_text);
            shared.link_event(link, LinkEvent::Closed(reason.as_deref()));
        });
    }
}

/// Serves a link to its end; the error that ended it, if one did.
async fn run<H: Host>(new: NewLink, shared: &Arc<Shared<H>>) -> Option<Error> {
    let NewLink { link, host, port, source, mailbox } = new;
    let mut connecting = pin!(shared.host.connect(&host, port, &source));
    let connected = poll_fn(|context| {
        mailbox.register(context.waker());
        if mailbox.is_closing() {
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        }
        connecting.as_mut().poll(context)
    })
    .await;
    let (stream, connection) = match connected {
        Ok(connected) => connected,
        Err(error) => return Some(error),
    };
    shared.link_event(link, LinkEvent::Connected { connection });
    let buffer = vec![0; READ_SIZE].into_boxed_slice();
    let mut open = Open { stream, link, mailbox, shared, buffer, output: Vec::new(), sent: 0, wants: false };
    poll_fn(|context| open.poll(context)).await.err()
}

/// A link whose connection is made.
struct Open<'a, H: Host> {
    stream: H::Stream,
    link: LinkId,
    mailbox: Arc<Mailbox>,
    shared: &'a Arc<Shared<H>>,
    buffer: Box<[u8]>,
    /// Bytes to send, of which the first `sent` have been.
    output: Vec<u8>,
    sent: usize,
    /// True if the engine wants to read.
    wants: bool,
}

impl<H: Host> Open<'_, H> {
    /// Ready when the link has ended.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.mailbox.register(context.waker());
        loop {
            let post = self.mailbox.take();
            if post.close_at_once() {
                return Poll::Ready(Ok(()));
            }
            if post.bytes() {
                self.mailbox.take_bytes(&mut self.output);
            }
            self.wants |= post.resume();
            self.write(context)?;
            if !self.wants {
                return Poll::Pending;
            }
            let mut buffer = ReadBuf::new(&mut self.buffer);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer)? {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) if buffer.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(()) => {
                    self.wants = false;
                    self.shared.link_event(self.link, LinkEvent::Received(buffer.filled()));
                }
            }
        }
    }

    /// Writes what there is to send, as far as the socket takes it.
    fn write(&mut self, context: &mut Context<'_>) -> Result<(), Error> {
        let before = self.sent;
        while self.sent < self.output.len() {
            match Pin::new(&mut self.stream).poll_write(context, &self.output[self.sent..])? {
                Poll::Ready(0) => return Err(ErrorKind::WriteZero.into()),
                Poll::Ready(count) => self.sent += count,
                Poll::Pending => break,
            }
        }
        let written = (self.sent - before) as u64;
        if self.sent == self.output.len() {
            self.output.clear();
            self.sent = 0;
        }
        if written > 0 {
            self.shared.link_event(self.link, LinkEvent::Written(written));
        }
        Ok(())
    }
}
