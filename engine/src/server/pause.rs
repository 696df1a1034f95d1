//! What makes clients wait: CLIENT PAUSE, a failover, a shutdown. None of them
//! ends another.

use crate::boundary::time::{Monotonic, Now};

/// Clients have to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pause {
    /// When it ends.
    pub until: Monotonic,
    /// True if only writes wait.
    pub writes_only: bool,
}

/// Who makes clients wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pauses {
    /// CLIENT PAUSE.
    pub clients: Option<Pause>,
    /// Set while a failover makes writes wait.
    pub failover: bool,
    /// Set while a shutdown makes writes wait.
    pub shutdown: bool,
}

impl Pauses {
    /// All together, if any is in force.
    #[inline]
    pub fn at(&self, now: Now) -> Option<Pause> {
        let clients = self.clients_at(now);
        if self.failover || self.shutdown {
            // Something else than the clock ends it.
            let writes_only = clients.is_none_or(|pause| pause.writes_only);
            return Some(Pause { until: Monotonic(u64::MAX), writes_only });
        }
        clients
    }

    /// CLIENT PAUSE, if it is in force.
    #[inline]
    pub fn clients_at(&self, now: Now) -> Option<Pause> {
        self.clients.filter(|pause| pause.until > now.monotonic)
    }

    /// INFO's word for it.
    pub fn reason(&self, now: Now) -> &'static str {
        match self {
            Pauses { failover: true, .. } => "failover_in_progress",
            Pauses { shutdown: true, .. } => "shutdown_in_progress",
            _ if self.clients_at(now).is_some() => "client_pause",
            _ => "none",
        }
    }
}
