//! The keys of `kennel.toml`.

use super::Default::{None, Value};
use super::Kind::{Choice, Duration, Flag, Path, Secret, Size, Text, Texts};
use super::policy::POLICY;
use super::{Kind, Section, key};

pub(crate) static HOST: Section = Section {
    label: "the top level",
    about: "Only sections.",
    keys: &[
        key("iggy", Kind::Section(&IGGY), None("all defaults"), "The broker."),
        key("state", Kind::Section(&STATE), None("all defaults"), "What survives a restart."),
        key("components", Kind::Section(&COMPONENTS), None("all defaults"), "Components on disk."),
        key(
            "network",
            Kind::Section(&NETWORK),
            None("all defaults"),
            "What HTTP requests of all connectors share.",
        ),
        key("logging", Kind::Section(&LOGGING), None("all defaults"), "The host's own log."),
        key("runtime", Kind::Section(&RUNTIME), None("all defaults"), "The whole process."),
        key(
            "connectors",
            Kind::Section(&CONNECTORS),
            None("files only"),
            "Connectors from a URL, beside those of the files.",
        ),
        key(
            "policy",
            Kind::Section(&POLICY),
            None("connector files are trusted as kennel.toml is"),
            "What any connector's configuration may grant.",
        ),
    ],
    hints: &[
        ("http", "the REST API is not available in this version"),
        ("telemetry", "telemetry is not available in this version"),
    ],
};

static IGGY: Section = Section {
    label: "[iggy]",
    about: "How to reach Apache Iggy.",
    keys: &[
        key(
            "address",
            Text,
            Value("\"127.0.0.1:8090\""),
            "TCP address of the server, `host:port`.",
        ),
        key("username", Text, Value("\"iggy\""), "Name of the user; any characters."),
        key("password", Secret, Value("\"iggy\""), "Its password; any characters."),
        key(
            "token",
            Secret,
            None("log in by user name and password"),
            "A personal access token, instead of user name and password.",
        ),
        key("tls", Kind::Section(&TLS), None("no TLS"), "TLS towards the server."),
    ],
    hints: &[],
};

static TLS: Section = Section {
    label: "[iggy.tls]",
    about: "TLS towards the server.",
    keys: &[
        key("enabled", Flag, Value("false"), "Speak TLS."),
        key(
            "ca_file",
            Path,
            None("the system's authorities"),
            "PEM file of the authorities to trust.",
        ),
        key("domain", Text, None("the host of `address`"), "Name the certificate must carry."),
    ],
    hints: &[],
};

static STATE: Section = Section {
    label: "[state]",
    about: "Where the host keeps source cursors, checkpoints and connector state.",
    keys: &[key("path", Path, Value("\".kennel/state\""), "Folder; created when missing.")],
    hints: &[],
};

static COMPONENTS: Section = Section {
    label: "[components]",
    about: "Components on disk.",
    keys: &[
        key(
            "cache",
            Path,
            Value("\".kennel/cache\""),
            "Folder for compiled code and for components from registries; created when missing, safe to delete.",
        ),
        key(
            "search",
            Texts,
            Value("[]"),
            "Folders searched, in order, for a component that is not beside the connector's file.",
        ),
        key(
            "plain_http",
            Texts,
            Value("[]"),
            "Registries spoken to without TLS, such as `\"registry.lan:5000\"`; those of this machine are anyway.",
        ),
    ],
    hints: &[],
};

static NETWORK: Section = Section {
    label: "[network]",
    about: "What HTTP requests of all connectors share. Proxies in the environment are not used, redirects not followed.",
    keys: &[
        key(
            "ca_files",
            Texts,
            Value("[]"),
            "PEM files of authorities that HTTPS servers may have, besides the public ones.",
        ),
        key(
            "public_authorities",
            Flag,
            Value("true"),
            "Trust the authorities of the web, by Mozilla's list.",
        ),
    ],
    hints: &[("ca_file", "write `ca_files = [\"…\"]`"), ("proxy", "there are no proxies")],
};

static LOGGING: Section = Section {
    label: "[logging]",
    about: "The host's own log, on standard error.",
    keys: &[
        key(
            "format",
            Choice(&["auto", "text", "json"]),
            Value("\"auto\""),
            "Shape of a line; `auto` is text on a terminal and JSON elsewhere.",
        ),
        key(
            "level",
            Text,
            Value("\"info\""),
            "`error`, `warn`, `info`, `debug` or `trace`, or a list such as `info,kennel_broker=debug`.",
        ),
    ],
    hints: &[],
};

static RUNTIME: Section = Section {
    label: "[runtime]",
    about: "The whole process.",
    keys: &[
        key(
            "drain_timeout",
            Duration,
            Value("\"10s\""),
            "How long a shutdown waits for batches in flight; what is left comes again.",
        ),
        key(
            "memory_budget",
            Size,
            None("not checked"),
            "Refuse to start when the memory limits of all instances add up to more.",
        ),
    ],
    hints: &[],
};

static CONNECTORS: Section = Section {
    label: "[connectors]",
    about: "Connectors from a URL, beside those of the files: fetched when the host starts and when it \
            checks. Needs `[policy]`: whoever answers there must not own the host.",
    keys: &[
        key(
            "url",
            Text,
            None("files only"),
            "`http://` or `https://`. The answer is JSON: `{ \"connectors\": { \"<key>\": { … } } }`.",
        ),
        key(
            "token",
            Secret,
            None("none is sent"),
            "Sent as `authorization: Bearer`; only to `https://` or this machine.",
        ),
    ],
    hints: &[("config_dir", "each connector is a file of its own beside kennel.toml")],
};
