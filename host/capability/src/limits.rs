//! Memory and tables of a store, summed over all of its instances.
//!
//! wasmtime's own `StoreLimits` bounds each memory by itself; a component made of ten modules
//! would get ten times its limit. Here one counter covers them all, so that `memory = "128MiB"`
//! means the connector's whole instance.

use wasmtime::ResourceLimiter;

/// A guest asked for more memory than its limit. The call traps with this as its cause.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("memory limit of {limit} bytes reached: the guest asked for {wanted} bytes in all")]
pub struct MemoryLimitReached {
    /// The configured limit in bytes.
    pub limit: usize,
    /// What the store would have held in bytes.
    pub wanted: usize,
}

/// Table elements per store; far above any toolchain's needs, far below harm (8 bytes each).
const TABLE_ELEMENTS: usize = 1 << 20;

/// See the module's documentation.
#[derive(Debug)]
pub struct StoreLimiter {
    limit: usize,
    used: usize,
    table_elements: usize,
}

impl StoreLimiter {
    /// A limiter for `limit` bytes of linear memory in all.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, used: 0, table_elements: 0 }
    }

    /// Linear memory of the store now, in bytes.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used
    }
}

impl ResourceLimiter for StoreLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self.used.saturating_add(desired.saturating_sub(current));
        if wanted > self.limit {
            return Err(MemoryLimitReached { limit: self.limit, wanted }.into());
        }
        self.used = wanted;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self.table_elements.saturating_add(desired.saturating_sub(current));
        if wanted > TABLE_ELEMENTS {
            return Ok(false);
        }
        self.table_elements = wanted;
        Ok(true)
    }

    fn instances(&self) -> usize {
        64
    }

    fn tables(&self) -> usize {
        64
    }

    fn memories(&self) -> usize {
        16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_two_memories_should_count_them_together() {
        let mut limiter = StoreLimiter::new(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        let error = limiter.memory_growing(40, 41, None).unwrap_err();
        assert!(error.to_string().contains("memory limit of 100 bytes reached"), "{error}");
    }
}
