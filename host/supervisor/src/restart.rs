//! When a failure is worth another try.
//!
//! Failures of others (broker, destination) are waited out for as long as it takes. Failures of a
//! guest's own (a trap, a limit) spend a budget, because a guest that fails again and again on the
//! same message must become visible instead of burning a core.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use kennel_pipeline::{Backoff, PipelineError, Remedy};

/// Faults older than this are forgiven.
const WINDOW: Duration = Duration::from_secs(600);
/// A run of this length counts as recovered: the next failure waits briefly again.
const RECOVERED: Duration = Duration::from_secs(60);

/// How many faults replace an instance before the connector is failed.
#[derive(Debug, Clone, Copy)]
pub struct RestartPolicy {
    /// Faults within ten minutes.
    pub restarts: u32,
}

/// Decides for one lane.
pub(crate) struct Restarts {
    policy: RestartPolicy,
    faults: VecDeque<Instant>,
    backoff: Backoff,
}

/// What to do after a failure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    RetryAfter(Duration),
    Fail(String),
}

impl Restarts {
    pub(crate) fn new(policy: RestartPolicy) -> Self {
        Self { policy, faults: VecDeque::new(), backoff: Backoff::default() }
    }

    /// What to do after `error` ended a run that began at `began`.
    pub(crate) fn judge(&mut self, error: &PipelineError, began: Instant, now: Instant) -> Verdict {
        if now.duration_since(began) >= RECOVERED {
            self.backoff.reset();
        }
        match error.remedy() {
            Remedy::Operator => Verdict::Fail(error.explain()),
            Remedy::Wait(asked) => Verdict::RetryAfter(self.backoff.next_wait(asked)),
            Remedy::Replace => {
                while self.faults.front().is_some_and(|fault| now.duration_since(*fault) > WINDOW) {
                    self.faults.pop_front();
                }
                self.faults.push_back(now);
                if self.faults.len() > self.policy.restarts as usize {
                    return Verdict::Fail(format!(
                        "{} (restarted {} times within ten minutes; [delivery] restarts = {})",
                        error.explain(),
                        self.faults.len() - 1,
                        self.policy.restarts,
                    ));
                }
                Verdict::RetryAfter(self.backoff.next_wait(None))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kennel_broker::BrokerError;

    fn fault() -> PipelineError {
        PipelineError::Internal("boom".into())
    }

    #[test]
    fn given_more_faults_than_the_budget_should_fail_and_say_so() {
        let mut restarts = Restarts::new(RestartPolicy { restarts: 2 });
        let now = Instant::now();
        assert!(matches!(restarts.judge(&fault(), now, now), Verdict::RetryAfter(_)));
        assert!(matches!(restarts.judge(&fault(), now, now), Verdict::RetryAfter(_)));
        let Verdict::Fail(reason) = restarts.judge(&fault(), now, now) else {
            panic!("not failed")
        };
        assert!(reason.contains("boom") && reason.contains("restarts = 2"), "{reason}");
    }

    #[test]
    fn given_faults_far_apart_should_forgive_the_old_ones() {
        let mut restarts = Restarts::new(RestartPolicy { restarts: 1 });
        let start = Instant::now();
        for hour in 0..5 {
            let now = start + Duration::from_secs(3600 * hour);
            assert!(matches!(restarts.judge(&fault(), now, now), Verdict::RetryAfter(_)));
        }
    }

    #[test]
    fn given_a_broker_outage_should_wait_without_spending_the_budget() {
        let mut restarts = Restarts::new(RestartPolicy { restarts: 0 });
        let now = Instant::now();
        for _ in 0..100 {
            let after = Duration::from_secs(1);
            let down = BrokerError::Timeout { operation: "a poll", after };
            assert!(matches!(restarts.judge(&down.into(), now, now), Verdict::RetryAfter(_)));
        }
    }
}
