//! Headers that are the host's, or of those between it and the server.

use http::{HeaderMap, HeaderName};
use wasmtime_wasi_http::DEFAULT_FORBIDDEN_HEADERS;

/// Set by proxies to say for whom they ask, and believed by many servers.
const OF_PROXIES: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// Read by some servers in place of the path, which is what was granted.
const INSTEAD_OF_THE_PATH: [&str; 2] = ["x-original-url", "x-rewrite-url"];

/// Whether a guest may not set a header. Neither does it see it in a response.
pub(super) fn is_forbidden(name: &HeaderName) -> bool {
    DEFAULT_FORBIDDEN_HEADERS.contains(name)
        || OF_PROXIES.contains(&name.as_str())
        || INSTEAD_OF_THE_PATH.contains(&name.as_str())
}

/// Bytes that headers take on the wire.
pub(super) fn length(headers: &HeaderMap) -> usize {
    const SEPARATORS: usize = ": \r\n".len();
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + SEPARATORS).sum()
}
