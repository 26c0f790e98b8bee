//! The transforms of a connector, in the order written.

use std::sync::Arc;

use kennel_sandbox::{Failure, GuestError, Transform, Verdict};

use crate::checkpoint::keyspaces;
use crate::live::Live;
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
    /// The lane cannot go on.
    Pipeline(PipelineError),
}

impl Chain {
    pub(crate) async fn open(
        specs: &[TransformSpec],
        routes: usize,
        stats: &Arc<Stats>,
    ) -> Result<Self, PipelineError> {
        let mut links = Vec::with_capacity(specs.len());
        for guest in specs {
            let name = guest.component.description().name.clone();
            let opened = Transform::open(&guest.component, &guest.spec).await;
            let transform = opened.map_err(|source| PipelineError::Start {
                component: name.clone(),
                source: Box::new(source),
            })?;
            links.push(Live::new(name.into(), transform, Arc::clone(stats)));
        }
        Ok(Self { links, routes })
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
        let links = self.links.iter_mut().enumerate();
        let written = links.filter_map(|(number, link)| {
            let writes = link.guest()?.take_writes();
            Some(keyspaces(&crate::transform_role(number), writes))
        });
        written.flatten().collect()
    }

    pub(crate) async fn close(self) {
        for link in self.links {
            if let Some(transform) = link.into_guest() {
                transform.close().await;
            }
        }
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
    let answer = called.map_err(ChainError::Pipeline)?;
    let made = answer.map_err(|error| {
        let component = link.name().to_string();
        match error {
            GuestError::Unavailable(_) => ChainError::Unavailable { component, error },
            source => ChainError::Pipeline(PipelineError::Guest { component, source }),
        }
    })?;
    filtered += dropped(&stage, &made);
    for failure in &made.failed {
        collect(&stage, failure, link.name(), &mut failed);
    }
    Ok(Chained { stage: stage.transformed(made), failed, filtered })
}

/// Adds every root message behind a failed one. Transforms are pure enough that a repeated call
/// would fail again, so their `retry` counts as `reject`.
fn collect(stage: &Stage, failure: &Failure, component: &Arc<str>, failed: &mut Vec<Failed>) {
    stage.lineage.of(failure.index).for_each(|root| {
        if !failed.iter().any(|known| known.root == root) {
            failed.push(Failed {
                root,
                component: Arc::clone(component),
                verdict: Verdict::Reject,
                code: failure.code.clone(),
                detail: failure.detail.clone(),
                attempts: 1,
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
