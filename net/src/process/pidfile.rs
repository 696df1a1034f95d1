//! The file that holds the process's number.

use crate::listener::socket::system_text;
use std::path::{Path, PathBuf};

/// Where a background process writes it when nothing else is configured; the server is `redis` or `valkey`.
pub fn default_path(server: &str) -> PathBuf {
    format!("/var/run/{server}.pid").into()
}

/// A file that was written, to be removed at the end.
#[derive(Debug)]
pub struct PidFile(PathBuf);

impl PidFile {
    /// Writes the file. That it cannot be written is worth a warning, no more.
    pub fn write(path: &Path) -> Option<PidFile> {
        match std::fs::write(path, format!("{}\n", std::process::id())) {
            // Absolute, because the working directory may change.
            Ok(()) => Some(PidFile(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))),
            Err(error) => {
                tracing::warn!("Failed to write PID file: {}", system_text(&error));
                None
            }
        }
    }

    /// Removes the file.
    pub fn remove(&self) {
        drop(std::fs::remove_file(&self.0));
    }
}
