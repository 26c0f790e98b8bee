//! What a component was made with: the `producers` sections that compilers leave behind.

use serde::Serialize;
use wasmparser::{KnownCustom, Parser, Payload};

/// Most entries kept; a stranger's file may hold any number.
const MOST: usize = 64;

/// Languages and tools, each once, in the order they stand in the file.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Toolchain {
    /// `Rust`, `C11` …
    pub(crate) languages: Vec<String>,
    /// `rustc 1.95.0`, `clang 19` …
    pub(crate) tools: Vec<String>,
}

/// Reads the sections of the component and of all modules in it. What cannot be read is left out: the
/// sections are hints, and nothing is decided by them.
pub(crate) fn toolchain(bytes: &[u8]) -> Toolchain {
    let mut found = Toolchain::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let Ok(payload) = payload else { break };
        let Payload::CustomSection(section) = payload else { continue };
        let KnownCustom::Producers(fields) = section.as_known() else { continue };
        for field in fields.into_iter().flatten() {
            let names = match field.name {
                "language" => &mut found.languages,
                "processed-by" | "sdk" => &mut found.tools,
                _ => continue,
            };
            for value in field.values.into_iter().flatten() {
                // A file of a stranger's must not steer the terminal.
                let text =
                    format!("{} {}", value.name, value.version).replace(char::is_control, " ");
                let text = text.trim().to_owned();
                if names.len() < MOST && !names.contains(&text) {
                    names.push(text);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        [&[text.len() as u8], text.as_bytes()].concat()
    }

    /// A core module with a `producers` section.
    fn module() -> Vec<u8> {
        let field = |name: &str, value: &str, version: &str| {
            [text(name), vec![1], text(value), text(version)].concat()
        };
        let body = [
            text("producers"),
            vec![2],
            field("language", "Rust", ""),
            field("processed-by", "rustc", "1.95.0\x1b[2J"),
        ]
        .concat();
        [b"\0asm\x01\0\0\0".as_slice(), &[0, body.len() as u8], &body].concat()
    }

    #[test]
    fn given_sections_should_name_language_and_tools_of_all_modules_once() {
        let module = module();
        // A component with the module twice.
        let section = [&[1, module.len() as u8], module.as_slice()].concat();
        let component = [b"\0asm\x0d\0\x01\0".as_slice(), &section, &section].concat();
        for bytes in [&module, &component] {
            let found = toolchain(bytes);
            assert_eq!(found.languages, ["Rust"]);
            assert_eq!(found.tools, ["rustc 1.95.0 [2J"]);
        }
    }

    #[test]
    fn given_damaged_bytes_should_find_nothing_and_not_fail() {
        let module = module();
        for end in 0..module.len() {
            drop(toolchain(&module[..end]));
        }
        assert_eq!(toolchain(b"nonsense"), Toolchain::default());
    }
}
