//! What is done to the files of the AOF step by step: each step begins when the
//! one before has succeeded, so that a crash in between finds files that can be
//! loaded.

use super::manifest::{Manifest, manifest_name};
use super::{file_name, path_of};
use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::boundary::id::FileId;
use crate::boundary::input::{DiskDone, DiskError};
use crate::boundary::time::Now;
use crate::config::{Config, Id};
use crate::persistence::Work;
use crate::replication::follow::history::Position;
use crate::server::disk::{AofOperation, Disk, DiskUse};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;

/// What is being done.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) goal: Goal,
    steps: VecDeque<Step>,
    /// The step under way.
    step: Option<(Kind, Option<FileId>)>,
    began: Now,
    /// The length of the file that was opened last.
    opened: u64,
}

/// What for. The manifest is the one that counts once it is done.
#[derive(Clone, Debug)]
pub(super) enum Goal {
    /// The next increment.
    Rotation { manifest: Option<Manifest>, file: FileId, name: String },
    /// A rewrite's files take their places.
    Rewrite { manifest: Manifest, base: String, base_size: u64, increment: Option<String> },
    /// History is removed.
    Collection { manifest: Manifest },
    /// The list at the disk becomes the one that counts.
    Settling,
    /// An old AOF becomes a base.
    Upgrade { manifest: Manifest },
    /// The end of a file that is not whole is cut off; it is only an annotation
    /// that lacks its end if `annotation`.
    Truncation { name: String, annotation: bool },
    /// The increment is opened at the start.
    Opening {
        manifest: Manifest,
        file: FileId,
        name: String,
        base: Option<String>,
        is_new: bool,
        place: Option<Position>,
    },
}

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    kind: Kind,
    file: Option<FileId>,
    operation: DiskOperation,
}

/// Kinds of steps: how their failure is told, or that it does not matter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Directory,
    ManifestCreate,
    ManifestWrite,
    ManifestSync,
    ManifestRename {
        from: String,
        to: String,
    },
    DirectorySync,
    Increment {
        name: String,
    },
    IncrementSync,
    IncrementRename {
        from: String,
        to: String,
    },
    OldRename {
        name: String,
    },
    Base,
    Truncation {
        name: String,
    },
    /// It may fail.
    Tidy,
}

impl Step {
    pub(super) fn new(kind: Kind, file: Option<FileId>, operation: DiskOperation) -> Step {
        Step { kind, file, operation }
    }

    /// Makes the directory, if it is not there, and its name durable.
    pub(super) fn directory(config: &Config) -> [Step; 2] {
        let path = String::from_utf8_lossy(config.text(Id::Appenddirname)).into_owned();
        let sync = DiskOperation::SyncDirectory { path: ".".into() };
        [
            Step::new(Kind::Directory, None, DiskOperation::CreateDirectory { path }),
            Step::new(Kind::Directory, None, sync),
        ]
    }

    /// Makes names in the directory durable.
    pub(super) fn sync_directory(config: &Config) -> Step {
        let path = String::from_utf8_lossy(config.text(Id::Appenddirname)).into_owned();
        Step::new(Kind::DirectorySync, None, DiskOperation::SyncDirectory { path })
    }

    /// Removes a file of the AOF, if it is there.
    pub(super) fn remove(config: &Config, name: &str) -> Step {
        Step::new(Kind::Tidy, None, DiskOperation::Remove { path: path_of(config, name) })
    }

    /// Puts a manifest in place of the one that is there.
    pub(super) fn manifest(config: &Config, disk: &mut Disk, manifest: &Manifest) -> [Step; 5] {
        let name = manifest_name(&file_name(config));
        let temporary = format!("temp-{name}");
        let file = disk.new_file();
        let (from, to) = (path_of(config, &temporary), path_of(config, &name));
        let create = DiskOperation::Create { file, path: from.clone() };
        let append = DiskOperation::Append { file, bytes: manifest.format().into() };
        [
            Step::new(Kind::ManifestCreate, None, create),
            Step::new(Kind::ManifestWrite, Some(file), append),
            Step::new(Kind::ManifestSync, Some(file), DiskOperation::Sync { file }),
            Step::new(Kind::Tidy, None, DiskOperation::Close { file }),
            Step::new(Kind::ManifestRename { from: temporary, to: name }, None, DiskOperation::Rename { from, to }),
        ]
    }
}

impl Kind {
    /// The line that tells of a failure.
    fn failure(&self, config: &Config, reason: &str) -> Option<String> {
        let directory = String::from_utf8_lossy(config.text(Id::Appenddirname)).into_owned();
        let temporary = || format!("temp-{}", manifest_name(&file_name(config)));
        Some(match self {
            Kind::Directory => format!("Can't open or create append-only dir {directory}: {reason}"),
            Kind::ManifestCreate => format!("Can't open the AOF manifest file {}: {reason}", temporary()),
            Kind::ManifestWrite => {
                format!("Error trying to write the temporary AOF manifest file {}: {reason}", temporary())
            }
            Kind::ManifestSync => format!("Fail to fsync the temp AOF file {}: {reason}.", temporary()),
            Kind::ManifestRename { from, to } => {
                format!("Error trying to rename the temporary AOF manifest file {from} into {to}: {reason}")
            }
            Kind::DirectorySync => format!("Fail to fsync AOF directory {directory}: {reason}."),
            Kind::Increment { name } => format!("Can't open the append-only file {name}: {reason}"),
            Kind::IncrementSync => format!("Fail to fsync the AOF file: {reason}"),
            Kind::IncrementRename { from, to } => {
                format!("Error trying to rename the temporary AOF incr file {from} into {to}: {reason}")
            }
            Kind::OldRename { name } => {
                format!("Error trying to move the old AOF file {name} into dir {directory}: {reason}")
            }
            Kind::Base => format!("Write error writing append only file on disk: {reason}"),
            Kind::Truncation { name } => format!("Error truncating the AOF file {name}: {reason}"),
            Kind::Tidy => return None,
        })
    }
}

impl Work<'_> {
    /// Begins a task. None may be under way.
    pub(super) fn begin_task(&mut self, goal: Goal, steps: impl IntoIterator<Item = Step>) {
        debug_assert!(self.server.persistence.aof.task.is_none());
        let task = Task { goal, steps: steps.into_iter().collect(), step: None, began: self.now, opened: 0 };
        self.next_step(task);
    }

    fn next_step(&mut self, mut task: Task) {
        let Some(Step { kind, file, operation }) = task.steps.pop_front() else {
            return self.task_done(task.goal, task.opened);
        };
        if let DiskOperation::Rename { .. } = operation {
            task.began = self.now;
        }
        task.step = Some((kind, file));
        self.server.disk.start(self.orders, DiskUse::Aof(AofOperation::Step), operation);
        self.server.persistence.aof.task = Some(task);
    }

    /// The step of a task has ended.
    pub(crate) fn aof_step_done(&mut self, result: Result<DiskDone<'_>, DiskError>) {
        let Some(mut task) = self.server.persistence.aof.task.take() else { return };
        let Some((kind, file)) = task.step.take() else { return };
        if let Ok(DiskDone::Opened { size }) = result {
            task.opened = size;
        }
        if matches!(kind, Kind::ManifestRename { .. } | Kind::IncrementRename { .. }) {
            self.note_latency("aof-rename", task.began.monotonic);
        }
        if matches!(kind, Kind::ManifestRename { .. }) {
            // A rename that fails may have taken place.
            self.server.persistence.aof.unsettled = result.is_err();
        }
        match result {
            Err(error) if kind != Kind::Tidy => {
                if let Some(line) = kind.failure(&self.server.config, &error.message) {
                    self.log(LogLevel::Warning, line);
                }
                if let Some(file) = file {
                    self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
                }
                self.task_failed(task.goal);
            }
            _ => self.next_step(task),
        }
        self.next_task();
        self.aof_progress();
    }

    fn task_done(&mut self, goal: Goal, opened: u64) {
        match goal {
            Goal::Rotation { manifest, file, name } => self.rotated(manifest, file, &name),
            Goal::Rewrite { manifest, base_size, .. } => self.rewrite_finished(manifest, base_size),
            Goal::Collection { manifest } => self.server.persistence.aof.manifest = manifest,
            Goal::Settling => {}
            Goal::Upgrade { manifest } => self.old_file_upgraded(manifest),
            Goal::Truncation { name, annotation } => self.truncated(&name, annotation),
            Goal::Opening { manifest, file, name, base, is_new, place } => {
                if let Some(base) = base {
                    self.log(LogLevel::Notice, format!("Creating AOF base file {base} on server start"));
                }
                let verb = if is_new { "Creating" } else { "Opening" };
                self.log(LogLevel::Notice, format!("{verb} AOF incr file {name} on server start"));
                self.opened_at_start(manifest, file, opened, place);
            }
        }
    }

    fn task_failed(&mut self, goal: Goal) {
        match goal {
            Goal::Rotation { file, .. } => self.rotation_failed(file),
            Goal::Rewrite { manifest, base, increment, .. } => {
                self.rewrite_not_finished(&manifest, &base, increment);
            }
            Goal::Collection { .. } | Goal::Settling => {}
            Goal::Upgrade { .. } | Goal::Opening { .. } => self.exit_at_start(),
            Goal::Truncation { .. } => self.truncation_failed(),
        }
    }

    /// What waited for a task to end begins.
    fn next_task(&mut self) {
        if self.server.persistence.aof.task.is_some() {
            return;
        }
        if self.server.persistence.aof.rotation.is_none()
            && let Some(size) = self.server.persistence.aof.base_ready.take()
        {
            return self.finish_rewrite(size);
        }
        self.collect_history();
    }

    /// Removes files that nobody needs any more, unless a parameter keeps them.
    pub(crate) fn collect_history(&mut self) {
        let aof = &self.server.persistence.aof;
        let kept = self.server.config.boolean(Id::AofDisableAutoGc);
        if kept || aof.unsettled || aof.task.is_some() || aof.manifest.history.is_empty() || aof.load.is_some() {
            return;
        }
        let mut manifest = aof.manifest.clone();
        let mut steps = VecDeque::new();
        for listed in core::mem::take(&mut manifest.history) {
            self.log(LogLevel::Notice, format!("Removing the history file {} in the background", listed.name));
            steps.push_back(Step::remove(&self.server.config, &listed.name));
        }
        steps.extend(Step::manifest(&self.server.config, &mut self.server.disk, &manifest));
        // Should it fail, the list names files that are gone: that does no harm.
        self.server.persistence.aof.manifest.history.clear();
        self.begin_task(Goal::Collection { manifest }, steps);
    }

    /// Puts the list that counts in the place of one that may not, if it can.
    pub(super) fn settle_manifest(&mut self) {
        let aof = &self.server.persistence.aof;
        if !aof.unsettled || aof.task.is_some() || aof.load.is_some() || aof.manifest.is_empty() {
            return;
        }
        let manifest = aof.manifest.clone();
        let steps = Step::manifest(&self.server.config, &mut self.server.disk, &manifest);
        self.begin_task(Goal::Settling, steps);
    }
}
