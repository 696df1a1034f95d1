//! What precedes the loading of files: the manifest is read, the single file of an old version becomes a base, and the
//! lengths of all files are looked up.

use super::{AofLoad, DataFile, Stage};
use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::boundary::input::{DiskDone, DiskError, DiskErrorKind};
use crate::config::Id;
use crate::persistence::Work;
use crate::persistence::aof::manifest::{Listed, Manifest, manifest_name};
use crate::persistence::aof::task::{Goal, Kind, Step};
use crate::persistence::aof::{file_name, path_of};
use crate::persistence::load::LoadProgress;
use crate::server::disk::DiskUse;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

impl Work<'_> {
    /// What precedes the loading of files.
    pub(super) fn looked_up(&mut self, mut load: AofLoad, result: Result<DiskDone<'_>, DiskError>) {
        let file = load.file;
        let opened = matches!(result, Ok(DiskDone::Opened { .. }));
        if opened && !matches!(load.stage, Stage::Manifest(_)) {
            self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
        }
        match (&mut load.stage, result) {
            (Stage::Manifest(bytes), Ok(done)) => {
                if let DiskDone::Data(data) = done {
                    bytes.extend_from_slice(data);
                    if data.is_empty() {
                        self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
                        return self.manifest_read(load);
                    }
                }
                self.read_for_load(file);
                self.server.persistence.aof.load = Some(load);
            }
            (Stage::Manifest(_), Err(error)) if error.kind == DiskErrorKind::NotFound => {
                self.server.persistence.aof.load = Some(load);
                self.manifest_known();
            }
            (Stage::Manifest(_), Err(error)) => {
                let path = path_of(&self.server.config, &manifest_name(&file_name(&self.server.config)));
                let line =
                    format!("Fatal error: can't open the AOF manifest file {path} for reading: {}", error.message);
                self.log(LogLevel::Warning, line);
                self.aof_load_failed(load);
            }
            (Stage::OldFile, result) => {
                self.server.persistence.aof.load = Some(load);
                if result.is_ok() { self.old_file_found() } else { self.look_up_lengths() }
            }
            (Stage::MovedFile, result) => {
                self.server.persistence.aof.load = Some(load);
                if result.is_ok() { self.look_up_lengths() } else { self.upgrade() }
            }
            (Stage::Lengths, Ok(DiskDone::Opened { size })) => {
                load.files[load.index].size = size;
                load.total += size;
                load.index += 1;
                self.server.persistence.aof.load = Some(load);
                self.look_up_next_length();
            }
            (Stage::Lengths, Err(error)) => {
                let (name, reason) = (&load.files[load.index].name, &error.message);
                let line = format!("Unable to obtain the AOF file {name} length. stat: {reason}");
                self.log(LogLevel::Warning, line);
                self.aof_load_failed(load);
            }
            _ => self.server.persistence.aof.load = Some(load),
        }
    }

    fn manifest_read(&mut self, load: AofLoad) {
        let Stage::Manifest(bytes) = &load.stage else { return };
        match Manifest::parse(bytes) {
            Ok(manifest) => {
                self.server.persistence.aof.manifest = manifest;
                self.server.persistence.aof.load = Some(load);
                self.manifest_known();
            }
            Err(error) => {
                for line in error.lines() {
                    self.log(LogLevel::Warning, line);
                }
                self.aof_load_failed(load);
            }
        }
    }

    /// Without `appendonly` that is all; the data come from the RDB file.
    pub(super) fn manifest_known(&mut self) {
        if self.server.config.boolean(Id::Appendonly) {
            return self.look_for_old_file();
        }
        self.server.persistence.aof.load = None;
        self.load_rdb_at_start();
        self.collect_history();
    }

    pub(super) fn look_for_old_file(&mut self) {
        let manifest = &self.server.persistence.aof.manifest;
        let name = file_name(&self.server.config);
        let listed = manifest.base.as_ref().is_some_and(|base| base.name == name);
        if manifest.is_empty() || listed && manifest.increments.is_empty() {
            self.set_load_stage(Stage::OldFile);
            return self.open_for_load(name);
        }
        self.look_up_lengths();
    }

    fn old_file_found(&mut self) {
        if self.server.persistence.aof.manifest.is_empty() {
            return self.upgrade();
        }
        self.set_load_stage(Stage::MovedFile);
        let path = path_of(&self.server.config, &file_name(&self.server.config));
        self.open_for_load(path);
    }

    /// The single file of an old version becomes a base.
    fn upgrade(&mut self) {
        self.set_load_stage(Stage::Task);
        let config = &self.server.config;
        let name = file_name(config);
        let mut manifest = self.server.persistence.aof.manifest.clone();
        manifest.base = Some(Listed { name: name.clone(), sequence: 1 });
        manifest.base_sequence = 1;
        let mut steps = Vec::from(Step::directory(config));
        steps.extend(Step::manifest(config, &mut self.server.disk, &manifest));
        let rename = DiskOperation::Rename { from: name.clone(), to: path_of(config, &name) };
        steps.push(Step::new(Kind::OldRename { name }, None, rename));
        self.begin_task(Goal::Upgrade { manifest }, steps);
    }

    pub(in crate::persistence::aof) fn old_file_upgraded(&mut self, manifest: Manifest) {
        let config = &self.server.config;
        let directory = String::from_utf8_lossy(config.text(Id::Appenddirname)).into_owned();
        let line = format!(
            "Successfully migrated an old-style AOF file ({}) into the AOF directory ({directory}).",
            file_name(config)
        );
        self.log(LogLevel::Notice, line);
        self.server.persistence.aof.manifest = manifest;
        self.look_up_lengths();
    }

    fn look_up_lengths(&mut self) {
        let aof = &mut self.server.persistence.aof;
        let Some(load) = &mut aof.load else { return };
        load.stage = Stage::Lengths;
        load.files = aof.manifest.data_files().map(|listed| DataFile { name: listed.name.clone(), size: 0 }).collect();
        self.look_up_next_length();
    }

    fn look_up_next_length(&mut self) {
        let Some(load) = &mut self.server.persistence.aof.load else { return };
        if let Some(file) = load.files.get(load.index) {
            let path = path_of(&self.server.config, &file.name);
            return self.open_for_load(path);
        }
        load.index = 0;
        if load.files.is_empty() {
            return self.aof_loaded(false);
        }
        let progress =
            LoadProgress { start: self.now.unix.seconds(), total_bytes: load.total, ..LoadProgress::default() };
        self.server.persistence.loading = Some(progress);
        self.load_next_file();
    }
}
