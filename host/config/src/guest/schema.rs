//! Checks a component's configuration against the JSON Schema that the component describes.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::Location;
use serde_json::Value as Json;

use super::GuestConfig;
use crate::error::{ConfigError, Problem};
use crate::nearest;

/// Everything in `config` that `schema` refuses, each at its place in the file. Empty: nothing.
pub fn check_against_schema(config: &GuestConfig, schema: &Json) -> Vec<ConfigError> {
    let validator = match jsonschema::validator_for(schema) {
        Ok(validator) => validator,
        Err(error) => {
            let detail = format!("its own schema is not valid: {}", error.masked());
            let help = "this is a fault of the component, not of this file; ask its author";
            return vec![config.refusal("", detail).help(help)];
        }
    };
    let mut errors = Vec::new();
    for error in validator.iter_errors(config.value()) {
        explain(config, schema, &error, &mut errors);
    }
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
                let section = section(at);
                let problem = Problem::UnknownKey { key: key.clone(), section };
                let origin = config.origin_of_key(at, key).unwrap_or(config.origin_of(at));
                let error = ConfigError::new(problem).at(origin);
                errors.push(error.help(nearest::help(key, known.iter().map(String::as_str))));
            }
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default().to_owned();
            let example = example(schema, &error.schema_path, &key);
            let problem = Problem::MissingKey { key, section: section(at) };
            errors.push(ConfigError::new(problem).at(config.origin_of(at)).help(example));
        }
        ValidationErrorKind::Type { kind } => {
            let problem = Problem::WrongType {
                key: dotted(at),
                expected: type_names(kind),
                found: json_kind(&error.instance),
            };
            errors.push(ConfigError::new(problem).at(config.origin_of(at)));
        }
        ValidationErrorKind::Enum { options } => {
            let allowed = options.as_array().map(Vec::as_slice).unwrap_or_default();
            errors.push(not_allowed(config, error, allowed.iter()));
        }
        ValidationErrorKind::Constant { expected_value } => {
            errors.push(not_allowed(config, error, std::iter::once(expected_value)));
        }
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            explain_alternatives(config, schema, error, context, errors);
        }
        _ => {
            let detail = error.masked_with("the value").to_string();
            let problem = Problem::InvalidValue { key: dotted(at), detail };
            errors.push(ConfigError::new(problem).at(config.origin_of(at)));
        }
    }
}

/// A value that fits none of several forms: the allowed values where all forms are values, else
/// what is wrong with the form that comes nearest.
fn explain_alternatives(
    config: &GuestConfig,
    schema: &Json,
    error: &ValidationError<'_>,
    alternatives: &[Vec<ValidationError<'static>>],
    errors: &mut Vec<ConfigError>,
) {
    let mut allowed = Vec::new();
    for alternative in alternatives {
        match alternative.as_slice() {
            [only] if only.instance_path == error.instance_path => match &only.kind {
                ValidationErrorKind::Constant { expected_value } => allowed.push(expected_value),
                ValidationErrorKind::Enum { options } => {
                    allowed.extend(options.as_array().into_iter().flatten());
                }
                _ => {}
            },
            _ => {}
        }
    }
    let depth = |alternative: &Vec<ValidationError<'_>>| {
        alternative.iter().map(|error| error.instance_path.as_str().len()).max().unwrap_or(0)
    };
    // A form whose tag or type does not even fit complains about that; another form is nearer.
    let misfit = |alternative: &Vec<ValidationError<'_>>| {
        alternative.iter().any(|error| {
            matches!(error.kind, ValidationErrorKind::Constant { .. })
                || matches!(error.kind, ValidationErrorKind::Type { .. })
                    && depth(alternative) == error.instance_path.as_str().len()
        })
    };
    let nearest = alternatives
        .iter()
        .filter(|alternative| !misfit(alternative))
        .min_by_key(|alternative| (std::cmp::Reverse(depth(alternative)), alternative.len()));
    match nearest {
        Some(alternative) if allowed.is_empty() || !error.instance.is_string() => {
            for error in alternative {
                explain(config, schema, error, errors);
            }
        }
        _ if !allowed.is_empty() => errors.push(not_allowed(config, error, allowed.into_iter())),
        _ => {
            let key = dotted(error.instance_path.as_str());
            let detail = "the value fits none of the forms the component accepts".to_owned();
            let origin = config.origin_of(error.instance_path.as_str());
            errors.push(ConfigError::new(Problem::InvalidValue { key, detail }).at(origin));
        }
    }
}

fn not_allowed<'a>(
    config: &GuestConfig,
    error: &ValidationError<'_>,
    allowed: impl Iterator<Item = &'a Json>,
) -> ConfigError {
    let allowed: Vec<String> = allowed.map(Json::to_string).collect();
    let at = error.instance_path.as_str();
    let detail = "the value is not one of those the component knows".to_owned();
    let problem = Problem::InvalidValue { key: dotted(at), detail };
    let error = ConfigError::new(problem).at(config.origin_of(at));
    error.help(format!("allowed: {}", allowed.join(", ")))
}

/// `/a/0/b` as people write it: `config.a.0.b`.
fn dotted(pointer: &str) -> String {
    let path = pointer.replace('/', ".").replace("~1", "/").replace("~0", "~");
    format!("config{path}")
}

fn section(pointer: &str) -> String {
    format!("[{}]", dotted(pointer))
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
