//! SHUTDOWN, and the signals that ask for it.

use crate::boundary::effects::{Effect, LogLevel};
use crate::boundary::input::Signal;
use crate::boundary::time::Monotonic;
use crate::command::context::Context;
use crate::config::{Id, ShutdownOptions};
use crate::persistence::Work;
use crate::persistence::aof::State;
use crate::persistence::save::Then;
use crate::server::deferred::Waiter;
use crate::server::timer::Timer;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Milliseconds after which a signal that has to wait is looked at again.
const LOOK_AGAIN_MS: u64 = 10;

/// Whether the server is to end, and why it has not yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown {
    /// A signal that nothing has followed from yet, or whose shutdown is under
    /// way.
    pub(super) signal: Option<Signal>,
    /// Set while it is under way.
    pub(super) options: Option<ShutdownOptions>,
    /// Until when it waits for replicas.
    pub(super) until: Option<Monotonic>,
    /// Set once nothing is left but files to be removed; the exit code.
    pub(super) exit: Option<i32>,
    pub(super) waiters: Vec<Waiter>,
}

impl Shutdown {
    /// True once it waits for nobody but the disk.
    pub(crate) fn is_final(&self) -> bool {
        self.options.is_some() && self.until.is_none()
    }
}

impl Work<'_> {
    /// A signal came. What follows waits for its turn.
    pub(crate) fn shutdown_signal(&mut self, signal: Signal) {
        if self.server.persistence.shutdown.signal.is_some() && signal == Signal::Interrupt {
            self.log(LogLevel::Warning, "You insist... exiting now.");
            self.stop_saving();
            self.exit(1);
            return;
        }
        let line = match signal {
            _ if self.server.loading => "Received shutdown signal during loading, scheduling shutdown.",
            Signal::Interrupt => "Received SIGINT scheduling shutdown...",
            Signal::Terminate => "Received SIGTERM scheduling shutdown...",
        };
        self.log(LogLevel::Warning, line);
        self.server.persistence.shutdown.signal = Some(signal);
        self.server.timers.set(Timer::Shutdown, self.now.monotonic);
    }

    /// [`Timer::Shutdown`] has come: acts on a signal, or has waited for
    /// replicas long enough.
    pub(crate) fn shutdown_due(&mut self) {
        let shutdown = &self.server.persistence.shutdown;
        if shutdown.options.is_some() {
            if let Some(until) = shutdown.until {
                if until > self.now.monotonic && !self.replicas_have_all() {
                    return self.wait_for_replicas();
                }
                self.finish_shutdown();
            }
            return;
        }
        let Some(signal) = shutdown.signal else { return };
        if self.server.cron_paused || self.server.exclusive && !self.server.loading {
            // After what is under way.
            self.server.timers.set(Timer::Shutdown, self.now.monotonic.plus_ms(LOOK_AGAIN_MS));
            return;
        }
        let id = match signal {
            Signal::Interrupt => Id::ShutdownOnSigint,
            Signal::Terminate => Id::ShutdownOnSigterm,
        };
        let options = self.server.config.shutdown_options(id);
        self.shut_down(options, None);
    }

    /// Ends the server, if nothing prevents it; `waiter` learns what does.
    pub(crate) fn shut_down(&mut self, options: ShutdownOptions, waiter: Option<Waiter>) {
        let loading = self.server.loading;
        let shutdown = &mut self.server.persistence.shutdown;
        shutdown.waiters.extend(waiter);
        if shutdown.options.is_some() {
            return;
        }
        let saves = ShutdownOptions::SAVE.0;
        let options = if loading { ShutdownOptions(options.0 & !saves | ShutdownOptions::NOSAVE.0) } else { options };
        shutdown.options = Some(options);
        self.log(LogLevel::Warning, "User requested shutdown...");
        let seconds = self.server.config.unsigned(Id::ShutdownTimeout);
        if seconds == 0 || options.contains(ShutdownOptions::NOW) || loading || self.replicas_have_all() {
            return self.finish_shutdown();
        }
        self.log(LogLevel::Notice, "Waiting for replicas before shutting down.");
        let until = self.now.monotonic.plus_ms(seconds * 1000);
        let shutdown = &mut self.server.persistence.shutdown;
        shutdown.until = Some(until);
        self.server.pauses.shutdown = true;
        self.wait_for_replicas();
    }

    fn replicas_have_all(&self) -> bool {
        self.server.replication.is_replica() || self.server.replication.replicas_have_all()
    }

    /// Looks again a little later. Replicas tell each second how far they are:
    /// to be asked moves the stream on, and their answer is of before.
    fn wait_for_replicas(&mut self) {
        self.server.timers.set(Timer::Shutdown, self.now.monotonic.plus_ms(LOOK_AGAIN_MS));
    }

    fn finish_shutdown(&mut self) {
        self.server.persistence.shutdown.until = None;
        let Some(options) = self.server.persistence.shutdown.options else { return };
        let lines: Vec<String> = self.server.replication.lag_lines(self.now).collect();
        for line in lines {
            self.log(LogLevel::Notice, line);
        }
        if self.server.persistence.aof.rewriting.is_some() {
            if self.server.persistence.aof.state == State::Waiting {
                if options.contains(ShutdownOptions::FORCE) {
                    self.log(LogLevel::Warning, "Writing initial AOF. Exit anyway.");
                } else {
                    self.log(LogLevel::Warning, "Writing initial AOF, can't exit.");
                    return self.refuse_shutdown();
                }
            }
            self.log(LogLevel::Warning, "There is a child rewriting the AOF. Killing it!");
            self.kill_rewrite();
        }
        if self.server.persistence.aof.state == State::On {
            self.log(LogLevel::Notice, "Calling fsync() on the AOF file.");
            self.server.exclusive = true;
            return self.await_aof_for_shutdown();
        }
        self.shut_down_aof_done();
    }

    /// All of the AOF is durable, or can't be made so.
    pub(super) fn shut_down_aof_done(&mut self) {
        let Some(options) = self.server.persistence.shutdown.options else { return };
        if self.saving_in_background() {
            self.log(LogLevel::Warning, "There is a child saving an .rdb. Killing it!");
            self.kill_background_save();
        }
        let wanted = options.contains(ShutdownOptions::SAVE)
            || self.has_save_points() && !options.contains(ShutdownOptions::NOSAVE);
        if wanted {
            self.log(LogLevel::Notice, "Saving the final RDB snapshot before exiting.");
            self.save_in_foreground(Then::ShutDown);
        } else {
            self.say_goodbye();
        }
    }

    pub(super) fn shut_down_saved(&mut self, saved: bool) {
        let options = self.server.persistence.shutdown.options.unwrap_or(ShutdownOptions(0));
        match (saved, options.contains(ShutdownOptions::FORCE)) {
            (true, _) => self.say_goodbye(),
            (false, true) => {
                self.log(LogLevel::Warning, "Error trying to save the DB. Exit anyway.");
                self.say_goodbye();
            }
            (false, false) => {
                self.log(LogLevel::Warning, "Error trying to save the DB, can't exit.");
                self.refuse_shutdown();
                self.end_exclusive();
            }
        }
    }

    fn refuse_shutdown(&mut self) {
        let line = "Errors trying to shut down the server. Check the logs for more information.";
        self.log(LogLevel::Warning, line);
        self.cancel_shutdown();
    }

    fn say_goodbye(&mut self) {
        let title = self.server.personality.title;
        self.log(LogLevel::Warning, format!("{title} is now ready to exit, bye bye..."));
        self.exit(0);
    }

    /// Ends the process once files are removed that nobody needs.
    fn exit(&mut self, code: i32) {
        self.server.persistence.shutdown.exit = Some(code);
        self.server.exclusive = true;
        self.exit_if_cleaned_up();
    }

    /// True if the process is to end and nothing is left to be removed.
    pub(super) fn exit_if_cleaned_up(&mut self) -> bool {
        let status = &mut self.server.persistence;
        if status.save.is_none()
            && let Some(code) = status.shutdown.exit.take()
        {
            self.orders.list.push(Effect::Exit { code });
            return true;
        }
        false
    }

    fn cancel_shutdown(&mut self) {
        let shutdown = core::mem::take(&mut self.server.persistence.shutdown);
        self.server.timers.clear(Timer::Shutdown);
        if core::mem::take(&mut self.server.pauses.shutdown) {
            self.server.resume_waiting(self.orders);
        }
        for waiter in shutdown.waiters {
            self.server.defer(waiter, Err("ERR Errors trying to SHUTDOWN. Check logs.".into()));
        }
    }

    /// SHUTDOWN ABORT. False if there is nothing to abort.
    pub(crate) fn abort_shutdown(&mut self) -> bool {
        let shutdown = &self.server.persistence.shutdown;
        if shutdown.options.is_none() && shutdown.signal.is_none() || shutdown.exit.is_some() {
            return false;
        }
        self.cancel_shutdown();
        self.log(LogLevel::Notice, "Shutdown manually aborted.");
        true
    }
}

impl Context<'_> {
    /// Puts the reply off: what the command started will give it.
    pub(crate) fn defer(&mut self) -> Waiter {
        use crate::session::{ReplyMode, Waiting};
        self.session.waiting = Some(Waiting::Result);
        Waiter { client: self.session.id, muted: self.session.reply_mode != ReplyMode::On }
    }
}
