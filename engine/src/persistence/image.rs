//! Saving, loading and the AOF in an image. A save or a load that is under way is
//! waited out; appends and syncs of the AOF are told.

use super::Persistence;
use super::shutdown::Shutdown;
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::time::Now;

impl Persistence {
    /// True if an image can be written.
    pub(crate) fn rests(&self) -> bool {
        self.save.is_none()
            && self.next_save.is_none()
            && self.load.is_none()
            && self.loading.is_none()
            && self.aof.rests()
    }
}

impl Image for Persistence {
    fn blank() -> Persistence {
        Persistence::new(Now::default())
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Persistence {
            saves,
            last_save,
            last_ok,
            last_seconds,
            background_since,
            scheduled,
            keys_processed,
            keys_total,
            ahead_bytes,
            ahead_peak,
            last_ahead_bytes,
            last_loaded,
            last_expired,
            last_empty,
            loading: _,
            last_try,
            aof,
            save: _,
            next_save: _,
            load: _,
            shutdown,
        } = self;
        tape.each([saves, last_save, last_ok, last_seconds, background_since, scheduled, keys_processed, keys_total])?;
        tape.each([ahead_bytes, ahead_peak, last_ahead_bytes, last_loaded, last_expired, last_empty])?;
        tape.each([last_try, aof, shutdown])
    }
}

impl Image for Shutdown {
    fn blank() -> Shutdown {
        Shutdown::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Shutdown { signal, options, until, exit, waiters } = self;
        tape.each([signal, options, until, exit, waiters])
    }
}
