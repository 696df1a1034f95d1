//! CONFIG SET: all parameters of one command take effect, or none.

use super::apply::{apply, apply_again};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::config::{Circumstances, Fault, Id, SetError, Undo};
use crate::resp::request::Arguments;
use crate::server::parameters;
use alloc::format;
use alloc::vec::Vec;

pub(super) fn set(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if !arguments.len().is_multiple_of(2) {
        return Err(Error::Syntax);
    }
    let words: Vec<&[u8]> = arguments.iter().skip(2).collect();
    let pairs: Vec<(&[u8], &[u8])> = words.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    let connection = &context.session.connection;
    let circumstances = Circumstances {
        loading: context.server.loading,
        client_is_local: connection.loopback || connection.unix_socket,
    };
    let undo = context.server.config.set(&pairs, circumstances).map_err(refusal)?;
    put_into_effect(context, undo).map_err(refusal)?;
    context.reply.ok();
    Ok(())
}

fn refusal(error: SetError) -> Error {
    Error::Formatted(format!("{error}"))
}

fn put_into_effect(context: &mut Context<'_>, undo: Undo) -> Result<(), SetError> {
    let changed: Vec<(Id, &'static str)> = undo.changed().collect();
    parameters::apply_all(context.server, context.keyspace);
    for (index, &(id, name)) in changed.iter().enumerate() {
        if let Err(fault) = apply(context, id) {
            take_back(context, undo, &changed[..index]);
            return Err(SetError::Failed { argument: name.into(), fault });
        }
    }
    Ok(())
}

/// What was there before comes into effect again, of the process too.
fn take_back(context: &mut Context<'_>, undo: Undo, applied: &[(Id, &'static str)]) {
    context.server.config.roll_back(undo);
    parameters::apply_all(context.server, context.keyspace);
    for &(id, _) in applied {
        apply_again(context, id);
    }
}

/// Why a parameter of the process was refused: in the reference's words where
/// it has its own.
pub(super) fn fault_of(id: Id, message: alloc::string::String) -> Fault {
    match id {
        Id::Port | Id::TlsPort => Fault::PortUnavailable,
        Id::Bind => Fault::BindFailed,
        Id::OomScoreAdj | Id::OomScoreAdjValues => Fault::OomScoreRefused,
        Id::ProcTitleTemplate => Fault::ProcessTitle,
        Id::LocaleCollate => Fault::Locale,
        _ if id.parameter().name.starts_with("tls-") => Fault::TlsRejected,
        _ => Fault::OperatingSystem(message),
    }
}
