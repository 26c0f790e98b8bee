//! The whole of Kennel, seen from outside: the tests of this crate start the real `kennel`, with
//! configurations and folders of their own, and judge it by what arrives at the destinations.
//!
//! The program and the components have to be there: `cargo build --workspace --bin kennel` and
//! `cargo xtask components`. `KENNEL_BIN` and `KENNEL_COMPONENTS` name others. With
//! `KENNEL_TEST_IGGY=host:port`, tests that need a broker and nothing more use that server.
#![forbid(unsafe_code)]
