//! Types of the exports of `kennel:connector`, generated from the WIT.
//!
//! One world with every export exists only to generate each type once; real components export
//! `describe`, `lifecycle` and one of the others.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::all)]

wasmtime::component::bindgen!({
    inline: "
        package kennel:host;
        world every-export {
            export kennel:connector/describe@0.1.0-rc.1;
            export kennel:connector/lifecycle@0.1.0-rc.1;
            export kennel:connector/sink@0.1.0-rc.1;
            export kennel:connector/source@0.1.0-rc.1;
            export kennel:connector/transform@0.1.0-rc.1;
        }
    ",
    path: "../../wit/0.1",
    world: "kennel:host/every-export",
});

pub use exports::kennel::connector::{describe, sink, source, transform};
pub use kennel::connector::types;
