//! Searches: GEOSEARCH, GEOSEARCHSTORE, and the older GEORADIUS commands.

mod entry;
mod request;
mod result;

pub(super) use entry::{GEORADIUS, GEORADIUS_RO, GEORADIUSBYMEMBER, GEORADIUSBYMEMBER_RO, GEOSEARCH, GEOSEARCHSTORE};

use crate::command::context::Context;
use crate::command::error::Error;
use crate::resp::request::Arguments;
use request::{Kind, Request};

fn geosearch(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    search(context, &arguments, Kind::Search, 1, false)
}

fn geosearchstore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    search(context, &arguments, Kind::Search, 2, true)
}

fn georadius(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    search(context, &arguments, Kind::Radius, 1, true)
}

fn georadius_ro(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    search(context, &arguments, Kind::Radius, 1, false)
}

fn georadiusbymember(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    search(context, &arguments, Kind::RadiusByMember, 1, true)
}

fn georadiusbymember_ro(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    search(context, &arguments, Kind::RadiusByMember, 1, false)
}

fn search(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    kind: Kind,
    source: usize,
    stores: bool,
) -> Result<(), Error> {
    let request = Request::parse(context, arguments, kind, source, stores)?;
    let found = result::find(context.keyspace, context.session.database, &request);
    match &request.destination {
        Some(destination) => {
            let event = if kind == Kind::Search { "geosearchstore" } else { "georadiusstore" };
            result::store(context, destination, &request, &found, event);
        }
        None => result::reply(context, &request, &found),
    }
    Ok(())
}
