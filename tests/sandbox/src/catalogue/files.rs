//! Attacks on files, on the environment, and on what other connectors keep.

use crate::attack::Attack;
use crate::attack::Expected::{Denied, Harmless, Reached};

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::told(
            "path-escape",
            "leaves the granted folder, by dots and by links that are there",
            "path-escape",
            Denied,
        )
        .folder("{folder}/data", "/data", "rw"),
        Attack::told(
            "symlink-escape",
            "leaves the granted folder by links that it makes",
            "link-escape",
            Denied,
        )
        .folder("{folder}/data", "/data", "rw"),
        Attack::told(
            "files-without-grant",
            "opens files that nobody granted",
            "path-escape",
            Denied,
        ),
        Attack::told(
            "write-to-read-only",
            "changes what it may only read",
            "write-read-only",
            Denied,
        )
        .folder("{folder}/reading", "/reading", "ro"),
        Attack::told("read-granted", "reads what it may read", "read-granted", Reached).folder(
            "{folder}/data",
            "/data",
            "ro",
        ),
        Attack::told(
            "environment",
            "looks for arguments, variables and input",
            "environment",
            Denied,
        ),
        Attack::told("state-keeper", "keeps state of its own", "keep-state", Harmless)
            .grant("state = \"64KiB\""),
        Attack::told(
            "other-state",
            "looks for the state of another connector",
            "other-state",
            Denied,
        )
        .config("name = \"state-keeper\"")
        .grant("state = \"64KiB\""),
    ]
}
