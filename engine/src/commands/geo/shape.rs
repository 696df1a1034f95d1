//! Shapes that are searched, and the cells that cover them.
//!
//! ```text
//! ┌────┬────┬────┐
//! │ NW │ N  │ NE │   the cell of the centre and its neighbours, of so few steps
//! ├────┼────┼────┤   that all of the shape lies in them; a neighbour is left out
//! │ W  │ ·  │ E  │   where the shape does not reach beyond the centre's cell
//! ├────┼────┼────┤
//! │ SW │ S  │ SE │
//! └────┴────┴────┘
//! ```

use super::cell::{Area, Axis, Cell, LATITUDE, LONGITUDE, Position, STEPS_MAX};
use super::distance::{EARTH_RADIUS, degrees, distance, latitude_distance, radians};
use alloc::vec::Vec;

/// Half of the map's width, metres.
const MAP_HALF: f64 = 20_037_726.37;

/// What is searched, in metres.
#[derive(Clone, Debug)]
pub(super) enum Outline {
    /// Around the centre.
    Circle { radius: f64 },
    /// Around the centre, along the axes.
    Box { width: f64, height: f64 },
    /// Within these corners.
    Polygon(Vec<Position>),
}

/// An outline in its place.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) centre: Position,
    pub(super) outline: Outline,
}

impl Shape {
    /// A polygon; its centre is the one of its corners on the sphere.
    pub(super) fn polygon(corners: Vec<Position>) -> Shape {
        let (mut x, mut y, mut z) = (0.0, 0.0, 0.0);
        for corner in &corners {
            let (longitude, latitude) = (radians(corner.longitude), radians(corner.latitude));
            x += libm::cos(latitude) * libm::cos(longitude);
            y += libm::cos(latitude) * libm::sin(longitude);
            z += libm::sin(latitude);
        }
        let longitude = degrees(libm::atan2(y, x));
        let latitude = degrees(libm::atan2(z, libm::sqrt(x * x + y * y)));
        let centre = Position {
            longitude: longitude.clamp(LONGITUDE.min, LONGITUDE.max),
            latitude: latitude.clamp(LATITUDE.min, LATITUDE.max),
        };
        Shape { centre, outline: Outline::Polygon(corners) }
    }

    /// How far a position in it is from its centre, metres; `None` outside of it.
    pub(super) fn distance(&self, position: Position) -> Option<f64> {
        let from_centre = || distance(self.centre, position);
        match &self.outline {
            Outline::Circle { radius } => Some(from_centre()).filter(|distance| distance <= radius),
            Outline::Box { width, height } => {
                let beside = Position { longitude: self.centre.longitude, ..position };
                let outside = latitude_distance(position.latitude, self.centre.latitude) > height / 2.0
                    || distance(position, beside) > width / 2.0;
                (!outside).then(from_centre)
            }
            Outline::Polygon(corners) => is_within(corners, position).then(from_centre),
        }
    }

    /// The farthest that it reaches from its centre, metres.
    fn reach(&self, bounds: &Area) -> f64 {
        match &self.outline {
            Outline::Circle { radius } => *radius,
            Outline::Box { width, height } => {
                libm::sqrt((width / 2.0) * (width / 2.0) + (height / 2.0) * (height / 2.0))
            }
            Outline::Polygon(_) => {
                let corner = |longitude, latitude| distance(self.centre, Position { longitude, latitude });
                let Area { longitude, latitude } = bounds;
                corner(longitude.min, latitude.max)
                    .max(corner(longitude.max, latitude.max))
                    .max(corner(longitude.min, latitude.min))
                    .max(corner(longitude.max, latitude.min))
            }
        }
    }

    /// The degrees between which it lies; these may be beyond the map.
    fn bounds(&self) -> Area {
        let (half_width, half_height) = match &self.outline {
            Outline::Circle { radius } => (*radius, *radius),
            Outline::Box { width, height } => (width / 2.0, height / 2.0),
            Outline::Polygon(corners) => return bounds_of(corners),
        };
        let Position { longitude, latitude } = self.centre;
        let north = degrees(half_height / EARTH_RADIUS);
        // A degree of longitude is shortest where the shape is nearest to a pole.
        let nearest = if latitude < 0.0 { latitude - north } else { latitude + north };
        let east = degrees(half_width / EARTH_RADIUS / libm::cos(radians(nearest)));
        Area {
            longitude: Axis { min: longitude - east, max: longitude + east },
            latitude: Axis { min: latitude - north, max: latitude + north },
        }
    }

    /// The cells that cover it, in the order in which they are searched.
    pub(super) fn cells(&self) -> Vec<Cell> {
        let bounds = self.bounds();
        let mut steps = steps_for(self.reach(&bounds), self.centre.latitude);
        let mut cell = Cell::of(self.centre, steps);
        if steps > 1 && !is_covered(cell, &bounds) {
            steps -= 1;
            cell = Cell::of(self.centre, steps);
        }
        let area = cell.area();
        let all = steps < 2;
        let is_useful = |&(east, north): &(i32, i32)| {
            all || !(north < 0 && area.latitude.min < bounds.latitude.min
                || north > 0 && area.latitude.max > bounds.latitude.max
                || east < 0 && area.longitude.min < bounds.longitude.min
                || east > 0 && area.longitude.max > bounds.longitude.max)
        };
        const PLACES: [(i32, i32); 9] = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];
        let mut cells: Vec<Cell> = Vec::with_capacity(PLACES.len());
        for (east, north) in PLACES.into_iter().filter(is_useful) {
            let neighbour = cell.neighbour(east, north);
            // Where cells are large those on both sides are the same.
            if cells.len() < 2 || cells.last() != Some(&neighbour) {
                cells.push(neighbour);
            }
        }
        cells
    }
}

/// True if nothing of a shape lies beyond the neighbours of a cell.
fn is_covered(cell: Cell, bounds: &Area) -> bool {
    let (north, south) = (cell.neighbour(0, 1).area(), cell.neighbour(0, -1).area());
    let (east, west) = (cell.neighbour(1, 0).area(), cell.neighbour(-1, 0).area());
    !(north.latitude.max < bounds.latitude.max
        || south.latitude.min > bounds.latitude.min
        || east.longitude.max < bounds.longitude.max
        || west.longitude.min > bounds.longitude.min)
}

/// Of how many steps cells are that with their neighbours cover so many metres
/// around a position; fewer near the poles, where cells are narrow.
fn steps_for(mut metres: f64, latitude: f64) -> u32 {
    if metres == 0.0 {
        return STEPS_MAX;
    }
    let mut steps: i32 = 1;
    while metres < MAP_HALF {
        metres *= 2.0;
        steps += 1;
    }
    steps -= 2;
    steps -= i32::from(latitude.abs() > 66.0) + i32::from(latitude.abs() > 80.0);
    steps.clamp(1, STEPS_MAX as i32) as u32
}

fn bounds_of(corners: &[Position]) -> Area {
    let axis = |coordinate: fn(&Position) -> f64| {
        corners.iter().map(coordinate).fold(Axis { min: f64::INFINITY, max: f64::NEG_INFINITY }, |axis, coordinate| {
            Axis { min: axis.min.min(coordinate), max: axis.max.max(coordinate) }
        })
    };
    Area { longitude: axis(|corner| corner.longitude), latitude: axis(|corner| corner.latitude) }
}

/// True if a ray from a position to the east crosses the edges of a polygon an odd
/// number of times (W. Randolph Franklin's PNPOLY).
fn is_within(corners: &[Position], position: Position) -> bool {
    let mut within = false;
    let mut from = corners.last();
    for to in corners {
        if let Some(from) = from.replace(to)
            && (to.latitude > position.latitude) != (from.latitude > position.latitude)
            && position.longitude
                < (from.longitude - to.longitude) * (position.latitude - to.latitude) / (from.latitude - to.latitude)
                    + to.longitude
        {
            within = !within;
        }
    }
    within
}
