//! One store with its instance, and the one way to call into it.
//!
//! A call takes the guest and gives it back only when the guest may be called again. After a trap,
//! a timeout or a violation the store is dropped, so no later call can reach it.

use std::sync::Arc;
use std::time::Duration;

use kennel_capability::GuestData;
use kennel_capability::context::Columns;
use kennel_capability::state::StagedWrites;
use tokio::time::Instant;
use wasmtime::component::{ComponentNamedList, Func, Instance, Lift, Lower};
use wasmtime::{Store, UpdateDeadline};

use crate::INTERFACE_VERSION;
use crate::bindings::types::Error as WitError;
use crate::bounds::{Bounds, Elapsed};
use crate::columns::Violation;
use crate::component::{Code, Component};
use crate::fault::{Fault, FaultKind, GuestError, classify};
use crate::instance::{InstanceSpec, Limits, StartError};
use crate::meter::Meter;
use crate::wear::{Wear, WearCounter};

/// A guest that may be called.
pub(crate) struct Guest {
    store: Store<GuestData>,
    instance: Instance,
    limits: Limits,
    bounds: Bounds,
    wear: WearCounter,
    lifecycle: LifecycleFuncs,
}

struct LifecycleFuncs {
    tick: Func,
    close: Func,
}

/// What a call gives: the guest for the next call with its answer, or the end of the guest.
pub(crate) type Called<T> = Result<(Guest, T), Fault>;
/// An answer that may be the guest's own error.
pub type Answer<T> = Result<T, GuestError>;

impl Guest {
    /// Instantiates without opening; enough for `describe`.
    pub(crate) async fn instantiate(code: &Code, spec: &InstanceSpec) -> Result<Self, StartError> {
        let data = GuestData::new(
            &spec.grants,
            spec.services.clone(),
            spec.attributes.clone(),
            spec.limits.store,
        )?;
        let mut store = Store::new(code.engine(), data);
        store.limiter(|data| &mut data.limiter);
        store.set_hostcall_fuel(spec.limits.transfer);
        store.set_max_component_handles(spec.limits.store.resources);
        let mut bounds = Bounds::new(&spec.limits, code.is_metered());
        if code.is_metered() {
            interrupt_after(&mut store, spec.limits.cpu_timeout, bounds.meter());
        }
        let instantiate = code.prepared().instantiate_async(&mut store);
        let instance = bounds
            .run(instantiate)
            .await
            .map_err(|_elapsed| StartError::Instantiate(wasmtime::Error::msg("timed out")))?
            .map_err(StartError::Instantiate)?;
        let lifecycle = LifecycleFuncs {
            tick: find(&mut store, &instance, "lifecycle", "tick")?,
            close: find(&mut store, &instance, "lifecycle", "close")?,
        };
        let wear = WearCounter::new(spec.limits.batches);
        Ok(Self { store, instance, limits: spec.limits, bounds, wear, lifecycle })
    }

    /// Instantiates and opens with the spec's configuration.
    pub(crate) async fn open(
        component: &Component,
        spec: &InstanceSpec,
    ) -> Result<Self, StartError> {
        let mut guest = Self::instantiate(component.code(), spec).await?;
        let open = guest.find("lifecycle", "open")?;
        let (guest, opened) =
            guest.call_fallible::<_, ()>("lifecycle.open", open, (spec.config.as_str(),)).await?;
        opened?;
        Ok(guest)
    }

    /// The function `name` of the exported `interface`.
    pub(crate) fn find(&mut self, interface: &str, name: &str) -> Result<Func, StartError> {
        find(&mut self.store, &self.instance, interface, name)
    }

    /// Calls `func` within the limits.
    pub(crate) async fn call<P, R>(
        mut self,
        export: &'static str,
        func: Func,
        params: P,
    ) -> Called<R>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: Lift + Send + Sync + 'static,
    {
        self.store.data_mut().call.marked = None;
        let typed = match func.typed::<P, (R,)>(&self.store) {
            Ok(typed) => typed,
            Err(error) => return Err(self.end(export, FaultKind::Call(error), None)),
        };
        let call = typed.call_async(&mut self.store, params);
        match self.bounds.run(call).await {
            Ok(Ok((answer,))) => Ok((self, answer)),
            Ok(Err(error)) => {
                let (kind, backtrace) = classify(error, &self.limits);
                Err(self.end(export, kind, backtrace))
            }
            Err(Elapsed) => {
                let limit = self.limits.call_timeout;
                Err(self.end(export, FaultKind::CallTimeout { limit }, None))
            }
        }
    }

    /// As [`Guest::call`], for functions that answer `result<_, error>`.
    pub(crate) async fn call_fallible<P, R>(
        self,
        export: &'static str,
        func: Func,
        params: P,
    ) -> Called<Answer<R>>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: Lift + Send + Sync + 'static,
    {
        let (mut guest, answer) = self.call::<P, Result<R, WitError>>(export, func, params).await?;
        if answer.is_ok() {
            guest.store.data_mut().state.accept();
        }
        Ok((guest, answer.map_err(GuestError::from)))
    }

    /// Ends the guest for `kind`; what it said last goes into the fault.
    pub(crate) fn end(
        self,
        export: &'static str,
        kind: FaultKind,
        backtrace: Option<String>,
    ) -> Fault {
        let data = self.store.data();
        Fault { export, kind, backtrace, last_lines: data.last_lines(), marked: data.call.marked }
    }

    /// Checks what a guest answered; a violation ends the guest.
    pub(crate) fn check<T, U>(
        self,
        export: &'static str,
        answer: Answer<T>,
        check: impl FnOnce(T) -> Result<U, Violation>,
    ) -> Called<Answer<U>> {
        match answer.map(check) {
            Ok(Ok(answer)) => Ok((self, Ok(answer))),
            Ok(Err(violation)) => Err(self.end(export, violation.into(), None)),
            Err(error) => Ok((self, Err(error))),
        }
    }

    /// Says which batch and which state keyspace the next call has in hand.
    pub(crate) fn prepare(&mut self, columns: Option<Arc<dyn Columns>>, keyspace: Option<String>) {
        let data = self.store.data_mut();
        data.call.columns = columns;
        data.state.begin(keyspace);
    }

    /// State written by calls since the last time, to be committed with their checkpoint.
    pub(crate) fn take_writes(&mut self) -> StagedWrites {
        self.store.data_mut().state.take_writes()
    }

    /// Linear memory and tables in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.store.data().limiter.used()
    }

    /// The next call is given a batch, or asked for one.
    pub(crate) fn count_batch(&mut self) {
        self.wear.count();
    }

    /// Why a fresh instance should take over, if one should.
    pub(crate) fn wear(&self) -> Option<Wear> {
        self.wear.judge(self.memory(), self.limits.store.memory)
    }

    /// Calls `lifecycle.tick`.
    pub(crate) async fn tick(mut self) -> Called<Answer<()>> {
        self.prepare(None, None);
        let func = self.lifecycle.tick;
        self.call_fallible("lifecycle.tick", func, ()).await
    }

    /// Calls `lifecycle.close`, best effort, and drops the store.
    pub(crate) async fn close(mut self) {
        self.prepare(None, None);
        let Ok(close) = self.lifecycle.close.typed::<(), ()>(&self.store) else { return };
        let call = close.call_async(&mut self.store, ());
        match self.bounds.run(call).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!("a guest failed while it closed: {error:#}"),
            Err(Elapsed) => tracing::debug!("a guest did not close in time"),
        }
    }
}

/// Interrupts the guest with every tick, and ends it when it computed for longer than `limit`.
///
/// The deadline is one tick ahead whenever the guest runs. Each time it passes, what the guest computed is
/// counted, and the other tasks of this thread get their turn.
fn interrupt_after(store: &mut Store<GuestData>, limit: Duration, meter: Arc<Meter>) {
    store.epoch_deadline_callback(move |_| {
        let is_over = meter.tick(Instant::now()) > limit;
        Ok(if is_over { UpdateDeadline::Interrupt } else { UpdateDeadline::Yield(1) })
    });
    store.set_epoch_deadline(1);
}

fn find(
    store: &mut Store<GuestData>,
    instance: &Instance,
    interface: &str,
    name: &str,
) -> Result<Func, StartError> {
    let interface = format!("kennel:connector/{interface}@{INTERFACE_VERSION}");
    let missing =
        || StartError::Instantiate(wasmtime::Error::msg(format!("no export {interface}#{name}")));
    let parent = instance.get_export_index(&mut *store, None, &interface).ok_or_else(missing)?;
    let index = instance.get_export_index(&mut *store, Some(&parent), name).ok_or_else(missing)?;
    instance.get_func(store, index).ok_or_else(missing)
}
