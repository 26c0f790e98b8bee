//! One part of the suite and how it ended.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::tally::{Runner, Tally};
use crate::process;

/// A line of the final table.
#[derive(Debug)]
pub(crate) struct Part {
    /// What ran.
    pub(crate) name: &'static str,
    /// How its tests ended.
    pub(crate) tally: Tally,
    /// How long it took.
    pub(crate) took: Duration,
    /// Why it counts as failed beyond what its tests say.
    pub(crate) remark: Option<String>,
}

impl Part {
    /// A part that is one test: it does its work or not.
    pub(crate) fn single(name: &'static str, work: impl FnOnce() -> Result<()>) -> Self {
        process::step(name);
        let began = Instant::now();
        let (tally, remark) = match work() {
            Ok(()) => (Tally { passed: 1, ..Tally::default() }, None),
            Err(error) => (Tally { failed: 1, ..Tally::default() }, Some(format!("{error:#}"))),
        };
        Self { name, tally, took: began.elapsed(), remark }
    }

    /// A part whose runner prints how many tests passed.
    pub(crate) fn of_runner(name: &'static str, runner: Runner, command: &mut Command) -> Self {
        process::step(name);
        let began = Instant::now();
        let (tally, remark) = match process::watch(command, name) {
            Ok(transcript) => {
                judge(runner.tally(&transcript.lines), transcript.status.success(), || {
                    transcript.status.to_string()
                })
            }
            Err(error) => judge(Tally::default(), false, || format!("{error:#}")),
        };
        Self { name, tally, took: began.elapsed(), remark }
    }
}

/// A runner that fails without a failed test has one more: the one that kept it from running. So
/// has a runner that finds no tests, because "0 failed" would hide that they are gone.
fn judge(mut tally: Tally, success: bool, ending: impl Fn() -> String) -> (Tally, Option<String>) {
    let remark = match (success, tally.failed, tally.is_empty()) {
        (true, 0, true) => Some("no tests were found".to_owned()),
        (true, 0, false) => None,
        (true, ..) => Some("failed tests, but the runner reports success".to_owned()),
        (false, 0, _) => Some(format!("did not run to its end: {}", ending())),
        (false, ..) => Some(ending()),
    };
    if remark.is_some() && tally.failed == 0 {
        tally.failed = 1;
    }
    (tally, remark)
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    /// In TAP, because these tests run below `cargo test`: a `test result:` line would be counted
    /// by the suite that runs them.
    const GOOD: &str = "# pass 3";

    #[test]
    fn given_a_runner_that_passes_should_take_its_counts() {
        let part = Part::of_runner("x", Runner::Node, &mut shell(&format!("echo '{GOOD}'")));
        assert_eq!(part.tally, Tally { passed: 3, failed: 0, ignored: 0 });
        assert_eq!(part.remark, None);
    }

    #[test]
    fn given_a_runner_that_does_not_compile_should_count_a_failure() {
        let mut command = shell(&format!("echo '{GOOD}'; exit 101"));
        let part = Part::of_runner("x", Runner::Node, &mut command);
        assert_eq!(part.tally, Tally { passed: 3, failed: 1, ignored: 0 });
        assert!(part.remark.unwrap().contains("101"));
    }

    #[test]
    fn given_a_runner_without_tests_should_count_a_failure() {
        let part = Part::of_runner("x", Runner::Unittest, &mut shell("echo 'Ran 0 tests in 0s'"));
        assert_eq!(part.tally.failed, 1);
    }

    #[test]
    fn given_a_runner_that_is_not_installed_should_count_a_failure_and_name_it() {
        let part = Part::of_runner("x", Runner::Node, &mut Command::new("no-such-runner"));
        assert_eq!(part.tally.failed, 1);
        assert!(part.remark.unwrap().contains("no-such-runner"));
    }

    #[test]
    fn given_work_that_fails_should_keep_the_whole_reason() {
        let part = Part::single("x", || bail!("npm cannot be reached"));
        assert_eq!(part.tally, Tally { passed: 0, failed: 1, ignored: 0 });
        assert_eq!(part.remark.as_deref(), Some("npm cannot be reached"));
    }
}
