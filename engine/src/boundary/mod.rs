//! The boundary of the engine: everything that goes in and comes out.
//!
//! Same seed and same inputs give the same effects, byte for byte. So whatever
//! the engine is told is an [`input::Input`] or the answer to an
//! [`ask::Question`], and whatever it does is in [`effects::Effects`].

pub mod ask;
pub mod effects;
pub mod id;
mod image;
pub mod input;
pub mod time;
