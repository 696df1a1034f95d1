//! The AOF in an image, with what waits for the disk.

use super::manifest::{Listed, Manifest};
use super::{Aof, AtDisk, Bytes, Policy, State};
use crate::base::image::{Damaged, Image, Tape};
use alloc::string::String;
use alloc::sync::Arc;

/// Bytes that may wait for the disk when an image begins: they are copied at once.
const WAITING_MAX: usize = 1 << 20;

impl Aof {
    /// True if an image can be written: no files are exchanged, and the disk is
    /// not far behind.
    pub(crate) fn rests(&self) -> bool {
        let waiting = self.buffer.0.len() + self.appending.as_ref().map_or(0, |bytes| bytes.0.len());
        waiting <= WAITING_MAX
            && self.rewriting.is_none()
            && self.rotation.is_none()
            && self.task.is_none()
            && self.load.is_none()
    }
}

impl Image for Aof {
    fn blank() -> Aof {
        Aof::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Aof {
            state,
            rewriting: _,
            scheduled,
            last_rewrite_seconds,
            rewrite_failed,
            rewrites,
            failures,
            write_error,
            sync_error,
            current_size,
            base_size,
            delayed_syncs,
            last_ahead_bytes,
            policy,
            suspended,
            timestamps,
            last_timestamp,
            manifest,
            unsettled,
            selected,
            file,
            file_size,
            buffer,
            appending,
            spare: _,
            append_began,
            damaged,
            cutting,
            retry_at,
            error_logged,
            appended,
            written,
            synced,
            syncing,
            sync_began,
            sync_slow,
            gathering,
            rotation: _,
            task: _,
            base_ready,
            base_is_rdb,
            closing,
            limit,
            held,
            awaited,
            mark,
            told,
            lost,
            place,
            load: _,
        } = self;
        tape.variant(state, [State::Off, State::Waiting, State::On])?;
        tape.variant(policy, [Policy::Always, Policy::EverySecond, Policy::Never])?;
        tape.each([scheduled, last_rewrite_seconds, rewrite_failed, rewrites, failures, write_error, sync_error])?;
        tape.each([current_size, base_size, delayed_syncs, last_ahead_bytes, suspended, timestamps, last_timestamp])?;
        tape.each([manifest, selected, file, file_size, buffer, appending, append_began, damaged, cutting, retry_at])?;
        tape.each([
            error_logged,
            appended,
            written,
            synced,
            syncing,
            sync_began,
            sync_slow,
            gathering,
            base_ready,
            closing,
        ])?;
        tape.each([limit, held, awaited, mark, told, lost, place, unsettled, base_is_rdb])
    }
}

impl Image for AtDisk {
    fn blank() -> AtDisk {
        AtDisk(Arc::default())
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.shared(&mut self.0)
    }
}

impl Image for Bytes {
    fn blank() -> Bytes {
        Bytes::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        self.0.image(tape)
    }
}

impl Image for Manifest {
    fn blank() -> Manifest {
        Manifest::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Manifest { base, history, increments, base_sequence, increment_sequence } = self;
        tape.each([base, history, increments, base_sequence, increment_sequence])
    }
}

impl Image for Listed {
    fn blank() -> Listed {
        Listed { name: String::new(), sequence: 0 }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Listed { name, sequence } = self;
        tape.each([name, sequence])
    }
}
