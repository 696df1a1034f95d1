//! The name inside a module's 64-bit identity: nine characters of 6 bits, then 10 bits of encoding version.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The name of the module `identity`, for messages.
#[must_use]
pub fn module_name(identity: u64) -> [u8; 9] {
    let mut name = [0; 9];
    for (index, character) in name.iter_mut().rev().enumerate() {
        *character = ALPHABET[(identity >> (10 + 6 * index)) as usize & 63];
    }
    name
}
