//! A mutex that a panicking holder cannot wedge.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A short-section mutex. A poisoned lock is entered anyway: every critical section in this crate
/// leaves its data consistent between statements, and one failed request must not stop the server.
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
