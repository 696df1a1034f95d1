//! Positions on the map, in sorted sets: a member's score is the geohash of where it
//! is.

mod add;
mod cell;
mod distance;
mod read;
mod search;
mod shape;
#[cfg(test)]
mod tests;

use crate::base::number::parse_double;
use crate::boundary::id::DatabaseId;
use crate::command::error::Error;
use crate::command::spec::{Argument, ArgumentKind, Command};
use crate::data::sorted_set::SortedRef;
use crate::keyspace::Keyspace;
use crate::keyspace::database::Location;
use crate::resp::reply::Reply;
use alloc::format;
use cell::{LATITUDE, LONGITUDE, Position};

/// The family.
pub const COMMANDS: &[Command] = &[
    add::GEOADD,
    read::GEODIST,
    read::GEOHASH,
    read::GEOPOS,
    search::GEOSEARCH,
    search::GEOSEARCHSTORE,
    search::GEORADIUS,
    search::GEORADIUS_RO,
    search::GEORADIUSBYMEMBER,
    search::GEORADIUSBYMEMBER_RO,
];

/// Units by name, each with its metres.
const UNITS: [(&str, f64); 4] = [("m", 1.0), ("km", 1000.0), ("ft", 0.3048), ("mi", 1609.34)];
/// The grammar of a unit.
const UNIT: Argument = Argument::new(
    "unit",
    ArgumentKind::OneOf(&[
        Argument::token("m", "m"),
        Argument::token("km", "km"),
        Argument::token("ft", "ft"),
        Argument::token("mi", "mi"),
    ]),
);

/// Metres of a unit.
fn parse_unit(word: &[u8]) -> Result<f64, Error> {
    let unit = UNITS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
    unit.map(|(_, metres)| *metres).ok_or(Error::Text("ERR unsupported unit provided. please use M, KM, FT, MI"))
}

/// A position on the map.
fn parse_position(longitude: &[u8], latitude: &[u8]) -> Result<Position, Error> {
    let longitude = parse_double(longitude).ok_or(Error::NotFloat)?;
    let latitude = parse_double(latitude).ok_or(Error::NotFloat)?;
    if LONGITUDE.has(longitude) && LATITUDE.has(latitude) {
        return Ok(Position { longitude, latitude });
    }
    Err(Error::Formatted(format!("ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}")))
}

/// The sorted set at a location where one was found.
fn set_at(keyspace: &Keyspace, database: DatabaseId, location: Location) -> SortedRef<'_> {
    SortedRef::of(keyspace.get(database, location).content()).expect("a sorted set was found there")
}

/// Replies with a distance, to four decimal places; a string in any protocol.
fn reply_distance(reply: &mut Reply<'_>, distance: f64) {
    let scaled = libm::rint(distance * 10_000.0) as u64;
    reply.bulk(format!("{}.{:04}", scaled / 10_000, scaled % 10_000).as_bytes());
}

/// Replies with a position, each coordinate with as many digits as it has, but no
/// more than 17 decimal places.
fn reply_position(reply: &mut Reply<'_>, position: Position) {
    reply.array(2);
    for coordinate in [position.longitude, position.latitude] {
        let text = format!("{coordinate:.17}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        reply.double_text(if text == "-0" { "0" } else { text });
    }
}
