//! Keeps the lanes of a connector from calling an endpoint that is down, and says so.
//!
//! An outage is not a bad message: it is waited out for as long as it takes. One lane's failure opens
//! the breaker for all lanes of the connector; when the wait is over one of them tries (half-open),
//! and what it finds closes the breaker or opens it again for longer.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Backoff;

/// Shared by the lanes of one connector.
#[derive(Debug)]
pub struct Breaker {
    circuit: watch::Sender<Circuit>,
}

#[derive(Debug, Clone, Default)]
struct Circuit {
    state: State,
    /// Failures since the last success.
    backoff: Backoff,
    since: Option<Instant>,
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Closed,
    Open {
        until: Instant,
    },
    HalfOpen,
}

/// What an operator sees of a breaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BreakerReading {
    /// `closed`, `open` or `half_open`.
    pub breaker: &'static str,
    /// What the component said of the last failure; nothing while the breaker is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
    /// Failures since the last success.
    #[serde(skip_serializing_if = "is_zero")]
    pub failures: u32,
    /// Since when there was no success, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable_ms: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Default for Breaker {
    fn default() -> Self {
        Self { circuit: watch::Sender::new(Circuit::default()) }
    }
}

/// Leave to make one call. Dropped without a verdict it leaves the turn to another lane.
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    /// Whether the call is the one try of a half-open breaker.
    probes: bool,
}

impl Breaker {
    /// Waits until a call may be made; `None`: stopped meanwhile.
    pub(crate) async fn admit(&self, stop: &CancellationToken) -> Option<Permit<'_>> {
        let mut changes = self.circuit.subscribe();
        loop {
            let state = changes.borrow_and_update().state;
            let wait = async {
                match state {
                    State::Open { until } => tokio::select! {
                        () = tokio::time::sleep_until(until) => {}
                        _ = changes.changed() => {}
                    },
                    State::HalfOpen => drop(changes.changed().await),
                    State::Closed => {}
                }
            };
            tokio::select! {
                biased;
                () = stop.cancelled(), if state != State::Closed => return None,
                () = wait => {}
            }
            match state {
                State::Closed => return Some(Permit { breaker: self, probes: false }),
                State::Open { until } if until <= Instant::now() && self.begin_probe(state) => {
                    return Some(Permit { breaker: self, probes: true });
                }
                _ => {}
            }
        }
    }

    /// Whether this lane is the one to try.
    fn begin_probe(&self, expected: State) -> bool {
        self.circuit.send_if_modified(|circuit| {
            let first = circuit.state == expected;
            if first {
                circuit.state = State::HalfOpen;
            }
            first
        })
    }

    /// What an operator sees now.
    #[must_use]
    pub fn reading(&self) -> BreakerReading {
        let circuit = self.circuit.borrow();
        let breaker = match circuit.state {
            State::Closed => "closed",
            State::Open { .. } => "open",
            State::HalfOpen => "half_open",
        };
        let millis =
            |since: Instant| u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        BreakerReading {
            breaker,
            unavailable: (circuit.state != State::Closed).then(|| circuit.reason.clone()),
            failures: circuit.backoff.attempts(),
            unavailable_ms: circuit.since.map(millis),
        }
    }
}

impl Permit<'_> {
    /// The other system answered, whatever it said of the messages.
    pub(crate) fn succeeded(mut self) {
        self.probes = false;
        self.breaker.circuit.send_if_modified(|circuit| {
            let was_down = circuit.state != State::Closed || circuit.backoff.attempts() > 0;
            if was_down {
                *circuit = Circuit::default();
            }
            was_down
        });
    }

    /// The other system is down, slow or throttling; how long nobody will call it.
    pub(crate) fn failed(mut self, reason: &str, asked: Option<Duration>) -> Duration {
        self.probes = false;
        let mut wait = Duration::ZERO;
        self.breaker.circuit.send_modify(|circuit| {
            wait = circuit.backoff.next_wait(asked);
            circuit.state = State::Open { until: Instant::now() + wait };
            circuit.since.get_or_insert_with(Instant::now);
            reason.clone_into(&mut circuit.reason);
        });
        wait
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probes {
            self.breaker
                .circuit
                .send_modify(|circuit| circuit.state = State::Open { until: Instant::now() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn given_a_failure_should_open_for_all_and_let_one_try() {
        let (breaker, stop) = (Breaker::default(), CancellationToken::new());
        let first = breaker.admit(&stop).await.unwrap();
        assert_eq!(first.failed("down", Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(breaker.reading().breaker, "open");
        assert_eq!(breaker.reading().unavailable.as_deref(), Some("down"));

        let began = Instant::now();
        let probe = breaker.admit(&stop).await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(7));
        assert_eq!(breaker.reading().breaker, "half_open");
        let other = tokio::time::timeout(Duration::from_secs(60), breaker.admit(&stop)).await;
        assert!(other.is_err(), "two tried at once");
        probe.succeeded();
        assert_eq!(breaker.reading().breaker, "closed");
        breaker.admit(&stop).await.unwrap().succeeded();
    }

    #[tokio::test(start_paused = true)]
    async fn given_a_try_that_nobody_ended_should_let_another_lane_try() {
        let (breaker, stop) = (Breaker::default(), CancellationToken::new());
        breaker.admit(&stop).await.unwrap().failed("down", None);
        drop(breaker.admit(&stop).await.unwrap());
        breaker.admit(&stop).await.unwrap().succeeded();
        assert_eq!(breaker.reading().failures, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn given_a_stop_while_open_should_not_wait() {
        let (breaker, stop) = (Breaker::default(), CancellationToken::new());
        breaker.admit(&stop).await.unwrap().failed("down", Some(Duration::from_secs(3600)));
        stop.cancel();
        assert!(breaker.admit(&stop).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn given_failures_in_a_row_should_wait_longer_each_time() {
        let (breaker, stop) = (Breaker::default(), CancellationToken::new());
        let mut last = Duration::ZERO;
        for _ in 0..4 {
            let wait = breaker.admit(&stop).await.unwrap().failed("down", None);
            assert!(wait * 2 >= last);
            last = wait;
        }
        assert_eq!(breaker.reading().failures, 4);
    }
}
