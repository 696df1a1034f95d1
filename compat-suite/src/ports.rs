//! Gives each run on a machine a range of ports of its own.
//!
//! ```text
//! first - 100   guard: held open as long as the run lasts, so that no other run takes the ports above
//! first - 32    32 ports, of which the suite's own process takes one
//! first         500 ports for the servers of one job
//! ```
//!
//! The suite looks for free ports by itself, but what it finds may be free on one address family only: two runs on the same ports break
//! each other. A server also takes the port 10,000 above (its cluster bus); both stay below those that the system gives to outgoing
//! connections.

use crate::error::{Error, Result};
use std::net::{Ipv4Addr, TcpListener};

const FIRST: u16 = 11_000;
const LAST: u16 = 22_700;
const BEFORE: u16 = 100;
/// Ports for the servers of one job.
pub(crate) const PER_JOB: u16 = 500;
const STRIDE: u16 = BEFORE + PER_JOB;

/// The ports of a run, free for others when it is dropped.
#[derive(Debug)]
pub(crate) struct Ports {
    guards: Vec<TcpListener>,
    firsts: Vec<u16>,
}

impl Ports {
    /// Takes ports for so many jobs, from `from` on or wherever there are some.
    pub(crate) fn reserve(jobs: usize, from: Option<u16>) -> Result<Self> {
        let mut ports = Self { guards: Vec::new(), firsts: Vec::new() };
        for guard in (from.unwrap_or(FIRST)..LAST).step_by(usize::from(STRIDE)) {
            if ports.firsts.len() == jobs {
                break;
            }
            if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, guard)) {
                ports.guards.push(listener);
                ports.firsts.push(guard + BEFORE);
            }
        }
        if ports.firsts.len() == jobs { Ok(ports) } else { Err(Error::NoPorts { jobs }) }
    }

    /// The first port for the servers of a job.
    pub(crate) fn first(&self, job: usize) -> u16 {
        self.firsts[job]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_jobs_share_ports() {
        let one = Ports::reserve(2, None).unwrap();
        let other = Ports::reserve(2, None).unwrap();
        let mut firsts: Vec<u16> = one.firsts.iter().chain(&other.firsts).copied().collect();
        firsts.sort_unstable();
        assert!(firsts.windows(2).all(|pair| pair[1] - pair[0] >= STRIDE));
        assert!(Ports::reserve(1_000, None).is_err());
    }
}
