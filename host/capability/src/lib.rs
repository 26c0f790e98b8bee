//! What a guest may do: grants, and the host functions they link.
//!
//! Everything a component can import is linked always, because the runtimes of Python, Go and
//! JavaScript import files, sockets and clocks whether they use them or not. What is not granted
//! answers with a denial. The parts, one concept per file:
//!
//! * [`GuestData`]: the data of one store, built from [`Grants`]
//! * [`http`]: outgoing HTTP through one pooled client, under an allow-list
//! * [`network`]: which addresses names lead to, and how much may be open and sent
//! * [`tcp`]: outgoing TCP connections, under an allow-list of addresses and names
//! * [`state`]: durable key and value pairs, written with the checkpoint that covers the call
//! * [`secrets`]: handles to secrets whose values stay in the host
//! * [`context`]: facts about the call in hand, columns on demand
//! * [`log`] and [`metrics`]: what a guest tells its operator
//! * [`limits`]: memory and tables, summed over the store
//! * [`stdio`]: the guest's standard streams
#![forbid(unsafe_code)]

pub mod bindings;
mod clock;
pub mod context;
mod data;
mod denials;
mod grants;
pub mod http;
pub mod limits;
pub mod log;
pub mod metrics;
pub mod network;
pub mod secrets;
pub mod state;
pub mod stdio;
pub mod tcp;

pub use data::{GuestData, GuestDataError, Services, add_to_linker};
pub use grants::{COARSE_STEP, Clock, FileGrant, FileMode, Grants, HttpRule};
