//! How far a transfer is.

/// Told about transfers, so that a person sees that something moves.
pub trait Progress: Send + Sync {
    /// `done` bytes of a transfer have passed, of `total` where the other side says so. It ends when both
    /// are equal, or with an error.
    fn transferred(&self, done: u64, total: Option<u64>);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn transferred(&self, _done: u64, _total: Option<u64>) {}
}
