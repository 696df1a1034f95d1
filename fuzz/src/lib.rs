//! The fuzzers. Each takes any bytes and panics when something is wrong.
//!
//! A few tiny seeds a target lie in `seeds/`; `cargo test -p fuzz` runs all
//! targets on them and on some random bytes, with the stable compiler. Briefly,
//! and for long, from the root:
//!
//! ```text
//! cargo +nightly fuzz run glob fuzz/corpus/glob fuzz/seeds/glob -- -max_total_time=60
//! cargo +nightly fuzz run glob fuzz/corpus/glob fuzz/seeds/glob -- -runs=10000000
//! ```
//!
//! The first directory, which has to be there, takes what is found. Good for
//! all targets: `-malloc_limit_mb=64`, which makes an outsized allocation a
//! failure; `--sanitizer none`, several times faster, for those that reach no
//! unsafe code: `config_file`, `glob`, `rdb_check`, `request_parser`. With
//! `CARGO_PROFILE_RELEASE_LTO=off` in the environment they build faster.

pub mod commands;
pub mod config_file;
pub mod glob;
pub mod input;
pub mod rdb_check;
pub mod rdb_load;
pub mod recording;
pub mod request_parser;
pub mod table;

/// A target's name and what runs it.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("commands", commands::run),
    ("config_file", config_file::run),
    ("glob", glob::run),
    ("rdb_check", rdb_check::run),
    ("rdb_load", rdb_load::run),
    ("recording", recording::run),
    ("request_parser", request_parser::run),
    ("table", table::run),
];

#[cfg(test)]
mod tests {
    use super::TARGETS;
    use engine::base::random::Random;

    #[test]
    fn seeds_run() {
        for (name, run) in TARGETS {
            let directory = format!("{}/seeds/{name}", env!("CARGO_MANIFEST_DIR"));
            let mut seeds: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
            seeds.sort();
            assert!(!seeds.is_empty(), "{directory}");
            for seed in seeds {
                let bytes = std::fs::read(&seed).unwrap();
                run(&bytes);
                run(&bytes[..bytes.len() / 2]);
            }
        }
    }

    #[test]
    fn random_bytes_run() {
        for (_, run) in TARGETS {
            for seed in 0..30 {
                let mut random = Random::from_seed(seed);
                let mut bytes = vec![0; random.below(600) as usize];
                random.fill_bytes(&mut bytes);
                run(&bytes);
            }
        }
    }
}
