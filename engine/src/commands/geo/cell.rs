//! Geohashes: cells of a grid over the map, at 1 to 26 steps.
//!
//! ```text
//! bits of a cell   lon lat lon lat … lon lat     each step halves both axes
//! score            the 52 bits of the cell of 26 steps in which a position lies
//! ```
//!
//! A cell of fewer steps is a range of scores. Longitudes are those of the whole
//! earth, latitudes those of the Mercator map (EPSG:900913).

/// A position in degrees.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Position {
    pub(super) longitude: f64,
    pub(super) latitude: f64,
}

/// What an axis covers, in degrees.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Axis {
    pub(super) min: f64,
    pub(super) max: f64,
}

pub(super) const LONGITUDE: Axis = Axis { min: -180.0, max: 180.0 };
pub(super) const LATITUDE: Axis = Axis { min: -85.051_128_78, max: 85.051_128_78 };
/// The latitudes of geohashes that others read.
const LATITUDE_OF_TEXT: Axis = Axis { min: -90.0, max: 90.0 };

/// Steps of the cells that are scores.
pub(super) const STEPS_MAX: u32 = 26;
/// The digits of geohashes as text; 5 bits each.
const DIGITS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
/// So many of them a geohash has that others read.
const TEXT_LENGTH: usize = 11;

impl Axis {
    /// True if a coordinate lies on it.
    pub(super) fn has(self, coordinate: f64) -> bool {
        (self.min..=self.max).contains(&coordinate)
    }

    /// In which of the parts a coordinate lies that so many steps make.
    fn part(self, coordinate: f64, steps: u32) -> u32 {
        ((coordinate - self.min) / (self.max - self.min) * (1u64 << steps) as f64) as u32
    }

    /// Where a part begins.
    fn start(self, part: u64, steps: u32) -> f64 {
        self.min + (part as f64 / (1u64 << steps) as f64) * (self.max - self.min)
    }
}

/// What a cell covers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Area {
    pub(super) longitude: Axis,
    pub(super) latitude: Axis,
}

/// A cell of the grid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    longitude: u32,
    latitude: u32,
    steps: u32,
}

impl Cell {
    /// The cell of so many steps in which a position lies.
    pub(super) fn of(position: Position, steps: u32) -> Cell {
        Cell {
            longitude: LONGITUDE.part(position.longitude, steps),
            latitude: LATITUDE.part(position.latitude, steps),
            steps,
        }
    }

    fn of_score(score: f64) -> Cell {
        let bits = bits_of(score);
        Cell { longitude: gather(bits >> 1), latitude: gather(bits), steps: STEPS_MAX }
    }

    fn bits(self) -> u64 {
        spread(self.longitude) << 1 | spread(self.latitude)
    }

    /// What it covers.
    pub(super) fn area(self) -> Area {
        let covered = |axis: Axis, part: u32| {
            let part = u64::from(part);
            Axis { min: axis.start(part, self.steps), max: axis.start(part + 1, self.steps) }
        };
        Area { longitude: covered(LONGITUDE, self.longitude), latitude: covered(LATITUDE, self.latitude) }
    }

    /// The cell so many cells to the east and to the north; the map has no edges.
    pub(super) fn neighbour(self, east: i32, north: i32) -> Cell {
        let moved = |part: u32, by: i32| {
            let mask = ((1u64 << self.steps) - 1) as u32;
            if by == 0 { part } else { part.wrapping_add_signed(by) & mask }
        };
        Cell { longitude: moved(self.longitude, east), latitude: moved(self.latitude, north), ..self }
    }

    /// The least score in it, and the least behind it.
    pub(super) fn scores(self) -> (f64, f64) {
        let shift = 2 * (STEPS_MAX - self.steps);
        ((self.bits() << shift) as f64, ((self.bits() + 1) << shift) as f64)
    }
}

impl Position {
    /// The score that stands for a position.
    pub(super) fn score(self) -> u64 {
        Cell::of(self, STEPS_MAX).bits()
    }

    /// The middle of the cell that a score stands for.
    pub(super) fn of_score(score: f64) -> Position {
        let area = Cell::of_score(score).area();
        let middle = |covered: Axis, axis: Axis| ((covered.min + covered.max) / 2.0).clamp(axis.min, axis.max);
        Position { longitude: middle(area.longitude, LONGITUDE), latitude: middle(area.latitude, LATITUDE) }
    }

    /// As a geohash that others read, too. Its last digit would need more bits than
    /// a score has, and is always the first one.
    pub(super) fn text(self) -> [u8; TEXT_LENGTH] {
        let bits = Cell {
            longitude: LONGITUDE.part(self.longitude, STEPS_MAX),
            latitude: LATITUDE_OF_TEXT.part(self.latitude, STEPS_MAX),
            steps: STEPS_MAX,
        }
        .bits();
        let mut text = [DIGITS[0]; TEXT_LENGTH];
        for (index, digit) in text[..TEXT_LENGTH - 1].iter_mut().enumerate() {
            *digit = DIGITS[(bits >> (2 * STEPS_MAX as usize - 5 * (index + 1))) as usize & 31];
        }
        text
    }
}

/// A score as bits. Any number can be a score; those that no position has come out
/// as from a C compiler for x86.
fn bits_of(score: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    let truncated = |number: f64| if (-HALF..HALF).contains(&number) { number as i64 as u64 } else { 1 << 63 };
    if score < HALF { truncated(score) } else { truncated(score - HALF) ^ (1 << 63) }
}

/// Puts a zero before each bit.
fn spread(bits: u32) -> u64 {
    let mut spread = u64::from(bits);
    for (shift, mask) in [
        (16, 0x0000_FFFF_0000_FFFF),
        (8, 0x00FF_00FF_00FF_00FF),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        spread = (spread | spread << shift) & mask;
    }
    spread
}

/// Takes every second bit, the lowest first.
fn gather(bits: u64) -> u32 {
    let mut gathered = bits & 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0F0F_0F0F_0F0F_0F0F),
        (4, 0x00FF_00FF_00FF_00FF),
        (8, 0x0000_FFFF_0000_FFFF),
        (16, 0x0000_0000_FFFF_FFFF),
    ] {
        gathered = (gathered | gathered >> shift) & mask;
    }
    gathered as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn corners_of_the_map() {
        let corner = Position { longitude: 180.0, latitude: LATITUDE.max };
        assert_eq!(Position::of_score(corner.score() as f64), corner);
        let corner = Position { longitude: -180.0, latitude: LATITUDE.min };
        assert_eq!(corner.score(), 0);
        assert_eq!(Cell::of(corner, 1).neighbour(-1, -1).bits(), 3);
        // Scores that no position has.
        for score in [-1.0, -1e300, 1e300, f64::INFINITY, f64::NEG_INFINITY, 1.8e19, 0.5] {
            let position = Position::of_score(score);
            assert!(LONGITUDE.has(position.longitude) && LATITUDE.has(position.latitude), "{score}");
        }
    }

    proptest! {
        #[test]
        fn bits_are_spread_and_gathered(bits: u32) {
            prop_assert_eq!(gather(spread(bits)), bits);
            prop_assert_eq!(spread(bits) & 0xAAAA_AAAA_AAAA_AAAA, 0);
        }

        #[test]
        fn a_position_lies_in_its_cell(longitude in -180.0..180.0, latitude in -85.0..85.0, steps in 1u32..=26) {
            let position = Position { longitude, latitude };
            let (cell, score) = (Cell::of(position, steps), position.score() as f64);
            let (from, to) = cell.scores();
            prop_assert!(from <= score && score < to);
            let area = cell.area();
            prop_assert!(area.longitude.min <= longitude && longitude <= area.longitude.max);
            prop_assert!(area.latitude.min <= latitude && latitude <= area.latitude.max);
            prop_assert_eq!(cell.neighbour(1, 0).neighbour(-1, 1).neighbour(0, -1), cell);
            let middle = Position::of_score(score);
            prop_assert_eq!(middle.score() as f64, score);
        }
    }
}
