//! See `fuzz::request_parser`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::request_parser::run(data));
