//! What the operator writes, and what becomes of a message by it.

use kennel_sdk::json::{Conflict, Edit, Path, Selection};
use kennel_sdk::prelude::*;

use crate::computed::{Computed, Facts};
use crate::static_value::StaticValue;

/// Configuration of the fields transform.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What to do with each message, in this order.
    pub(crate) operations: Vec<Operation>,
}

/// One step.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operation {
    /// Puts a value: in place of what is there, else last. Missing parents are made.
    Add(Put),
    /// Puts a value only if the field is there, unless `when` says otherwise.
    Update(Put),
    /// Removes a field.
    Delete(Delete),
    /// Moves a field.
    Rename(Rename),
    /// Removes every field that is not named.
    Keep(Keep),
}

/// When a value is put.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Condition {
    /// Whether or not the field is there.
    Always,
    /// If the field is there, also if it is null.
    Exists,
    /// If the field is not there.
    Missing,
}

/// A path and the value for it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "PutFields")]
#[schemars(with = "PutFields")]
pub(crate) struct Put {
    path: Path,
    value: Value,
    when: Option<Condition>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PutFields {
    /// Where.
    path: Path,
    /// A fixed value: any JSON.
    #[serde(default, deserialize_with = "present")]
    value: Option<StaticValue>,
    /// A value made anew for each message.
    #[serde(default)]
    computed: Option<Computed>,
    /// `always`, `exists` or `missing`; `add` does it always and `update` if the field exists.
    #[serde(default)]
    when: Option<Condition>,
}

/// Null is a value, not the absence of one.
fn present<'de, D: kennel_sdk::serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<StaticValue>, D::Error> {
    StaticValue::deserialize(deserializer).map(Some)
}

#[derive(Debug)]
enum Value {
    Static(StaticValue),
    Computed(Computed),
}

impl TryFrom<PutFields> for Put {
    type Error = &'static str;

    fn try_from(fields: PutFields) -> Result<Self, &'static str> {
        let value = match (fields.value, fields.computed) {
            (Some(value), None) => Value::Static(value),
            (None, Some(computed)) => Value::Computed(computed),
            (None, None) => return Err("either `value` or `computed` is missing"),
            (Some(_), Some(_)) => return Err("`value` and `computed` exclude each other"),
        };
        Ok(Self { path: fields.path, value, when: fields.when })
    }
}

/// A path to remove.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delete {
    path: Path,
}

/// A path to move to another.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rename {
    from: Path,
    to: Path,
}

/// The paths that stay.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(from = "KeepFields")]
#[schemars(with = "KeepFields")]
pub(crate) struct Keep {
    selection: Selection,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KeepFields {
    /// What stays; a path keeps all below it.
    paths: Vec<Path>,
}

impl From<KeepFields> for Keep {
    fn from(fields: KeepFields) -> Self {
        Self { selection: Selection::new(&fields.paths) }
    }
}

impl Operation {
    /// Whether the time of the batch has to be known.
    pub(crate) fn asks_for_time(&self) -> bool {
        match self {
            Self::Add(Put { value: Value::Computed(computed), .. })
            | Self::Update(Put { value: Value::Computed(computed), .. }) => {
                computed.asks_for_time()
            }
            _ => false,
        }
    }

    /// Does it to one message. `buffer` is memory to compute in.
    pub(crate) fn run(
        &self,
        facts: &Facts<'_>,
        edit: &mut Edit<'_>,
        buffer: &mut String,
    ) -> Result<(), Conflict> {
        match self {
            Self::Add(put) => put.run(Condition::Always, facts, edit, buffer),
            Self::Update(put) => put.run(Condition::Exists, facts, edit, buffer),
            Self::Delete(delete) => {
                edit.remove(&delete.path);
                Ok(())
            }
            Self::Rename(rename) => edit.rename(&rename.from, &rename.to).map(drop),
            Self::Keep(keep) => {
                edit.retain(&keep.selection);
                Ok(())
            }
        }
    }
}

impl Put {
    fn run(
        &self,
        default: Condition,
        facts: &Facts<'_>,
        edit: &mut Edit<'_>,
        buffer: &mut String,
    ) -> Result<(), Conflict> {
        let wanted = match self.when.unwrap_or(default) {
            Condition::Always => true,
            Condition::Exists => edit.get(&self.path).is_some(),
            Condition::Missing => edit.get(&self.path).is_none(),
        };
        if !wanted {
            return Ok(());
        }
        match &self.value {
            Value::Static(value) => edit.set(&self.path, value.as_str()),
            Value::Computed(computed) => {
                buffer.clear();
                // What is not known of this message is not put into it.
                if computed.write(facts, edit, buffer) {
                    edit.set(&self.path, buffer)
                } else {
                    Ok(())
                }
            }
        }
    }
}
