//! Mistakes in configuration files, and what is compared with them.

use super::Entry;

pub(super) const ENTRIES: [Entry; 14] = [
    Entry {
        code: "KEN-E0101",
        title: "a file or folder cannot be read",
        what: "The host wanted to read a file or folder of its configuration and the system said \
               no.",
        why: "The folder is misspelt, a file is larger than 16 MiB or not UTF-8 text, or the \
               host has no right to read it.",
        fix: "Name the folder with --config, or give the host the right to read it.",
        example: "kennel check --config configs/shop",
    },
    Entry {
        code: "KEN-E0102",
        title: "not valid TOML or JSON value",
        what: "A configuration file is not TOML, or holds a value that no key can have, such as a \
               number beyond 64 bits.",
        why: "A quote or bracket is missing, a key or section is written twice, or text stands \
               without quotes.",
        fix: "Correct the line that the error points to.",
        example: "key = \"text\"",
    },
    Entry {
        code: "KEN-E0103",
        title: "unknown key",
        what: "A key stands where nothing reads it.",
        why: "Unknown keys are refused, since a misspelt one would silently have no effect.",
        fix: "Take the name that the error suggests, or remove the key.",
        example: "consumer_group = \"mine\"",
    },
    Entry {
        code: "KEN-E0104",
        title: "missing key",
        what: "A key that has no default is not written.",
        why: "The host would have to guess, and does not.",
        fix: "Add the line that the error shows.",
        example: "component = \"http_sink.wasm\"",
    },
    Entry {
        code: "KEN-E0105",
        title: "a value of the wrong type",
        what: "A value is text where a number is needed, one value where a list is needed, or the \
               like.",
        why: "Values are never converted: \"1\" and 1 are different things.",
        fix: "Write the value as in the example of the error.",
        example: "topics = [\"orders\"]",
    },
    Entry {
        code: "KEN-E0106",
        title: "a value that makes no sense",
        what: "A value has the right type, but is out of bounds or not in the form its key needs.",
        why: "Forms are strict, so that nothing is granted or set by accident.",
        fix: "Correct it as the error says; docs/configuration.md has the grammars.",
        example: "http = [\"https://api.example.com/v1/*\"]",
    },
    Entry {
        code: "KEN-E0107",
        title: "keys that do not go together",
        what: "Two settings contradict each other, or one has no effect beside the other. A \
               memory budget that is too small, and an environment variable that reaches for \
               [policy], are such cases too.",
        why: "A setting that is ignored in silence misleads whoever reads the file.",
        fix: "Change or remove one of them, as the error says.",
        example: "[runtime]\nmemory_budget = \"4GiB\"",
    },
    Entry {
        code: "KEN-E0108",
        title: "not available in this version",
        what: "The configuration asks for something this version cannot do.",
        why: "It is refused, not weakened in silence.",
        fix: "Remove it, or use a version that has it.",
        example: "component = \"sinks/http_sink.wasm\"",
    },
    Entry {
        code: "KEN-E0109",
        title: "a component is not found",
        what: "The file of a component exists neither beside the configuration nor in a searched \
               folder.",
        why: "It was not built, or its path is misspelt.",
        fix: "Build it, correct the path, or add its folder.",
        example: "[components]\nsearch = [\"../../target/components\"]",
    },
    Entry {
        code: "KEN-E0110",
        title: "the component refuses its configuration",
        what: "The component looked at its [config] and found it impossible.",
        why: "It knows what no schema can say, for example that two of its keys exclude each \
               other.",
        fix: "Correct the value that the error points to; `kennel inspect FILE.wasm` lists the \
               keys.",
        example: "[config]\nurl = \"https://api.example.com/v1/orders\"",
    },
    Entry {
        code: "KEN-E0111",
        title: "no connectors from a URL",
        what: "The URL of [connectors] did not answer, or not with the JSON document that is \
               needed.",
        why: "It is asked once when the host starts and when it checks; without its answer the \
               host would run something else than what is meant.",
        fix: "Ask it by hand. It has to answer 200 within 10 s, with at most 4 MiB, without a \
               redirect.",
        example: "curl --fail -H \"authorization: Bearer $TOKEN\" \
               https://config.example.com/connectors",
    },
    Entry {
        code: "KEN-W0101",
        title: "a secret is seen by more than have to see it (a warning)",
        what: "A password stands in plain text in a configuration, a variable that sounds like one is passed \
               to a component, or every user of the machine may read the file of a secret.",
        why: "It works, but whoever sees the secret can use it.",
        fix: "Grant the secret by the place where it is kept, and let only the host read that.",
        example: "[grants]\nsecrets = { password = \"secret://env/PG_PASSWORD\" }",
    },
    Entry {
        code: "KEN-W0102",
        title: "a configuration names a secret that is not granted (a warning)",
        what: "A component's own configuration says `{ secret = \"name\" }` or `${secret:name}`, and \
               [grants] secrets has no such name.",
        why: "What the names mean is up to the component, so it is no error; but when it opens the \
              secret it will be denied.",
        fix: "Grant the secret under that name, or correct the name.",
        example: "[grants]\nsecrets = { name = \"secret://env/NAME\" }",
    },
    Entry {
        code: "ask_not_granted",
        title: "a component asks for what it is not granted",
        what: "The component says in its description that it cannot work without a capability, \
               and [grants] of its connector does not give it.",
        why: "Asking grants nothing. A component that lacks what it needs would fail later, in \
               the middle of its work. After an upgrade this is how a component that wants more \
               than before is stopped.",
        fix: "Read the reason in the error. Add the line it shows, or keep the component you \
               had. `kennel diff OLD NEW` shows all that an upgrade changes.",
        example: "[grants]\nhttp = [\"https://api.example.com/v1/*\"]",
    },
    Entry {
        code: "grant_not_asked",
        title: "a grant that the component never asked for (a warning)",
        what: "[grants] gives a capability that the component does not ask for.",
        why: "It works, but a grant nobody needs helps only an attacker.",
        fix: "Remove it, or ask the author of the component to declare it.",
        example: "[grants]\n# stdout = true",
    },
];
