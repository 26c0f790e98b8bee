//! Why a file is not a component of ours.

use super::Entry;

pub(super) const ENTRIES: [Entry; 9] = [
    Entry {
        code: "component_unreadable",
        title: "the file of a component cannot be read",
        what: "The file is not there, or the host has no right to read it.",
        why: "Nothing can run without it.",
        fix: "Correct the path or the rights.",
        example: "component = \"sinks/http_sink.wasm\"",
    },
    Entry {
        code: "component_too_large",
        title: "a component, or what it says of itself, is too large",
        what: "The file of a component, its description or the schema of its configuration is larger than \
               any real one.",
        why: "Compiling and reading them takes memory of the host before any limit of the component holds.",
        fix: "Build it without debug information; if that is not it, look at the component.",
        example: "kennel build",
    },
    Entry {
        code: "component_invalid",
        title: "not a valid component",
        what: "The bytes are not WebAssembly, are damaged, or use features that this host does \
               not run.",
        why: "Only code that was checked as a whole is compiled.",
        fix: "Build or download it again, and compare its digest.",
        example: "kennel build",
    },
    Entry {
        code: "component_is_module",
        title: "a core module, not a component",
        what: "The file is a WebAssembly module without the component around it.",
        why: "Modules have no types for what the host and they exchange.",
        fix: "Build it for the target wasm32-wasip2.",
        example: "kennel build",
    },
    Entry {
        code: "component_imports",
        title: "a component imports what this host does not offer",
        what: "The component wants a function that no host of this version has.",
        why: "A function that is missing could only fail when it is called, in the middle of the \
               work.",
        fix: "Build it with an SDK of this version, or use the host it was made for.",
        example: "kennel --version",
    },
    Entry {
        code: "component_world",
        title: "a component for something else",
        what: "The component exports neither a sink, a source nor a transform.",
        why: "The host would not know what to call.",
        fix: "Build it with a Kennel SDK, or take the right file.",
        example: "kennel new orders-sink --kind sink",
    },
    Entry {
        code: "component_version",
        title: "a component for another version of the interface",
        what: "The component speaks another version of kennel:connector than this host.",
        why: "What the functions mean may differ between versions.",
        fix: "Build it again with the SDK of this version.",
        example: "kennel build",
    },
    Entry {
        code: "component_describe",
        title: "a component cannot describe itself",
        what: "The component was asked what it is, without any grant, and failed.",
        why: "Describing needs no effects. A component that wants some is not to be trusted.",
        fix: "It is a defect of the component: tell its author.",
        example: "kennel inspect sink.wasm",
    },
    Entry {
        code: "component_description",
        title: "a component describes itself in a malformed way",
        what: "What the component says of itself is not the JSON document that it should be.",
        why: "The host reads from it what the component asks for, and does not guess.",
        fix: "Build it with a Kennel SDK, or tell its author.",
        example: "kennel inspect sink.wasm",
    },
];
