//! One module per command.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod conform;
pub(crate) mod diff;
pub(crate) mod dlq;
pub(crate) mod explain;
pub(crate) mod iggy;
pub(crate) mod inspect;
pub(crate) mod new;
pub(crate) mod offsets;
mod place;
pub(crate) mod pull;
pub(crate) mod push;
mod readable;
pub(crate) mod run;
mod sdk;
mod selected;
pub(crate) mod sign;
pub(crate) mod state;
pub(crate) mod verify;
