//! Tier 2: the driver of production, `net`, on simulated machines, over
//! turmoil's network. Slower than tier 1, and with the code that tier 1 leaves
//! out: connections, mailboxes, links, the timer, the carrying out of effects.
//!
//! | module | is |
//! | --- | --- |
//! | `world`, `plan` | one run, step by step; what goes wrong in it |
//! | `place`, `life`, `host`, `oracle`, `disk`, `stream` | a machine, a process on it, and what the process has around it |
//! | `client`, `ledger` | who asks |
//! | `watch`, `image`, `wire` | who checks |
//! | `runs`, `command` | many seeds; the command line |

pub mod client;
pub mod command;
pub mod disk;
pub mod host;
pub mod image;
mod ledger;
pub mod life;
pub mod oracle;
pub mod place;
pub mod plan;
pub mod runs;
pub mod stream;
pub mod watch;
pub mod wire;
pub mod world;
