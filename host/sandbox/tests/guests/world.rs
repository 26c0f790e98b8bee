//! An engine, components by name, batches by payload.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use kennel_sandbox::capability::context::Attributes;
use kennel_sandbox::capability::http::HttpClient;
use kennel_sandbox::capability::metrics::GuestMetrics;
use kennel_sandbox::capability::{Grants, Services};
use kennel_sandbox::{Batch, Component, Engine, Format, InstanceSpec, Limits, Origin};

/// Where the components are, as `cargo xtask components` leaves them.
pub(crate) fn component_path(name: &str) -> PathBuf {
    let folder = std::env::var_os("KENNEL_COMPONENTS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/components"),
        PathBuf::from,
    );
    let path = folder.join(format!("{name}.wasm"));
    assert!(path.is_file(), "{path:?} is missing; build it with `cargo xtask components`");
    path
}

/// One engine for all tests: an engine reserves address space for a thousand instances.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(None).unwrap())
}

pub(crate) async fn component(name: &str) -> Component {
    Component::load(engine(), &component_path(name)).await.unwrap()
}

pub(crate) fn spec(config: &str) -> InstanceSpec {
    InstanceSpec {
        grants: Grants::default(),
        services: Services {
            http: HttpClient::new().unwrap(),
            state: None,
            metrics: GuestMetrics::new([]),
        },
        attributes: Attributes { connector: "test".into(), ..Attributes::default() },
        limits: Limits {
            cpu_timeout: Duration::from_millis(200),
            call_timeout: Duration::from_secs(10),
            ..Limits::default()
        },
        config: config.into(),
    }
}

pub(crate) fn origin() -> Origin {
    Origin { stream: "s".into(), topic: "t".into(), partition: 0, epoch: 0 }
}

/// A batch of offsets 0, 1, 2 … without headers.
pub(crate) fn batch(payloads: &[&str]) -> Batch {
    let (mut data, mut spans) = (Vec::new(), Vec::new());
    for payload in payloads {
        let start = u32::try_from(data.len()).unwrap();
        data.extend_from_slice(payload.as_bytes());
        let end = u32::try_from(data.len()).unwrap();
        spans.extend_from_slice(&[start, end, end, end]);
    }
    let count = payloads.len() as u64;
    Batch {
        origin: origin(),
        begin: 0,
        end: count,
        attempt: 0,
        isolate: false,
        format: Format::Json,
        data: Bytes::from(data),
        spans: Arc::new(spans),
        offsets: Arc::new((0..count).collect()),
        ordinals: Arc::default(),
    }
}
