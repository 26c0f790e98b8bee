//! Limits of a component.

use super::Entry;

pub(super) const ENTRIES: [Entry; 11] = [
    Entry {
        code: "memory_limit",
        title: "a component reached its memory limit",
        what: "The component asked for more memory than [limits] memory, counting all its \
               memories and tables together. Its instance was thrown away and a fresh one took \
               over.",
        why: "One connector must not take the memory of the others.",
        fix: "Send it smaller batches, or raise the limit. The budget of the host has to hold it \
               for every partition at work.",
        example: "[limits]\nmemory = \"256MiB\"",
    },
    Entry {
        code: "table_limit",
        title: "a component reached the limit of its tables",
        what: "The component wanted tables with more elements than any toolchain needs.",
        why: "Tables cost memory of the host as linear memory does.",
        fix: "This is a defect or an attack; look at the component.",
        example: "[limits]\nmemory = \"256MiB\"",
    },
    Entry {
        code: "resource_limit",
        title: "a component holds too many handles",
        what: "The component held more streams, requests, files or sockets at once than [limits] \
               resources.",
        why: "Each handle costs the host something, and a component that forgets to give them \
               back would take more and more.",
        fix: "Usually it is a leak in the component. Raise the limit if it is not.",
        example: "[limits]\nresources = 20000",
    },
    Entry {
        code: "transfer_limit",
        title: "too many bytes in one call",
        what: "One call of the component, or one answer of it, carried more bytes than [limits] \
               transfer.",
        why: "The host copies these bytes, outside of the memory limit of the component.",
        fix: "Send it smaller batches, or raise the limit.",
        example: "[limits]\ntransfer = \"128MiB\"",
    },
    Entry {
        code: "connection_limit",
        title: "too many connections at a time",
        what: "The component wanted more sockets and unanswered HTTP requests together than \
               [limits] connections.",
        why: "Connections are shared by all connectors of the host and cost the other side, too.",
        fix: "Close what is not needed, or raise the limit.",
        example: "[limits]\nconnections = 128",
    },
    Entry {
        code: "egress_limit",
        title: "a component sends too fast",
        what: "The component wanted to send more bytes per second than [limits] egress. It is \
               made to wait.",
        why: "One connector must not take the whole network.",
        fix: "Nothing, if the pace is meant. Otherwise raise the limit.",
        example: "[limits]\negress = \"50MiB\"",
    },
    Entry {
        code: "http_body_limit",
        title: "an HTTP body is too large",
        what: "The body of a request or response was larger than [limits] http_body.",
        why: "A server could otherwise answer without end.",
        fix: "Ask for less at a time, or raise the limit.",
        example: "[limits]\nhttp_body = \"128MiB\"",
    },
    Entry {
        code: "log_limit",
        title: "a component logs too much",
        what: "The component logged more bytes per second than [limits] log. What is more was \
               dropped and counted.",
        why: "A log that is flooded hides what matters and fills the disk.",
        fix: "Let it log less, or raise the limit while you look.",
        example: "[limits]\nlog = \"1MiB\"",
    },
    Entry {
        code: "cpu_timeout",
        title: "a component computed for too long",
        what: "One call computed for longer than [limits] cpu_timeout; waiting was not counted. \
               The call was stopped and the instance thrown away.",
        why: "An endless loop must not keep a core for ever.",
        fix: "Send it smaller batches, or raise the limit if the work is meant.",
        example: "[limits]\ncpu_timeout = \"5s\"",
    },
    Entry {
        code: "cpu_share",
        title: "a component is made to wait for its share",
        what: "The component used more of a core over time than [limits] cpu_share, and waits.",
        why: "One connector must not starve the others.",
        fix: "Nothing, if the share is meant. Otherwise raise it.",
        example: "[limits]\ncpu_share = 100",
    },
    Entry {
        code: "call_timeout",
        title: "a call took too long",
        what: "One call did not end within [limits] call_timeout, waiting for other systems \
               included. Its instance was thrown away; the messages come again.",
        why: "A system that does not answer must not hold a partition for ever.",
        fix: "See whether the other system is slow. Raise the limit if such waits are meant.",
        example: "[limits]\ncall_timeout = \"30s\"",
    },
];
