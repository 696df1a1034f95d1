//! A client that counts, by INCR of a key that nobody else touches. A number that
//! it was told must be there whenever it comes back, if the server promises that,
//! and never more than it has asked for. Requests that come late change nothing
//! about that: the number only grows.

use super::client::{Crowd, Open, PATIENCE};
use crate::reply::Reply;
use engine::base::random::Random;
use engine::command::generate::encode;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

/// Where it writes.
const NODE: usize = 0;
const KEY: &[u8] = b"ledger";

/// The client.
pub(super) struct Ledger {
    crowd: Rc<Crowd>,
    random: Random,
    /// How often it has asked, and the greatest number that it was told.
    asked: u64,
    told: u64,
}

/// Why it leaves a connection.
enum End {
    Gone,
    Wrong(String),
}

impl Ledger {
    pub(super) fn new(crowd: Rc<Crowd>, random: Random) -> Ledger {
        Ledger { crowd, random, asked: 0, told: 0 }
    }

    pub(super) async fn live(mut self) {
        loop {
            if let Some(mut open) = self.crowd.connect(NODE, &mut self.random).await {
                if let Err(End::Wrong(fault)) = self.use_connection(&mut open).await {
                    self.crowd.faults.report(format!("ledger: {fault}"));
                }
                self.crowd.wires.closed(&self.crowd.nodes[NODE], &open.address);
            }
            self.pause(500).await;
        }
    }

    async fn pause(&mut self, most_ms: u64) {
        sleep(Duration::from_millis(1 + self.random.below(most_ms))).await;
    }

    async fn use_connection(&mut self, open: &mut Open) -> Result<(), End> {
        let found = match self.ask(open, &[b"GET", KEY]).await? {
            Reply::Null => 0,
            Reply::Bulk(bytes) => String::from_utf8_lossy(&bytes).parse().unwrap_or(u64::MAX),
            _ => return Err(End::Gone),
        };
        self.check(found)?;
        self.crowd.report.borrow_mut().add("looks at the ledger", 1);
        while !self.crowd.quiet.get() {
            self.asked += 1;
            let Reply::Integer(number) = self.ask(open, &[b"INCR", KEY]).await? else { return Err(End::Gone) };
            self.check(u64::try_from(number).unwrap_or(u64::MAX))?;
            self.told = number.unsigned_abs();
            self.crowd.report.borrow_mut().add("entries of the ledger", 1);
            self.pause(300).await;
        }
        Ok(())
    }

    fn check(&self, number: u64) -> Result<(), End> {
        if number > self.asked || self.crowd.keeps && number < self.told {
            return Err(End::Wrong(format!("{number} is there; {} was told, {} asked for", self.told, self.asked)));
        }
        Ok(())
    }

    async fn ask(&mut self, open: &mut Open, words: &[&[u8]]) -> Result<Reply, End> {
        let node = &self.crowd.nodes[NODE];
        let request: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
        let mut bytes = Vec::new();
        encode(&request, &mut bytes);
        self.crowd.wires.asks(node, &open.address, &request);
        if !matches!(timeout(PATIENCE, open.stream.write_all(&bytes)).await, Ok(Ok(()))) {
            return Err(End::Gone);
        }
        let (mut received, mut buffer) = (Vec::new(), [0; 512]);
        loop {
            if let Some((reply, _)) = Reply::parse(&received).map_err(End::Wrong)? {
                return Ok(reply);
            }
            let Ok(Ok(count @ 1..)) = timeout(PATIENCE, open.stream.read(&mut buffer)).await else {
                return Err(End::Gone);
            };
            self.crowd.wires.received(node, &open.address, &buffer[..count]).map_err(End::Wrong)?;
            received.extend_from_slice(&buffer[..count]);
        }
    }
}
