//! What a search asks for.

use super::super::cell::Position;
use super::super::shape::{Outline, Shape};
use super::super::{parse_position, parse_unit, set_at};
use crate::base::number::{parse_double, parse_i64};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::data::shape::Type;
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The kinds of searches, by what stands where in a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// GEORADIUS: position and radius have their places.
    Radius,
    /// GEORADIUSBYMEMBER: member and radius have their places.
    RadiusByMember,
    /// GEOSEARCH, GEOSEARCHSTORE: they stand behind words.
    Search,
}

/// In what order members are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// As they are found.
    Any,
    /// The nearest first.
    Ascending,
    /// The farthest first.
    Descending,
}

/// Around what is searched.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Centre {
    /// A member, which is nowhere if the set is not there.
    Member(Option<Position>),
    Position(Position),
}

/// A search.
#[derive(Debug)]
pub(super) struct Request<'a> {
    kind: Kind,
    /// True of a command that can store what it finds.
    stores: bool,
    /// The set, if it is there.
    pub(super) source: Option<Location>,
    centre: Option<Centre>,
    outline: Option<Outline>,
    /// Metres of the unit of what is replied or stored.
    pub(super) unit: f64,
    pub(super) with_distance: bool,
    pub(super) with_hash: bool,
    pub(super) with_position: bool,
    pub(super) order: Order,
    /// COUNT; 0 for all.
    pub(super) count: usize,
    /// ANY: the first that are found will do.
    pub(super) any: bool,
    /// Where the result is stored.
    pub(super) destination: Option<Key<'a>>,
    /// What is stored are distances, not positions.
    pub(super) stores_distances: bool,
}

impl<'a> Request<'a> {
    /// Parses a request whose source stands at an index.
    ///
    /// # Errors
    /// The reference's, in its order: the source's type comes first.
    pub(super) fn parse(
        context: &mut Context<'_>,
        arguments: &Arguments<'a>,
        kind: Kind,
        source: usize,
        stores: bool,
    ) -> Result<Request<'a>, Error> {
        let key = context.key(arguments, source);
        let mut request = Request {
            kind,
            stores,
            source: context.find_read_of(&key, Type::SortedSet)?,
            centre: None,
            outline: None,
            unit: 1.0,
            with_distance: false,
            with_hash: false,
            with_position: false,
            order: Order::Any,
            count: 0,
            any: false,
            destination: None,
            stores_distances: false,
        };
        let options = match kind {
            Kind::Radius => {
                request.centre = Some(Centre::Position(parse_position(&arguments[2], &arguments[3])?));
                request.parse_radius(&arguments[4], &arguments[5])?;
                6
            }
            Kind::RadiusByMember => {
                // Where nothing can be found these are not looked at.
                if request.source.is_some() {
                    request.centre = Some(request.member(context, &arguments[2])?);
                    request.parse_radius(&arguments[3], &arguments[4])?;
                }
                5
            }
            Kind::Search => {
                request.destination = stores.then(|| context.key(arguments, 1));
                source + 1
            }
        };
        request.parse_options(context, arguments, options)?;
        request.check(arguments)?;
        if request.count > 0 && request.order == Order::Any && !request.any {
            request.order = Order::Ascending;
        }
        Ok(request)
    }

    /// What is searched; `None` where the set is not there.
    pub(super) fn shape(&self) -> Option<Shape> {
        match (self.outline.clone()?, self.centre) {
            (Outline::Polygon(corners), _) => Some(Shape::polygon(corners)),
            (outline, Some(Centre::Position(centre) | Centre::Member(Some(centre)))) => Some(Shape { centre, outline }),
            _ => None,
        }
    }

    fn parse_options(&mut self, context: &Context<'_>, arguments: &Arguments<'a>, from: usize) -> Result<(), Error> {
        let by_words = self.kind == Kind::Search;
        let mut index = from;
        while let Some(word) = arguments.get(index) {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            let next = arguments.get(index + 1);
            let mut taken = 1;
            match next {
                _ if is("withdist") => self.with_distance = true,
                _ if is("withhash") => self.with_hash = true,
                _ if is("withcoord") => self.with_position = true,
                _ if is("any") => self.any = true,
                _ if is("asc") => self.order = Order::Ascending,
                _ if is("desc") => self.order = Order::Descending,
                Some(count) if is("count") => {
                    self.count = parse_count(count)?;
                    taken = 2;
                }
                _ if by_words && self.stores && is("storedist") => self.stores_distances = true,
                Some(_) if !by_words && self.stores && (is("store") || is("storedist")) => {
                    self.destination = Some(context.key(arguments, index + 1));
                    self.stores_distances = is("storedist");
                    taken = 2;
                }
                _ if by_words => taken = self.parse_place(context, &arguments.from(index))?,
                _ => return Err(Error::Syntax),
            }
            index += taken;
        }
        Ok(())
    }

    /// Takes the words at the beginning that say where is searched; returns how many
    /// they are.
    fn parse_place(&mut self, context: &Context<'_>, words: &Arguments<'_>) -> Result<usize, Error> {
        let is = |name: &str, behind: usize| words[0].eq_ignore_ascii_case(name.as_bytes()) && words.len() > behind;
        let (centre, outline) = (&self.centre, &self.outline);
        let may_be_around = !matches!(outline, Some(Outline::Polygon(_)));
        if is("frommember", 1) && may_be_around && !matches!(centre, Some(Centre::Position(_))) {
            self.centre = Some(self.member(context, &words[1])?);
            Ok(2)
        } else if is("fromlonlat", 2) && may_be_around && !matches!(centre, Some(Centre::Member(_))) {
            self.centre = Some(Centre::Position(parse_position(&words[1], &words[2])?));
            Ok(3)
        } else if is("byradius", 2) && matches!(outline, None | Some(Outline::Circle { .. })) {
            self.parse_radius(&words[1], &words[2])?;
            Ok(3)
        } else if is("bybox", 3) && matches!(outline, None | Some(Outline::Box { .. })) {
            self.parse_box(&words[1], &words[2], &words[3])?;
            Ok(4)
        } else if is("bypolygon", 2) && matches!(outline, None | Some(Outline::Polygon(_))) && centre.is_none() {
            self.parse_polygon(words)
        } else {
            Err(Error::Syntax)
        }
    }

    /// Where a member is.
    fn member(&self, context: &Context<'_>, member: &[u8]) -> Result<Centre, Error> {
        let Some(source) = self.source else { return Ok(Centre::Member(None)) };
        let score = set_at(context.keyspace, context.session.database, source).score(member);
        let score = score.ok_or(Error::Text("ERR could not decode requested zset member"))?;
        Ok(Centre::Member(Some(Position::of_score(score))))
    }

    fn parse_radius(&mut self, radius: &[u8], unit: &[u8]) -> Result<(), Error> {
        let radius = parse_double(radius).ok_or(Error::Text("ERR need numeric radius"))?;
        if radius < 0.0 {
            return Err(Error::Text("ERR radius cannot be negative"));
        }
        self.unit = parse_unit(unit)?;
        self.outline = Some(Outline::Circle { radius: radius * self.unit });
        Ok(())
    }

    fn parse_box(&mut self, width: &[u8], height: &[u8], unit: &[u8]) -> Result<(), Error> {
        let width = parse_double(width).ok_or(Error::Text("ERR need numeric width"))?;
        let height = parse_double(height).ok_or(Error::Text("ERR need numeric height"))?;
        if width < 0.0 || height < 0.0 {
            return Err(Error::Text("ERR height or width cannot be negative"));
        }
        self.unit = parse_unit(unit)?;
        self.outline = Some(Outline::Box { width: width * self.unit, height: height * self.unit });
        Ok(())
    }

    /// A number of corners, and the corners.
    fn parse_polygon(&mut self, words: &Arguments<'_>) -> Result<usize, Error> {
        let count = parse_i64(&words[1]).filter(|&count| i32::try_from(count).is_ok());
        let count = count.ok_or(Error::Text("ERR invalid number of vertices"))?;
        let count = usize::try_from(count).ok().filter(|&count| count >= 3 && count <= (words.len() - 2) / 2);
        let count = count.ok_or(Error::Text("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices"))?;
        let corner = |index: usize| parse_position(&words[2 + 2 * index], &words[3 + 2 * index]);
        self.outline = Some(Outline::Polygon((0..count).map(corner).collect::<Result<Vec<Position>, Error>>()?));
        self.unit = 1.0;
        Ok(2 + 2 * count)
    }

    /// What fits no option alone.
    fn check(&self, arguments: &Arguments<'_>) -> Result<(), Error> {
        let by_words = self.kind == Kind::Search;
        if self.destination.is_some() && (self.with_distance || self.with_hash || self.with_position) {
            let name = if by_words { "GEOSEARCHSTORE" } else { "STORE option in GEORADIUS" };
            return Err(Error::Formatted(format!(
                "ERR {name} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        let has_polygon = matches!(self.outline, Some(Outline::Polygon(_)));
        let lacking = match (self.centre, &self.outline) {
            _ if !by_words => None,
            (None, _) if !has_polygon => Some("FROMMEMBER or FROMLONLAT"),
            (_, None) => Some("BYRADIUS and BYBOX"),
            _ => None,
        };
        if let Some(words) = lacking {
            let command = String::from_utf8_lossy(&arguments[0]);
            return Err(Error::Formatted(format!("ERR exactly one of {words} can be specified for {command}")));
        }
        if self.any && self.count == 0 {
            return Err(Error::Text("ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }
}

fn parse_count(text: &[u8]) -> Result<usize, Error> {
    let count = parse_i64(text).ok_or(Error::NotInteger)?;
    usize::try_from(count).ok().filter(|&count| count > 0).ok_or(Error::Text("ERR COUNT must be > 0"))
}
