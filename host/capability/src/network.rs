//! The network as one store sees it: where granted names lead, and how much may be open and sent.
//!
//! HTTP and TCP decide alike, so they share what is here: which addresses are private or reserved,
//! which of them a name may lead to ([`Naming`]), who looks names up ([`Resolver`]), and what is
//! counted.

mod address;
mod egress;
mod naming;
mod resolver;
mod traffic;

pub use address::AddressRange;
pub(crate) use egress::Egress;
pub use naming::Naming;
pub use resolver::{Resolver, SystemResolver};
pub(crate) use traffic::{OpenConnection, Traffic};
