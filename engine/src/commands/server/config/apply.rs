//! What follows from a parameter's new value beyond the engine's own copies.

use super::set::fault_of;
use crate::boundary::ask::{Answer, Question};
use crate::boundary::effects::LogLevel;
use crate::command::context::Context;
use crate::config::{Fault, Id, Value};
use crate::server::timer::Timer;
use alloc::format;
use alloc::string::String;

/// Puts a parameter into effect.
pub(super) fn apply(context: &mut Context<'_>, id: Id) -> Result<(), Fault> {
    match id {
        Id::Dir => change_directory(context),
        Id::Appendonly => {
            context.appendonly_set();
            Ok(())
        }
        Id::Appendfsync | Id::NoAppendfsyncOnRewrite | Id::AofDisableAutoGc => {
            context.aof_settings_changed();
            Ok(())
        }
        Id::Maxmemory => {
            lower_memory(context);
            Ok(())
        }
        _ if belongs_to_process(id) => ask(context, id),
        _ => Ok(()),
    }
}

/// Puts an old value into effect again; what fails now stays as it is.
pub(super) fn apply_again(context: &mut Context<'_>, id: Id) {
    if let Err(fault) = apply(context, id) {
        let name = id.parameter().name;
        context.orders.log(LogLevel::Warning, format!("'{name}' could not be set back: {fault}"));
    }
}

/// Parameters that the daemon puts into effect.
fn belongs_to_process(id: Id) -> bool {
    match id {
        Id::Port
        | Id::Bind
        | Id::Maxclients
        | Id::Loglevel
        | Id::LogFormat
        | Id::LogTimestampFormat
        | Id::TcpKeepalive
        | Id::ProcTitleTemplate
        | Id::OomScoreAdj
        | Id::OomScoreAdjValues
        | Id::LocaleCollate
        | Id::CrashLogEnabled
        | Id::JemallocBgThread
        | Id::Record
        | Id::RecordMaxSize => true,
        _ => id.parameter().name.starts_with("tls-"),
    }
}

fn ask(context: &mut Context<'_>, id: Id) -> Result<(), Fault> {
    let value = context.server.config.format(id);
    let value = String::from_utf8_lossy(&value);
    match context.orders.ask(Question::Apply { parameter: id.parameter().name, value: &value }) {
        Answer::Failed(error) => Err(fault_of(id, error.message)),
        _ => Ok(()),
    }
}

/// CONFIG GET answers the directory that results, not what was asked for.
fn change_directory(context: &mut Context<'_>) -> Result<(), Fault> {
    let wanted = String::from_utf8_lossy(context.server.config.text(Id::Dir)).into_owned();
    if let Answer::Failed(error) = context.orders.ask(Question::ChangeDirectory(&wanted)) {
        return Err(Fault::OperatingSystem(error.message));
    }
    if let Answer::Path(path) = context.orders.ask(Question::WorkingDirectory) {
        context.server.config.assign(Id::Dir, Value::Text(Some(path.into_bytes())));
    }
    Ok(())
}

/// With a lower limit, eviction begins at once.
fn lower_memory(context: &mut Context<'_>) {
    let limit = context.server.config.bytes(Id::Maxmemory);
    let used = context.server.memory_counted(context.keyspace);
    if limit > 0 && limit < used {
        let message = format!(
            "maxmemory is now {limit}, less than the {used} in use: keys are evicted, or writes refused, as \
             maxmemory-policy says"
        );
        context.orders.log(LogLevel::Warning, message);
        context.server.timers.set(Timer::Evict, context.now.monotonic);
    }
}
