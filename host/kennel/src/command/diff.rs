//! `kennel diff`: what an upgrade of a component changes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::anyhow;
use kennel_sandbox::{Ask, Component, Description, Engine};
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::DiffArguments;
use crate::exit_code::Failure;
use crate::terminal::Terminal;
use crate::wiring::in_words;

pub(crate) async fn run(arguments: DiffArguments, terminal: &Terminal) -> Result<(), Failure> {
    let engine = Engine::new(None).map_err(Failure::running)?;
    let mut components = Vec::new();
    for path in [&arguments.old, &arguments.new] {
        terminal.progress(&format!("compiling {}", path.display()));
        components.push(Component::load(&engine, path).await.map_err(Failure::component)?);
    }
    let [old, new] = components.as_slice() else { return Ok(()) };
    let difference = Difference::between(&Side::of(old), &Side::of(new));
    terminal.result(&difference, || difference.text());
    match difference.asks_more() {
        true => Err(Failure::asks_more(anyhow!(
            "{} asks for more than {}",
            arguments.new.display(),
            arguments.old.display()
        ))),
        false => Ok(()),
    }
}

/// What is compared.
struct Side<'a> {
    kind: String,
    digest: String,
    bytes: usize,
    imports: &'a [String],
    about: &'a Description,
}

impl<'a> Side<'a> {
    fn of(component: &'a Component) -> Self {
        Self {
            kind: component.kind().to_string(),
            digest: format!("sha256:{}", component.digest()),
            bytes: component.size(),
            imports: component.imports(),
            about: component.description(),
        }
    }

    /// Facts that are one value each.
    fn facts(&self) -> [(&'static str, Value); 9] {
        let about = self.about;
        [
            ("name", json!(about.name)),
            ("version", json!(about.version)),
            ("kind", json!(self.kind)),
            ("delivery", json!(about.delivery)),
            ("ordered", json!(about.ordered)),
            ("state_version", json!(about.state_version)),
            ("accepts", json!(about.accepts)),
            ("produces", json!(about.produces)),
            ("bytes", json!(self.bytes)),
        ]
    }
}

/// What is new and what is gone.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Change<T> {
    added: Vec<T>,
    removed: Vec<T>,
}

/// A value that is another now.
#[derive(Debug, PartialEq, Serialize)]
struct Changed {
    fact: &'static str,
    old: Value,
    new: Value,
}

#[derive(Debug, PartialEq, Serialize)]
struct Difference {
    old: String,
    new: String,
    /// Both are loaded, so they speak the version that this host speaks.
    interface: &'static str,
    asks: Change<Ask>,
    /// Asked for by both, optional until now.
    asks_now_required: Vec<Ask>,
    imports: Change<String>,
    config_keys: Change<String>,
    /// Keys that a configuration has to have now and did not have to before.
    config_keys_now_required: Vec<String>,
    changed: Vec<Changed>,
}

impl Difference {
    fn between(old: &Side<'_>, new: &Side<'_>) -> Self {
        let (old_asks, new_asks) = (&old.about.asks, &new.about.asks);
        let without = |asks: &[Ask], others: &[Ask]| {
            let missing = |ask: &&Ask| !others.iter().any(|other| other.is_same(ask));
            asks.iter().filter(missing).cloned().collect()
        };
        let needed_before =
            |ask: &Ask| old_asks.iter().any(|old| old.is_same(ask) && !old.optional);
        let known = |ask: &Ask| old_asks.iter().any(|old| old.is_same(ask));
        let now_required = |ask: &&Ask| !ask.optional && known(ask) && !needed_before(ask);
        let (old_keys, new_keys) = (keys(&old.about.config_schema), keys(&new.about.config_schema));
        let (needed, needs) =
            (required(&old.about.config_schema), required(&new.about.config_schema));
        let changed = old.facts().into_iter().zip(new.facts());
        Self {
            old: old.digest.clone(),
            new: new.digest.clone(),
            interface: kennel_sandbox::INTERFACE_VERSION,
            asks: Change {
                added: without(new_asks, old_asks),
                removed: without(old_asks, new_asks),
            },
            asks_now_required: new_asks.iter().filter(now_required).cloned().collect(),
            imports: change(
                &old.imports.iter().cloned().collect(),
                &new.imports.iter().cloned().collect(),
            ),
            config_keys: change(&old_keys, &new_keys),
            config_keys_now_required: needs.difference(&needed).cloned().collect(),
            changed: changed
                .filter(|((_, old), (_, new))| old != new)
                .map(|((fact, old), (_, new))| Changed { fact, old, new })
                .collect(),
        }
    }

    /// Whether an operator has something to grant or to refuse.
    fn asks_more(&self) -> bool {
        !self.asks.added.is_empty() || !self.asks_now_required.is_empty()
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n-> {}\n", self.old, self.new);
        let asks = |asks: &[Ask]| asks.iter().map(in_words).collect::<Vec<_>>();
        let sections = [
            ("newly asks for", "+", asks(&self.asks.added)),
            ("asks no more for", "-", asks(&self.asks.removed)),
            ("cannot do any more without", "!", asks(&self.asks_now_required)),
            ("newly imports", "+", self.imports.added.clone()),
            ("imports no more", "-", self.imports.removed.clone()),
            ("[config] has new keys", "+", self.config_keys.added.clone()),
            ("[config] no longer has", "-", self.config_keys.removed.clone()),
            ("[config] now has to have", "!", self.config_keys_now_required.clone()),
        ];
        for (title, mark, lines) in sections.iter().filter(|(_, _, lines)| !lines.is_empty()) {
            let _ = writeln!(text, "\n{title}:");
            for line in lines {
                let _ = writeln!(text, "  {mark} {line}");
            }
        }
        if !self.changed.is_empty() {
            text.push_str("\nchanged:\n");
            for Changed { fact, old, new } in &self.changed {
                let _ = writeln!(text, "  {fact:<14} {old} -> {new}");
            }
        }
        let verdict = match (self.old == self.new, self.asks_more()) {
            (true, _) => "They are the same file.",
            (false, true) => "It asks for more than before.",
            (false, false) => "It asks for nothing new.",
        };
        let _ = write!(text, "\n{verdict}");
        text
    }
}

fn change(old: &BTreeSet<String>, new: &BTreeSet<String>) -> Change<String> {
    Change {
        added: new.difference(old).cloned().collect(),
        removed: old.difference(new).cloned().collect(),
    }
}

/// Keys at the top of the configuration.
fn keys(schema: &Value) -> BTreeSet<String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

fn required(schema: &Value) -> BTreeSet<String> {
    let required = schema.get("required").and_then(Value::as_array);
    required.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(document: Value) -> Description {
        serde_json::from_value(document).unwrap()
    }

    fn side<'a>(digest: &str, imports: &'a [String], about: &'a Description) -> Side<'a> {
        Side { kind: "sink".into(), digest: digest.into(), bytes: 10, imports, about }
    }

    fn old() -> Description {
        description(json!({
            "name": "x", "version": "1.0.0", "state-version": 1,
            "config_schema": { "properties": { "url": {}, "gone": {} }, "required": ["url"] },
            "asks": [
                { "capability": "http", "target": "config:/url", "reason": "why" },
                { "capability": "state", "target": "seen", "optional": true },
                { "capability": "files", "target": "config:/dir" },
            ],
        }))
    }

    #[test]
    fn given_an_upgrade_should_tell_what_is_new_gone_and_another() {
        let (old, new) = (
            old(),
            description(json!({
                "name": "x", "version": "1.1.0", "delivery": "idempotent",
                "config_schema": { "properties": { "url": {}, "key": {} }, "required": ["url", "key"] },
                "asks": [
                    { "capability": "http", "target": "config:/url", "reason": "another reason" },
                    { "capability": "state", "target": "seen" },
                    { "capability": "tcp", "target": "db:5432", "reason": "writes there" },
                ],
            })),
        );
        let imports = ["a".to_owned(), "b".to_owned()];
        let found =
            Difference::between(&side("1", &imports[..1], &old), &side("2", &imports[1..], &new));
        assert!(found.asks_more());
        let text = found.text();
        for line in [
            "newly asks for:\n  + tcp db:5432 (\"writes there\")\n",
            "asks no more for:\n  - files config:/dir\n",
            "cannot do any more without:\n  ! state seen\n",
            "newly imports:\n  + b\n",
            "imports no more:\n  - a\n",
            "[config] has new keys:\n  + key\n",
            "[config] no longer has:\n  - gone\n",
            "[config] now has to have:\n  ! key\n",
            "  version        \"1.0.0\" -> \"1.1.0\"\n",
            "  delivery       \"at-least-once\" -> \"idempotent\"\n",
        ] {
            assert!(text.contains(line), "`{line}` is not in:\n{text}");
        }
        assert!(text.ends_with("It asks for more than before."), "{text}");
    }

    #[test]
    fn given_another_reason_or_fewer_asks_should_not_ask_for_more() {
        let old = old();
        let mut new = old.clone();
        new.asks.truncate(1);
        new.asks[0].reason = "put differently".to_owned();
        let found = Difference::between(&side("1", &[], &old), &side("2", &[], &new));
        assert!(!found.asks_more());
        assert_eq!(found.asks.removed.len(), 2);
        assert!(found.text().ends_with("It asks for nothing new."));
    }
}
