//! See `fuzz::rdb_check`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::rdb_check::run(data));
