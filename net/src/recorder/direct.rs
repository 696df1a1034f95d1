//! A file that is written past the system's cache: what is recorded is not read
//! again soon, and to copy it there takes longer than to come by it. Bytes that lie
//! where a device can fetch them are not copied at all.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What places in memory, places in the file and lengths are multiples of.
const BLOCK: usize = 4096;
/// Bytes that are copied before they are written at once.
const STAGE: usize = 256 << 10;

/// Bytes that begin where a device can fetch them, unless they grew beyond their room.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// Bytes before the first.
    begin: usize,
}

impl Buffer {
    /// Makes room for so many bytes, of which there is none yet, in memory that was
    /// used before.
    pub(super) fn with_room(mut used: Vec<u8>, length: usize) -> Buffer {
        used.clear();
        used.reserve(length + BLOCK);
        let begin = used.as_ptr().align_offset(BLOCK);
        used.resize(begin, 0);
        Buffer { bytes: used, begin }
    }

    /// Its memory, with what stands before the first byte.
    pub(super) fn into_memory(self) -> (Vec<u8>, usize) {
        (self.bytes, self.begin)
    }

    /// What [`Buffer::into_memory`] told, with bytes behind it.
    pub(super) fn from_memory(bytes: Vec<u8>, begin: usize) -> Buffer {
        Buffer { bytes, begin }
    }

    /// Adds bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets its bytes.
    fn clear(&mut self) {
        self.bytes.truncate(self.begin);
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.begin..]
    }
}

/// Of so many bytes, those behind the last whole block.
pub(super) fn behind_blocks(length: usize) -> usize {
    length % BLOCK
}

/// A file that grows at its end.
#[derive(Debug)]
pub(super) struct DirectFile {
    file: File,
    /// Bytes that wait; never so many that they would move.
    staged: Buffer,
    written: u64,
}

impl DirectFile {
    /// Makes a file, which must not be there.
    ///
    /// # Errors
    /// If it can't be made.
    pub(super) fn create(path: &Path) -> Result<DirectFile, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).custom_flags(libc::O_DIRECT);
        let file = match options.open(path) {
            // A file system that has no such way may have made the file nevertheless.
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                OpenOptions::new().write(true).create(true).truncate(true).open(path)
            }
            opened => opened,
        }?;
        Ok(DirectFile { file, staged: Buffer::with_room(Vec::new(), STAGE), written: 0 })
    }

    /// Bytes that the file has.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Adds bytes, of which the last ones stay here until there are more.
    ///
    /// # Errors
    /// If the file can't be written.
    pub(super) fn add(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        let waiting = self.staged.bytes().len();
        if bytes.as_ptr().align_offset(BLOCK) == 0 && behind_blocks(bytes.len()) == 0 && behind_blocks(waiting) == 0 {
            self.write_staged()?;
            return self.write(bytes);
        }
        while !bytes.is_empty() {
            let room = STAGE - self.staged.bytes().len();
            let (first, rest) = bytes.split_at(room.min(bytes.len()));
            self.staged.add(first);
            bytes = rest;
            if first.len() == room {
                self.write_staged()?;
            }
        }
        Ok(())
    }

    /// Writes all that is still here.
    ///
    /// # Errors
    /// If the file can't be written.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        // The rest is no multiple, and neither is the place of what follows.
        self.use_cache()?;
        self.write_staged()
    }

    fn write_staged(&mut self) -> Result<(), Error> {
        let mut staged = std::mem::take(&mut self.staged);
        let result = self.write(staged.bytes());
        staged.clear();
        self.staged = staged;
        result
    }

    fn use_cache(&self) -> Result<(), Error> {
        let flags = OFlag::from_bits_truncate(fcntl(&self.file, FcntlArg::F_GETFL)?);
        fcntl(&self.file, FcntlArg::F_SETFL(flags - OFlag::O_DIRECT))?;
        Ok(())
    }

    fn write(&mut self, mut rest: &[u8]) -> Result<(), Error> {
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(count) => {
                    self.written += count as u64;
                    rest = &rest[count..];
                    if count % BLOCK != 0 {
                        self.use_cache()?;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It takes larger blocks, or none at all.
                Err(error) if error.kind() == ErrorKind::InvalidInput && self.is_direct()? => self.use_cache()?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn is_direct(&self) -> Result<bool, Error> {
        Ok(OFlag::from_bits_truncate(fcntl(&self.file, FcntlArg::F_GETFL)?).contains(OFlag::O_DIRECT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new file, where it is, and the directory that goes with this.
    fn new_file() -> (DirectFile, std::path::PathBuf, tempfile::TempDir) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        (DirectFile::create(&path).expect("a file"), path, directory)
    }

    #[test]
    fn bytes_that_lie_right_are_written_as_they_are() {
        let (mut file, path, _directory) = new_file();
        let mut all = Vec::new();
        // Lengths, and how many of the bytes before still wait behind each.
        let cases = [(2 * BLOCK, 0), (BLOCK, 0), (7, 7), (BLOCK, BLOCK + 7), (BLOCK - 7, 2 * BLOCK), (3 * BLOCK, 0)];
        let mut used = Vec::new();
        for (index, (length, waits)) in cases.into_iter().enumerate() {
            let mut buffer = Buffer::with_room(used, length);
            buffer.add(&(0..length).map(|place| (place ^ index) as u8).collect::<Vec<_>>());
            file.add(buffer.bytes()).expect("written");
            all.extend_from_slice(buffer.bytes());
            assert_eq!(all.len() as u64 - file.written(), waits as u64, "{length}");
            (used, _) = buffer.into_memory();
        }
        file.finish().expect("written");
        assert!(std::fs::read(&path).expect("read") == all);
    }

    #[test]
    fn a_file_has_what_was_added_whatever_the_lengths() {
        let (mut file, path, _directory) = new_file();
        let mut all = Vec::new();
        let lengths = [1, BLOCK - 1, BLOCK, 0, STAGE - 2 * BLOCK, 3 * STAGE + 5, STAGE, 17];
        for (index, &length) in lengths.iter().cycle().take(40).enumerate() {
            let bytes: Vec<u8> = (0..length).map(|place| (place ^ index) as u8).collect();
            file.add(&bytes).expect("written");
            all.extend_from_slice(&bytes);
            assert!(all.len() as u64 - file.written() < STAGE as u64);
            // Once the rest was written it goes on in the usual way.
            if index == 20 {
                file.finish().expect("written");
                assert_eq!(file.written(), all.len() as u64);
            }
        }
        file.finish().expect("written");
        assert_eq!(file.written(), all.len() as u64);
        assert!(std::fs::read(&path).expect("read") == all);
        assert_eq!(DirectFile::create(&path).expect_err("it is there").kind(), ErrorKind::AlreadyExists);
    }
}
