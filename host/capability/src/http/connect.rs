//! From a granted name to addresses that it may lead to: the check at the moment of connecting.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use crate::network::{Naming, Resolver};

/// Resolves for one pool of connections, all for names that are granted the same way.
///
/// The client connects to the very addresses that are answered here, so a name that changes its mind
/// between a check and a connection gains nothing.
#[derive(Debug, Clone)]
pub(super) struct CheckedResolver {
    pub(super) naming: Naming,
    pub(super) resolver: Arc<dyn Resolver>,
}

/// Why there is no address to connect to.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    /// Nobody knows the name.
    #[error("cannot look up {name}")]
    Unknown {
        name: String,
        #[source]
        cause: io::Error,
    },
    /// The name may not lead where it leads.
    #[error("{name} leads to {address}, where this name may not lead")]
    Denied { name: String, address: IpAddr },
}

impl Service<Name> for CheckedResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = ResolveError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ResolveError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { naming, resolver } = self.clone();
        Box::pin(async move { resolve(naming, &*resolver, name.as_str()).await })
    }
}

pub(super) async fn resolve(
    naming: Naming,
    resolver: &dyn Resolver,
    name: &str,
) -> Result<vec::IntoIter<SocketAddr>, ResolveError> {
    let unknown = |cause| ResolveError::Unknown { name: name.to_owned(), cause };
    let answers = resolver.resolve(name).await.map_err(unknown)?;
    let (granted, denied): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .map(|address| address.to_canonical())
        .partition(|address| naming.leads_to(name, *address));
    match denied.first() {
        Some(address) if granted.is_empty() => {
            Err(ResolveError::Denied { name: name.to_owned(), address: *address })
        }
        // The client puts the port of the URL in.
        _ => {
            Ok(granted.into_iter().map(|it| SocketAddr::new(it, 0)).collect::<Vec<_>>().into_iter())
        }
    }
}
