//! compat-suite
