//! DEBUG RELOAD: saves the data set, forgets it, loads it again.

use crate::boundary::effects::LogLevel;
use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::command::databases::empty_silently;
use crate::command::error::Error;
use crate::persistence::Work;
use crate::persistence::save::Then;
use crate::resp::request::Arguments;
use crate::server::deferred::Waiter;

/// A reload in progress.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Reload {
    waiter: Waiter,
    flush: bool,
    /// True if keys of the file replace those that are there.
    pub(super) merge: bool,
}

/// DEBUG RELOAD; `options` are the arguments behind it.
///
/// # Errors
/// If an option is not one, while another load goes on, and in a transaction,
/// in which nothing can wait.
pub(crate) fn debug_reload(context: &mut Context<'_>, options: Arguments<'_>) -> Result<(), Error> {
    let (mut flush, mut save, mut merge) = (true, true, false);
    for option in options.iter() {
        match option.to_ascii_uppercase().as_slice() {
            b"MERGE" => merge = true,
            b"NOFLUSH" => flush = false,
            b"NOSAVE" => save = false,
            _ => return Err(Error::Text("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")),
        }
    }
    if context.server.loading {
        return Err(Error::Loading { server: context.server.personality.title });
    }
    if context.session.transaction.is_some() {
        return Err(Error::NotInTransaction);
    }
    let waiter = context.defer();
    let reload = Reload { waiter, flush, merge };
    let mut work = context.persistence();
    if save {
        work.save_in_foreground(Then::Reload(reload));
    } else {
        work.server.exclusive = true;
        work.flush_and_load(reload);
    }
    Ok(())
}

/// DEBUG LOADAOF.
///
/// # Errors
/// While another load goes on, and in a transaction, in which nothing can wait.
pub(crate) fn debug_loadaof(context: &mut Context<'_>) -> Result<(), Error> {
    if context.server.loading {
        return Err(Error::Loading { server: context.server.personality.title });
    }
    if context.session.transaction.is_some() {
        return Err(Error::NotInTransaction);
    }
    let waiter = context.defer();
    let mut work = context.persistence();
    work.server.exclusive = true;
    work.await_aof_for_reload(waiter);
    Ok(())
}

impl Work<'_> {
    pub(super) fn reload_saved(&mut self, reload: Reload, saved: bool) {
        if saved {
            self.flush_and_load(reload);
        } else {
            self.server.defer(reload.waiter, Err("ERR".into()));
            self.end_exclusive();
        }
    }

    fn flush_and_load(&mut self, reload: Reload) {
        if reload.flush {
            self.forget_all();
        }
        self.load_again(reload);
    }

    pub(super) fn reload_loaded(&mut self, reload: Reload, loaded: bool) {
        if loaded {
            self.log(LogLevel::Warning, "DB reloaded by DEBUG RELOAD");
        }
        let result = if loaded { Ok(()) } else { Err("ERR Error trying to load the RDB dump".into()) };
        self.server.defer(reload.waiter, result);
        self.touch_blocked();
        self.end_exclusive();
    }

    /// Empties all databases, silently.
    pub(crate) fn forget_all(&mut self) {
        for id in 0..self.keyspace.database_count() as u32 {
            empty_silently(self.keyspace, &mut self.server.watches, self.orders, self.now, DatabaseId(id));
        }
        self.touch_blocked();
    }
}
