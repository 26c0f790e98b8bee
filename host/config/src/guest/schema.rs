//! Checks a component's configuration against the JSON Schema that the component describes.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::Location;
use serde_json::Value as Json;

use super::{GuestConfig, references};
use crate::error::{ConfigError, Problem};
use crate::nearest;

/// Everything in `config` that `schema` refuses, each at its place in the file. Empty: nothing.
pub fn check_against_schema(config: &GuestConfig, schema: &Json) -> Vec<ConfigError> {
    let validator = match references::problem(schema) {
        Some(problem) => Err(problem),
        None => jsonschema::validator_for(schema).map_err(|error| error.masked().to_string()),
    };
    let validator = match validator {
        Ok(validator) => validator,
        Err(problem) => {
            let detail = format!("its own schema is not valid: {problem}");
            let help = "this is a fault of the component, not of this file; ask its author";
            return vec![config.refusal("", detail).help(help)];
        }
    };
    let mut errors = Vec::new();
    for error in validator.iter_errors(config.value()) {
        explain(config, schema, &error, &mut errors);
    }
    errors.sort_by(|left, right| left.rank().cmp(right.rank()));
    errors
}

fn explain(
    config: &GuestConfig,
    schema: &Json,
    error: &ValidationError<'_>,
    errors: &mut Vec<ConfigError>,
) {
    let at = error.instance_path.as_str();
    match &error.kind {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let known = known_keys(schema, &error.schema_path);
            for key in unexpected {
                let problem = Problem::UnknownKey { key: key.clone(), place: place(at) };
                let origin = config.origin_of_key(at, key).unwrap_or(config.origin_of(at));
                let error = ConfigError::new(problem).at(origin);
                errors.push(error.help(nearest::help(key, known.iter().map(String::as_str))));
            }
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default().to_owned();
            let example = example(schema, &error.schema_path, &key);
            let problem = Problem::MissingKey { key, place: place(at) };
            errors.push(ConfigError::new(problem).at(config.origin_of(at)).help(example));
        }
        ValidationErrorKind::Type { kind } => {
            errors.push(wrong_type_error(config, error, type_names(kind)));
        }
        kind if !allowed_values(kind).is_empty() => {
            errors.push(not_allowed(config, at, allowed_values(kind)));
        }
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            explain_alternatives(config, schema, error, context, errors);
        }
        _ => {
            let detail = error.masked_with("the value").to_string();
            let problem = Problem::InvalidValue { key: dotted(at), detail };
            let help = "`kennel inspect` prints what the component accepts";
            errors.push(ConfigError::new(problem).at(config.origin_of(at)).help(help));
        }
    }
}

/// A value that fits none of several forms: the allowed values where the forms differ by a value
/// (the value itself or a tag in it), else what is wrong with the form that comes nearest.
fn explain_alternatives(
    config: &GuestConfig,
    schema: &Json,
    error: &ValidationError<'_>,
    alternatives: &[Vec<ValidationError<'static>>],
    errors: &mut Vec<ConfigError>,
) {
    let own = error.instance_path.as_str();
    let wrong_type = |alternative: &Vec<ValidationError<'_>>| {
        alternative.iter().any(|error| {
            matches!(error.kind, ValidationErrorKind::Type { .. })
                && error.instance_path.as_str() == own
        })
    };
    let wrong_value = |alternative: &Vec<ValidationError<'_>>| {
        alternative.iter().any(|error| !allowed_values(&error.kind).is_empty())
    };
    let nearest = alternatives
        .iter()
        .filter(|alternative| !wrong_type(alternative) && !wrong_value(alternative))
        .min_by_key(|alternative| alternative.len());
    if let Some(alternative) = nearest {
        for error in alternative {
            explain(config, schema, error, errors);
        }
        return;
    }
    let values: Vec<_> = alternatives
        .iter()
        .filter(|alternative| !wrong_type(alternative))
        .flatten()
        .filter(|error| !allowed_values(&error.kind).is_empty())
        .collect();
    if let Some(first) = values.first() {
        let at = first.instance_path.as_str();
        let same = values.iter().filter(|error| error.instance_path.as_str() == at);
        let allowed = same.flat_map(|error| allowed_values(&error.kind)).collect();
        errors.push(not_allowed(config, at, allowed));
        return;
    }
    let mut expected: Vec<String> = Vec::new();
    for error in alternatives.iter().flatten().filter(|it| it.instance_path.as_str() == own) {
        if let ValidationErrorKind::Type { kind } = &error.kind {
            let names = type_names(kind);
            if !expected.contains(&names) {
                expected.push(names);
            }
        }
    }
    let expected = expected.join(" or ");
    errors.push(wrong_type_error(config, error, expected));
}

/// The values that a complaint about a single value allows.
fn allowed_values(kind: &ValidationErrorKind) -> Vec<&Json> {
    match kind {
        ValidationErrorKind::Constant { expected_value } => vec![expected_value],
        ValidationErrorKind::Enum { options } => options.as_array().into_iter().flatten().collect(),
        _ => Vec::new(),
    }
}

fn not_allowed(config: &GuestConfig, at: &str, allowed: Vec<&Json>) -> ConfigError {
    let allowed: Vec<String> = allowed.into_iter().map(Json::to_string).collect();
    let detail = "the value is not one of those the component knows".to_owned();
    let problem = Problem::InvalidValue { key: dotted(at), detail };
    let error = ConfigError::new(problem).at(config.origin_of(at));
    error.help(format!("allowed: {}", allowed.join(", ")))
}

fn wrong_type_error(
    config: &GuestConfig,
    error: &ValidationError<'_>,
    expected: String,
) -> ConfigError {
    let at = error.instance_path.as_str();
    let help = format!("write {expected} here");
    let problem =
        Problem::WrongType { key: dotted(at), expected, found: json_kind(&error.instance) };
    ConfigError::new(problem).at(config.origin_of(at)).help(help)
}

/// `/a/0/b` as people write it: `config.a.0.b`.
fn dotted(pointer: &str) -> String {
    let path = pointer.replace('/', ".").replace("~1", "/").replace("~0", "~");
    format!("config{path}")
}

fn place(pointer: &str) -> String {
    format!("in [{}]", dotted(pointer))
}

fn json_kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "nothing",
        Json::Bool(_) => "a boolean",
        Json::Number(number) if number.is_f64() => "a number with a fraction",
        Json::Number(_) => "a whole number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a table",
    }
}

fn type_names(kind: &TypeKind) -> String {
    let names: Vec<String> = match kind {
        TypeKind::Single(single) => vec![single.to_string()],
        TypeKind::Multiple(set) => set.iter().map(|one| one.to_string()).collect(),
    };
    let names: Vec<&str> = names
        .iter()
        .filter_map(|name| match name.trim_matches('"') {
            // TOML has no null: a key that may be null may be left out.
            "null" => None,
            "boolean" => Some("a boolean"),
            "integer" => Some("a whole number"),
            "number" => Some("a number"),
            "string" => Some("text"),
            "array" => Some("a list"),
            _ => Some("a table"),
        })
        .collect();
    names.join(" or ")
}

/// The keys that the object schema around a failed keyword names.
fn known_keys(schema: &Json, keyword: &Location) -> Vec<String> {
    let object = object_schema(schema, keyword);
    let properties = object.and_then(|object| object.get("properties")?.as_object());
    properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
}

/// A line to add for a missing key.
fn example(schema: &Json, keyword: &Location, key: &str) -> String {
    let property = object_schema(schema, keyword).and_then(|o| o.get("properties")?.get(key));
    let value = match property.and_then(|property| property.get("type")?.as_str()) {
        Some("string") => "\"…\"",
        Some("boolean") => "true",
        Some("integer" | "number") => "1",
        Some("array") => "[…]",
        Some("object") => "{ … }",
        _ => "…",
    };
    let about = property.and_then(|property| property.get("description")?.as_str());
    let about = about.and_then(|text| text.lines().next()).map(|text| format!("   # {text}"));
    format!("add `{key} = {value}`{}", about.unwrap_or_default())
}

/// The schema that holds the keyword at a path, through local references.
fn object_schema<'a>(schema: &'a Json, keyword: &Location) -> Option<&'a Json> {
    let mut segments: Vec<&str> = keyword.as_str().split('/').skip(1).collect();
    // The keyword itself; `required` may be followed by nothing else.
    segments.pop();
    let mut current = resolve(schema, schema);
    for segment in segments {
        if segment == "$ref" {
            continue;
        }
        let segment = segment.replace("~1", "/").replace("~0", "~");
        let child = match current {
            Json::Array(list) => list.get(segment.parse::<usize>().ok()?)?,
            other => other.get(&segment)?,
        };
        current = resolve(schema, child);
    }
    Some(current)
}

/// Follows `$ref: "#/…"`, a few steps at most.
fn resolve<'a>(root: &'a Json, mut schema: &'a Json) -> &'a Json {
    for _ in 0..8 {
        let target = schema.get("$ref").and_then(Json::as_str).and_then(|r| r.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}
