//! Where lines are written: standard output, or a file that others may rotate.
//!
//! A rotated file is noticed by its inode: when the path names another file, or none, the path is opened anew. A file that
//! was copied and truncated goes on at its new end, because it is open for appending.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Error, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where lines are written.
pub(super) enum Destination {
    StandardOutput,
    File { path: PathBuf, file: File, inode: (u64, u64) },
}

impl Destination {
    /// A file, made when there is none.
    pub(super) fn file(path: &[u8]) -> Result<Destination, Error> {
        let path = PathBuf::from(OsStr::from_bytes(path));
        let (file, inode) = open(&path)?;
        Ok(Destination::File { path, file, inode })
    }

    /// Writes bytes at once; nobody could be told that it failed.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        match self {
            Destination::StandardOutput => {
                let mut output = std::io::stdout().lock();
                drop(output.write_all(bytes).and_then(|()| output.flush()));
            }
            Destination::File { path, file, inode } => {
                let there = std::fs::metadata(&*path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
                if there != Some(*inode)
                    && let Ok(opened) = open(path)
                {
                    (*file, *inode) = opened;
                    crate::crash::write_to(file.as_raw_fd());
                }
                drop(file.write_all(bytes));
            }
        }
    }

    /// The descriptor of standard output or the file.
    pub(super) fn descriptor(&self) -> RawFd {
        match self {
            Destination::StandardOutput => std::io::stdout().as_raw_fd(),
            Destination::File { file, .. } => file.as_raw_fd(),
        }
    }
}

fn open(path: &Path) -> Result<(File, (u64, u64)), Error> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    let metadata = file.metadata()?;
    Ok((file, (metadata.dev(), metadata.ino())))
}
