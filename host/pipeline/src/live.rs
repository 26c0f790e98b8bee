//! A guest that is there between calls, and gone after a fault.
//!
//! Calls into the sandbox consume the instance and give it back only if it may be called again. Sinks,
//! sources and transforms keep theirs in one of these.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kennel_sandbox::{Answer, Fault};

use crate::{PipelineError, Stats};

pub(crate) struct Live<G> {
    name: Arc<str>,
    /// None only while a call is under way, or after it ended the instance.
    guest: Option<G>,
    stats: Arc<Stats>,
}

impl<G> Live<G> {
    pub(crate) fn new(name: Arc<str>, guest: G, stats: Arc<Stats>) -> Self {
        Self { name, guest: Some(guest), stats }
    }

    /// Name of the component.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The guest, unless a fault ended it.
    pub(crate) fn guest(&mut self) -> Option<&mut G> {
        self.guest.as_mut()
    }

    /// The guest, to be closed.
    pub(crate) fn into_guest(self) -> Option<G> {
        self.guest
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
        let gone = || PipelineError::Internal(format!("{} is gone", self.name));
        self.guest.take().ok_or_else(gone)
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
                let component = self.name.to_string();
                Err(PipelineError::Fault { component, fault: Box::new(fault) })
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
