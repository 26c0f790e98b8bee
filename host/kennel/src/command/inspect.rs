//! `kennel inspect`: what a component is, what it accepts, what it asks for and what it can never do.

mod abilities;
mod toolchain;

use std::fmt::Write;
use std::path::Path;

use kennel_registry::Admission;
use kennel_sandbox::{Component, Engine};
use serde_json::{Value, json};

use crate::cli::InspectArguments;
use crate::exit_code::Failure;
use crate::terminal::Terminal;
use abilities::{Abilities, abilities};
use toolchain::{Toolchain, toolchain};

pub(crate) async fn run(arguments: InspectArguments, terminal: &Terminal) -> Result<(), Failure> {
    let engine = Engine::new(None).map_err(Failure::running)?;
    terminal.progress(&format!("compiling {}", arguments.component.display()));
    // Read once, so that what is described is what was verified.
    let admission = Admission::signed_by(&arguments.key).map_err(Failure::component)?;
    let admitted = admission.read_file(&arguments.component).await.map_err(Failure::component)?;
    let toolchain = toolchain(&admitted.bytes);
    let component = Component::from_bytes(&engine, &arguments.component, admitted.bytes).await;
    let component = component.map_err(Failure::component)?;
    let outside = Outside {
        abilities: abilities(component.imports()),
        toolchain,
        signature: signature(&arguments.component),
        signer: admitted.signer.map(|signer| signer.to_string()),
    };
    let facts = json!({
        "kind": component.kind(),
        "digest": format!("sha256:{}", component.digest()),
        "bytes": component.size(),
        "interface": kennel_sandbox::INTERFACE_VERSION,
        "description": component.description(),
        "imports": component.imports(),
        "asks": component.description().asks,
        "with_grants": outside.abilities.with_grants,
        "never": outside.abilities.never,
        "languages": outside.toolchain.languages,
        "tools": outside.toolchain.tools,
        "signature": outside.signature,
        "signer": outside.signer,
    });
    terminal.result(&facts, || text(&component, &outside));
    Ok(())
}

/// What the file tells without being asked.
struct Outside {
    abilities: Abilities,
    toolchain: Toolchain,
    /// The file of the signature, if there is one.
    signature: Option<String>,
    /// Whose it is, if keys were named to verify it with.
    signer: Option<String>,
}

/// `X.wasm.sig` beside `X.wasm`.
fn signature(component: &Path) -> Option<String> {
    let mut name = component.file_name()?.to_owned();
    name.push(".sig");
    let path = component.with_file_name(name);
    path.is_file().then(|| path.display().to_string())
}

fn text(component: &Component, outside: &Outside) -> String {
    let about = component.description();
    let mut text = format!("{} {}  {}\n", about.name, about.version, component.kind());
    if !about.summary.is_empty() {
        let _ = writeln!(text, "{}", about.summary);
    }
    text.push('\n');
    let order = if about.ordered { "kept" } else { "not needed" };
    let facts = [
        ("digest", format!("sha256:{}", component.digest())),
        ("size", format!("{} KiB", component.size().div_ceil(1024))),
        ("interface", format!("kennel:connector@{}", kennel_sandbox::INTERFACE_VERSION)),
        ("language", language(&about.sdk, &outside.toolchain)),
        (
            "signature",
            match (&outside.signer, &outside.signature) {
                (Some(signer), _) => format!("by {signer}"),
                (None, Some(file)) => format!("{file}, not verified without --key"),
                (None, None) => "not signed".to_owned(),
            },
        ),
        ("licence", about.licence.clone()),
        ("accepts", list(&about.accepts)),
        ("produces", list(&about.produces)),
        ("delivery", json_word(&json!(about.delivery))),
        ("order", order.to_owned()),
        (
            "state",
            if about.state_version > 0 {
                format!("layout version {}", about.state_version)
            } else {
                String::new()
            },
        ),
        ("metrics", list(&about.metrics)),
    ];
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "{name:<10} {value}");
    }
    if about.asks.is_empty() {
        text.push_str("\nIt asks for nothing: it needs no [grants].\n");
    } else {
        text.push_str("\nIt asks for, and gets only what [grants] allows:\n");
        for ask in &about.asks {
            let need = if ask.optional { " (optional)" } else { "" };
            let _ =
                writeln!(text, "  {:<6} {:<20} {}{need}", ask.capability, ask.target, ask.reason);
        }
    }
    if !outside.abilities.with_grants.is_empty() {
        text.push_str("\nIt could, where it is granted, and cannot otherwise:\n");
        for able in &outside.abilities.with_grants {
            let _ = writeln!(text, "  {able}");
        }
    }
    text.push_str("\nIt can never, whatever it is granted:\n");
    for unable in &outside.abilities.never {
        let _ = writeln!(text, "  {unable}");
    }
    let keys = config_keys(&about.config_schema);
    if keys.is_empty() {
        text.push_str("\n[config] has no keys.");
    } else {
        let _ = write!(text, "\n[config]\n{}", keys.join("\n"));
    }
    text
}

/// `Rust, made by rustc 1.95.0; SDK: rust 0.1.0`.
fn language(sdk: &Value, toolchain: &Toolchain) -> String {
    let mut parts = Vec::new();
    match (toolchain.languages.is_empty(), toolchain.tools.is_empty()) {
        (false, _) => parts.push(list(&toolchain.languages)),
        (true, true) => parts.push("unknown: the file does not say".to_owned()),
        (true, false) => {}
    }
    if !toolchain.tools.is_empty() {
        parts.push(format!("made by {}", list(&toolchain.tools)));
    }
    let sdk = [sdk.get("language"), sdk.get("version")].map(|it| it.and_then(Value::as_str));
    if let [Some(language), Some(version)] = sdk {
        parts.push(format!("SDK {language} {version}"));
    }
    parts.join("; ")
}

fn list(values: &[String]) -> String {
    values.join(", ")
}

fn json_word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A line per key at the top of the configuration: name, type, whether it is required, meaning.
fn config_keys(schema: &Value) -> Vec<String> {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required =
        |key: &str| required.is_some_and(|required| required.iter().any(|it| it == key));
    let properties = schema.get("properties").and_then(Value::as_object);
    let keys = properties.into_iter().flatten().map(|(key, property)| {
        let about = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let about = about.lines().next().unwrap_or_default();
        let need = match property.get("default") {
            _ if is_required(key) => "required".to_owned(),
            Some(Value::Null) | None => "optional".to_owned(),
            Some(default) => format!("= {default}"),
        };
        format!("  {key:<20} {:<10} {need:<12} {about}", type_of(schema, property))
    });
    keys.collect()
}

/// The JSON type of a property, through one local reference.
fn type_of(schema: &Value, property: &Value) -> String {
    let target = property.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix('#'));
    let property = target.and_then(|pointer| schema.pointer(pointer)).unwrap_or(property);
    match property.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.collect::<Vec<_>>().join("|")
        }
        _ if property.get("enum").is_some() || property.get("oneOf").is_some() => {
            "choice".to_owned()
        }
        _ => "any".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_schema_should_print_a_line_per_key() {
        let schema = json!({
            "properties": {
                "url": { "type": "string", "description": "Where to.\nMore." },
                "retries": { "type": ["integer", "null"], "default": 3 },
                "mode": { "$ref": "#/$defs/mode" },
            },
            "required": ["url"],
            "$defs": { "mode": { "enum": ["a"] } },
        });
        let lines: Vec<_> = config_keys(&schema)
            .iter()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert!(lines.contains(&"url string required Where to.".to_owned()), "{lines:?}");
        assert!(lines.contains(&"retries integer = 3".to_owned()), "{lines:?}");
        assert!(lines.contains(&"mode choice optional".to_owned()), "{lines:?}");
    }
}
