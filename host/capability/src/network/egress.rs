//! How fast one store sends.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A budget of bytes that fills at a steady rate, up to what one second brings.
///
/// Senders take what they have sent, also more than there is, and pause before their next piece until
/// the debt is gone. So nobody fails, and many senders are served in the order in which they took.
#[derive(Debug)]
pub(crate) struct Egress {
    /// Bytes per second.
    rate: f64,
    account: Mutex<Account>,
}

#[derive(Debug)]
struct Account {
    /// Bytes; below zero is debt.
    balance: f64,
    at: Instant,
}

impl Egress {
    /// A full budget for `rate` bytes per second.
    pub(crate) fn new(rate: u64) -> Self {
        // A rate of nothing would be a pause without end; one byte per second is a limit, too.
        #[allow(clippy::cast_precision_loss)]
        let rate = rate.max(1) as f64;
        Self { rate, account: Mutex::new(Account { balance: rate, at: Instant::now() }) }
    }

    /// Takes `bytes`, and says until when to pause, if at all.
    pub(crate) fn take(&self, bytes: usize) -> Option<Instant> {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let earned = now.duration_since(account.at).as_secs_f64() * self.rate;
        #[allow(clippy::cast_precision_loss)]
        let bytes = bytes as f64;
        account.balance = (account.balance + earned).min(self.rate) - bytes;
        account.at = now;
        (account.balance < 0.0).then(|| now + self.time_for(-account.balance))
    }

    /// The most that is sent at once: what one second brings.
    pub(crate) fn largest_piece(&self) -> usize {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let piece = self.rate as usize;
        piece
    }

    fn time_for(&self, bytes: f64) -> Duration {
        /// Longer than any call may take.
        const LONGEST: f64 = 1e9;
        Duration::from_secs_f64((bytes / self.rate).min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn given_more_than_a_second_brings_should_pause_for_what_is_missing() {
        let (egress, start) = (Egress::new(1000), Instant::now());
        assert_eq!(egress.take(600), None);
        assert_eq!(egress.take(400), None);
        assert_eq!(egress.take(500), Some(start + SECOND / 2));
        assert_eq!(egress.take(1000), Some(start + SECOND * 3 / 2), "behind the first");
        tokio::time::advance(SECOND * 3 / 2).await;
        assert_eq!(egress.take(0), None);
        assert!(egress.take(1).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn given_a_long_rest_should_save_up_one_second_and_no_more() {
        let egress = Egress::new(1000);
        tokio::time::advance(SECOND * 100).await;
        assert_eq!(egress.take(1000), None);
        assert!(egress.take(1).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn given_no_rate_and_endless_bytes_should_pause_for_long_without_harm() {
        let egress = Egress::new(0);
        assert_eq!(egress.largest_piece(), 1);
        assert!(egress.take(usize::MAX).is_some_and(|until| until > Instant::now() + SECOND));
        assert!(egress.take(usize::MAX).is_some());
    }
}
