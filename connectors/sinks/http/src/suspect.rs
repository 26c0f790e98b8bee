//! What is known about a refused request when a batch comes again.
//!
//! Finding the guilty message takes several requests. If the endpoint fails in between and nothing
//! of the batch is settled yet, the whole batch comes again; without a memory the search would start
//! all over, and an endpoint that fails now and then could keep it from ever ending.

use std::ops::Range;

use kennel_sdk::prelude::*;

/// The smallest run of messages that was refused together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suspect {
    origin: Origin,
    /// First and last offset.
    first: u64,
    last: u64,
}

impl Suspect {
    /// `messages` of `batch` were refused together.
    pub(crate) fn new(batch: &Batch, messages: &Range<usize>) -> Option<Self> {
        let first = batch.get(messages.start)?.offset();
        let last = batch.get(messages.end.checked_sub(1)?)?.offset();
        Some(Self { origin: batch.origin().clone(), first, last })
    }

    /// Cuts `requests` so that the suspect messages of `batch` go by themselves.
    pub(crate) fn cut(&self, batch: &Batch, requests: Vec<Range<usize>>) -> Vec<Range<usize>> {
        if batch.origin() != &self.origin {
            return requests;
        }
        let count = |within: &dyn Fn(u64) -> bool| {
            batch.iter().take_while(|message| within(message.offset())).count()
        };
        let start = count(&|offset| offset < self.first);
        let end = count(&|offset| offset <= self.last);
        let pieces = requests.into_iter().flat_map(|request| {
            let (from, to) = (request.start, request.end);
            let (start, end) = (start.clamp(from, to), end.clamp(from, to));
            [from..start, start..end, end..to]
        });
        pieces.filter(|piece| !piece.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use kennel_sdk::testing::BatchBuilder;

    use super::*;

    fn batch(offset: u64) -> Batch {
        BatchBuilder::json((0..10).map(|number| number.to_string())).offset(offset).build()
    }

    #[test]
    fn given_a_suspect_should_cut_it_out_wherever_the_batch_begins() {
        let suspect = Suspect::new(&batch(100), &(3..6)).unwrap();
        let cut = |offset: u64| suspect.cut(&batch(offset), vec![0..4, 4..10]);
        assert_eq!(cut(100), [0..3, 3..4, 4..6, 6..10]);
        assert_eq!(cut(104), [0..2, 2..4, 4..10]);
        assert_eq!(cut(200), [0..4, 4..10]);
    }

    #[test]
    fn given_another_partition_should_leave_its_requests_alone() {
        let suspect = Suspect::new(&batch(100), &(3..6)).unwrap();
        let other = BatchBuilder::json(["1"]).origin("a", "b", 9).offset(103).build();
        let whole = 0..1;
        assert_eq!(suspect.cut(&other, vec![whole.clone()]), std::slice::from_ref(&whole));
    }
}
