//! What the granted names of one store meant when it looked them up.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How long an answer opens the way. Guests look names up anew for new connections; those that keep
/// the address instead must not keep it for good, because it may have become somebody else's.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// Most answers kept; the oldest make room.
const MAX_ANSWERS: usize = 1024;

/// Addresses and ports that names led to, each until a moment.
#[derive(Debug, Default)]
pub(super) struct Answers {
    until: BTreeMap<(IpAddr, u16), Instant>,
}

impl Answers {
    /// Opens the way to `address` and `port` from `now` on.
    pub(super) fn keep(&mut self, address: IpAddr, port: u16, now: Instant) {
        if self.until.len() >= MAX_ANSWERS && !self.until.contains_key(&(address, port)) {
            self.until.retain(|_, until| *until > now);
            let oldest = self.until.iter().min_by_key(|(_, until)| **until);
            if let (Some((oldest, _)), true) = (oldest, self.until.len() >= MAX_ANSWERS) {
                let oldest = *oldest;
                self.until.remove(&oldest);
            }
        }
        self.until.insert((address, port), now + KEPT);
    }

    /// Whether the way to `address` and `port` is open.
    pub(super) fn lead_to(&self, address: IpAddr, port: u16, now: Instant) -> bool {
        self.until.get(&(address, port)).is_some_and(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn given_an_answer_should_open_its_port_until_it_is_too_old() {
        let (mut answers, now) = (Answers::default(), Instant::now());
        answers.keep(address(1), 5432, now);
        assert!(answers.lead_to(address(1), 5432, now + KEPT / 2));
        assert!(!answers.lead_to(address(1), 5433, now));
        assert!(!answers.lead_to(address(2), 5432, now));
        assert!(!answers.lead_to(address(1), 5432, now + KEPT));
        answers.keep(address(1), 5432, now + KEPT);
        assert!(answers.lead_to(address(1), 5432, now + KEPT));
    }

    #[test]
    fn given_too_many_answers_should_forget_the_oldest() {
        let (mut answers, now) = (Answers::default(), Instant::now());
        let most = u32::try_from(MAX_ANSWERS).unwrap();
        for number in 0..=most {
            answers.keep(address(number), 1, now + Duration::from_millis(number.into()));
        }
        let later = now + Duration::from_secs(10);
        assert_eq!(answers.until.len(), MAX_ANSWERS);
        assert!(!answers.lead_to(address(0), 1, later));
        assert!(answers.lead_to(address(1), 1, later) && answers.lead_to(address(most), 1, later));
        // One that is known needs no room.
        answers.keep(address(1), 1, later);
        assert!(answers.lead_to(address(2), 1, later));
    }

    #[test]
    fn given_answers_too_old_should_make_room_with_them_first() {
        let (mut answers, now) = (Answers::default(), Instant::now());
        for number in 0..u32::try_from(MAX_ANSWERS).unwrap() {
            answers.keep(address(number), 1, now);
        }
        answers.keep(address(u32::MAX), 1, now + KEPT);
        assert_eq!(answers.until.len(), 1);
    }
}
