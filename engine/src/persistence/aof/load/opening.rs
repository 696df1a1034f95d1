//! After the load of a start: the increment that grows is opened.

use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::boundary::id::FileId;
use crate::config::Id;
use crate::persistence::Work;
use crate::persistence::aof::manifest::Manifest;
use crate::persistence::aof::position::restored_line;
use crate::persistence::aof::task::{Goal, Kind, Step};
use crate::persistence::aof::{State, file_name, path_of};
use crate::replication::follow::history::Position;
use alloc::format;
use alloc::vec::Vec;

impl Work<'_> {
    /// Opens the increment that grows. An AOF that is new begins with an empty
    /// base. `place` is where in a history the data are that were loaded.
    pub(super) fn open_at_start(&mut self, place: Option<Position>) {
        let process = self.server.host.process_id;
        let base_bytes = self.empty_base();
        let config = &self.server.config;
        let mut manifest = self.server.persistence.aof.manifest.clone();
        let mut steps = Vec::from(Step::directory(config));
        let mut base = None;
        if manifest.is_empty() {
            let listed = manifest.add_base(&file_name(config), config.boolean(Id::AofUseRdbPreamble));
            base = Some(listed.name.clone());
            let (from, to) = (format!("temp-rewriteaof-{process}.aof"), path_of(config, &listed.name));
            let file = self.server.disk.new_file();
            let append = DiskOperation::Append { file, bytes: base_bytes.into() };
            steps.extend([
                Step::new(Kind::Base, None, DiskOperation::Create { file, path: from.clone() }),
                Step::new(Kind::Base, Some(file), append),
                Step::new(Kind::Base, Some(file), DiskOperation::Sync { file }),
                Step::new(Kind::Tidy, None, DiskOperation::Close { file }),
                Step::new(Kind::Base, None, DiskOperation::Rename { from, to }),
            ]);
        }
        let is_new = manifest.increments.is_empty();
        let name = match manifest.increments.last() {
            Some(listed) => listed.name.clone(),
            None => manifest.add_increment(&file_name(config)),
        };
        let file = self.server.disk.new_file();
        let open = DiskOperation::OpenAppend { file, path: path_of(config, &name) };
        steps.push(Step::new(Kind::Increment { name: name.clone() }, None, open));
        // What was loaded is about to be seen, so it has to stay.
        steps.push(Step::new(Kind::IncrementSync, None, DiskOperation::Sync { file }));
        steps.push(Step::sync_directory(config));
        if is_new {
            steps.extend(Step::manifest(config, &mut self.server.disk, &manifest));
        }
        self.begin_task(Goal::Opening { manifest, file, name, base, is_new, place }, steps);
    }

    pub(in crate::persistence::aof) fn opened_at_start(
        &mut self,
        manifest: Manifest,
        file: FileId,
        size: u64,
        place: Option<Position>,
    ) {
        let aof = &mut self.server.persistence.aof;
        aof.manifest = manifest;
        aof.file = Some(file);
        aof.file_size = size;
        aof.state = State::On;
        self.server.loading = false;
        self.server.listeners_changed();
        let databases = self.keyspace.database_count() as u32;
        if let Some(place) = place.filter(|place| place.database.0 < databases) {
            self.log(LogLevel::Notice, restored_line(&place));
            self.restore_history(place);
        }
        self.ready();
    }
}
