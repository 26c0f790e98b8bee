//! The pseudo random numbers behind a record.
//!
//! Record `n` of seed `s` has a generator of its own, so any record can be made without those
//! before it: that is what lets a restart go on with the identical stream from a bare number.

/// SplitMix64. The stream of a seed is part of this connector's contract: never change it.
#[derive(Debug, Clone)]
pub(crate) struct Generator {
    state: u64,
}

const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

impl Generator {
    /// The generator of record `number`.
    pub(crate) fn of_record(seed: u64, number: u64) -> Self {
        Self {
            state: mix(seed.wrapping_add(GOLDEN_RATIO)) ^ mix(number.wrapping_mul(GOLDEN_RATIO)),
        }
    }

    /// 64 even bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_RATIO);
        mix(self.state)
    }

    /// Even in `0..bound`; 0 for a bound of 0. The bias is below bound / 2^64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let bits = self.bits();
        if let Ok(bound) = u32::try_from(bound) {
            // One 64-bit multiplication instead of a 128-bit one.
            return ((bits >> 32) * u64::from(bound)) >> 32;
        }
        u64::try_from((u128::from(bits) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    /// Even in `0..=highest`.
    pub(crate) fn up_to(&mut self, highest: u64) -> u64 {
        match highest.checked_add(1) {
            Some(bound) => self.below(bound),
            None => self.bits(),
        }
    }
}

/// The natural id of record `number`: the same on every re-read, different for every seed.
pub(crate) fn record_id(seed: u64, number: u64) -> u128 {
    let high = mix(mix(seed ^ GOLDEN_RATIO).wrapping_add(number));
    // The low half is a bijection of the number: two records of one seed never share an id.
    u128::from(high) << 64 | u128::from(mix(number ^ seed))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn given_the_same_seed_and_number_should_repeat() {
        let mut one = Generator::of_record(42, 7);
        let mut two = Generator::of_record(42, 7);
        for _ in 0..100 {
            assert_eq!(one.bits(), two.bits());
        }
    }

    /// A change here changes everybody's streams.
    #[test]
    fn given_a_known_record_should_keep_its_bits_for_ever() {
        let mut generator = Generator::of_record(42, 7);
        assert_eq!(generator.bits(), 0x993F_8FE8_D7AB_0D22);
        assert_eq!(record_id(42, 7), 0xB1EA_561E_1A81_9115_BDBF_B556_329A_EE83);
    }

    #[test]
    fn given_a_bound_should_stay_below_it_and_reach_every_value() {
        let mut generator = Generator::of_record(1, 1);
        let seen: BTreeSet<u64> = (0..1_000).map(|_| generator.below(10)).collect();
        assert_eq!(seen, (0..10).collect());
        assert_eq!(generator.below(0), 0);
        for _ in 0..1_000 {
            assert!(generator.below(u64::MAX - 5) < u64::MAX - 5);
        }
    }

    #[test]
    fn given_many_records_should_have_as_many_ids() {
        let ids: BTreeSet<u128> = (0..10_000).map(|number| record_id(3, number)).collect();
        assert_eq!(ids.len(), 10_000);
        assert!((0..10_000).all(|number| record_id(4, number) != record_id(3, number)));
    }
}
