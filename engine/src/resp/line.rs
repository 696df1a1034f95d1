//! Lines: what servers reply to each other in, apart from data.

use alloc::vec::Vec;

/// Takes a line out, without its end. An error if there is none where one must
/// be.
pub(crate) fn take_line(buffer: &mut Vec<u8>) -> Result<Option<Vec<u8>>, ()> {
    const LINE_MAX: usize = 64 << 10;
    let Some(at) = buffer.iter().position(|&byte| byte == b'\n') else {
        return if buffer.len() > LINE_MAX { Err(()) } else { Ok(None) };
    };
    let mut line: Vec<u8> = buffer.drain(..=at).collect();
    line.pop();
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(line))
}
