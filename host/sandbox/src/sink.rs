//! A live sink.

use std::collections::BTreeMap;
use std::sync::Arc;

use kennel_capability::context::Columns;
use kennel_capability::state::StagedWrites;
use wasmtime::component::Func;

use crate::bindings::{sink as wit, types};
use crate::columns::{self, Violation};
use crate::guest::{Answer, Guest};
use crate::instance::{InstanceSpec, StartError};
use crate::wear::Wear;
use crate::{Batch, Component, Fault, Origin, words};

/// What is to become of a message that failed while others went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may succeed later.
    Retry,
    /// It will never succeed.
    Reject,
}

/// One message that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Index in the batch.
    pub index: u32,
    /// What is to become of it.
    pub verdict: Verdict,
    /// Short and stable.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// What a sink did with a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Messages `0..handled` were dealt with; the rest were not touched.
    pub handled: u32,
    /// Those of them that failed, ascending.
    pub failed: Vec<Failure>,
    /// Whether only `flush` makes the others durable.
    pub held: bool,
}

/// How far the destination is in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Stream name.
    pub stream: String,
    /// Topic name.
    pub topic: String,
    /// Partition.
    pub partition: u32,
    /// Epoch.
    pub epoch: u64,
    /// Next offset it expects.
    pub next: u64,
}

/// A sink that may be called. See [the crate](crate) for why calls consume it.
pub struct Sink {
    guest: Guest,
    contract: Contract,
}

/// What every call needs to know besides the guest.
#[derive(Clone)]
struct Contract {
    functions: Functions,
    ordered: bool,
    /// How far each partition in hand was given to the guest; it can hold no position beyond.
    given: BTreeMap<Origin, u64>,
}

#[derive(Clone, Copy)]
struct Functions {
    assign: Func,
    consume: Func,
    flush: Func,
    revoke: Func,
}

impl Sink {
    /// Makes an instance and opens it.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn open(component: &Component, spec: &InstanceSpec) -> Result<Self, StartError> {
        let mut guest = Guest::open(component, spec).await?;
        let functions = Functions {
            assign: guest.find("sink", "assign")?,
            consume: guest.find("sink", "consume")?,
            flush: guest.find("sink", "flush")?,
            revoke: guest.find("sink", "revoke")?,
        };
        let ordered = component.description().ordered;
        Ok(Self { guest, contract: Contract { functions, ordered, given: BTreeMap::new() } })
    }

    fn with(guest: Guest, contract: Contract) -> Self {
        Self { guest, contract }
    }

    /// Gives the sink a partition; answers the position its destination holds, if it holds one.
    ///
    /// # Errors
    /// A [`Fault`] ends the instance.
    pub async fn assign(
        mut self,
        origin: Origin,
        saved: Option<u64>,
    ) -> Result<(Self, Answer<Option<u64>>), Fault> {
        let mut contract = self.contract;
        self.guest.prepare(None, Some(origin.keyspace()));
        let assign = contract.functions.assign;
        let call = self.guest.call_fallible::<_, Option<u64>>(
            "sink.assign",
            assign,
            (origin.clone(), saved),
        );
        let (guest, answer) = call.await?;
        // After a crash the destination is ahead of the checkpoint, and its flushes say so until the
        // batches have caught up.
        let held = answer.as_ref().ok().copied().flatten();
        contract.given.insert(origin, held.max(saved).unwrap_or(0));
        Ok((Self::with(guest, contract), answer))
    }

    /// Hands the sink a batch.
    ///
    /// # Errors
    /// A [`Fault`] ends the instance; so does a receipt that breaks the contract.
    pub async fn consume(
        mut self,
        batch: Batch,
        columns: Option<Arc<dyn Columns>>,
    ) -> Result<(Self, Answer<Receipt>), Fault> {
        const EXPORT: &str = "sink.consume";
        let (mut contract, count) = (self.contract, batch.len());
        match contract.given.get_mut(&batch.origin) {
            Some(given) => *given = batch.end.max(*given),
            None => drop(contract.given.insert(batch.origin.clone(), batch.end)),
        }
        self.guest.prepare(columns, Some(batch.origin.keyspace()));
        self.guest.count_batch();
        let consume = contract.functions.consume;
        let call = self.guest.call_fallible::<_, wit::Receipt>(EXPORT, consume, (batch,));
        let (guest, answer) = call.await?;
        let ordered = contract.ordered;
        let (guest, answer) =
            guest.check(EXPORT, answer, |receipt| check(receipt, count, ordered))?;
        Ok((Self::with(guest, contract), answer))
    }

    /// Makes what is held durable; answers how far each partition now is.
    ///
    /// # Errors
    /// A [`Fault`] ends the instance.
    pub async fn flush(mut self) -> Result<(Self, Answer<Vec<Position>>), Fault> {
        const EXPORT: &str = "sink.flush";
        let contract = self.contract;
        self.guest.prepare(None, None);
        let flush = contract.functions.flush;
        let (guest, answer) =
            self.guest.call_fallible::<_, Vec<wit::Position>>(EXPORT, flush, ()).await?;
        let (guest, answer) =
            guest.check(EXPORT, answer, |positions| check_positions(positions, &contract.given))?;
        Ok((Self::with(guest, contract), answer))
    }

    /// Takes a partition away. `lost`: it is gone already, nothing may be written.
    ///
    /// # Errors
    /// A [`Fault`] ends the instance.
    pub async fn revoke(mut self, origin: Origin, lost: bool) -> Result<(Self, Answer<()>), Fault> {
        let mut contract = self.contract;
        contract.given.remove(&origin);
        self.guest.prepare(None, Some(origin.keyspace()));
        let revoke = contract.functions.revoke;
        let call = self.guest.call_fallible("sink.revoke", revoke, (origin, lost));
        let (guest, answer) = call.await?;
        Ok((Self::with(guest, contract), answer))
    }

    /// Lets the guest keep its connections alive.
    ///
    /// # Errors
    /// A [`Fault`] ends the instance.
    pub async fn tick(self) -> Result<(Self, Answer<()>), Fault> {
        let contract = self.contract;
        let (guest, answer) = self.guest.tick().await?;
        Ok((Self::with(guest, contract), answer))
    }

    /// State written since the last time.
    pub fn take_writes(&mut self) -> StagedWrites {
        self.guest.take_writes()
    }

    /// Linear memory of the instance in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.guest.memory()
    }

    /// Why a fresh instance should take over, if one should.
    #[must_use]
    pub fn wear(&self) -> Option<Wear> {
        self.guest.wear()
    }

    /// Closes the guest, best effort.
    pub async fn close(self) {
        self.guest.close().await;
    }
}

impl From<wit::Position> for Position {
    fn from(position: wit::Position) -> Self {
        let origin = position.origin;
        Self {
            stream: origin.stream_name,
            topic: origin.topic_name,
            partition: origin.partition,
            epoch: origin.epoch,
            next: position.next,
        }
    }
}

/// A destination can be no further than what it was given, in no other partition.
pub(crate) fn check_positions(
    positions: Vec<wit::Position>,
    given: &BTreeMap<Origin, u64>,
) -> Result<Vec<Position>, Violation> {
    let positions: Vec<Position> = positions.into_iter().map(Position::from).collect();
    for position in &positions {
        let end = given.iter().find(|(origin, _)| position.is_of(origin)).map(|(_, end)| *end);
        let end = end.ok_or(Violation::Other("a position of a partition that is not assigned"))?;
        if position.next > end {
            let (value, bound) = (position.next, end.saturating_add(1));
            return Err(Violation::Index { column: "positions", value, bound });
        }
    }
    Ok(positions)
}

impl Position {
    /// Whether it is a position in the partition and epoch of `origin`.
    #[must_use]
    pub fn is_of(&self, origin: &Origin) -> bool {
        *self.stream == *origin.stream
            && *self.topic == *origin.topic
            && self.partition == origin.partition
            && self.epoch == origin.epoch
    }
}

pub(crate) fn check(
    receipt: wit::Receipt,
    count: usize,
    ordered: bool,
) -> Result<Receipt, Violation> {
    if receipt.handled as usize > count {
        let value = u64::from(receipt.handled);
        return Err(Violation::Index { column: "handled", value, bound: count as u64 + 1 });
    }
    let failed = failures(receipt.failed, receipt.handled as usize, ordered)?;
    Ok(Receipt { handled: receipt.handled, failed, held: receipt.held })
}

/// Checked failures of a batch of which `bound` messages were dealt with.
pub(crate) fn failures(
    failed: Vec<types::Failure>,
    bound: usize,
    ordered: bool,
) -> Result<Vec<Failure>, Violation> {
    if ordered && failed.iter().any(|failure| failure.verdict == types::Verdict::Retry) {
        return Err(Violation::Other(
            "the verdict `retry` from a component described as ordered: others would overtake",
        ));
    }
    columns::strictly_ascending("failed", failed.iter().map(|failure| failure.index))?;
    let indices: Vec<u32> = failed.iter().map(|failure| failure.index).collect();
    columns::below("failed", &indices, bound)?;
    let failed = failed.into_iter().map(|failure| Failure {
        index: failure.index,
        verdict: match failure.verdict {
            types::Verdict::Retry => Verdict::Retry,
            types::Verdict::Reject => Verdict::Reject,
        },
        code: words::code(&failure.code),
        detail: words::detail(failure.detail),
    });
    Ok(failed.collect())
}
