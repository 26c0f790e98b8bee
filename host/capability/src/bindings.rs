//! Host bindings of the imports of `kennel:connector`, generated from the WIT.
#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit/0.1",
    world: "imports",
    imports: { default: trappable },
    with: {
        "kennel:connector/secrets.secret": crate::secrets::SecretHandle,
    },
});
