//! The attributes of `kennel-sdk`: `sink`, `source` and `transform`. See that crate for their use.

#![forbid(unsafe_code)]

mod arguments;
mod expand;

use proc_macro::TokenStream;
use syn::{ItemImpl, parse_macro_input};

use arguments::Arguments;
use expand::Role;

/// Makes a sink component of an `impl Sink for …` block.
///
/// Arguments, all but `name` optional: `name = "…"`, `summary = "…"`, `accepts = ["json", …]`,
/// `delivery = "at-least-once" | "idempotent" | "transactional"`, `ordered = true`, `heartbeat_ms = 0`,
/// `state_version = 0`, `metrics = ["…"]`, and any number of
/// `asks(http = "config:/url", reason = "…")`, with `optional` in it for what the component can do without.
#[proc_macro_attribute]
pub fn sink(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let item = parse_macro_input!(item as ItemImpl);
    expand::component(Role::Sink, &arguments, &item).into()
}

/// Makes a source component of an `impl Source for …` block. Arguments as for `sink`, and `produces = ["json", …]` instead
/// of `accepts`.
#[proc_macro_attribute]
pub fn source(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let item = parse_macro_input!(item as ItemImpl);
    expand::component(Role::Source, &arguments, &item).into()
}

/// Makes a transform component of an `impl Transform for …` block. Arguments as for `sink`, and `produces = ["json", …]`.
#[proc_macro_attribute]
pub fn transform(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let item = parse_macro_input!(item as ItemImpl);
    expand::component(Role::Transform, &arguments, &item).into()
}
