//! The keys of `[policy]`.

use super::Default::{None, Required, Value};
use super::Kind::{Choice, Flag, FlagOrTexts, Path, Size, Texts, TextsOrSections};
use super::{Section, key};

pub(super) static POLICY: Section = Section {
    label: "[policy]",
    about: "What any connector's configuration may grant, whoever wrote it. A key that is not written permits \
            nothing. Only this file says it: no environment variable does.",
    keys: &[
        key("http", Texts, Value("[]"), "Requests; written as in `[grants]`."),
        key("tcp", Texts, Value("[]"), "Connections; written as in `[grants]`."),
        key(
            "files",
            TextsOrSections(&FILES),
            Value("[]"),
            "Folders below which folders may be granted: `\"/var/data\"` to read, or a table.",
        ),
        key("env", Texts, Value("[]"), "Environment variables: `\"NAME\"`, `\"PG_*\"`."),
        key(
            "secrets",
            Texts,
            Value("[]"),
            "Secrets, by their place: `\"env/PG_*\"`, `\"file/run/secrets/*\"`.",
        ),
        key(
            "reveal",
            FlagOrTexts,
            Value("false"),
            "Secrets that a component may see as they are: all, or those granted under these names.",
        ),
        key("components", Texts, Value("[]"), "Folders below which components have to be."),
        key(
            "registries",
            Texts,
            Value("[]"),
            "Registries to pull components from: `\"registry.example.com/acme/*\"`.",
        ),
        key(
            "signers",
            Texts,
            Value("[]"),
            "PEM files of public keys, one of which has to have signed a component; empty: none has to.",
        ),
        key(
            "topics",
            Texts,
            Value("[]"),
            "Topics read and written, those of dead letters included: `\"shop/*\"`, `\"logs/access\"`.",
        ),
        key("memory", Size, None("none, so nothing runs"), "Most memory of one instance."),
        key("state", Size, None("none"), "Most durable state, per partition."),
        key("stdout", Flag, Value("false"), "The host's standard output may be granted."),
        key("trusted", Flag, Value("false"), "Metering may be switched off."),
    ],
    hints: &[("network", "write `http` and `tcp`"), ("streams", "write `topics`")],
};

static FILES: Section = Section {
    label: "[[policy.files]]",
    about: "A folder below which folders may be granted. Links are followed before it is compared.",
    keys: &[
        key("path", Path, Required, "The folder."),
        key("mode", Choice(&["ro", "rw"]), Value("\"ro\""), "The most that may be granted there."),
    ],
    hints: &[],
};
