//! long double
