//! A guest that is there between calls, and gone after a fault.
//!
//! Calls into the sandbox consume the instance and give it back only if it may be called again. Sinks,
//! sources and transforms keep theirs in one of these.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kennel_sandbox::capability::state::StagedWrites;
use kennel_sandbox::{
    Answer, Component, Fault, InstanceSpec, Sink, Source, StartError, Transform, Wear,
};

use crate::{Guest, PipelineError, Stats};

/// Which guest of a connector something is about.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the component, as it describes itself.
    pub component: String,
    /// `sink`, `source`, `transform-0` …
    pub role: String,
    /// SHA-256 of the component, hexadecimal.
    pub digest: String,
}

/// Sinks, sources and transforms.
pub(crate) trait Instance: Sized + Send {
    fn open(
        component: &Component,
        spec: &InstanceSpec,
    ) -> impl Future<Output = Result<Self, StartError>> + Send;
    fn take_writes(&mut self) -> StagedWrites;
    fn wear(&self) -> Option<Wear>;
    fn close(self) -> impl Future<Output = ()> + Send;
}

macro_rules! instance {
    ($($guest:ident),*) => {$(
        impl Instance for $guest {
            async fn open(component: &Component, spec: &InstanceSpec) -> Result<Self, StartError> {
                $guest::open(component, spec).await
            }

            fn take_writes(&mut self) -> StagedWrites {
                $guest::take_writes(self)
            }

            fn wear(&self) -> Option<Wear> {
                $guest::wear(self)
            }

            async fn close(self) {
                $guest::close(self).await;
            }
        }
    )*};
}

instance!(Sink, Source, Transform);

pub(crate) struct Live<G> {
    identity: Arc<Identity>,
    made_from: Guest,
    /// None only while a call is under way, or after it ended the instance.
    guest: Option<G>,
    stats: Arc<Stats>,
}

impl<G: Instance> Live<G> {
    /// Makes an instance in the role `role` and opens it.
    pub(crate) async fn open(
        made_from: &Guest,
        role: String,
        stats: &Arc<Stats>,
    ) -> Result<Self, PipelineError> {
        let component = &made_from.component;
        let identity = Arc::new(Identity {
            component: component.description().name.clone(),
            role,
            digest: component.digest().to_owned(),
        });
        let (made_from, stats) = (made_from.clone(), Arc::clone(stats));
        let mut live = Self { identity, made_from, guest: None, stats };
        live.revive().await?;
        Ok(live)
    }

    /// Makes a new instance if the last one is gone; whether it did.
    pub(crate) async fn revive(&mut self) -> Result<bool, PipelineError> {
        if self.guest.is_some() {
            return Ok(false);
        }
        let opened = G::open(&self.made_from.component, &self.made_from.spec).await;
        let guest = opened.map_err(|source| PipelineError::Start {
            component: self.identity.component.clone(),
            source: Box::new(source),
        })?;
        self.guest = Some(guest);
        Ok(true)
    }

    /// Drops the instance as after a fault, without a word to it.
    pub(crate) fn drop_instance(&mut self) {
        self.guest = None;
    }

    /// State written since the last time, or nothing if the instance is gone.
    pub(crate) fn take_writes(&mut self) -> StagedWrites {
        self.guest.as_mut().map(G::take_writes).unwrap_or_default()
    }

    /// Whether a fresh instance should take over.
    pub(crate) fn is_worn(&self) -> bool {
        self.guest.as_ref().is_some_and(|guest| guest.wear().is_some())
    }

    /// Closes the instance, best effort, unless a fault ended it; [`Live::revive`] makes another.
    pub(crate) async fn retire(&mut self) {
        let Some(guest) = self.guest.take() else { return };
        if let Some(wear) = guest.wear() {
            tracing::info!(component = self.name(), "a fresh instance takes over: {wear}");
        }
        guest.close().await;
    }
}

impl<G> Live<G> {
    pub(crate) fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Name of the component.
    pub(crate) fn name(&self) -> &str {
        &self.identity.component
    }

    /// Whether it may keep state.
    pub(crate) fn has_state(&self) -> bool {
        self.made_from.spec.grants.state_bytes.is_some()
    }

    /// One call, timed; a fault ends the guest.
    pub(crate) async fn call<T, F>(
        &mut self,
        call: impl FnOnce(G) -> F,
    ) -> Result<Answer<T>, PipelineError>
    where
        F: Future<Output = Called<G, T>>,
    {
        let (called, time) = timed(call(self.take()?)).await;
        self.give_back(called, time)
    }

    /// The guest for a call that runs beside other work; [`Live::give_back`] ends it.
    pub(crate) fn take(&mut self) -> Result<G, PipelineError> {
        let guest = self.guest.take();
        guest.ok_or_else(|| PipelineError::Internal(format!("{} is gone", self.name())))
    }

    /// The guest that was taken for a call that was not made.
    pub(crate) fn put_back(&mut self, guest: G) {
        self.guest = Some(guest);
    }

    /// What a call led to, and how long it took.
    pub(crate) fn give_back<T>(
        &mut self,
        called: Called<G, T>,
        time: Duration,
    ) -> Result<Answer<T>, PipelineError> {
        self.stats.in_guest(time);
        match called {
            Ok((guest, answer)) => {
                self.guest = Some(guest);
                Ok(answer)
            }
            Err(fault) => {
                self.stats.faulted();
                let identity = Arc::clone(&self.identity);
                Err(PipelineError::Fault { identity, fault: Arc::new(fault) })
            }
        }
    }
}

/// What the sandbox answers to a call: the guest for the next one, or why there is none.
pub(crate) type Called<G, T> = Result<(G, Answer<T>), Fault>;

pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    (future.await, started.elapsed())
}
