//! The keys of a connector's file.

use super::Default::{None, Required, Value};
use super::Kind::{
    Choice, ChoiceOrSection, Duration, Flag, Guest, Integer, NamedTextsOrSections, Path, Size,
    Text, Texts, TextsOrSections, Timestamp,
};
use super::{Kind, Scope, Section, key};

pub(crate) static CONNECTOR: Section = Section {
    label: "the top level",
    about: "What the connector is.",
    keys: &[
        key(
            "type",
            Choice(&["sink", "source"]),
            Required,
            "`sink` reads topics and writes to another system, `source` the other way round.",
        ),
        key(
            "key",
            Text,
            None("the file's name without `.toml`"),
            "Name among all connectors: letters, digits, `-`, `_`, `.`; at most 64.",
        ),
        key("enabled", Flag, Value("true"), "`false`: the file is checked, but not run."),
        key(
            "component",
            Path,
            Required,
            "The WebAssembly component: a file beside this one or in a folder of `[components] search`, or `oci://registry/name:tag@sha256:…`.",
        ),
        key("streams", Kind::Sections(&STREAMS), Required, "What is read or written in Iggy."),
        key(
            "transforms",
            Kind::Sections(&TRANSFORMS),
            None("none"),
            "Components that messages pass on the way, in this order.",
        ),
        key(
            "config",
            Guest,
            None("empty"),
            "The component's own configuration, checked against the schema it describes.",
        ),
        key("grants", Kind::Section(&GRANTS), None("nothing"), "What the component may do."),
        key("limits", Kind::Section(&LIMITS), None("all defaults"), "What the component may use."),
        key(
            "delivery",
            Kind::Section(&DELIVERY),
            None("all defaults"),
            "What happens to messages that cannot be delivered.",
        ),
    ],
    hints: &[
        ("path", "write `component = \"file.wasm\"`"),
        ("plugin_config", "the component's own configuration is the section [config]"),
        ("name", "a connector is named by `key`"),
        ("version", "leave it out; the component knows its version"),
    ],
};

static STREAMS: Section = Section {
    label: "[[streams]]",
    about: "A sink has one or more, a source exactly one.",
    keys: &[
        key("stream", Text, Required, "Name of the stream."),
        key(
            "topics",
            Texts,
            Required,
            "Names of its topics. A source writes a message of route n to the n-th, from 0.",
        ),
        key(
            "format",
            Choice(&["raw", "text", "json"]),
            Value("\"json\""),
            "What the payloads are. Declared, not verified per message.",
        ),
        key(
            "consumer_group",
            Text,
            None("`kennel-` and the connector's key"),
            "Name of the consumer group that holds the offsets.",
        )
        .only(Scope::Sink),
        key("batch", Kind::Section(&BATCH), None("all defaults"), "How much one call carries."),
        key(
            "parallelism",
            Integer { least: 1, most: 1024 },
            Value("1"),
            "Partitions of each topic worked on at the same time.",
        )
        .only(Scope::Sink),
        key(
            "start",
            ChoiceOrSection(&["earliest", "latest"], &START),
            Value("\"earliest\""),
            "Where to begin when the consumer group has no offset yet.",
        )
        .only(Scope::Sink),
        key(
            "create",
            Flag,
            Value("false"),
            "Make the stream and topics when they are missing. Otherwise wait for them.",
        ),
        key(
            "partitions",
            Integer { least: 1, most: 1000 },
            Value("1"),
            "Partitions of a topic that is made. Needs `create = true`.",
        ),
        key(
            "partition_by",
            ChoiceOrSection(&["balanced", "key"], &PARTITION_BY),
            Value("\"balanced\""),
            "Which partition a message goes to: one after the other, or by the message's key.",
        )
        .only(Scope::Source),
        key(
            "poll_interval",
            Duration,
            Value("\"100ms\""),
            "Longest pause before looking again where nothing was new.",
        ),
    ],
    hints: &[
        ("topic", "write `topics = [\"…\"]`"),
        ("schema", "write `format = \"json\"`"),
        ("batch_length", "write `batch = { messages = 1000 }`"),
        ("linger_time", "write `poll_interval = \"…\"`"),
    ],
};

static BATCH: Section = Section {
    label: "[streams.batch]",
    about: "How much one call of the component carries at most. A single larger message still passes.",
    keys: &[
        key("messages", Integer { least: 1, most: 1_000_000 }, Value("1000"), "Messages."),
        key("bytes", Size, Value("\"1MiB\""), "Bytes of payloads and headers."),
    ],
    hints: &[("length", "write `messages`")],
};

static START: Section = Section {
    label: "[streams.start]",
    about: "Exactly one of these, instead of `\"earliest\"` or `\"latest\"`.",
    keys: &[
        key(
            "offset",
            Integer { least: 0, most: i64::MAX as u64 },
            None("unset"),
            "This offset, in every partition.",
        ),
        key(
            "timestamp",
            Timestamp,
            None("unset"),
            "The first message appended at or after this time.",
        ),
    ],
    hints: &[],
};

static PARTITION_BY: Section = Section {
    label: "[streams.partition_by]",
    about: "Instead of `\"balanced\"` or `\"key\"`.",
    keys: &[key(
        "partition",
        Integer { least: 0, most: u32::MAX as u64 },
        Required,
        "Always this partition.",
    )],
    hints: &[],
};

static TRANSFORMS: Section = Section {
    label: "[[transforms]]",
    about: "One component that messages pass on the way.",
    keys: &[
        key("component", Path, Required, "The WebAssembly component, found as the connector's."),
        key("config", Guest, None("empty"), "Its own configuration."),
        key(
            "grants",
            Kind::Section(&GRANTS),
            None("nothing; the connector's are not inherited"),
            "What it may do.",
        ),
        key("limits", Kind::Section(&LIMITS), None("the connector's limits"), "What it may use."),
    ],
    hints: &[("type", "a transform is named by its component: `component = \"fields.wasm\"`")],
};

static GRANTS: Section = Section {
    label: "[grants]",
    about: "What a component may do. What is not written here is denied.",
    keys: &[
        key(
            "http",
            Texts,
            Value("[]"),
            "Requests it may send: `\"https://api.example.com/v1/*\"`, see below.",
        ),
        key(
            "tcp",
            Texts,
            Value("[]"),
            "Connections it may open: `\"db.internal:5432\"`, see below.",
        ),
        key("files", Kind::Sections(&FILES), None("none"), "Folders it may open."),
        key("state", Size, None("no state"), "Durable state it may keep, per partition."),
        key(
            "stdout",
            Flag,
            Value("false"),
            "Its standard output is the host's; otherwise it goes to the log.",
        ),
        key(
            "env",
            TextsOrSections(&ENV),
            None("none"),
            "Environment variables it sees: `\"TZ\"` is the host's own, a table sets a value.",
        ),
        key(
            "clock",
            Choice(&["real", "coarse", "frozen"]),
            Value("\"real\""),
            "The clocks it sees: the machine's, the same in steps of 100 ms, or one that stands still.",
        ),
        key(
            "secrets",
            NamedTextsOrSections(&SECRET),
            None("none"),
            "Secrets it may use by name, without learning them: `{ password = \"secret://env/PG_PASSWORD\" }`, see below.",
        ),
        key("reveal", Texts, Value("[]"), "Names of those `secrets` whose values it may learn."),
    ],
    hints: &[("https", "HTTPS requests are granted by `http = [\"https://…\"]`")],
};

static FILES: Section = Section {
    label: "[[grants.files]]",
    about: "A folder of the host that the component sees under a path of its own.",
    keys: &[
        key("path", Path, Required, "The folder."),
        key("guest", Text, Required, "The absolute path the component sees, such as `/in`."),
        key(
            "mode",
            Choice(&["ro", "rw"]),
            Value("\"ro\""),
            "Only read, or read, create, change and delete.",
        ),
    ],
    hints: &[],
};

static ENV: Section = Section {
    label: "[[grants.env]]",
    about: "An environment variable with a value of its own.",
    keys: &[
        key("name", Text, Required, "The variable: ASCII letters, digits and `_`."),
        key("value", Text, Required, "What it holds. Not for secrets: the component reads it."),
    ],
    hints: &[],
};

static SECRET: Section = Section {
    label: "[grants.secrets.NAME]",
    about: "A secret that is sent to certain hosts only. `NAME` is what the component calls it.",
    keys: &[
        key(
            "from",
            Text,
            Required,
            "Where it is kept: `secret://env/VARIABLE` or `secret://file/PATH`.",
        ),
        key(
            "hosts",
            Texts,
            None("every host of `http` over https, and over http this machine"),
            "Where it may be sent in HTTP headers: `\"https://api.example.com\"`. `[]`: nowhere.",
        ),
    ],
    hints: &[("host", "write `hosts = [\"https://…\"]`")],
};

static LIMITS: Section = Section {
    label: "[limits]",
    about: "What one instance of a component may use. Each partition at work has its own instance.",
    keys: &[
        key("memory", Size, Value("\"128MiB\""), "Memory, all of it together."),
        key(
            "call_timeout",
            Duration,
            Value("\"10s\""),
            "Wall clock time of one call, waiting for other systems included.",
        ),
        key(
            "cpu_timeout",
            Duration,
            Value("\"2s\""),
            "Time one call may compute, waiting not counted; never more than `call_timeout`.",
        ),
        key(
            "cpu_share",
            Integer { least: 1, most: 100 },
            Value("100"),
            "Percent of one core it may use over time. Above it, it is made to wait.",
        ),
        key(
            "transfer",
            Size,
            Value("\"64MiB\""),
            "Bytes that cross the sandbox's wall in one call by the component, or in one answer of it.",
        ),
        key(
            "resources",
            Integer { least: 16, most: 1_000_000 },
            Value("1000"),
            "Handles it may hold: streams, requests, files, sockets, its own.",
        ),
        key(
            "connections",
            Integer { least: 0, most: 10_000 },
            Value("64"),
            "Sockets it may have and HTTP requests it may have sent without an answer, together.",
        ),
        key(
            "egress",
            Size,
            None("unlimited"),
            "Bytes per second that it may send. Above it, it waits.",
        ),
        key(
            "http_body",
            Size,
            Value("\"64MiB\""),
            "The largest body of an HTTP request or response.",
        ),
        key(
            "log",
            Size,
            Value("\"64KiB\""),
            "Bytes per second that it may log. What is more is dropped and counted.",
        ),
        key(
            "instance_batches",
            Integer { least: 0, most: u64::MAX >> 1 },
            Value("0"),
            "Batches after which an instance is replaced by a fresh one, give or take a tenth. 0: never.",
        ),
        key(
            "trusted",
            Flag,
            Value("false"),
            "Run without metering of computing: faster, but an endless loop is not stopped.",
        ),
    ],
    hints: &[("cpu", "write `cpu_timeout` or `cpu_share`"), ("max_memory", "write `memory`")],
};

static DELIVERY: Section = Section {
    label: "[delivery]",
    about: "What happens to messages that cannot be delivered. An outage of the other system is not \
            such a case: it is waited for.",
    keys: &[
        key(
            "guarantee",
            Choice(&["at-least-once", "exactly-once"]),
            Value("\"at-least-once\""),
            "`exactly-once` needs a sink that describes itself as transactional or idempotent, and is refused for any other component.",
        ),
        key(
            "on_error",
            Choice(&["stop", "skip", "dead_letter"]),
            Value("\"stop\""),
            "What to do with a message that is rejected or still fails after `attempts`.",
        ),
        key(
            "dead_letter_topic",
            Text,
            None("unset"),
            "`topic` in the message's own stream, or `stream/topic`. Needs `on_error = \"dead_letter\"`.",
        ),
        key(
            "attempts",
            Integer { least: 1, most: 1000 },
            Value("5"),
            "How often a message that may succeed later is tried.",
        ),
        key(
            "restarts",
            Integer { least: 0, most: 1000 },
            Value("3"),
            "Faults of the component's own that replace its instance before the connector is failed.",
        ),
        key(
            "dead_letter_budget",
            Integer { least: 0, most: 1000 },
            Value("10"),
            "Most dead letters among 1,000 messages of a lane; one more fails the connector. `1000`: no limit.",
        ),
        key(
            "flush",
            Kind::Section(&FLUSH),
            None("all defaults"),
            "When a sink that holds messages back has to make them durable.",
        )
        .only(Scope::Sink),
    ],
    hints: &[("retries", "write `attempts`"), ("dlq", "write `dead_letter_topic`")],
};

static FLUSH: Section = Section {
    label: "[delivery.flush]",
    about: "Whatever is reached first. Sinks that hold nothing back are not concerned.",
    keys: &[
        key(
            "messages",
            Integer { least: 1, most: 1_000_000_000 },
            Value("10000"),
            "Held messages.",
        ),
        key("bytes", Size, Value("\"16MiB\""), "Held bytes."),
        key("age", Duration, Value("\"1s\""), "Age of the oldest held message."),
    ],
    hints: &[],
};
