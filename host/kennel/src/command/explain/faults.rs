//! How calls of a component end that did not end well.

use super::Entry;

pub(super) const ENTRIES: [Entry; 3] = [
    Entry {
        code: "trap",
        title: "a component crashed",
        what: "The component did something that WebAssembly stops: it panicked, ran out of its \
               stack, reached unreachable code, or read outside of its memory. Its instance was \
               thrown away and a fresh one took over.",
        why: "A crashed instance may hold anything in its memory and is never called again.",
        fix: "The log has its last lines and a backtrace. If one message causes it, it is set \
               aside after its attempts, as [delivery] says.",
        example: "[delivery]\non_error = \"dead_letter\"\ndead_letter_topic = \"orders.dlq\"",
    },
    Entry {
        code: "contract_violation",
        title: "a component broke the contract",
        what: "What the component returned contradicts itself or the batch it was given: lengths \
               that differ, indexes out of order, more handled than there was.",
        why: "The host would otherwise lose or repeat messages on the word of a faulty component.",
        fix: "It is a defect of the component: tell its author. `kennel conform` finds such \
               defects.",
        example: "kennel conform sink.wasm --config orders.toml",
    },
    Entry {
        code: "call_failed",
        title: "a call failed for a reason without a code of its own",
        what: "The call ended in a way the host has no better word for; the message has the \
               details.",
        why: "The host could not tell what the component did.",
        fix: "Read the message in the log.",
        example: "kennel run --config configs/shop --log-level debug",
    },
];
