//! The end of a file: what is not whole there is cut off, if it may be.

use super::{AofLoad, Stage};
use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::config::Id;
use crate::persistence::Work;
use crate::persistence::aof::path_of;
use crate::persistence::aof::task::{Goal, Kind, Step};
use crate::server::disk::DiskUse;
use alloc::format;

impl Work<'_> {
    /// A file has no more bytes.
    pub(super) fn aof_file_ended(&mut self, mut load: AofLoad) {
        let Stage::Loading(current) = &load.stage else { return };
        let file = load.file;
        let in_multi = current.session.transaction.is_some();
        let is_whole = current.scanner.is_at_end() || current.scanner.request_bytes().first() == Some(&b'#');
        let valid = if in_multi { current.valid_before_multi } else { current.valid };
        self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
        if is_whole && !in_multi {
            self.server.persistence.aof.load = Some(load);
            return self.file_loaded();
        }
        let name = load.files[load.index].name.clone();
        if in_multi {
            self.log(LogLevel::Warning, format!("Revert incomplete MULTI/EXEC transaction in AOF file {name}"));
        }
        if !self.server.config.boolean(Id::AofLoadTruncated) {
            self.log_unexpected_end(&name);
            return self.aof_load_failed(load);
        }
        self.log(LogLevel::Warning, format!("!!! Warning: short read while loading the AOF file {name}!!!"));
        if load.index + 1 < load.files.len() {
            // It stays as it is, for whoever wants to save what can be saved.
            self.log(LogLevel::Warning, "Fatal error: the truncated file is not the last file");
            return self.aof_load_failed(load);
        }
        self.log(LogLevel::Warning, format!("!!! Truncating the AOF {name} at offset {valid} !!!"));
        let file = self.server.disk.new_file();
        let path = path_of(&self.server.config, &name);
        let kind = || Kind::Truncation { name: name.clone() };
        let steps = [
            Step::new(kind(), None, DiskOperation::OpenAppend { file, path }),
            Step::new(kind(), Some(file), DiskOperation::Truncate { file, length: valid }),
            Step::new(kind(), Some(file), DiskOperation::Sync { file }),
            Step::new(Kind::Tidy, None, DiskOperation::Close { file }),
        ];
        load.total -= load.files[load.index].size - valid;
        load.files[load.index].size = valid;
        self.server.persistence.aof.load = Some(load);
        self.begin_task(Goal::Truncation { name }, steps);
    }

    fn log_unexpected_end(&mut self, name: &str) {
        let line = format!(
            "Unexpected end of file reading the append only file {name}. You can: 1) Make a backup of your AOF file, \
             then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the \
             'aof-load-truncated' configuration option to yes and restart the server."
        );
        self.log(LogLevel::Warning, line);
    }

    pub(in crate::persistence::aof) fn truncated(&mut self, name: &str) {
        let line = format!("AOF {name} loaded anyway because aof-load-truncated is enabled");
        self.log(LogLevel::Warning, line);
        self.file_loaded();
    }

    pub(in crate::persistence::aof) fn truncation_failed(&mut self) {
        let Some(load) = self.server.persistence.aof.load.take() else { return };
        let name = load.files[load.index].name.clone();
        self.log_unexpected_end(&name);
        self.aof_load_failed(load);
    }
}
