//! What belongs to the process rather than to the server: limits, title, files that others look for, scheduling.

pub mod affinity;
pub mod limits;
pub mod oom_score;
pub mod pidfile;
pub mod supervisor;
pub mod title;
