//! The shell of a forged component: a component of the test guests, whose core module is taken out.

use std::fs;

use end_to_end::installation;
use wasmparser::{ExternalKind, Parser, Payload, ValType};

/// Every component begins like this; it is also what tells it from a core module.
const PREAMBLE: usize = 8;
/// Number of the section that holds a core module.
const CORE_MODULE: u8 = 1;

/// A function that the component's shell expects of its core module.
pub(super) struct Export {
    pub(super) name: String,
    pub(super) params: Vec<ValType>,
    pub(super) results: Vec<ValType>,
}

/// A component without its core module.
pub(super) struct Template {
    before: Vec<u8>,
    after: Vec<u8>,
    pub(super) exports: Vec<Export>,
}

impl Template {
    /// From a built component, so `cargo xtask components` comes first.
    pub(super) fn of(file: &str) -> Self {
        let bytes = fs::read(installation::component(file)).unwrap();
        let mut at = PREAMBLE;
        loop {
            let section = bytes[at];
            let (length, start) = length(&bytes, at + 1);
            let end = start + length;
            if section == CORE_MODULE {
                // The first one is the author's; others only join it to its imports.
                return Self {
                    before: bytes[..at].to_vec(),
                    after: bytes[end..].to_vec(),
                    exports: exports(&bytes[start..end]),
                };
            }
            at = end;
        }
    }

    /// The component around another core module.
    pub(super) fn around(&self, module: &[u8]) -> Vec<u8> {
        let mut bytes = self.before.clone();
        bytes.push(CORE_MODULE);
        wasm_encoder::Encode::encode(&module.len(), &mut bytes);
        bytes.extend_from_slice(module);
        bytes.extend_from_slice(&self.after);
        bytes
    }
}

/// A number in LEB128, and where it ends.
fn length(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[at];
        value |= usize::from(byte & 0x7f) << shift;
        (shift, at) = (shift + 7, at + 1);
        if byte < 0x80 {
            return (value, at);
        }
    }
}

fn exports(module: &[u8]) -> Vec<Export> {
    let (mut types, mut functions, mut exports) = (Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().map(Result::unwrap));
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let wasmparser::TypeRef::Func(index) = import.unwrap().ty {
                        functions.push(index);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                functions.extend(section.into_iter().map(Result::unwrap));
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    if export.kind == ExternalKind::Func {
                        let function = &types[functions[export.index as usize] as usize];
                        exports.push(Export {
                            name: export.name.to_owned(),
                            params: function.params().to_vec(),
                            results: function.results().to_vec(),
                        });
                    }
                }
            }
            _ => {}
        }
    }
    exports
}
