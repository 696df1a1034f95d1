//! How many descriptors the process may have, and so how many clients.

use crate::listener::socket::system_text;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io::Error;

/// Descriptors for everything but clients: files, listening sockets, links.
const RESERVE: u64 = 32;
/// Descriptors by which each further thread watches its connections.
const RESERVE_A_THREAD: u64 = 4;
/// The step in which a limit that is refused is lowered.
const STEP: u64 = 16;

/// Descriptors for everything but clients, with so many threads that serve.
pub fn reserve(threads: u64) -> u64 {
    RESERVE + RESERVE_A_THREAD * threads.saturating_sub(1)
}

/// Makes room for `clients` descriptors beside the reserve, and returns how many clients there is room for.
pub fn make_room(clients: u64, reserve: u64) -> u64 {
    let wanted = clients.saturating_add(reserve);
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        tracing::warn!(
            "Unable to tell how many descriptors the process may have; maxclients may be more than it can serve."
        );
        return clients;
    };
    if soft >= wanted {
        return clients;
    }
    let (reached, refusal) = raise(soft, hard, wanted);
    if reached >= wanted {
        tracing::info!("Increased maximum number of open files to {wanted} (it was originally set to {soft}).");
        return clients;
    }
    let room = reached.saturating_sub(reserve);
    if room > 0 {
        tracing::warn!("You requested maxclients of {clients} requiring at least {wanted} max file descriptors.");
        if let Some(error) = refusal {
            tracing::warn!(
                "Server can't set maximum open files to {wanted} because of OS error: {}.",
                system_text(&error)
            );
        }
        tracing::warn!("Current maximum open files is {reached}. maxclients has been reduced to {room} to compensate.");
    }
    room
}

/// Raises the soft limit as far towards `wanted` as it goes; returns where it is then, and the first refusal.
fn raise(soft: u64, hard: u64, wanted: u64) -> (u64, Option<Error>) {
    let mut refusal = None;
    let mut target = wanted;
    while target > soft {
        match setrlimit(Resource::RLIMIT_NOFILE, target, hard.max(target)) {
            Ok(()) => return (target, refusal),
            Err(errno) => drop(refusal.get_or_insert(Error::from(errno))),
        }
        // Without the privilege to raise the hard limit, it is the most that can be had.
        target = if target > hard { hard } else { target.saturating_sub(STEP) };
    }
    (soft, refusal)
}
