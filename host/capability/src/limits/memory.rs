//! Memory and tables of a store, summed over all of its instances.
//!
//! wasmtime's own `StoreLimits` bounds each memory by itself; a component made of ten modules
//! would get ten times its limit. Here one counter covers them all, so that `memory = "128MiB"`
//! means the connector's whole instance.

use wasmtime::ResourceLimiter;

use super::LimitReached;

/// What an element of a table costs the host. Bytes.
const TABLE_ELEMENT: usize = 16;

/// See the module's documentation.
#[derive(Debug)]
pub struct StoreLimiter {
    limit: usize,
    memory: usize,
    tables: usize,
}

impl StoreLimiter {
    /// A limiter for `limit` bytes of linear memory and tables in all.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, memory: 0, tables: 0 }
    }

    /// What the store holds now, in bytes. Neither memories nor tables ever shrink.
    #[must_use]
    pub fn used(&self) -> usize {
        self.memory.saturating_add(self.tables)
    }

    /// Fails if `more` bytes, on top of what is used, are over the limit.
    fn check(&self, more: usize) -> wasmtime::Result<()> {
        let wanted = self.used().saturating_add(more);
        if wanted <= self.limit {
            return Ok(());
        }
        let limit = self.limit;
        Err(LimitReached {
            key: "memory",
            code: "memory_limit",
            detail: format!(
                "memory limit of {limit} bytes reached: the guest asked for {wanted} bytes in all"
            ),
        }
        .into())
    }
}

impl ResourceLimiter for StoreLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        self.check(more)?;
        self.memory += more;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current).saturating_mul(TABLE_ELEMENT);
        self.check(more)?;
        self.tables += more;
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
        let said = error.to_string();
        assert!(said.contains("memory limit of 100 bytes reached"), "{said}");
        assert!(said.ends_with("([limits] memory)"), "{said}");
    }

    #[test]
    fn given_tables_should_count_them_with_the_memory() {
        let mut limiter = StoreLimiter::new(10 * TABLE_ELEMENT);
        assert!(limiter.table_growing(0, 4, None).unwrap());
        assert!(limiter.memory_growing(0, 6 * TABLE_ELEMENT, None).unwrap());
        assert!(limiter.table_growing(4, 5, None).is_err());
        assert_eq!(limiter.used(), 10 * TABLE_ELEMENT);
    }
}
