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
const PIECES: [&[u8]; 24] = [
    b"\"",
    b"'",
    b"\"\"\"",
    b"[",
    b"]",
    b"[[",
    b"{",
    b"}",
    b"=",
    b".",
    b",",
    b"\n",
    b"\r\n",
    b"\t",
    b"#",
    b"\\u0000",
    b"-1",
    b"99999999999999999999",
    b"1e999",
    b"nan",
    b"1979-05-27T07:32:00-23:59",
    "ß".as_bytes(),
    "\u{feff}".as_bytes(),
    b"true",
];

mod fuzz {
    use std::collections::BTreeSet;
    use std::sync::{Mutex, atomic::AtomicU64, atomic::Ordering::Relaxed};

    use kennel_config::{ByteSize, HttpGrant, ServerAddress, TcpGrant};
    use kennel_fuzz::{Target, fuzz};

    use super::*;

    #[test]
    fn given_any_files_should_answer_in_words() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("component.wasm"), b"\0asm").unwrap();
        let environment = Environment::from_iter([("PW", "x"), ("KENNEL_IGGY__USERNAME", "ß")]);
        let schema = serde_json::json!({
            "type": "object", "properties": { "table": { "type": "string", "maxLength": 2 } },
            "required": ["table", "more"], "additionalProperties": false,
        });
        let (accepted, refused) = (AtomicU64::new(0), AtomicU64::new(0));
        for (mutated, (name, text)) in SEED_FILES.iter().enumerate() {
            let (other, good) = SEED_FILES[1 - mutated];
            std::fs::write(folder.path().join(other), good).unwrap();
            let target = Target { name, seeds: &[text.as_bytes()], pieces: &PIECES };
            fuzz(&target, |bytes| {
                std::fs::write(folder.path().join(name), bytes).unwrap();
                match load(folder.path(), &environment) {
                    Ok(configuration) => {
                        accepted.fetch_add(1, Relaxed);
                        for connector in &configuration.connectors {
                            for error in check_against_schema(&connector.config, &schema) {
                                assert!(!error.to_string().is_empty());
                            }
                        }
                        BTreeSet::new()
                    }
                    Err(errors) => {
                        refused.fetch_add(1, Relaxed);
                        assert!(!errors.is_empty() && !errors.to_string().is_empty());
                        codes(&errors.to_string())
                    }
                }
            });
        }
        // Both must happen, or the seeds test nothing.
        let (accepted, refused) = (accepted.into_inner(), refused.into_inner());
        assert!(accepted > 10 && refused > 50, "{accepted} accepted, {refused} refused");
    }

    fn codes(errors: &str) -> BTreeSet<String> {
        let codes = errors.lines().filter_map(|line| line.strip_prefix("error["));
        codes.map(|rest| rest.chars().take(9).collect()).collect()
    }

    #[test]
    fn given_any_text_should_be_a_grant_or_refused() {
        let pieces: [&[u8]; 14] = [
            b"https://",
            b"*.",
            b"[::1]",
            b"[fd00::/8]",
            b":443",
            b"/8",
            b"@",
            b"..",
            b"%2e",
            b"\\",
            b"0x7f.1",
            b"127.1",
            b"xn--",
            b"/*",
        ];
        let seeds: [&[u8]; 4] = [
            b"https://api.example.com:443/v1/*",
            b"http://[::1]:8080",
            b"*.example.com:5432",
            b"10.0.0.0/8:5432",
        ];
        let granted = Mutex::new(BTreeSet::new());
        fuzz(&Target { name: "grants", seeds: &seeds, pieces: &pieces }, |bytes| {
            let text = String::from_utf8_lossy(bytes);
            let http = text.parse::<HttpGrant>();
            if let Ok(grant) = &http {
                // What a grant says of itself is the same grant.
                let said = grant.to_string();
                assert_eq!(said.parse::<HttpGrant>().as_ref(), Ok(grant), "{said}");
                granted.lock().unwrap().insert(said);
            }
            let tcp = text.parse::<TcpGrant>().map(drop);
            [
                http.map_err(|error| error.to_string()).err(),
                tcp.map_err(|error| error.to_string()).err(),
            ]
        });
        assert!(granted.into_inner().unwrap().len() > 3, "nothing but the seeds was a grant");
    }

    #[test]
    fn given_any_text_should_be_a_size_or_an_address_or_refused() {
        let seeds: [&[u8]; 3] = [b"64KiB", b"127.0.0.1:8090", b"[::1]:8090"];
        fuzz(
            &Target { name: "sizes", seeds: &seeds, pieces: &[b"GiB", b"99999999999", b"]"] },
            |bytes| {
                let text = String::from_utf8_lossy(bytes);
                (
                    text.parse::<ByteSize>().is_ok(),
                    text.parse::<ServerAddress>().map_err(|error| error.to_string()).err(),
                )
            },
        );
    }
}
