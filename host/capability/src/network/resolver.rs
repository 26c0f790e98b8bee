//! What names mean now.

use std::fmt::Debug;
use std::io;
use std::net::IpAddr;

/// Looks names up. What it answers is checked, not trusted.
#[async_trait::async_trait]
pub trait Resolver: Debug + Send + Sync {
    /// The addresses of `name`, best first.
    ///
    /// # Errors
    /// When the name has no address, or nobody answers for it.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait::async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}
