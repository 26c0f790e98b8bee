//! Throws bytes at a parser: none of them may make it panic or take long.
//!
//! Each crate that reads outside bytes has a module `fuzz` in its tests that calls [`fuzz`] with some
//! good inputs. They are mutated, and inputs that the parser answers in a new way are kept and
//! mutated further. A run is short with `cargo test`, and as long as wanted with
//! `cargo xtask fuzz --seconds 600`.

#![forbid(unsafe_code)]
// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod mutation;

use std::any::Any;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs};

pub use arbitrary::{Result, Unstructured};
use mutation::Mutator;

/// How long one target runs with `cargo test`.
const SHORT: Duration = Duration::from_millis(700);
/// No parser has so much to do with an input of [`MAX_INPUT`] bytes.
const SLOW: Duration = Duration::from_secs(5);
/// Inputs do not grow beyond this, except those that are seeds already. Bytes.
const MAX_INPUT: usize = 64 << 10;
/// Most inputs that are kept.
const MAX_CORPUS: usize = 4096;

/// A parser, and what helps to reach its corners.
pub struct Target<'a> {
    /// Unique; names the file of an input that failed.
    pub name: &'a str,
    /// Inputs to begin with, at least one of them good.
    pub seeds: &'a [&'a [u8]],
    /// Pieces that mean something to it.
    pub pieces: &'a [&'a [u8]],
}

/// Runs `parse` on mutations of the target's seeds. What it answers tells ways apart that it can take:
/// the kind of an error, or how many things it found.
///
/// # Panics
/// When `parse` panics or takes long; the input is written to a file that the message names.
pub fn fuzz<A: Hash>(target: &Target<'_>, parse: impl Fn(&[u8]) -> A) {
    if let Some(path) = env::var_os("KENNEL_FUZZ_INPUT") {
        drop(parse(&fs::read(path).unwrap()));
        return;
    }
    let (length, seed) = match env::var("KENNEL_FUZZ_SECONDS") {
        Ok(seconds) => (Duration::from_secs_f64(seconds.parse().unwrap()), fastrand::u64(..)),
        // The same inputs every time, so that a change that breaks a parser is what fails.
        Err(_) => (SHORT, 7),
    };
    let mut mutator = Mutator::new(seed, target.pieces);
    let longest = target.seeds.iter().map(|seed| seed.len()).fold(MAX_INPUT, usize::max);
    let mut corpus: Vec<Vec<u8>> = target.seeds.iter().map(|seed| seed.to_vec()).collect();
    assert!(!corpus.is_empty(), "{} has no seeds", target.name);
    let (hasher, mut seen) = (std::hash::RandomState::new(), HashSet::new());
    let (began, mut inputs) = (Instant::now(), 0u64);
    while began.elapsed() < length {
        let whole_seed = corpus.get(inputs as usize).filter(|_| inputs < target.seeds.len() as u64);
        let input = match whole_seed {
            Some(seed) => seed.clone(),
            None => mutator.mutate(&corpus, longest),
        };
        let answer = attempt(target.name, &input, &parse);
        if seen.insert(hasher.hash_one(answer)) && corpus.len() < MAX_CORPUS {
            corpus.push(input);
        }
        inputs += 1;
    }
    assert!(inputs > target.seeds.len() as u64 + 10, "{} ran {inputs} inputs only", target.name);
    println!("{}: {inputs} inputs, {} ways of answering", target.name, seen.len());
}

fn attempt<A>(name: &str, input: &[u8], parse: &impl Fn(&[u8]) -> A) -> A {
    let began = Instant::now();
    let answer = catch_unwind(AssertUnwindSafe(|| parse(input)));
    let took = began.elapsed();
    let problem = match answer {
        Ok(answer) if took <= SLOW => return answer,
        Ok(_) => format!("took {took:.1?}"),
        Err(panic) => format!("panicked: {}", words(&*panic)),
    };
    let path = keep(name, input);
    panic!(
        "{name} {problem}, with {} bytes in {path:?}; again: KENNEL_FUZZ_INPUT={path:?} cargo test {name}",
        input.len()
    );
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

fn keep(name: &str, input: &[u8]) -> PathBuf {
    let path = env::temp_dir().join(format!("kennel-fuzz-{name}-{}.bin", fastrand::u32(..)));
    fs::write(&path, input).unwrap();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Target<'_> =
        Target { name: "self-test", seeds: &[b"abc"], pieces: &[b"<", b">"] };

    /// Panics at an input that is three changes away from the seed.
    fn brittle(input: &[u8]) -> usize {
        let opens = input.iter().filter(|byte| **byte == b'<').count();
        assert!(opens < 3, "three of them");
        opens
    }

    #[test]
    fn given_a_parser_with_a_defect_should_find_it_step_by_step() {
        let found = catch_unwind(|| fuzz(&TARGET, brittle)).unwrap_err();
        let message = found.downcast_ref::<String>().unwrap();
        assert!(message.contains("three of them"), "{message}");
        let path = message.split('"').nth(1).unwrap();
        let input = fs::read(path).unwrap();
        fs::remove_file(path).unwrap();
        assert!(catch_unwind(|| brittle(&input)).is_err(), "the file does not repeat it");
    }

    #[test]
    fn given_a_parser_without_a_defect_should_end_quietly() {
        fuzz(&TARGET, <[u8]>::len);
    }
}
