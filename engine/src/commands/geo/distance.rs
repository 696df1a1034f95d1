//! Distances on a sphere, in metres.

use super::cell::Position;

/// The radius of the earth that the reference reckons with.
pub(super) const EARTH_RADIUS: f64 = 6_372_797.560_856;
const RADIANS: f64 = core::f64::consts::PI / 180.0;

pub(super) fn radians(degrees: f64) -> f64 {
    degrees * RADIANS
}

pub(super) fn degrees(radians: f64) -> f64 {
    radians / RADIANS
}

/// The distance of two positions by the haversine formula.
pub(super) fn distance(a: Position, b: Position) -> f64 {
    let half_longitude = libm::sin((radians(b.longitude) - radians(a.longitude)) / 2.0);
    if half_longitude == 0.0 {
        return latitude_distance(a.latitude, b.latitude);
    }
    let (from, to) = (radians(a.latitude), radians(b.latitude));
    let half_latitude = libm::sin((to - from) / 2.0);
    let haversine = half_latitude * half_latitude + libm::cos(from) * libm::cos(to) * half_longitude * half_longitude;
    // Where both ends are opposite it may come out beyond 1, of which there is no arc sine.
    2.0 * EARTH_RADIUS * libm::asin(libm::sqrt(haversine).min(1.0))
}

/// The distance of two positions of the same longitude.
pub(super) fn latitude_distance(a: f64, b: f64) -> f64 {
    EARTH_RADIUS * (radians(b) - radians(a)).abs()
}
