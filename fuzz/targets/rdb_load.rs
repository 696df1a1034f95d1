//! See `fuzz::rdb_load`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::rdb_load::run(data));
