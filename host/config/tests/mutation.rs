//! Whatever is written in a file, loading answers; it never panics.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use kennel_config::{Environment, check_against_schema, load};

const SEED_FILES: [(&str, &str); 2] = [
    (
        "kennel.toml",
        "[iggy]\naddress = \"127.0.0.1:8090\"\npassword = \"env:PW\"\n[iggy.tls]\nenabled = true\n\
         domain = \"ä\"\n[logging]\nlevel = \"info,kennel=debug\"\n[runtime]\ndrain_timeout = \"10s\"\n\
         memory_budget = \"1GiB\"\n",
    ),
    (
        "case.toml",
        "type = \"sink\"\ncomponent = \"component.wasm\"\n[[streams]]\nstream = \"s\"\n\
         topics = [\"t\", \"ü\"]\nstart = { timestamp = 2026-01-31T08:00:00Z }\n\
         batch = { messages = 0x10, bytes = \"64KiB\" }\npoll_interval = \"20ms\"\n\
         [[transforms]]\ncomponent = 'component.wasm'\nconfig = { drop = [1, 2.5, \"x\"] }\n\
         [config]\ntable = \"\"\"\na\nb\"\"\"\n[grants]\nhttp = [\"https://*.example.com:443/v1/*\"]\n\
         tcp = [\"*.example.com:5432\", \"10.0.0.0/8:1\", \"[fd00::/8]:65535\"]\n\
         files = [{ path = \"./in\", guest = \"/in\", mode = \"rw\" }]\n[delivery]\n\
         on_error = \"dead_letter\"\ndead_letter_topic = \"a/b\"\n",
    ),
];

/// Pieces that mean something somewhere.
const PIECES: [&str; 24] = [
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\n",
    "\r\n",
    "\t",
    "#",
    "\\u0000",
    "-1",
    "99999999999999999999",
    "1e999",
    "nan",
    "1979-05-27T07:32:00-23:59",
    "ß",
    "\u{feff}",
    "true",
];

/// xorshift: the same cases on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

fn mutate(text: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        match random.below(5) {
            0 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            1 if at < bytes.len() => {
                let until = (at + 1 + random.below(12)).min(bytes.len());
                bytes.drain(at..until);
            }
            2 => {
                let from = random.below(bytes.len() + 1);
                let until = (from + random.below(40)).min(bytes.len());
                let copy = bytes[from..until].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => {
                bytes.splice(at..at, PIECES[random.below(PIECES.len())].bytes());
            }
        }
    }
    bytes
}

#[test]
fn given_mutated_files_should_answer_without_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("component.wasm"), b"\0asm").unwrap();
    let environment = Environment::from_iter([("PW", "x"), ("KENNEL_IGGY__USERNAME", "ß")]);
    let schema = serde_json::json!({
        "type": "object", "properties": { "table": { "type": "string", "maxLength": 2 } },
        "required": ["table", "more"], "additionalProperties": false,
    });
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..2_000 {
        for (index, (name, text)) in SEED_FILES.iter().enumerate() {
            let bytes = match round % 2 == index {
                true => mutate(text, &mut random),
                false => text.as_bytes().to_vec(),
            };
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        match load(folder.path(), &environment) {
            Ok(configuration) => {
                accepted += 1;
                for connector in &configuration.connectors {
                    for error in check_against_schema(&connector.config, &schema) {
                        assert!(!error.to_string().is_empty());
                    }
                }
            }
            Err(errors) => {
                refused += 1;
                assert!(!errors.is_empty() && !errors.to_string().is_empty());
            }
        }
    }
    // Both must happen, or the seeds test nothing.
    assert!(accepted > 20 && refused > 100, "{accepted} accepted, {refused} refused");
}
