//! The checkers by name, and mutants of them: a checker that has become nonsense
//! must be noticed, so each can be switched to it.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

macro_rules! checkers {
    ($($(#[$doc:meta])* $checker:ident $name:literal,)*) => {
        /// A checker.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Checker { $($(#[$doc])* $checker,)* }

        impl Checker {
            /// All of them.
            pub const ALL: &[Checker] = &[$(Checker::$checker,)*];

            /// Its name in a report.
            pub fn name(self) -> &'static str {
                match self { $(Checker::$checker => $name,)* }
            }
        }
    };
}

checkers! {
    /// No replica is further in a history than its primaries.
    Ahead "ahead",
    /// MULTI is atomic.
    Atomic "atomic",
    /// In the end all nodes are the same.
    Converge "converge",
    /// Only a primary lets keys expire.
    Expiry "expiry",
    /// FAILOVER loses nothing that was acknowledged.
    Handover "handover",
    /// Registers are linearizable.
    Linear "linear",
    /// In the end nothing is missing that the surviving history has.
    Loss "loss",
    /// Nothing is applied twice.
    Once "once",
    /// Clients get on once all is healed.
    Progress "progress",
    /// What is synced before its reply survives.
    Promise "promise",
    /// A replica goes on with a prefix that has all up to its offset.
    Promotion "promotion",
    /// A node comes back with a prefix of what it had.
    Recovery "recovery",
    /// Only a primary executes writes of clients.
    Roles "roles",
    /// Same history and offset, same data.
    SameOffset "same-offset",
    /// Who waits is not left waiting at a server that has become a replica.
    Unblock "unblock",
    /// WAIT is true when it answers.
    Wait "wait",
    /// WAITAOF is answered.
    WaitAof "waitaof",
    /// A transaction is not executed if what it watches has changed.
    Watch "watch",
    /// No more is lost than the last seconds.
    Window "window",
}

/// A checker switched to nonsense.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mutant {
    /// Which.
    pub checker: Checker,
    /// It accepts everything; else it refuses everything.
    pub accepts: bool,
}

impl Display for Mutant {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.checker.name(), if self.accepts { "accepts" } else { "refuses" })
    }
}

impl FromStr for Mutant {
    type Err = String;

    fn from_str(text: &str) -> Result<Mutant, String> {
        let (name, accepts) = match text.split_once(':') {
            Some((name, "accepts")) => (name, true),
            Some((name, "refuses")) => (name, false),
            _ => return Err("a mutant is written as atomic:accepts or atomic:refuses".into()),
        };
        let checker = Checker::ALL.iter().copied().find(|checker| checker.name() == name);
        Ok(Mutant { checker: checker.ok_or(format!("there is no checker {name}"))?, accepts })
    }
}
