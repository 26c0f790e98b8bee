//! After an instance ended: a fresh one, and back to what is certain.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use kennel_sandbox::Sink;

use super::{Flow, Lane};
use crate::PipelineError;
use crate::chain::GuestFault;
use crate::sink::deliver::{Outcome, is_outage};
use crate::sink::progress::Held;
use crate::sink::quarantine::{Strike, is_held_against_messages};
use crate::stage::Stage;

/// Faults older than this are forgiven.
const WINDOW: Duration = Duration::from_secs(600);

/// Counts the instances that ended without a message being found guilty of it.
pub(super) struct Recoveries {
    most: u32,
    unexplained: VecDeque<Instant>,
}

impl Recoveries {
    pub(super) fn new(most: u32) -> Self {
        Self { most, unexplained: VecDeque::new() }
    }

    /// Whether one more is within the budget.
    fn spend(&mut self) -> bool {
        let now = Instant::now();
        while self.unexplained.front().is_some_and(|then| now.duration_since(*then) > WINDOW) {
            self.unexplained.pop_front();
        }
        self.unexplained.push_back(now);
        self.unexplained.len() <= self.most as usize
    }

    /// A message was found guilty: what led to it is explained.
    fn explained(&mut self) {
        self.unexplained.pop_back();
    }
}

impl Lane {
    /// Goes on after `ended`, with fresh instances and from what is certain, or gives up.
    ///
    /// `in_hand`: the partition, the whole batch and the part of it that the instance had.
    pub(super) async fn recover(
        &mut self,
        in_hand: Option<(u32, &Stage, &Stage)>,
        ended: GuestFault,
    ) -> Result<Flow, PipelineError> {
        if let Some((partition, root, part)) = in_hand
            && is_held_against_messages(&ended.fault)
        {
            let quarantine = self.quarantines.entry(partition).or_default();
            let blamed = (&ended.guest, &ended.fault);
            match quarantine.strike(root, part, blamed, &ended.suspected) {
                Strike::Guilty => self.recoveries.explained(),
                Strike::Narrowed => {}
                Strike::Suspected if self.recoveries.spend() => {}
                Strike::Suspected => return Err(ended.into()),
            }
        } else if !is_outage(&ended.fault) {
            // Nothing that a message could be blamed for, so the supervisor's patience decides.
            return Err(ended.into());
        }
        tracing::warn!(
            connector = self.spec.connector,
            component = ended.guest.component,
            "{}; going on with a fresh instance",
            ended.fault
        );
        self.go_back().await
    }

    /// Puts fresh instances in the place of worn ones. Right after a checkpoint with nothing held, so
    /// that nothing comes again because of it.
    pub(super) async fn replace_worn(&mut self) -> Result<Flow, PipelineError> {
        let is_worn = self.guests.sink.is_worn() || self.guests.chain.is_worn();
        if !is_worn || self.held.since.is_some() {
            return Ok(Flow::Continue);
        }
        for origin in self.partitions.values().map(|known| known.origin.clone()).collect::<Vec<_>>()
        {
            let call = |sink: Sink| sink.revoke(origin, false);
            match self.guests.call_sink(call, |_| Vec::new()).await? {
                Outcome::Done(_) => {}
                Outcome::Stopped => return Ok(Flow::Stop),
                // It was to go anyway, and had nothing in hand.
                Outcome::Ended(_) => break,
            }
        }
        self.guests.sink.retire().await;
        self.guests.chain.retire().await;
        self.go_back().await
    }

    /// D5: state that was written and not yet committed went with its instance, so everything since the
    /// checkpoint comes again. Without state only what was held does.
    async fn go_back(&mut self) -> Result<Flow, PipelineError> {
        let have_state = self.guests.have_state();
        if have_state {
            self.guests.chain.drop_instances();
            self.guests.sink.drop_instance();
        }
        self.guests.chain.revive().await?;
        let is_fresh = self.guests.sink.revive().await?;
        if is_fresh {
            self.held = Held::default();
        }
        for (partition, known) in self.partitions.clone() {
            let mut next = match (have_state, is_fresh) {
                (true, _) => known.checkpointed(),
                (false, true) => known.settled,
                (false, false) => known.consumed,
            };
            if is_fresh {
                let (origin, saved) = (known.origin.clone(), Some(next));
                let call = |sink: Sink| sink.assign(origin, saved);
                match self.guests.call_sink(call, |_| Vec::new()).await? {
                    // D9: the destination knows best how far it is.
                    Outcome::Done(Some(position)) => next = position.unwrap_or(next),
                    Outcome::Done(None) => return Box::pin(self.go_back_again()).await,
                    Outcome::Stopped => return Ok(Flow::Stop),
                    Outcome::Ended(fault) => return Err(fault.into()),
                }
            }
            self.seek(partition, next).await?;
            self.stats.progress(&self.spec.target, partition, next, next);
        }
        Ok(Flow::Continue)
    }

    /// The other system went down between two assignments: all of them once more.
    async fn go_back_again(&mut self) -> Result<Flow, PipelineError> {
        self.guests.sink.drop_instance();
        self.go_back().await
    }
}
