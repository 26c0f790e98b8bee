//! Names that guests are looking up, behind the resource type of `wasi:sockets/ip-name-lookup`.
//!
//! wasmtime's own stream asks the machine's resolver and nobody else. All functions of the resource
//! are ours ([`super::host`]), so its handles stand for these entries of the table instead.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::vec;

use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::ResolveAddressStream;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;
use wasmtime_wasi::p2::{Pollable, SocketError};
use wasmtime_wasi::runtime::{self, AbortOnDropJoinHandle};

use crate::network::Resolver;

/// One name, and what it means.
pub(super) struct Lookup {
    /// None: the guest asked for an address, which is its own answer.
    name: Option<String>,
    state: State,
}

enum State {
    Asking(AbortOnDropJoinHandle<io::Result<Vec<IpAddr>>>),
    Answered(vec::IntoIter<IpAddr>),
    Failed,
}

/// What a look-up says next.
pub(super) enum Next {
    /// Not known yet.
    Pending,
    /// No more.
    End,
    /// An address that the guest wrote itself.
    Literal(IpAddr),
    /// An answer for this name, an IPv4 address never in IPv6 form.
    Answer(String, IpAddr),
}

impl Lookup {
    /// Asks `resolver` for `name`.
    pub(super) fn start(resolver: Arc<dyn Resolver>, name: String) -> Self {
        let asked = name.clone();
        let task = runtime::spawn(async move { resolver.resolve(&asked).await });
        Self { name: Some(name), state: State::Asking(task) }
    }

    /// Answers with `address` itself.
    pub(super) fn of_address(address: IpAddr) -> Self {
        Self { name: None, state: State::Answered(vec![address].into_iter()) }
    }

    /// Puts it into the table, under a handle of the type that guests know.
    pub(super) fn push(
        self,
        table: &mut ResourceTable,
    ) -> Result<Resource<ResolveAddressStream>, SocketError> {
        Ok(Resource::new_own(table.push(self)?.rep()))
    }

    /// The entry that a guest's handle stands for.
    pub(super) fn handle(stream: &Resource<ResolveAddressStream>) -> Resource<Self> {
        Resource::new_borrow(stream.rep())
    }

    /// The next answer.
    pub(super) fn next(&mut self) -> Result<Next, ErrorCode> {
        if let State::Asking(task) = &mut self.state {
            match runtime::poll_noop(Pin::new(task)) {
                Some(outcome) => self.settle(outcome),
                None => return Ok(Next::Pending),
            }
        }
        let State::Answered(addresses) = &mut self.state else {
            return Err(ErrorCode::NameUnresolvable);
        };
        Ok(match (addresses.next(), &self.name) {
            (None, _) => Next::End,
            (Some(address), None) => Next::Literal(address),
            (Some(address), Some(name)) => Next::Answer(name.clone(), address.to_canonical()),
        })
    }

    fn settle(&mut self, outcome: io::Result<Vec<IpAddr>>) {
        self.state = match outcome {
            Ok(addresses) => State::Answered(addresses.into_iter()),
            Err(error) => {
                tracing::debug!("cannot look up {:?}: {error}", self.name);
                State::Failed
            }
        };
    }
}

#[async_trait::async_trait]
impl Pollable for Lookup {
    async fn ready(&mut self) {
        if let State::Asking(task) = &mut self.state {
            let outcome = task.await;
            self.settle(outcome);
        }
    }
}
