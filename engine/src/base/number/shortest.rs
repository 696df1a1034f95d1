//! The digits of a double: Grisu2 of Loitsch, "Printing floating-point numbers quickly and accurately with integers" (2010).
//!
//! Grisu2 always gives digits that read back to the same double. In a few of a thousand cases they are not the shortest or the closest
//! such digits, as core's formatter would give; but they are the ones that Redis 7.2 and Valkey show, whose fpconv library has the same
//! powers, the same choice among them and the same 64-bit precision.

/// Digits `d₁d₂…dₙ` × 10^`last_power`, without leading zeros.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    digits: [u8; MOST_DIGITS],
    count: usize,
    /// The power of ten that the last digit stands for.
    pub(super) last_power: i32,
}

/// Seventeen are enough for any double.
const MOST_DIGITS: usize = 17;

impl Decimal {
    /// The digits of a positive finite double.
    pub(super) fn of(value: f64) -> Self {
        let Interval { low, value, high } = Interval::around(value);
        let (power, power_of_ten) = cached_power(high.exponent);
        let value = value.times(power);
        // One unit inwards, so that errors of rounding cannot leave the interval.
        let low = low.times(power).significand + 1;
        let high = Scaled { significand: high.times(power).significand - 1, exponent: value.exponent };
        let mut decimal = Self { digits: [0; MOST_DIGITS], count: 0, last_power: -power_of_ten };
        decimal.generate(high, high.significand - low, high.significand - value.significand);
        decimal
    }

    /// The ASCII digits.
    pub(super) fn digits(&self) -> &[u8] {
        &self.digits[..self.count]
    }

    /// The power of ten that the first digit stands for.
    pub(super) fn first_power(&self) -> i32 {
        self.last_power + self.count as i32 - 1
    }

    fn push(&mut self, digit: u64) {
        if (digit != 0 || self.count > 0) && self.count < MOST_DIGITS {
            self.digits[self.count] = b'0' + digit as u8;
            self.count += 1;
        }
    }

    /// Takes digits off `high` until what is left is less than `width`, the extent of the interval below it; then brings the last
    /// digit as near as it gets to the value, which lies `distance` below `high`.
    fn generate(&mut self, high: Scaled, mut width: u64, mut distance: u64) {
        let point = high.exponent.unsigned_abs();
        let one = 1u64 << point;
        let mut whole = high.significand >> point;
        let mut fraction = high.significand & (one - 1);
        let mut divisor = 1_000_000_000;
        for power in (0..10).rev() {
            self.push(whole / divisor);
            whole %= divisor;
            let rest = (whole << point) + fraction;
            if rest <= width {
                self.last_power += power;
                self.approach(width, rest, divisor << point, distance);
                return;
            }
            divisor /= 10;
        }
        loop {
            fraction *= 10;
            width *= 10;
            distance = distance.wrapping_mul(10);
            self.last_power -= 1;
            self.push(fraction >> point);
            fraction &= one - 1;
            if fraction < width {
                self.approach(width, fraction, one, distance);
                return;
            }
        }
    }

    /// Lowers the last digit while that leads nearer to the value and stays inside the interval. `rest` is how far the digits are below
    /// the upper end, `unit` what one step of the last digit is worth.
    fn approach(&mut self, width: u64, mut rest: u64, unit: u64, distance: u64) {
        let Some(last) = self.count.checked_sub(1) else {
            return;
        };
        while rest < distance && width - rest >= unit {
            let lowered = rest + unit;
            if lowered >= distance && distance - rest <= lowered - distance {
                break;
            }
            self.digits[last] -= 1;
            rest = lowered;
        }
    }
}

/// `significand` × 2^`exponent`.
#[derive(Clone, Copy)]
struct Scaled {
    significand: u64,
    exponent: i32,
}

impl Scaled {
    /// The same number with the highest bit of its significand set.
    fn normalized(self) -> Self {
        let shift = self.significand.leading_zeros();
        Self { significand: self.significand << shift, exponent: self.exponent - shift as i32 }
    }

    /// The product, rounded to 64 bits.
    fn times(self, other: Self) -> Self {
        let product = u128::from(self.significand) * u128::from(other.significand);
        Self { significand: ((product + (1 << 63)) >> 64) as u64, exponent: self.exponent + other.exponent + 64 }
    }
}

/// A double and the ends of the interval of numbers that round to it, all with the same exponent.
struct Interval {
    low: Scaled,
    value: Scaled,
    high: Scaled,
}

impl Interval {
    fn around(value: f64) -> Self {
        const HIDDEN_BIT: u64 = 1 << 52;
        let bits = value.to_bits();
        let fraction = bits & (HIDDEN_BIT - 1);
        let (significand, exponent) = match (bits >> 52) as i32 & 0x7ff {
            0 => (fraction, -1074),
            biased => (fraction | HIDDEN_BIT, biased - 1075),
        };
        let high = Scaled { significand: 2 * significand + 1, exponent: exponent - 1 };
        let high = high.normalized();
        // Below a power of two the doubles lie twice as close.
        let extra_bits = if significand == HIDDEN_BIT { 2 } else { 1 };
        let low = (significand << extra_bits) - 1;
        Self {
            low: Scaled { significand: low << (exponent - extra_bits - high.exponent), exponent: high.exponent },
            value: Scaled { significand, exponent }.normalized(),
            high,
        }
    }
}

/// A power of ten which brings a number of this exponent, multiplied, to an exponent of -60 to -32; and which power it is.
fn cached_power(exponent: i32) -> (Scaled, i32) {
    // Two powers may serve. Which is taken shows in rare digits, so the estimate to start from is that of the reference.
    let estimate = f64::from(-(exponent + POWERS.len() as i32)) * core::f64::consts::LOG10_2;
    let mut index = (estimate as i32 - FIRST_POWER) / POWER_STEP;
    loop {
        let power_of_ten = FIRST_POWER + index * POWER_STEP;
        // 217706 / 65536 is close enough to log2(10) over the whole range of doubles.
        let power_exponent = ((power_of_ten * 217_706) >> 16) - 63;
        match exponent + power_exponent + 64 {
            ..-60 => index += 1,
            -60..=-32 => {
                let power = Scaled { significand: POWERS[index as usize], exponent: power_exponent };
                return (power, power_of_ten);
            }
            _ => index -= 1,
        }
    }
}

const FIRST_POWER: i32 = -348;
const POWER_STEP: i32 = 8;

/// The leading 64 bits of 10^-348, 10^-340, … 10^340, rounded to the nearest.
#[rustfmt::skip]
const POWERS: [u64; 87] = [
    0xfa8f_d5a0_081c_0288, 0xbaae_e17f_a23e_bf76, 0x8b16_fb20_3055_ac76, 0xcf42_894a_5dce_35ea,
    0x9a6b_b0aa_5565_3b2d, 0xe61a_cf03_3d1a_45df, 0xab70_fe17_c79a_c6ca, 0xff77_b1fc_bebc_dc4f,
    0xbe56_91ef_416b_d60c, 0x8dd0_1fad_907f_fc3c, 0xd351_5c28_3155_9a83, 0x9d71_ac8f_ada6_c9b5,
    0xea9c_2277_23ee_8bcb, 0xaecc_4991_4078_536d, 0x823c_1279_5db6_ce57, 0xc210_9436_4dfb_5637,
    0x9096_ea6f_3848_984f, 0xd774_85cb_2582_3ac7, 0xa086_cfcd_97bf_97f4, 0xef34_0a98_172a_ace5,
    0xb238_67fb_2a35_b28e, 0x84c8_d4df_d2c6_3f3b, 0xc5dd_4427_1ad3_cdba, 0x936b_9fce_bb25_c996,
    0xdbac_6c24_7d62_a584, 0xa3ab_6658_0d5f_daf6, 0xf3e2_f893_dec3_f126, 0xb5b5_ada8_aaff_80b8,
    0x8762_5f05_6c7c_4a8b, 0xc9bc_ff60_34c1_3053, 0x964e_858c_91ba_2655, 0xdff9_7724_7029_7ebd,
    0xa6df_bd9f_b8e5_b88f, 0xf8a9_5fcf_8874_7d94, 0xb944_7093_8fa8_9bcf, 0x8a08_f0f8_bf0f_156b,
    0xcdb0_2555_6531_31b6, 0x993f_e2c6_d07b_7fac, 0xe45c_10c4_2a2b_3b06, 0xaa24_2499_6973_92d3,
    0xfd87_b5f2_8300_ca0e, 0xbce5_0864_9211_1aeb, 0x8cbc_cc09_6f50_88cc, 0xd1b7_1758_e219_652c,
    0x9c40_0000_0000_0000, 0xe8d4_a510_0000_0000, 0xad78_ebc5_ac62_0000, 0x813f_3978_f894_0984,
    0xc097_ce7b_c907_15b3, 0x8f7e_32ce_7bea_5c70, 0xd5d2_38a4_abe9_8068, 0x9f4f_2726_179a_2245,
    0xed63_a231_d4c4_fb27, 0xb0de_6538_8cc8_ada8, 0x83c7_088e_1aab_65db, 0xc45d_1df9_4271_1d9a,
    0x924d_692c_a61b_e758, 0xda01_ee64_1a70_8dea, 0xa26d_a399_9aef_774a, 0xf209_787b_b47d_6b85,
    0xb454_e4a1_79dd_1877, 0x865b_8692_5b9b_c5c2, 0xc835_53c5_c896_5d3d, 0x952a_b45c_fa97_a0b3,
    0xde46_9fbd_99a0_5fe3, 0xa59b_c234_db39_8c25, 0xf6c6_9a72_a398_9f5c, 0xb7dc_bf53_54e9_bece,
    0x88fc_f317_f222_41e2, 0xcc20_ce9b_d35c_78a5, 0x9816_5af3_7b21_53df, 0xe2a0_b5dc_971f_303a,
    0xa8d9_d153_5ce3_b396, 0xfb9b_7cd9_a4a7_443c, 0xbb76_4c4c_a7a4_4410, 0x8bab_8eef_b640_9c1a,
    0xd01f_ef10_a657_842c, 0x9b10_a4e5_e991_3129, 0xe710_9bfb_a19c_0c9d, 0xac28_20d9_623b_f429,
    0x8044_4b5e_7aa7_cf85, 0xbf21_e440_03ac_dd2d, 0x8e67_9c2f_5e44_ff8f, 0xd433_179d_9c8c_b841,
    0x9e19_db92_b4e3_1ba9, 0xeb96_bf6e_badf_77d9, 0xaf87_023b_9bf0_ee6b,
];
