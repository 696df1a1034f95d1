//! What went into an engine, so that another engine can be made to do the same:
//! inputs in the order in which they were handled, and the answers to questions
//! asked meanwhile. Pure: whoever records or replays brings the storage.
//!
//! ```text
//! "REPRISE\0"  version u16  beginning  seed u64  started Now  personality  host facts  configuration  ...
//! record*      tag u8, then by tag; an input's answers follow it
//!
//! Connected Requests Drained Closed Disk Link Deadline Signal Start  times since the last input, what it says
//! Elapsed                                                  nanoseconds since the last
//! Answer                                                   what was answered
//! Came                                                     half of the hash of all effects, with this input's
//! Checkpoint                                               hash of all effects so far, hash of the state
//! Image ImageEnd                                           a piece of the image; how long all pieces are
//! ```
//!
//! A recording is a sequence of segments. The first may begin with an engine that
//! is made anew; one that begins in the middle of a life has an image of the
//! engine as it was then, whose pieces come between its first inputs. If it has
//! all of them the segment is whole: it can be replayed on its own, too. Hashes of
//! effects begin anew with each segment; inputs are counted over all.
//!
//! Numbers are LEB128, signed ones zigzag; fixed numbers of the header and of
//! checkpoints are little endian; texts are a length and bytes. Requests are
//! their bytes on the wire.

mod digest;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use digest::Digest;
pub use read::{Beginning, Reader, Record, RecordedInput, RecordingError, image_of};
pub use write::Writer;

/// What a segment begins with.
pub const MAGIC: &[u8; 8] = b"REPRISE\0";
/// The version of the format.
const VERSION: u16 = 11;

/// Kinds of records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
enum Tag {
    Connected = 1,
    Requests,
    Drained,
    Closed,
    Disk,
    Deadline,
    Signal,
    Elapsed,
    Answer,
    Checkpoint,
    Start,
    Link,
    Came,
    Image,
    ImageEnd,
}

impl Tag {
    const ALL: [Tag; 15] = [
        Tag::Connected,
        Tag::Requests,
        Tag::Drained,
        Tag::Closed,
        Tag::Disk,
        Tag::Deadline,
        Tag::Signal,
        Tag::Elapsed,
        Tag::Answer,
        Tag::Checkpoint,
        Tag::Start,
        Tag::Link,
        Tag::Came,
        Tag::Image,
        Tag::ImageEnd,
    ];
}
