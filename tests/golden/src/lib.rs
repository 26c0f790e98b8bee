//! Cases that every implementation of a transform has to pass, whatever language it is written in.
//!
//! The tests of this crate run them in the sandbox, on the finished components: `cargo xtask components` builds those, and
//! `KENNEL_COMPONENTS` names another folder. See `README.md` for the format of the files.
#![forbid(unsafe_code)]
