//! Requests over `wasi:http`.
