//! Clients that take little of the machine: SETs of random keys, one under way on
//! each connection, from one thread.
//!
//! Where a server shares two cores with its clients, redis-benchmark is what is
//! measured as soon as it takes more CPU time for a request than the server does.
//!
//!     clients PORT CONNECTIONS REQUESTS
//!
//! Prints requests a second, and the median and 99th percentile in microseconds.

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::Ipv4Addr;
use std::time::Instant;

/// Keys are drawn from this many.
const KEYS: u32 = 1_000_000;
const REPLY: &[u8] = b"+OK\r\n";
/// One request, with six digits of its key left open.
const REQUEST: &[u8] = b"*3\r\n$3\r\nSET\r\n$10\r\nkey:000000\r\n$64\r\n\
    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n";
/// Where the digits end.
const DIGITS_END: usize = 28;

struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    sent: Instant,
    /// Bytes of the reply that have come.
    received: usize,
}

impl Client {
    fn send(&mut self, key: u32) -> Result<(), Box<dyn Error>> {
        let mut rest = key;
        for digit in self.request[DIGITS_END - 6..DIGITS_END].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.sent = Instant::now();
        self.received = 0;
        // An empty socket takes so little at once.
        Ok(self.stream.write_all(&self.request)?)
    }

    /// True if the reply is there.
    fn receive(&mut self) -> Result<bool, Box<dyn Error>> {
        let mut buffer = [0; 64];
        match self.stream.read(&mut buffer) {
            Ok(0) => Err("the server closed a connection".into()),
            Ok(count) => {
                let end = (self.received + count).min(REPLY.len());
                if buffer[..count] != REPLY[self.received..end] {
                    return Err(format!("unexpected: {}", String::from_utf8_lossy(&buffer[..count])).into());
                }
                self.received = end;
                Ok(end == REPLY.len())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Numbers without a pattern that a server could make use of (xorshift).
fn next(random: &mut u32) -> u32 {
    *random ^= *random << 13;
    *random ^= *random >> 17;
    *random ^= *random << 5;
    *random
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, connections, requests] = &arguments[..] else {
        return Err("usage: clients PORT CONNECTIONS REQUESTS".into());
    };
    let (port, connections, requests): (u16, usize, usize) = (port.parse()?, connections.parse()?, requests.parse()?);
    let mut poll = Poll::new()?;
    let mut clients = Vec::new();
    for index in 0..connections {
        let stream = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        clients.push(Client { stream, request: REQUEST.to_vec(), sent: Instant::now(), received: 0 });
    }
    let mut random = 2_463_534_242;
    let mut times = Vec::with_capacity(requests);
    let mut under_way = 0;
    let began = Instant::now();
    for client in clients.iter_mut().take(requests) {
        client.send(next(&mut random) % KEYS)?;
        under_way += 1;
    }
    let mut events = Events::with_capacity(connections.max(1));
    while under_way > 0 {
        poll.poll(&mut events, None)?;
        for event in &events {
            let client = &mut clients[event.token().0];
            if !client.receive()? {
                continue;
            }
            times.push(client.sent.elapsed().as_micros() as u32);
            under_way -= 1;
            if times.len() + under_way < requests {
                client.send(next(&mut random) % KEYS)?;
                under_way += 1;
            }
        }
    }
    let rate = times.len() as f64 / began.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    println!("{rate:.0} {} {}", at(0.5), at(0.99));
    Ok(())
}
