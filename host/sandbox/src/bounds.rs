//! How long a call may take, and how much of a core its guest may use over time.
//!
//! Both are kept outside of the guest: its call is a future, and this polls it. A guest that computes
//! comes back here with every tick (see [`crate::engine::TICK`]), so a share is kept to within one.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use kennel_capability::limits::RateLimit;
use tokio::time::{Instant, sleep};

use crate::engine::TICK;
use crate::instance::Limits;
use crate::meter::Meter;

/// Nanoseconds of a core.
const SECOND: u64 = 1_000_000_000;
/// What a guest with a small share may compute at once: two ticks, since it is not looked at more often.
const BURST: u64 = 2 * TICK.as_nanos() as u64;

/// What all calls of one instance keep to.
#[derive(Debug)]
pub(crate) struct Bounds {
    call_timeout: Duration,
    /// Nanoseconds of computing per second. None: a whole core.
    share: Option<RateLimit>,
    meter: Arc<Meter>,
}

/// The call did not end within `call_timeout`. It must not be polled again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// Why a stretch of a call ended.
enum Stretch<T> {
    Ended(T),
    /// It used more than its share and has to wait so long.
    Owes(Duration),
    Elapsed,
}

impl Bounds {
    pub(crate) fn new(limits: &Limits, metered: bool) -> Self {
        let percent = u64::from(limits.cpu_share.min(100));
        let now = Instant::now().into_std();
        let share = (metered && percent < 100).then(|| {
            let per_second = SECOND / 100 * percent;
            RateLimit::with_burst(per_second, BURST.max(per_second / 10), now)
        });
        Self { call_timeout: limits.call_timeout, share, meter: Arc::default() }
    }

    /// How long the guest computes in the call in hand.
    pub(crate) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// Runs `call` to its end. Time in which it waits for its share is not the guest's, so it does
    /// not count as time of the call.
    pub(crate) async fn run<F: Future>(&mut self, call: F) -> Result<F::Output, Elapsed> {
        self.meter.reset();
        let mut call = pin!(call);
        let mut deadline = pin!(sleep(self.call_timeout));
        // What an earlier call owes is waited for first.
        let mut owed = self.spend(Duration::ZERO);
        loop {
            if !owed.is_zero() {
                let late = deadline.deadline() + owed;
                sleep(owed).await;
                deadline.as_mut().reset(late);
            }
            let stretch = poll_fn(|context| {
                let began = Instant::now();
                self.meter.resume(began);
                let polled = call.as_mut().poll(context);
                let paused = Instant::now();
                self.meter.pause(paused);
                let owed = self.spend(paused - began);
                match polled {
                    Poll::Ready(output) => Poll::Ready(Stretch::Ended(output)),
                    Poll::Pending if deadline.as_mut().poll(context).is_ready() => {
                        Poll::Ready(Stretch::Elapsed)
                    }
                    Poll::Pending if !owed.is_zero() => Poll::Ready(Stretch::Owes(owed)),
                    Poll::Pending => Poll::Pending,
                }
            });
            match stretch.await {
                Stretch::Ended(output) => return Ok(output),
                Stretch::Elapsed => return Err(Elapsed),
                Stretch::Owes(wait) => owed = wait,
            }
        }
    }

    fn spend(&mut self, busy: Duration) -> Duration {
        let Some(share) = &mut self.share else { return Duration::ZERO };
        let busy = u64::try_from(busy.as_nanos()).unwrap_or(u64::MAX);
        share.take(busy, Instant::now().into_std())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(cpu_share: u32, call_timeout: Duration) -> Bounds {
        Bounds::new(&Limits { cpu_share, call_timeout, ..Limits::default() }, true)
    }

    /// Computes for `ticks` ticks of 10 ms by a paused clock, and yields after each.
    async fn compute(ticks: u32) {
        for _ in 0..ticks {
            tokio::time::advance(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn given_a_call_that_waits_too_long_should_elapse() {
        let mut bounds = bounds(100, Duration::from_secs(1));
        assert_eq!(bounds.run(std::future::pending::<()>()).await, Err(Elapsed));
        assert_eq!(bounds.run(async { 7 }).await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn given_a_share_should_make_those_wait_who_used_more() {
        let mut bounds = bounds(10, Duration::from_secs(1));
        // Two ticks are there to begin with; what is more is owed.
        assert_eq!(bounds.spend(Duration::from_millis(20)), Duration::ZERO);
        assert_eq!(bounds.spend(Duration::from_millis(10)), Duration::from_millis(100));
        let began = Instant::now();
        assert_eq!(bounds.run(async {}).await, Ok(()));
        assert_eq!(began.elapsed().as_millis(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn given_waiting_for_a_share_should_not_count_it_as_time_of_the_call() {
        let mut bounds = bounds(1, Duration::from_millis(100));
        let _ = bounds.spend(Duration::from_millis(30));
        let began = Instant::now();
        // It owes a whole second, ten times the limit of its call.
        assert_eq!(bounds.run(compute(1)).await, Ok(()));
        assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
        assert_eq!(bounds.run(std::future::pending::<()>()).await, Err(Elapsed));
    }
}
