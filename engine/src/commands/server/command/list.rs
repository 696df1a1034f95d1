//! COMMAND LIST: names, all or by a filter.

use crate::base::glob;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::Categories;
use crate::command::table::{CommandId, CommandTable};
use crate::resp::request::Arguments;
use alloc::string::String;
use alloc::vec::Vec;

/// Which commands are listed.
enum Filter<'a> {
    All,
    /// Those of a module, of which there is none.
    Module,
    Category(Option<Categories>),
    Pattern(&'a [u8]),
}

pub(super) fn list(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let filter = parse(&arguments)?;
    let table = &context.server.commands;
    let all = table.commands().flat_map(|id| core::iter::once(id).chain(table.subcommands(id)));
    let names: Vec<String> = all.filter(|&id| passes(&filter, table, id)).map(|id| table.full_name(id)).collect();
    context.reply.array(names.len());
    for name in names {
        context.reply.bulk(name.as_bytes());
    }
    Ok(())
}

fn parse<'a>(arguments: &Arguments<'a>) -> Result<Filter<'a>, Error> {
    if arguments.len() == 2 {
        return Ok(Filter::All);
    }
    let value = arguments.get(4).ok_or(Error::Syntax)?;
    if arguments.len() != 5 || !arguments[2].eq_ignore_ascii_case(b"filterby") {
        return Err(Error::Syntax);
    }
    match arguments[3].to_ascii_lowercase().as_slice() {
        b"module" => Ok(Filter::Module),
        b"aclcat" => Ok(Filter::Category(Categories::named(value))),
        b"pattern" => Ok(Filter::Pattern(value)),
        _ => Err(Error::Syntax),
    }
}

fn passes(filter: &Filter<'_>, table: &CommandTable, id: CommandId) -> bool {
    match filter {
        Filter::All => true,
        Filter::Module => false,
        Filter::Category(category) => category.is_some_and(|category| table.command(id).categories.has(category)),
        Filter::Pattern(pattern) => glob::matches(pattern, table.full_name(id).as_bytes(), false),
    }
}
