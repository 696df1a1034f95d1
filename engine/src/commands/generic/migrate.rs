//! MIGRATE.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::migration::Migration;
use crate::resp::request::Arguments;
use alloc::string::String;
use alloc::vec::Vec;

/// Milliseconds that the other server may take if the request names none.
const TIMEOUT_MS: u64 = 1000;
/// Where the key stands, if there is one.
const KEY: usize = 3;
/// Where options begin.
const OPTIONS: usize = 6;

/// MIGRATE.
pub(super) const MIGRATE: Command = Command {
    name: "migrate",
    group: Group::Generic,
    since: "2.6.0",
    summary: "Moves keys to another server, all that arrive at once.",
    complexity: "O(N) in the size of the values, here and there",
    arity: -6,
    flags: Flags::WRITE.and(Flags::MOVABLE_KEYS),
    categories: Categories::DANGEROUS.and(Categories::KEYSPACE).and(Categories::SLOW).and(Categories::WRITE),
    tips: &["nondeterministic_output"],
    keys: &[
        KeySpec {
            flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
            begin: Begin::Index(KEY as i32),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        KeySpec {
            flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE).and(KeyFlags::INCOMPLETE),
            begin: Begin::Keyword("KEYS", -2),
            find: Find::Range { last: -1, step: 1, limit: 0 },
            notes: "",
        },
    ],
    arguments: &[
        Argument::new("host", ArgumentKind::String),
        Argument::new("port", ArgumentKind::Integer),
        Argument::new(
            "key-selector",
            ArgumentKind::OneOf(&[Argument::new("key", ArgumentKind::Key(0)), Argument::token("empty-string", "\"\"")]),
        ),
        Argument::new("destination-db", ArgumentKind::Integer),
        Argument::new("timeout", ArgumentKind::Integer),
        Argument::token("copy", "COPY").optional().since("3.0.0"),
        Argument::token("replace", "REPLACE").optional().since("3.0.0"),
        Argument::new(
            "authentication",
            ArgumentKind::OneOf(&[
                Argument::new("auth", ArgumentKind::String).after("AUTH").since("4.0.7"),
                Argument::new(
                    "auth2",
                    ArgumentKind::Block(&[
                        Argument::new("username", ArgumentKind::String),
                        Argument::new("password", ArgumentKind::String),
                    ]),
                )
                .after("AUTH2")
                .since("6.0.0"),
            ]),
        )
        .optional(),
        Argument::new("keys", ArgumentKind::Key(1)).after("KEYS").optional().multiple().since("3.0.6"),
    ],
    subcommands: &[],
    handler: migrate,
};

fn migrate(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let mut migration = parse(&arguments)?;
    migration.database = context.database();
    migration.keys.retain(|key| {
        let key = context.keyspace.key(key);
        context.find_read(&key).is_some()
    });
    if migration.keys.is_empty() {
        context.reply.simple("NOKEY");
        return Ok(());
    }
    if !context.may_block() {
        return Err(Error::Text(
            "ERR MIGRATE takes as long as another server does, and can't be part of a transaction",
        ));
    }
    let waiter = context.defer();
    context.server.begin_migration(waiter, migration, context.now, context.orders);
    Ok(())
}

fn parse(arguments: &Arguments<'_>) -> Result<Migration, Error> {
    let mut migration = Migration { keys: Vec::from([arguments[KEY].to_vec()]), ..Migration::default() };
    let mut index = OPTIONS;
    while let Some(option) = arguments.get(index) {
        let mut values = |count: usize| {
            let range = index + 1..index + 1 + count;
            index += count;
            range.map(|at| arguments.get(at).map(<[u8]>::to_vec).ok_or(Error::Syntax)).collect::<Result<Vec<_>, _>>()
        };
        match option.to_ascii_lowercase().as_slice() {
            b"copy" => migration.copy = true,
            b"replace" => migration.replace = true,
            b"auth" => migration.credentials = values(1)?,
            b"auth2" => migration.credentials = values(2)?,
            b"keys" if !arguments[KEY].is_empty() => {
                return Err(Error::Text(
                    "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
                ));
            }
            b"keys" => {
                migration.keys = arguments.iter().skip(index + 1).map(<[u8]>::to_vec).collect();
                break;
            }
            _ => return Err(Error::Syntax),
        }
        index += 1;
    }
    let timeout = parse_i64(&arguments[5]).ok_or(Error::NotInteger)?;
    migration.timeout_ms = u64::try_from(timeout).ok().filter(|&timeout| timeout > 0).unwrap_or(TIMEOUT_MS);
    migration.destination = parse_i64(&arguments[4]).ok_or(Error::NotInteger)?;
    migration.host = String::from_utf8_lossy(&arguments[1]).into_owned();
    migration.port = parse_i64(&arguments[2]).and_then(|port| u16::try_from(port).ok());
    Ok(migration)
}
