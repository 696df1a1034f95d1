//! `--test-memory`: writes patterns over memory and reads them back.

use std::hint::black_box;

const PASSES: u64 = 50;
const WORD: usize = size_of::<u64>();

/// Tests so many megabytes. Returns the exit code: 1 when a word did not come back as it was written.
pub fn run(megabytes: usize) -> i32 {
    let Some(bytes) = megabytes.checked_mul(1 << 20).filter(|&bytes| bytes > 0) else {
        eprintln!("Please specify the amount of memory to test in megabytes.");
        return 1;
    };
    let mut memory: Vec<u64> = Vec::new();
    if memory.try_reserve_exact(bytes / WORD).is_err() {
        eprintln!("Unable to allocate {megabytes} megabytes.");
        return 1;
    }
    memory.resize(bytes / WORD, 0);
    for pass in 0..PASSES {
        for (name, pattern) in PATTERNS {
            for (index, word) in memory.iter_mut().enumerate() {
                *word = pattern(index as u64, pass);
            }
            // Otherwise nothing need be written.
            black_box(memory.as_mut_slice());
            if let Some(index) =
                (0..memory.len()).find(|&index| black_box(memory[index]) != pattern(index as u64, pass))
            {
                println!("*** MEMORY ERROR DETECTED: pass {pass}, {name}, byte {:#x}", index * WORD);
                return 1;
            }
        }
        println!("Pass {} of {PASSES}: good", pass + 1);
    }
    println!(
        "\nThe memory passed this test. Errors that come rarely or with heat need a longer one, such as memtest86."
    );
    0
}

type Pattern = fn(u64, u64) -> u64;

/// What is written at an index in a pass.
const PATTERNS: [(&str, Pattern); 4] = [
    ("address", |index, pass| index.wrapping_add(pass << 56)),
    ("random", |index, pass| (index ^ pass << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)),
    ("solid", |_, pass| if pass % 2 == 0 { 0 } else { u64::MAX }),
    ("checkerboard", |index, pass| if (index ^ pass) % 2 == 0 { 0x5555_5555_5555_5555 } else { 0xAAAA_AAAA_AAAA_AAAA }),
];
