//! Environment variables that override keys of `kennel.toml`: `KENNEL_SECTION__KEY`.

use crate::environment::Environment;
use crate::error::{ConfigError, Problem};
use crate::nearest;
use crate::node::{Node, Table, Value};
use crate::reader::Errors;
use crate::reference::{HOST, Key, Kind, Section};
use crate::source_file::Origin;

/// The section that bounds whoever writes configuration; whoever sets variables included.
const POLICY: &str = "policy";

/// Puts each override into the tree in the place of what the file says.
pub(crate) fn apply(environment: &Environment, host: &mut Table, errors: &Errors) {
    for (variable, path, text) in environment.overrides() {
        let origin = Origin::Variable(variable.into());
        if path.first().is_some_and(|section| section == POLICY) {
            let detail =
                format!("[policy] is what the file kennel.toml says: {variable} cannot change it");
            let problem = Problem::Conflict { detail };
            let help = "unset it, and write the line in [policy] of kennel.toml";
            errors.push(ConfigError::new(problem).at(&origin).help(help));
            continue;
        }
        let Some(key) = find(&path) else {
            let all = names(&HOST, "KENNEL");
            let problem = Problem::UnknownKey {
                key: variable.to_owned(),
                place: "in the environment".to_owned(),
            };
            let help = match nearest::find(variable, all.iter().map(String::as_str)) {
                Some(name) => format!("did you mean {name}?"),
                None => format!("unset it; known are {}", all.join(", ")),
            };
            errors.push(ConfigError::new(problem).at(&origin).help(help));
            continue;
        };
        let value = typed(key, text, &origin);
        host.set(&path, Node { origin, value });
    }
}

fn find(path: &[String]) -> Option<&'static Key> {
    let (last, sections) = path.split_last()?;
    let mut section = &HOST;
    for name in sections {
        section = match section.key(name)?.kind {
            Kind::Section(below) => below,
            _ => return None,
        };
    }
    section.key(last).filter(|key| !matches!(key.kind, Kind::Section(_)))
}

/// All variables there are.
fn names(section: &Section, prefix: &str) -> Vec<String> {
    let separator = if prefix == "KENNEL" { "_" } else { "__" };
    let below = section.keys.iter().filter(|key| key.name != POLICY).flat_map(|key| {
        let name = format!("{prefix}{separator}{}", key.name.to_ascii_uppercase());
        match key.kind {
            Kind::Section(below) => names(below, &name),
            _ => vec![name],
        }
    });
    below.collect()
}

/// Text as the key's type. What does not fit stays text, and reading the key says what is wrong.
fn typed(key: &Key, text: &str, origin: &Origin) -> Value {
    let value = match key.kind {
        Kind::Flag => text.parse().ok().map(Value::Flag),
        Kind::Integer { .. } => text.parse().ok().map(Value::Integer),
        Kind::Texts => {
            let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
            let node =
                |text: &str| Node { origin: origin.clone(), value: Value::Text(text.into()) };
            Some(Value::List(texts.map(node).collect()))
        }
        _ => None,
    };
    value.unwrap_or_else(|| Value::Text(text.to_owned()))
}
