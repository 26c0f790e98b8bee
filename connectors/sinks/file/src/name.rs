//! File names, which are also the record of what this sink has delivered.
//!
//! A finished file is called `shop.orders.p0.e0.<first>-<next>.ndjson`: it accounts for the offsets
//! `first <= offset < next` of partition 0 in epoch 0. Because renaming is atomic, lines and
//! position become visible together. A file being written starts with a dot and ends with `.part`.
//!
//! Where a topic was made anew and the epoch does not say so, `e0r1`, `e0r2` … tell its runs apart.

use std::collections::hash_map::RandomState;
use std::fmt::Write;
use std::hash::BuildHasher;

use kennel_sdk::Origin;

const FINISHED: &str = ".ndjson";
const UNFINISHED: &str = ".part";
const OWNER: &str = ".owner";

/// The names of one partition's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// `shop.orders.p0`
    partition: String,
    epoch: u64,
    run: u32,
}

/// How far a finished file of some run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reach {
    pub(crate) run: u32,
    /// The offset behind the last one.
    pub(crate) next: u64,
}

impl Names {
    pub(crate) fn new(origin: &Origin) -> Self {
        let mut partition = escaped(&origin.stream);
        partition.push('.');
        partition.push_str(&escaped(&origin.topic));
        partition.push_str(&format!(".p{}", origin.partition));
        Self { partition, epoch: origin.epoch, run: 0 }
    }

    /// The names of another run.
    pub(crate) fn of_run(self, run: u32) -> Self {
        Self { run, ..self }
    }

    /// The run.
    pub(crate) fn run(&self) -> u32 {
        self.run
    }

    /// `shop.orders.p0.e0`
    fn stem(&self) -> String {
        let Self { partition, epoch, run } = self;
        match run {
            0 => format!("{partition}.e{epoch}"),
            run => format!("{partition}.e{epoch}r{run}"),
        }
    }

    /// The finished file with the offsets `first..next`. Twenty digits hold every offset, so that
    /// names sort as their offsets do.
    pub(crate) fn finished(&self, first: u64, next: u64) -> String {
        format!("{}.{first:020}-{next:020}{FINISHED}", self.stem())
    }

    /// A file being written from offset `first` on by `owner`.
    pub(crate) fn unfinished(&self, first: u64, owner: Token) -> String {
        format!(".{}.{first:020}.{owner}{UNFINISHED}", self.stem())
    }

    /// Is `name` a file being written of this partition, in any epoch and by anybody?
    pub(crate) fn is_unfinished(&self, name: &str) -> bool {
        name.strip_prefix('.')
            .and_then(|name| name.strip_prefix(&self.partition))
            .is_some_and(|rest| rest.starts_with(".e") && rest.ends_with(UNFINISHED))
    }

    /// The file that says who writes this partition.
    pub(crate) fn owner(&self) -> String {
        format!(".{}{OWNER}", self.partition)
    }

    /// How far `name` goes, if it is a finished file of this epoch.
    pub(crate) fn reach(&self, name: &str) -> Option<Reach> {
        let rest =
            name.strip_prefix(&self.partition)?.strip_prefix(&format!(".e{}", self.epoch))?;
        let (run, range) = rest.strip_suffix(FINISHED)?.split_once('.')?;
        let run = match run.strip_prefix('r') {
            Some(digits) => digits.parse().ok().filter(|run| *run > 0)?,
            None if run.is_empty() => 0,
            None => return None,
        };
        let (first, next) = range.split_once('-')?;
        let (first, next) = (offset(first)?, offset(next)?);
        (first < next).then_some(Reach { run, next })
    }
}

fn offset(digits: &str) -> Option<u64> {
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}

/// Letters, digits, `-` and `_` as they are, all else as `%` and two hexadecimal digits: no name of
/// a stream or topic can leave the folder, hide, or be taken for another.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            text.push(char::from(byte));
        } else {
            let written = write!(text, "%{byte:02X}");
            debug_assert!(written.is_ok(), "writing into a string cannot fail");
        }
    }
    text
}

/// A random number that tells one owner of a partition from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(u64);

impl Token {
    pub(crate) fn new() -> Self {
        // The standard library's only source of randomness: the keys of its hash maps.
        Self(RandomState::new().hash_one(0_u8))
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(stream: &str, topic: &str, epoch: u64) -> Names {
        Names::new(&Origin { stream: stream.into(), topic: topic.into(), partition: 3, epoch })
    }

    #[test]
    fn given_a_finished_file_should_read_its_position_back() {
        let names = names("shop", "orders", 7);
        let name = names.finished(5, 12);
        assert_eq!(name, "shop.orders.p3.e7.00000000000000000005-00000000000000000012.ndjson");
        assert_eq!(names.reach(&name), Some(Reach { run: 0, next: 12 }));
        let last = names.finished(0, u64::MAX);
        assert_eq!(names.reach(&last), Some(Reach { run: 0, next: u64::MAX }));
        let again = names.clone().of_run(2).finished(5, 12);
        assert_eq!(again, "shop.orders.p3.e7r2.00000000000000000005-00000000000000000012.ndjson");
        assert_eq!(names.reach(&again), Some(Reach { run: 2, next: 12 }));
    }

    #[test]
    fn given_a_foreign_file_should_read_no_position() {
        let ours = names("shop", "orders", 7);
        for name in [
            names("shop", "orders", 8).finished(0, 1),
            names("shop", "orders", 70).finished(0, 1),
            names("shop", "order", 7).finished(0, 1),
            names("shop", "orders.p3.e7", 7).finished(0, 1),
            ours.finished(1, 1),
            ours.unfinished(0, Token::new()),
            ours.owner(),
            "shop.orders.p3.e7.0-1.ndjson".to_owned(),
            ours.finished(0, 1).replace(".e7.", ".e7r0."),
            ours.finished(0, 1).replace(".e7.", ".e7x1."),
            "shop.orders.p3.e7.ndjson".to_owned(),
            "notes.txt".to_owned(),
        ] {
            assert_eq!(ours.reach(&name), None, "{name}");
        }
    }

    #[test]
    fn given_an_unfinished_file_of_the_partition_should_know_it() {
        let ours = names("shop", "orders", 7);
        assert!(ours.is_unfinished(&ours.unfinished(9, Token::new())));
        assert!(ours.is_unfinished(&names("shop", "orders", 6).unfinished(9, Token::new())));
        assert!(!ours.is_unfinished(&names("shop", "orders2", 7).unfinished(9, Token::new())));
        assert!(!ours.is_unfinished(&ours.finished(0, 9)));
        assert!(!ours.is_unfinished(&ours.owner()));
    }

    #[test]
    fn given_awkward_names_should_stay_inside_the_folder() {
        let name = names("../../etc", "a b/ü.ndjson", 0).finished(0, 1);
        assert!(!name.contains('/') && !name.starts_with('.'), "{name}");
        assert_ne!(names("a.b", "c", 0).finished(0, 1), names("a", "b.c", 0).finished(0, 1));
    }
}
