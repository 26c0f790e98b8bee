//! What a component could do with grants, and what it can never do whatever it is granted.

use serde::Serialize;

/// Facts from its imports; a component without an import has no way to the host function behind it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Abilities {
    /// Only with the grant named, and only as far as it goes.
    pub(crate) with_grants: Vec<&'static str>,
    /// Impossible.
    pub(crate) never: Vec<&'static str>,
}

/// Beginning of an import, what it is good for, and what its absence means.
const BY_IMPORT: [(&str, &str, &str); 7] = [
    (
        "wasi:http/outgoing-handler",
        "send HTTP requests that [grants] http covers",
        "send an HTTP request: it imports no HTTP client",
    ),
    (
        "wasi:sockets/",
        "open TCP connections that [grants] tcp covers",
        "open a TCP connection: it imports no sockets",
    ),
    (
        "wasi:filesystem/",
        "open files below the folders of [grants] files",
        "open a file: it imports no file system",
    ),
    (
        "kennel:connector/state",
        "keep state, up to [grants] state",
        "keep state on this host: it does not import it",
    ),
    (
        "kennel:connector/secrets",
        "use secrets that [grants] secrets names, without seeing them",
        "use a secret of this host: it does not import them",
    ),
    (
        "kennel:connector/reveal",
        "see secrets that [grants] reveal names",
        "see a secret of this host: it does not import them as they are",
    ),
    (
        "wasi:cli/environment",
        "see environment variables that [grants] env names",
        "see an environment variable: it does not import them",
    ),
];

/// True of every component: nothing that could be imported does it.
const NEVER: [&str; 5] = [
    "listen for connections, or send or receive UDP",
    "start a process or a thread, or load more code",
    "see the memory, the state or the messages of another connector",
    "use more memory, time or bytes than its [limits]",
    "choose the stream or topic it reads or writes: the configuration does",
];

/// What follows from `imports`.
pub(crate) fn abilities(imports: &[String]) -> Abilities {
    let mut found = Abilities { with_grants: Vec::new(), never: Vec::new() };
    for (prefix, able, unable) in BY_IMPORT {
        match imports.iter().any(|import| import.starts_with(prefix)) {
            true => found.with_grants.push(able),
            false => found.never.push(unable),
        }
    }
    found.never.extend(NEVER);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_imports_should_tell_apart_what_grants_allow_and_what_nothing_does() {
        let nothing = abilities(&[]);
        assert!(nothing.with_grants.is_empty());
        assert_eq!(nothing.never.len(), BY_IMPORT.len() + NEVER.len());
        let imports =
            ["wasi:sockets/tcp@0.2.6", "kennel:connector/secrets@0.1.0-rc.1"].map(String::from);
        let some = abilities(&imports);
        assert_eq!(some.with_grants.len(), 2);
        assert!(!some.never.contains(&"open a TCP connection: it imports no sockets"));
        assert!(some.never.contains(&"open a file: it imports no file system"));
    }
}
