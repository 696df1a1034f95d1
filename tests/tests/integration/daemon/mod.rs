//! What the process does around the engine.

mod changing;
mod configuration;
mod ending;
mod listening;
mod logging;
mod long;
pub(crate) mod process;
mod role;
mod subscribing;
mod supervision;
