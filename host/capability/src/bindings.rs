//! Host bindings of the imports of `kennel:connector`, generated from the WIT.
#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit/0.1",
    world: "imports",
    imports: {
        // Cryptography for a guest must not hold up the others.
        "kennel:connector/secrets.[method]secret.scram": async | trappable,
        "kennel:connector/secrets.[method]secret.hmac": async | trappable,
        default: trappable,
    },
    with: {
        "kennel:connector/secrets.secret": crate::secrets::SecretHandle,
    },
});
