//! The file of one connector.

use std::path::Path;
use std::time::Duration;

use super::delivery::delivery;
use super::grants::grants;
use super::streams::{sink_streams, source_stream};
use super::{Surroundings, component};
use crate::connector::{ConnectorConfig, ConnectorKey, Direction, Limits, TransformConfig};
use crate::guest::GuestConfig;
use crate::host::ComponentsConfig;
use crate::policy::Asked;
use crate::reader::Reader;
use crate::reference::Scope;
use crate::size::ByteSize;

/// `name` is the key where none is written. None: something required is wrong; the errors say what.
pub(crate) fn connector(
    reader: &Reader<'_>,
    (file, name): (&Path, &str),
    surroundings: &Surroundings<'_>,
    components: Option<&ComponentsConfig>,
) -> Option<ConnectorConfig> {
    let scopes = [("sink", Scope::Sink), ("source", Scope::Source)];
    let scope = reader.choice("type", &scopes);
    // Without a known type the rest is still worth checking, except what depends on it.
    let reader = &reader.clone().for_scope(scope.unwrap_or(Scope::Both));
    let key = key(reader, name);
    let enabled = reader.flag("enabled");
    let component = component(reader, surroundings, components, enabled);
    let group = key.as_ref().map(|key| format!("kennel-{key}")).unwrap_or_default();
    let direction = match scope {
        Some(Scope::Source) => source_stream(reader, surroundings).map(Direction::Source),
        _ => sink_streams(reader, surroundings, &group).map(Direction::Sink),
    };
    let limits = limits(&reader.section("limits"), surroundings, None);
    let transforms: Vec<_> = reader
        .sections("transforms")
        .iter()
        .map(|section| transform(section, surroundings, (components, enabled), limits))
        .collect();
    let config = guest_config(reader);
    let grants = grants(&reader.section("grants"), surroundings, enabled);
    let delivery = delivery(&reader.section("delivery"), surroundings, direction.as_ref());
    if let Some(direction) = &direction {
        check_batches_fit(reader, direction, &limits);
    }
    scope?;
    Some(ConnectorConfig {
        key: key?,
        file: file.to_path_buf(),
        enabled,
        component: component?,
        direction: direction?,
        transforms: transforms.into_iter().collect::<Option<_>>()?,
        config,
        grants,
        limits,
        delivery: delivery?,
    })
}

fn key(reader: &Reader<'_>, name: &str) -> Option<ConnectorKey> {
    const FORM: &str = "1 to 64 letters, digits, `-`, `_` or `.`, beginning with a letter or digit";
    if reader.has("key") {
        let text = reader.text("key")?;
        let key = ConnectorKey::new(&text);
        if key.is_none() {
            reader.refuse("key", format!("\"{text}\" is not a key"), format!("a key is {FORM}"));
        }
        return key;
    }
    let key = ConnectorKey::new(name);
    if key.is_none() {
        let detail = "the file's name cannot serve as a key";
        reader.refuse("key", detail, format!("add `key = \"…\"`: {FORM}"));
    }
    key
}

fn transform(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    (components, must_exist): (Option<&ComponentsConfig>, bool),
    connector_limits: Limits,
) -> Option<TransformConfig> {
    let component = component(reader, surroundings, components, must_exist);
    let config = guest_config(reader);
    let grants = grants(&reader.section("grants"), surroundings, must_exist);
    let limits = limits(&reader.section("limits"), surroundings, Some(connector_limits));
    Some(TransformConfig { component: component?, config, grants, limits })
}

fn guest_config(reader: &Reader<'_>) -> GuestConfig {
    match reader.named("config") {
        Some(node) => GuestConfig::new(node.clone()),
        None => GuestConfig::empty(reader.origin().clone()),
    }
}

/// Keys that are not written come from `base`, else from the defaults.
fn limits(reader: &Reader<'_>, surroundings: &Surroundings<'_>, base: Option<Limits>) -> Limits {
    /// What 32-bit WebAssembly can address.
    const ADDRESSABLE: ByteSize = ByteSize::mebibytes(4096);
    let inherited = |key: &str| base.filter(|_| !reader.has(key));
    let size =
        |key: &str, of: fn(Limits) -> ByteSize| inherited(key).map_or_else(|| reader.size(key), of);
    let time = |key: &str, of: fn(Limits) -> Duration| {
        inherited(key).map_or_else(|| reader.duration(key), of)
    };
    let number = |key: &str, of: fn(Limits) -> u32| {
        inherited(key).map_or_else(|| reader.small_integer(key), of)
    };
    let memory = size("memory", |base| base.memory);
    if memory > ADDRESSABLE {
        reader.refuse(
            "memory",
            "a component cannot address more than 4GiB",
            "write \"4GiB\" or less",
        );
    }
    // What a transform has from its connector has been judged there.
    if inherited("memory").is_none() {
        surroundings.judge(&Asked::Memory(memory), reader.origin_of("memory"), reader.errors);
    }
    let call_timeout = time("call_timeout", |base| base.call_timeout);
    let cpu_timeout = time("cpu_timeout", |base| base.cpu_timeout);
    if reader.has("cpu_timeout") && cpu_timeout > call_timeout {
        let detail = "`cpu_timeout` is longer than `call_timeout`, which would always come first";
        reader.conflict("cpu_timeout", detail, "make it shorter, or `call_timeout` longer");
    }
    let trusted = inherited("trusted").map_or_else(|| reader.flag("trusted"), |base| base.trusted);
    if trusted && reader.has("trusted") {
        surroundings.judge(&Asked::Trusted, reader.origin_of("trusted"), reader.errors);
    }
    for key in ["cpu_timeout", "cpu_share"] {
        if trusted && reader.has(key) {
            let detail =
                format!("`{key}` cannot be kept with `trusted = true`: nothing is metered");
            reader.conflict(key, detail, format!("leave out `{key}` or `trusted`"));
        }
    }
    Limits {
        memory,
        call_timeout,
        cpu_timeout: cpu_timeout.min(call_timeout),
        cpu_share: number("cpu_share", |base| base.cpu_share),
        transfer: size("transfer", |base| base.transfer),
        resources: number("resources", |base| base.resources),
        connections: number("connections", |base| base.connections),
        egress: inherited("egress")
            .map_or_else(|| reader.size_option("egress"), |base| base.egress),
        http_body: size("http_body", |base| base.http_body),
        log: size("log", |base| base.log),
        instance_batches: inherited("instance_batches").map_or_else(
            || Some(reader.integer("instance_batches")).filter(|batches| *batches > 0),
            |base| base.instance_batches,
        ),
        trusted,
    }
}

fn check_batches_fit(reader: &Reader<'_>, direction: &Direction, limits: &Limits) {
    let largest = match direction {
        Direction::Sink(streams) => streams.iter().map(|stream| stream.batch.bytes).max(),
        Direction::Source(stream) => Some(stream.batch.bytes),
    };
    if let Some(bytes) = largest.filter(|bytes| *bytes >= limits.memory) {
        let detail =
            format!("a batch of {bytes} does not fit into the memory limit of {}", limits.memory);
        let key = if reader.has("limits") { "limits" } else { "streams" };
        reader.conflict(key, detail, "raise `memory` in [limits] or lower `batch = { bytes = … }`");
    }
}
