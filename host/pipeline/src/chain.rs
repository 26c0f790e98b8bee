//! The transforms of a connector, in the order written.

use std::sync::Arc;

use kennel_sandbox::{Failure, Fault, GuestError, Transform, Verdict};

use crate::checkpoint::keyspaces;
use crate::live::{Identity, Live};
use crate::settle::Failed;
use crate::stage::Stage;
use crate::{Guest, PipelineError, Stats};

/// One transform of a connector.
pub type TransformSpec = Guest;

/// Live transforms.
pub(crate) struct Chain {
    links: Vec<Live<Transform>>,
    /// Number of output topics, for the `routes` column.
    routes: usize,
}

/// What came out of the chain.
pub(crate) struct Chained {
    pub(crate) stage: Stage,
    /// Messages of the root batch that failed on the way.
    pub(crate) failed: Vec<Failed>,
    /// Messages of the root batch that were dropped on purpose.
    pub(crate) filtered: u64,
}

/// What kept the chain from an answer.
pub(crate) enum ChainError {
    /// The guest asks to be called again later with the same batch.
    Unavailable { component: String, error: GuestError },
    /// An instance ended.
    Fault(GuestFault),
    /// The lane cannot go on.
    Pipeline(PipelineError),
}

/// How an instance ended, and what it had in hand.
pub(crate) struct GuestFault {
    pub(crate) guest: Arc<Identity>,
    pub(crate) fault: Arc<Fault>,
    /// The root messages behind the one that it had marked; none if it had not.
    pub(crate) suspected: Vec<u32>,
}

impl GuestFault {
    /// Takes a fault out of `error`. `roots` tells which root messages are behind a marked one.
    pub(crate) fn of(
        error: PipelineError,
        roots: impl FnOnce(u32) -> Vec<u32>,
    ) -> Result<Self, PipelineError> {
        match error {
            PipelineError::Fault { identity: guest, fault } => {
                let suspected = fault.marked.map(roots).unwrap_or_default();
                Ok(Self { guest, fault, suspected })
            }
            error => Err(error),
        }
    }
}

impl From<GuestFault> for PipelineError {
    fn from(fault: GuestFault) -> Self {
        Self::Fault { identity: fault.guest, fault: fault.fault }
    }
}

impl Chain {
    pub(crate) async fn open(
        specs: &[TransformSpec],
        routes: usize,
        stats: &Arc<Stats>,
    ) -> Result<Self, PipelineError> {
        let mut links = Vec::with_capacity(specs.len());
        for (number, guest) in specs.iter().enumerate() {
            links.push(Live::open(guest, crate::transform_role(number), stats).await?);
        }
        Ok(Self { links, routes })
    }

    /// Makes new instances of those that are gone.
    pub(crate) async fn revive(&mut self) -> Result<(), PipelineError> {
        for link in &mut self.links {
            link.revive().await?;
        }
        Ok(())
    }

    /// Drops all instances as after a fault.
    pub(crate) fn drop_instances(&mut self) {
        self.links.iter_mut().for_each(Live::drop_instance);
    }

    /// Whether a fresh instance of some transform should take over.
    pub(crate) fn is_worn(&self) -> bool {
        self.links.iter().any(Live::is_worn)
    }

    /// Closes all instances, best effort; [`Chain::revive`] makes others.
    pub(crate) async fn retire(&mut self) {
        for link in &mut self.links {
            link.retire().await;
        }
    }

    /// Whether a transform may keep state.
    pub(crate) fn has_state(&self) -> bool {
        self.links.iter().any(Live::has_state)
    }

    pub(crate) async fn apply(&mut self, root: Stage) -> Result<Chained, ChainError> {
        let mut chained = Chained { stage: root, failed: Vec::new(), filtered: 0 };
        for link in &mut self.links {
            if chained.stage.batch.is_empty() {
                break;
            }
            chained = apply(link, chained, self.routes).await?;
        }
        Ok(chained)
    }

    /// State written by the transforms since the last time, by keyspace.
    pub(crate) fn take_writes(&mut self) -> Vec<(String, kennel_state::Writes)> {
        let links = self.links.iter_mut();
        let written =
            links.map(|link| keyspaces(&link.identity().role.clone(), link.take_writes()));
        written.flatten().collect()
    }
}

async fn apply(
    link: &mut Live<Transform>,
    chained: Chained,
    routes: usize,
) -> Result<Chained, ChainError> {
    let Chained { stage, mut failed, mut filtered } = chained;
    let (batch, columns) = (stage.batch.clone(), stage.columns());
    let called = link.call(|transform| transform.apply(batch, columns, routes)).await;
    let answer = called.map_err(|error| {
        let roots = |marked| stage.roots_of(marked);
        GuestFault::of(error, roots).map_or_else(ChainError::Pipeline, ChainError::Fault)
    })?;
    let made = answer.map_err(|error| {
        let component = link.name().to_owned();
        match error {
            GuestError::Unavailable(_) => ChainError::Unavailable { component, error },
            source => ChainError::Pipeline(PipelineError::Guest { component, source }),
        }
    })?;
    filtered += dropped(&stage, &made);
    for failure in &made.failed {
        collect(&stage, failure, link.identity(), &mut failed);
    }
    Ok(Chained { stage: stage.transformed(made), failed, filtered })
}

/// Adds every root message behind a failed one. Transforms are pure enough that a repeated call
/// would fail again, so their `retry` counts as `reject`.
fn collect(stage: &Stage, failure: &Failure, guest: &Arc<Identity>, failed: &mut Vec<Failed>) {
    stage.lineage.of(failure.index).for_each(|root| {
        if !failed.iter().any(|known| known.root == root) {
            failed.push(Failed {
                root,
                guest: Arc::clone(guest),
                verdict: Verdict::Reject,
                code: failure.code.clone(),
                detail: failure.detail.clone(),
                attempts: 1,
                fault: None,
            });
        }
    });
}

/// How many inputs have no output, did not fail and were not absorbed.
fn dropped(stage: &Stage, made: &kennel_sandbox::Transformed) -> u64 {
    let mut named = vec![false; stage.batch.len()];
    for output in 0..made.len() {
        for input in made.inputs(output) {
            named[*input as usize] = true;
        }
    }
    let others = made.failed.iter().map(|failure| &failure.index).chain(&made.absorbed);
    for input in others {
        named[*input as usize] = true;
    }
    named.iter().filter(|named| !**named).count() as u64
}
