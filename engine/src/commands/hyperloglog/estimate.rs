//! From registers to an estimate: the improved raw estimator of Otmar Ertl, "New
//! cardinality estimation algorithms for HyperLogLog sketches", 2017,
//! algorithm 6. Each step is rounded as the reference rounds it, so that
//! estimates are equal to the last one.

use super::layout::{REGISTERS, RUN_BITS};

/// How many registers hold each value; six bits hold no more than 63.
pub(super) type Histogram = [u32; 64];

/// `1 / (2 ln 2)`: the bias factor for very many registers.
const ALPHA: f64 = 0.721_347_520_444_481_7;

/// About how many different elements registers with this histogram were given.
pub(super) fn estimate(histogram: &Histogram) -> u64 {
    let registers = REGISTERS as f64;
    let saturated = f64::from(histogram[RUN_BITS as usize + 1]);
    let mut sum = registers * tau((registers - saturated) / registers);
    for count in histogram[1..=RUN_BITS as usize].iter().rev() {
        sum = 0.5 * (sum + f64::from(*count));
    }
    sum += registers * sigma(f64::from(histogram[0]) / registers);
    let estimate = libm::round(ALPHA * registers * registers / sum);
    // Registers that no elements can have come to may be beyond all bounds;
    // the reference's conversion of such a number gives this.
    if estimate < i64::MAX as f64 { estimate as u64 } else { 1 << 63 }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut weight, mut sum) = (1.0, 1.0 - x);
    loop {
        let before = sum;
        x = libm::sqrt(x);
        weight *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * weight;
        if sum == before {
            return sum / 3.0;
        }
    }
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut weight, mut sum) = (1.0, x);
    loop {
        let before = sum;
        x *= x;
        sum += x * weight;
        weight += weight;
        if sum == before {
            return sum;
        }
    }
}
