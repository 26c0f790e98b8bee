//! Counting tests by what their runners print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests ended how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Ran and were right.
    pub(crate) passed: u64,
    /// Ran and were wrong, or could not run.
    pub(crate) failed: u64,
    /// Were left out by their author.
    pub(crate) ignored: u64,
}

impl Tally {
    /// No test at all was reported.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "passed {} failed {} ignored {}", self.passed, self.failed, self.ignored)
    }
}

/// Whose summary lines to look for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Runner {
    /// `cargo test`: one `test result:` line per binary.
    Cargo,
    /// Python's `unittest`: `Ran N tests`, then `OK (…)` or `FAILED (…)`.
    Unittest,
    /// `node --test`: `# pass N` and others at the end, or `ℹ pass N` by its other reporter.
    Node,
}

impl Runner {
    /// Adds up all summaries among `lines`.
    pub(crate) fn tally(self, lines: &[String]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            match self {
                Self::Cargo => tally += cargo_line(line),
                Self::Unittest => unittest_line(line, &mut tally),
                Self::Node => tally += node_line(line),
            }
        }
        tally
    }
}

fn cargo_line(line: &str) -> Tally {
    let Some((_, summary)) = line.strip_prefix("test result: ").and_then(|l| l.split_once(". "))
    else {
        return Tally::default();
    };
    let count = |label: &str| {
        summary
            .split(';')
            .find_map(|part| part.trim().strip_suffix(label))
            .and_then(|number| number.trim().parse().ok())
            .unwrap_or(0)
    };
    Tally { passed: count("passed"), failed: count("failed"), ignored: count("ignored") }
}

/// `Ran` counts every test as passed; the verdict line after it moves some to where they belong.
fn unittest_line(line: &str, tally: &mut Tally) {
    if let Some(count) = line.strip_prefix("Ran ").and_then(|rest| rest.split(' ').next()) {
        tally.passed += count.parse::<u64>().unwrap_or(0);
    }
    let verdict = line.strip_prefix("OK (").or_else(|| line.strip_prefix("FAILED ("));
    let Some(parts) = verdict.and_then(|rest| rest.strip_suffix(')')) else { return };
    for (label, count) in parts.split(", ").filter_map(|part| part.split_once('=')) {
        let count = count.parse::<u64>().unwrap_or(0);
        match label {
            "failures" | "errors" | "unexpected successes" => tally.failed += count,
            "skipped" => tally.ignored += count,
            _ => continue,
        }
        tally.passed = tally.passed.saturating_sub(count);
    }
}

fn node_line(line: &str) -> Tally {
    let mut words = line.split(' ');
    let (Some("#" | "ℹ"), Some(label), Some(count), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Tally::default();
    };
    let count = count.parse().unwrap_or(0);
    match label {
        "pass" => Tally { passed: count, ..Tally::default() },
        "fail" | "cancelled" => Tally { failed: count, ..Tally::default() },
        "skipped" | "todo" => Tally { ignored: count, ..Tally::default() },
        _ => Tally::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(runner: Runner, output: &str) -> (u64, u64, u64) {
        let lines: Vec<String> = output.lines().map(str::to_owned).collect();
        let tally = runner.tally(&lines);
        (tally.passed, tally.failed, tally.ignored)
    }

    #[test]
    fn given_several_cargo_binaries_should_add_them_up() {
        let output = "\
running 3 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: FAILED. 10 passed; 4 failed; 0 ignored; 0 measured; 3 filtered out; finished in 1.2s
";
        assert_eq!(tally(Runner::Cargo, output), (12, 4, 1));
    }

    #[test]
    fn given_unittest_summaries_should_take_failures_and_skips_out_of_the_passed() {
        assert_eq!(tally(Runner::Unittest, "Ran 7 tests in 0.01s\n\nOK"), (7, 0, 0));
        assert_eq!(tally(Runner::Unittest, "Ran 7 tests in 0.01s\n\nOK (skipped=2)"), (5, 0, 2));
        let failed = "Ran 7 tests in 0.01s\n\nFAILED (failures=1, errors=2, skipped=1)";
        assert_eq!(tally(Runner::Unittest, failed), (3, 3, 1));
        assert_eq!(tally(Runner::Unittest, "Ran 0 tests in 0.0s\n\nOK"), (0, 0, 0));
    }

    #[test]
    fn given_a_tap_summary_should_count_cancelled_as_failed() {
        let output = "\
ok 1 - keeps headers
# tests 9
# suites 1
# pass 5
# fail 1
# cancelled 1
# skipped 1
# todo 1
# duration_ms 51.2
";
        assert_eq!(tally(Runner::Node, output), (5, 2, 2));
    }

    #[test]
    fn given_the_other_reporter_of_node_should_count_the_same() {
        assert_eq!(tally(Runner::Node, "ℹ tests 3\nℹ pass 2\nℹ fail 1\n"), (2, 1, 0));
    }

    #[test]
    fn given_text_that_only_looks_like_a_summary_should_count_nothing() {
        assert_eq!(tally(Runner::Cargo, "test result: who knows"), (0, 0, 0));
        assert_eq!(tally(Runner::Node, "# pass the salt"), (0, 0, 0));
        assert_eq!(tally(Runner::Unittest, "Ran away\nFAILED (badly)"), (0, 0, 0));
    }
}
