//! The tables of docs/configuration.md, made from the reference, and the tests that hold the
//! manual, the reference and the reader together.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{CONNECTOR, Default, HOST, Key, Kind, Scope, Section};
use crate::{Environment, Location, load, read_host};

const BEGIN: &str = "<!-- reference: begin -->";
const END: &str = "<!-- reference: end -->";

fn tables() -> String {
    let mut text = String::new();
    for (title, root) in [("kennel.toml", &HOST), ("A connector's file", &CONNECTOR)] {
        write!(text, "\n### {title}\n").unwrap();
        let mut written = Vec::new();
        for section in root.walk() {
            // [grants] and [limits] stand below two sections and are the same there.
            if section.label == HOST.label && std::ptr::eq(section, &raw const HOST)
                || written.contains(&section.label)
            {
                continue;
            }
            written.push(section.label);
            let label = section.label;
            let heading =
                if label.starts_with('[') { format!("`{label}`") } else { label.to_owned() };
            write!(text, "\n#### {heading}\n\n{}\n\n", section.about).unwrap();
            text.push_str("| key | value | default | meaning |\n|---|---|---|---|\n");
            for key in section.keys {
                text.push_str(&row(key));
            }
        }
    }
    text
}

fn row(key: &Key) -> String {
    let default = match key.default {
        Default::Required => "**required**".to_owned(),
        Default::Value(value) => format!("`{value}`"),
        Default::None(words) => words.to_owned(),
    };
    let scope = match key.scope {
        Scope::Both => "",
        Scope::Sink => " Sinks only.",
        Scope::Source => " Sources only.",
    };
    let about = key.about.replace('|', "\\|");
    format!("| `{}` | {} | {default} | {about}{scope} |\n", key.name, words(&key.kind))
}

fn words(kind: &Kind) -> String {
    let choices = |choices: &[&str]| {
        choices.iter().map(|choice| format!("`\"{choice}\"`")).collect::<Vec<_>>().join(", ")
    };
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Secret => "secret".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Flag => "boolean".to_owned(),
        Kind::Integer { least, most } if *most >= u64::from(u32::MAX) => {
            format!("whole number, at least {least}")
        }
        Kind::Integer { least, most } => format!("whole number, {least} to {most}"),
        Kind::Size => "size".to_owned(),
        Kind::Duration => "duration".to_owned(),
        Kind::Timestamp => "time".to_owned(),
        Kind::Choice(names) => choices(names),
        Kind::Texts => "list of texts".to_owned(),
        Kind::Section(section) => format!("table `{}`", section.label),
        Kind::Sections(section) => format!("tables `{}`", section.label),
        Kind::TextsOrSections(section) => {
            format!("list of texts and tables `{}`", section.label)
        }
        Kind::NamedTextsOrSections(section) => {
            format!("table of texts or tables `{}`", section.label)
        }
        Kind::ChoiceOrSection(names, section) => {
            format!("{}, or table `{}`", choices(names), section.label)
        }
        Kind::FlagOrTexts => "boolean, or list of texts".to_owned(),
        Kind::Guest => "table".to_owned(),
    }
}

fn manual() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md")
}

/// `KENNEL_BLESS=1` writes the tables instead.
#[test]
fn given_the_manual_should_document_exactly_the_keys_there_are() {
    let text = std::fs::read_to_string(manual()).unwrap();
    let begin = text.find(BEGIN).expect("the manual has a begin marker") + BEGIN.len();
    let end = text.find(END).expect("the manual has an end marker");
    if std::env::var_os("KENNEL_BLESS").is_some() {
        let text = format!("{}\n{}\n{}", &text[..begin], tables(), &text[end..]);
        std::fs::write(manual(), text).unwrap();
        return;
    }
    assert_eq!(
        text[begin..end].trim(),
        tables().trim(),
        "run KENNEL_BLESS=1 cargo test -p kennel-config"
    );
}

/// Every example of the manual that names its file loads.
#[test]
fn given_the_examples_of_the_manual_should_load() {
    let text = std::fs::read_to_string(manual()).unwrap();
    let mut examples = 0;
    for block in text.split("```toml\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let Some(name) = block.lines().next().and_then(|line| line.strip_prefix("# file: ")) else {
            continue;
        };
        let folder = folder();
        std::fs::write(folder.path().join(name), block).unwrap();
        let environment = Environment::from_iter([("IGGY_PASSWORD", "x")]);
        let read = read_host(folder.path(), &environment).unwrap();
        let answer = read.provider().map(|_| Ok("{\"connectors\":{}}".to_owned()));
        if let Err(errors) = read.finish(answer) {
            panic!("{errors}");
        }
        examples += 1;
    }
    assert!(examples >= 3, "the manual has {examples} examples");
}

/// A folder with the components that examples name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["component.wasm", "http_sink.wasm", "file_source.wasm", "fields.wasm"] {
        std::fs::write(folder.path().join(name), b"\0asm").unwrap();
    }
    folder
}

/// A sink or source with every section in it, so that a key can be added to any of them.
fn complete_connector(kind: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let sink = kind == "sink";
    let mut file = vec![
        (
            "the top level",
            vec![
                if sink { "type = \"sink\"" } else { "type = \"source\"" },
                "component = \"component.wasm\"",
            ],
        ),
        ("[[streams]]", vec!["stream = \"s\"", "topics = [\"t\"]"]),
        ("[streams.batch]", vec![]),
        ("[[transforms]]", vec!["component = \"component.wasm\""]),
        ("[grants]", vec![]),
        ("[[grants.files]]", vec!["path = \"in\"", "guest = \"/in\""]),
        ("[[grants.env]]", vec!["name = \"REGION\"", "value = \"eu\""]),
        ("[grants.secrets.NAME]", vec!["from = \"secret://env/KEY\""]),
        ("[limits]", vec![]),
        ("[delivery]", vec![]),
    ];
    match sink {
        true => {
            file.insert(3, ("[streams.start]", vec!["offset = 1"]));
            file.push(("[delivery.flush]", vec![]));
        }
        false => file.insert(3, ("[streams.partition_by]", vec!["partition = 1"])),
    }
    file
}

/// The file with `line` in place of what a section says about `key`.
fn with(file: &[(&str, Vec<&str>)], section: &Section, key: &str, line: &str) -> String {
    let mut text = String::new();
    for (label, lines) in file {
        // A key that opens a section of its own cannot be written beside that section.
        let path = label.trim_matches(['[', ']']);
        let opened = match section.label.trim_matches(['[', ']']) {
            "the top level" => key.to_owned(),
            section => format!("{section}.{key}"),
        };
        if path == opened || path.starts_with(&format!("{opened}.")) {
            continue;
        }
        if *label != "the top level" {
            text += &format!("{label}\n");
        }
        let here = *label == section.label;
        let prefix = format!("{key} =");
        let kept = lines.iter().filter(|kept| !(here && kept.starts_with(&prefix)));
        kept.for_each(|kept| text += &format!("{kept}\n"));
        if here {
            text += &format!("{line}\n");
        }
    }
    text
}

fn wrong_value(kind: &Kind) -> &'static str {
    match kind {
        Kind::Flag | Kind::FlagOrTexts => "\"maybe\"",
        _ => "true",
    }
}

/// Every key is read: nonsense in it is refused at its place.
#[test]
fn given_a_wrong_value_in_each_key_should_point_to_it() {
    let host = vec![
        ("the top level", vec![]),
        ("[iggy]", vec![]),
        ("[iggy.tls]", vec![]),
        ("[state]", vec![]),
        ("[components]", vec![]),
        ("[logging]", vec![]),
        ("[runtime]", vec![]),
        ("[connectors]", vec!["url = \"http://127.0.0.1:1/\""]),
        ("[policy]", vec![]),
        ("[[policy.files]]", vec!["path = \"in\""]),
    ];
    let files = [
        ("kennel.toml", &HOST, Scope::Both, host),
        ("c.toml", &CONNECTOR, Scope::Sink, complete_connector("sink")),
        ("c.toml", &CONNECTOR, Scope::Source, complete_connector("source")),
    ];
    let mut checked = 0;
    for (name, root, scope, file) in files {
        for section in root.walk() {
            let sections = file.iter().filter(|(label, _)| *label == section.label).count();
            for key in section.keys.iter().filter(|_| sections > 0) {
                if key.scope != Scope::Both && key.scope != scope {
                    continue;
                }
                let line = format!("{} = {}", key.name, wrong_value(&key.kind));
                let text = with(&file, section, key.name, &line);
                assert_points_to(name, &text, &line, section);
                checked += 1;
            }
        }
    }
    assert!(checked > 80, "only {checked} keys were checked");
}

fn assert_points_to(name: &str, text: &str, line: &str, section: &Section) {
    let folder = folder();
    std::fs::write(folder.path().join(name), text).unwrap();
    let errors = load(folder.path(), &Environment::default()).err();
    let place = format!("{} {line}", section.label);
    let errors = errors.unwrap_or_else(|| panic!("{place} is not refused in:\n{text}"));
    let points = errors.iter().any(|error| match error.location() {
        Some(Location::File(location)) => {
            location.quoted == line || location.quoted.ends_with("= ***")
        }
        _ => false,
    });
    assert!(points, "{place}: no error points to it:\n{errors}");
}
