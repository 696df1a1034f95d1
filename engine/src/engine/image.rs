//! The engine as an image: bytes from which another process makes an engine that
//! does the same from then on, to the byte, for the same inputs.
//!
//! ```text
//! begin_image: length, server and layout of the tables   at once, as of this moment
//! step_image:  replication backlog, entries              in slices, as they were at that moment
//! ```
//!
//! What grows with the data is walked over in slices; an entry that is about to
//! change is written first. Where each word of a table stands is not written: it
//! follows from the table's layout and its entries. Blocks of the backlog that
//! are full do not change any more. Everything else is copied at the beginning,
//! sessions too.
//!
//! An image is no part of the engine's state, and no input: whoever drives the
//! engine begins and steps it between inputs, and no effect and no later state
//! tells whether there was one. So it is the image that gives way: it begins only
//! while the server rests ([`Engine::rests`]: no save, load, rewrite, full
//! synchronization), and is lost if a database is flushed that it still needs, or
//! if the data are replaced.

use super::Engine;
use super::options::Options;
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::time::Now;
use crate::config::{Config, Id};
pub use crate::keyspace::image::ImageStep;
use crate::keyspace::snapshot::Slice;
use alloc::vec::Vec;

#[cfg(test)]
mod tests;

/// What a slice does at most, where others wait for it to end.
pub const SLICE: Slice = Slice { entries: 512, bytes: 256 << 10 };

impl Engine {
    /// True if an image can begin: nothing is under way of which it would not
    /// tell.
    pub fn rests(&self) -> bool {
        self.keyspace.rests() && self.server.rests()
    }

    /// Begins an image of the state as it is now: its first bytes, or `None` if it
    /// can't begin now.
    pub fn begin_image(&mut self) -> Option<Vec<u8>> {
        if !self.rests() {
            return None;
        }
        let mut head = Tape::writer();
        // Nothing fails that is written.
        let _ = self.image(&mut head);
        self.image_shared = head.take_shared().into();
        self.keyspace.begin_image();
        let mut tape = Tape::writer();
        tape.put_bytes(&head.take());
        Some(tape.take())
    }

    /// Goes on with an image.
    pub fn step_image(&mut self, slice: Slice) -> ImageStep {
        if self.image_shared.is_empty() {
            return self.keyspace.step_image(slice);
        }
        let mut tape = Tape::writer();
        while tape.written() < slice.bytes
            && let Some(bytes) = self.image_shared.pop_front()
        {
            tape.put_bytes(&bytes);
        }
        ImageStep::More(tape.take())
    }

    /// True while an image walks over the data, given up or not.
    pub fn image_walks(&self) -> bool {
        self.keyspace.image_walks()
    }

    /// Gives an image up. It still has to be stepped until it is lost.
    pub fn abandon_image(&mut self) {
        self.image_shared.clear();
        self.keyspace.abandon_image();
    }

    /// What an engine has to be made from that is to be restored from an image.
    pub fn options_for_image(&self) -> Options {
        let mut config = Config::new();
        for id in [Id::Databases, Id::ClusterEnabled, Id::ClusterDatabases] {
            config.assign(id, self.server.config.value(id).clone());
        }
        Options {
            seed: 0,
            config,
            config_file: None,
            executable: self.server.executable.clone(),
            personality: self.server.personality,
            host: self.server.host.clone(),
            renamed_commands: Vec::new(),
        }
    }

    /// An engine from a whole image.
    ///
    /// # Errors
    /// If it is none, or of another version.
    pub fn restore(options: Options, now: Now, image: &[u8]) -> Result<Engine, Damaged> {
        let mut engine = Engine::new(options, now);
        let mut tape = Tape::reader(image);
        let head = tape.get_bytes()?;
        let mut head = Tape::reader_before(head, tape.rest());
        engine.image(&mut head)?;
        if !head.is_at_end() {
            return Err(Damaged);
        }
        engine.keyspace.read_entries(&mut Tape::reader(head.behind()))?;
        Ok(engine)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Engine { keyspace, server, image_shared: _ } = self;
        server.image(tape)?;
        keyspace.image(tape)
    }
}
