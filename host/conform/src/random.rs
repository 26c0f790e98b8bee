//! Numbers that look random and are the same for the same seed.

/// SplitMix64: every seed is as good as any other, and nothing here needs more.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of `range`, which is not empty.
    pub(crate) fn within(&mut self, range: std::ops::Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start).max(1)
    }

    /// Cuts `range` into pieces of random length, about `pieces` of them; answers where each ends.
    pub(crate) fn cuts(&mut self, range: std::ops::Range<u64>, pieces: u64) -> Vec<u64> {
        let longest = ((range.end - range.start) * 2 / pieces.max(1)).max(2);
        let mut cuts = Vec::new();
        let mut at = range.start;
        while at < range.end {
            at = (at + self.within(1..longest + 1)).min(range.end);
            cuts.push(at);
        }
        cuts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_the_same_seed_should_cut_alike_and_to_the_end() {
        let cuts = Random::new(3).cuts(10..110, 6);
        assert_eq!(cuts, Random::new(3).cuts(10..110, 6));
        assert_ne!(cuts, Random::new(4).cuts(10..110, 6));
        assert!(cuts.is_sorted() && cuts.last() == Some(&110) && cuts.len() > 1, "{cuts:?}");
    }
}
