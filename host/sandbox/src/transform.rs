//! A live transform.

use std::sync::Arc;

use kennel_capability::context::Columns;
use kennel_capability::state::StagedWrites;
use wasmtime::component::Func;

use crate::bindings::transform as wit;
use crate::columns::{self, Violation};
use crate::guest::{Answer, Guest};
use crate::instance::{InstanceSpec, StartError};
use crate::sink::failures;
use crate::source::{Messages, check_messages};
use crate::wear::Wear;
use crate::{Batch, Component, Failure, Fault};

/// Bit 0 of `replaced`: the payload is in `messages`.
pub(crate) const PAYLOAD: u8 = 1;
/// Bit 1 of `replaced`: the headers are in `messages`.
pub(crate) const HEADERS: u8 = 2;

/// What a transform made of a batch, every column checked.
#[derive(Debug, Clone)]
pub struct Transformed {
    messages: Messages,
    replaced: Vec<u8>,
    inputs: Vec<u32>,
    input_ends: Vec<u32>,
    /// Inputs that live on only in state, ascending.
    pub absorbed: Vec<u32>,
    /// Inputs that failed, ascending.
    pub failed: Vec<Failure>,
}

impl Transformed {
    /// Number of outputs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there is no output.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The messages as the guest returned them; kept parts are missing.
    #[must_use]
    pub fn messages(&self) -> &Messages {
        &self.messages
    }

    /// Whether output `index` has a payload of its own; else it keeps its first input's.
    #[must_use]
    pub fn has_payload(&self, index: usize) -> bool {
        self.replaced.get(index).is_none_or(|bits| bits & PAYLOAD != 0)
    }

    /// Whether output `index` has headers of its own; else it keeps its first input's.
    #[must_use]
    pub fn has_headers(&self, index: usize) -> bool {
        self.replaced.get(index).is_none_or(|bits| bits & HEADERS != 0)
    }

    /// Indices of the inputs of output `index`, ascending, at least one.
    #[must_use]
    pub fn inputs(&self, index: usize) -> &[u32] {
        if self.input_ends.is_empty() {
            return &self.inputs[index..=index];
        }
        let start = if index == 0 { 0 } else { self.input_ends[index - 1] as usize };
        &self.inputs[start..self.input_ends[index] as usize]
    }
}

/// A transform that may be called. See [the crate](crate) for why calls consume it.
pub struct Transform {
    guest: Guest,
    contract: Contract,
}

/// What every call needs to know besides the guest.
#[derive(Clone, Copy)]
struct Contract {
    apply: Func,
    ordered: bool,
}

impl Transform {
    /// Makes an instance and opens it.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn open(component: &Component, spec: &InstanceSpec) -> Result<Self, StartError> {
        let mut guest = Guest::open(component, spec).await?;
        let apply = guest.find("transform", "apply")?;
        let ordered = component.description().ordered;
        Ok(Self { guest, contract: Contract { apply, ordered } })
    }

    /// Hands the transform a batch. `routes` is how many output topics there are.
    ///
    /// # Errors
    /// A [`Fault`] ends the instance; so does a column that breaks the contract.
    pub async fn apply(
        mut self,
        batch: Batch,
        columns: Option<Arc<dyn Columns>>,
        routes: usize,
    ) -> Result<(Self, Answer<Transformed>), Fault> {
        const EXPORT: &str = "transform.apply";
        let (contract, count) = (self.contract, batch.len());
        self.guest.prepare(columns, Some(batch.origin.keyspace()));
        self.guest.count_batch();
        let call =
            self.guest.call_fallible::<_, wit::Transformed>(EXPORT, contract.apply, (batch,));
        let (guest, answer) = call.await?;
        let ordered = contract.ordered;
        let (guest, answer) =
            guest.check(EXPORT, answer, |made| check(made, (count, routes), ordered))?;
        Ok((Self { guest, contract }, answer))
    }

    /// Lets the guest keep its connections alive.
    ///
    /// # Errors
    /// A [`Fault`] ends the instance.
    pub async fn tick(self) -> Result<(Self, Answer<()>), Fault> {
        let contract = self.contract;
        let (guest, answer) = self.guest.tick().await?;
        Ok((Self { guest, contract }, answer))
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

/// `count` inputs went in, and there are `routes` output topics.
pub(crate) fn check(
    made: wit::Transformed,
    (count, routes): (usize, usize),
    ordered: bool,
) -> Result<Transformed, Violation> {
    let messages = check_messages(made.messages, routes)?;
    let outputs = messages.len();
    columns::optional("replaced", outputs, made.replaced.len())?;
    check_kept(&made.replaced, &messages)?;
    columns::below("inputs", &made.inputs, count)?;
    if made.input_ends.is_empty() {
        columns::length("inputs", outputs, made.inputs.len())?;
    } else {
        columns::length("input-ends", outputs, made.input_ends.len())?;
        let mut start = 0;
        for (position, end) in made.input_ends.iter().enumerate() {
            let end = *end as usize;
            if end <= start || end > made.inputs.len() {
                return Err(Violation::Order { column: "input-ends", position });
            }
            columns::strictly_ascending("inputs", made.inputs[start..end].iter().copied())?;
            start = end;
        }
        columns::length("inputs", start, made.inputs.len())?;
    }
    check_order(&made.inputs, &made.input_ends)?;
    columns::strictly_ascending("absorbed", made.absorbed.iter().copied())?;
    columns::below("absorbed", &made.absorbed, count)?;
    let failed = failures(made.failed, count, ordered)?;
    check_fates(&made.inputs, &made.absorbed, &failed, count)?;
    Ok(Transformed {
        messages,
        replaced: made.replaced,
        inputs: made.inputs,
        input_ends: made.input_ends,
        absorbed: made.absorbed,
        failed,
    })
}

/// Outputs are in the order of their first inputs, so that a batch stays in offset order.
fn check_order(inputs: &[u32], ends: &[u32]) -> Result<(), Violation> {
    let ordered = if ends.is_empty() {
        inputs.is_sorted()
    } else {
        let starts = [0].into_iter().chain(ends.iter().copied()).take(ends.len());
        starts.map(|start| inputs[start as usize]).is_sorted()
    };
    let position = inputs.windows(2).position(|pair| pair[0] > pair[1]).map_or(0, |at| at + 1);
    if ordered { Ok(()) } else { Err(Violation::Order { column: "inputs", position }) }
}

/// A kept part has the span 0,0, so that nobody mistakes it for an empty replacement.
fn check_kept(replaced: &[u8], messages: &Messages) -> Result<(), Violation> {
    for (bits, span) in replaced.iter().zip(messages.spans.chunks_exact(4)) {
        if bits & !(PAYLOAD | HEADERS) != 0 {
            return Err(Violation::Index { column: "replaced", value: (*bits).into(), bound: 4 });
        }
        let kept_payload = bits & PAYLOAD == 0 && span[..2] != [0, 0];
        let kept_headers = bits & HEADERS == 0 && span[2..] != [0, 0];
        if kept_payload || kept_headers {
            return Err(Violation::Other("a kept part must have the span 0,0"));
        }
    }
    Ok(())
}

/// An input that failed has no output and is not absorbed: it would be settled twice.
fn check_fates(
    inputs: &[u32],
    absorbed: &[u32],
    failed: &[Failure],
    count: usize,
) -> Result<(), Violation> {
    if failed.is_empty() {
        return Ok(());
    }
    let mut failed_inputs = vec![false; count];
    for failure in failed {
        failed_inputs[failure.index as usize] = true;
    }
    if inputs.iter().chain(absorbed).any(|input| failed_inputs[*input as usize]) {
        return Err(Violation::Other("an input that failed also has an output or is absorbed"));
    }
    Ok(())
}
