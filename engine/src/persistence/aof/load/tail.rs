//! The end of a file: what is not whole there is cut off, if it may be.

use super::{AofLoad, Stage};
use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::config::Id;
use crate::persistence::Work;
use crate::persistence::aof::path_of;
use crate::persistence::aof::task::{Goal, Kind, Step};
use crate::server::disk::DiskUse;
use alloc::format;
use alloc::string::String;

impl Work<'_> {
    /// A file has no more bytes.
    pub(super) fn aof_file_ended(&mut self, load: AofLoad) {
        let Stage::Loading(current) = &load.stage else { return };
        let file = load.file;
        let in_multi = current.session.transaction.is_some();
        // A request that is appended behind an annotation without its end would become a part of it.
        let half_annotation = !in_multi && current.scanner.request_bytes().first() == Some(&b'#');
        // Behind an increment may be one that was begun and then given up, with nothing in it.
        let behind = &load.files[load.index + 1..];
        let is_base = self.server.persistence.aof.is_base(&load);
        let is_last = behind.is_empty() || !is_base && behind.iter().all(|file| file.size == 0);
        let is_whole = !in_multi && (current.scanner.is_at_end() || half_annotation && !is_last);
        let valid = current.valid;
        self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
        if is_whole {
            self.server.persistence.aof.load = Some(load);
            return self.file_loaded();
        }
        let name = load.files[load.index].name.clone();
        if half_annotation {
            let line = format!("The annotation at the end of the AOF file {name} is not whole, cutting it off");
            self.log(LogLevel::Notice, line);
            return self.cut_off(load, name, valid, true);
        }
        if in_multi {
            self.log(LogLevel::Warning, format!("Revert incomplete MULTI/EXEC transaction in AOF file {name}"));
        }
        if !self.server.config.boolean(Id::AofLoadTruncated) {
            self.log_unexpected_end(&name);
            return self.aof_load_failed(load);
        }
        self.log(LogLevel::Warning, format!("!!! Warning: short read while loading the AOF file {name}!!!"));
        if !is_last {
            // It stays as it is, for whoever wants to save what can be saved.
            self.log(LogLevel::Warning, "Fatal error: the truncated file is not the last file");
            return self.aof_load_failed(load);
        }
        self.log(LogLevel::Warning, format!("!!! Truncating the AOF {name} at offset {valid} !!!"));
        self.cut_off(load, name, valid, false);
    }

    fn cut_off(&mut self, mut load: AofLoad, name: String, valid: u64, annotation: bool) {
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
        self.begin_task(Goal::Truncation { name, annotation }, steps);
    }

    fn log_unexpected_end(&mut self, name: &str) {
        let line = format!(
            "Unexpected end of file reading the append only file {name}. You can: 1) Make a backup of your AOF file, \
             then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the \
             'aof-load-truncated' configuration option to yes and restart the server."
        );
        self.log(LogLevel::Warning, line);
    }

    pub(in crate::persistence::aof) fn truncated(&mut self, name: &str, annotation: bool) {
        if !annotation {
            let line = format!("AOF {name} loaded anyway because aof-load-truncated is enabled");
            self.log(LogLevel::Warning, line);
        }
        self.file_loaded();
    }

    pub(in crate::persistence::aof) fn truncation_failed(&mut self) {
        let Some(load) = self.server.persistence.aof.load.take() else { return };
        let name = load.files[load.index].name.clone();
        self.log_unexpected_end(&name);
        self.aof_load_failed(load);
    }
}
