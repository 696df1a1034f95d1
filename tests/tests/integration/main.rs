//! The daemon as a process: started, asked and ended as its users do it.

mod daemon;
mod process;
