//! One input made of others.

use fastrand::Rng;

/// Numbers at which lengths and offsets go wrong.
const NUMBERS: [u64; 12] =
    [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, u64::MAX >> 1, u64::MAX];

pub(crate) struct Mutator<'a> {
    random: Rng,
    pieces: &'a [&'a [u8]],
}

impl<'a> Mutator<'a> {
    pub(crate) fn new(seed: u64, pieces: &'a [&'a [u8]]) -> Self {
        Self { random: Rng::with_seed(seed), pieces }
    }

    /// One of `corpus`, changed in one to five places, at most `longest` bytes of it.
    pub(crate) fn mutate(&mut self, corpus: &[Vec<u8>], longest: usize) -> Vec<u8> {
        let mut input = corpus[self.random.usize(..corpus.len())].clone();
        for _ in 0..=self.random.usize(..5) {
            self.change(&mut input, corpus);
        }
        input.truncate(longest);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.random.usize(..=input.len());
        match self.random.u8(..9) {
            0 => self.flip(input),
            1 => {
                let until = self.random.usize(at..=input.len().min(at + 32));
                input.drain(at..until);
            }
            2 => input.truncate(at),
            3 => {
                let bytes: Vec<u8> =
                    (0..self.random.usize(..8)).map(|_| self.random.u8(..)).collect();
                input.splice(at..at, bytes);
            }
            4 => {
                let part = self.part(input);
                input.splice(at..at, part);
            }
            5 => {
                let other = &corpus[self.random.usize(..corpus.len())];
                let part = self.part(other);
                let until = self.random.usize(at..=input.len());
                input.splice(at..until, part);
            }
            6 | 7 if !self.pieces.is_empty() => {
                let piece = self.pieces[self.random.usize(..self.pieces.len())];
                let until = if self.random.bool() { at } else { input.len().min(at + piece.len()) };
                input.splice(at..until, piece.iter().copied());
            }
            _ => {
                let number = NUMBERS[self.random.usize(..NUMBERS.len())].to_le_bytes();
                let width = [1, 2, 4, 8][self.random.usize(..4)];
                let until = input.len().min(at + width);
                input.splice(at..until, number[..width].iter().copied());
            }
        }
    }

    fn flip(&mut self, input: &mut [u8]) {
        if !input.is_empty() {
            let at = self.random.usize(..input.len());
            input[at] ^= 1 << self.random.u8(..8);
        }
    }

    fn part(&mut self, of: &[u8]) -> Vec<u8> {
        let from = self.random.usize(..=of.len());
        let until = self.random.usize(from..=of.len().min(from + 256));
        of[from..until].to_vec()
    }
}
