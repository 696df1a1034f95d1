//! Accepting connections.

use crate::connection::serve;
use crate::host::Host;
use crate::shared::Shared;
use engine::boundary::input::Connection;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Accepts TCP connections for ever, and serves them on this thread.
pub async fn accept_tcp<H: Host>(listener: TcpListener, shared: Arc<Shared<H>>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of descriptors, most likely: some will be closed.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        drop(stream.set_nodelay(true));
        let local = stream.local_addr().map_or_else(|_| String::new(), |local| local.to_string());
        let ends = Connection {
            peer: peer.to_string(),
            local,
            unix_socket: false,
            loopback: peer.ip().is_loopback(),
            descriptor: i64::from(stream.as_raw_fd()),
        };
        shared.host.clone().spawn(serve(stream, ends, Arc::clone(&shared)));
    }
}
