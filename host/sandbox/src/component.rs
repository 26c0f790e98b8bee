//! A component: its bytes checked, compiled once per digest, its kind and description read.

use std::path::Path;
use std::sync::Arc;

use kennel_capability::context::Attributes;
use kennel_capability::http::HttpClient;
use kennel_capability::metrics::GuestMetrics;
use kennel_capability::{Clock, Grants, GuestData, Services};
use sha2::{Digest as _, Sha256};
use wasmtime::component::InstancePre;

use crate::INTERFACE_VERSION;
use crate::bindings::describe::Problem as WitProblem;
use crate::description::{Description, Problem};
use crate::engine::Engine;
use crate::guest::Guest;
use crate::instance::{InstanceSpec, Limits, StartError};
use crate::load_error::LoadError;

/// The largest component. One with a whole Python in it has 40 MB; what is far larger would only keep
/// the compiler busy. Bytes.
const MAX_COMPONENT: u64 = 256 << 20;
/// The longest description. Bytes.
const MAX_DESCRIPTION: usize = 1 << 20;

/// What a component is, by its exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Reads another system.
    Source,
    /// Writes another system.
    Sink,
    /// Changes messages on the way.
    Transform,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Source => "source",
            Self::Sink => "sink",
            Self::Transform => "transform",
        })
    }
}

/// Compiled code, before anything of it ran.
pub(crate) struct Code {
    engine: Engine,
    prepared: InstancePre<GuestData>,
    digest: String,
    size: usize,
    kind: Kind,
    imports: Vec<String>,
    exports: Vec<String>,
    from_cache: bool,
}

/// A compiled component that has described itself. Cheap to clone.
#[derive(Clone)]
pub struct Component {
    code: Arc<Code>,
    description: Arc<Description>,
    signer: Option<Arc<str>>,
}

impl Component {
    /// Reads, checks and compiles the component at `path`.
    ///
    /// Compiling takes seconds for large components and runs on threads of its own.
    ///
    /// # Errors
    /// See [`LoadError`]; nothing of the component runs before its interfaces have been checked,
    /// and then only `describe`, with every effect denied.
    pub async fn load(engine: &Engine, path: &Path) -> Result<Self, LoadError> {
        let read = |source| LoadError::Read { path: path.to_owned(), source };
        check_size(path, tokio::fs::metadata(path).await.map_err(read)?.len())?;
        let bytes = tokio::fs::read(path).await.map_err(read)?;
        Self::from_bytes(engine, path, bytes).await
    }

    /// As [`Self::load`], of bytes that were read and judged before: just these are compiled. Errors
    /// call them `path`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn from_bytes(
        engine: &Engine,
        path: &Path,
        bytes: Vec<u8>,
    ) -> Result<Self, LoadError> {
        let code = Code::of(engine, path, bytes).await?;
        let document = code.describe().await.map_err(|source| LoadError::Describe {
            path: path.into(),
            source: Box::new(source),
        })?;
        if document.len() > MAX_DESCRIPTION {
            return Err(LoadError::TooLarge {
                path: path.into(),
                what: "description",
                bytes: document.len() as u64,
                most: MAX_DESCRIPTION as u64,
            });
        }
        let description = serde_json::from_str(&document)
            .map_err(|source| LoadError::Description { path: path.into(), source })?;
        Ok(Self { code: Arc::new(code), description: Arc::new(description), signer: None })
    }

    /// The same component, with the one whose signature of its bytes was verified.
    #[must_use]
    pub fn signed_by(mut self, signer: Option<&str>) -> Self {
        self.signer = signer.map(Arc::from);
        self
    }

    /// Whose signature was verified; none where none was asked for.
    #[must_use]
    pub fn signer(&self) -> Option<&str> {
        self.signer.as_deref()
    }

    /// What the component itself finds wrong with a configuration (JSON).
    ///
    /// # Errors
    /// When the component faults while it looks.
    pub async fn validate(&self, config: &str) -> Result<Vec<Problem>, StartError> {
        let mut guest = Guest::instantiate(&self.code, &no_effects()?).await?;
        let validate = guest.find("describe", "validate")?;
        let (_, problems) =
            guest.call::<_, Vec<WitProblem>>("describe.validate", validate, (config,)).await?;
        let problems = problems.into_iter();
        Ok(problems.map(|found| Problem { path: found.path, detail: found.detail }).collect())
    }

    /// Sha-256 of the component's bytes, hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.code.digest
    }

    /// Length of the component's bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.code.size
    }

    /// Source, sink or transform.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.code.kind
    }

    /// Names of everything it imports.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        &self.code.imports
    }

    /// Names of everything it exports.
    #[must_use]
    pub fn exports(&self) -> &[String] {
        &self.code.exports
    }

    /// What it says of itself.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Whether its code came from the cache.
    #[must_use]
    pub fn from_cache(&self) -> bool {
        self.code.from_cache
    }

    /// Whether its computing is metered, and so limited.
    #[must_use]
    pub fn is_metered(&self) -> bool {
        self.code.is_metered()
    }

    pub(crate) fn code(&self) -> &Code {
        &self.code
    }
}

// === impl Code ===

impl Code {
    async fn of(engine: &Engine, path: &Path, bytes: Vec<u8>) -> Result<Self, LoadError> {
        let at = || path.to_owned();
        check_size(path, bytes.len() as u64)?;
        // Layer 1 in the preamble says component, layer 0 says module.
        if bytes.get(..8) == Some(b"\0asm\x01\0\0\0") {
            return Err(LoadError::CoreModule { path: at() });
        }
        let size = bytes.len();
        let digest = hex::encode(Sha256::digest(&bytes));
        let (component, from_cache) = compile(engine, bytes, digest.clone())
            .await
            .map_err(|cause| LoadError::Invalid { path: at(), cause })?;
        let exports = names(component.component_type().exports(&engine.inner.wasmtime));
        let imports = names(component.component_type().imports(&engine.inner.wasmtime));
        let kind = kind_of(&exports, path)?;
        let prepared = engine
            .inner
            .linker
            .instantiate_pre(&component)
            .map_err(|cause| LoadError::Imports { path: at(), cause })?;
        let engine = engine.clone();
        Ok(Self { engine, prepared, digest, size, kind, imports, exports, from_cache })
    }

    async fn describe(&self) -> Result<String, StartError> {
        let mut guest = Guest::instantiate(self, &no_effects()?).await?;
        let describe = guest.find("describe", "describe")?;
        let (_, document) = guest.call::<_, String>("describe.describe", describe, ()).await?;
        Ok(document)
    }

    /// Whether its computing is metered.
    pub(crate) fn is_metered(&self) -> bool {
        self.engine.inner.metered
    }

    pub(crate) fn engine(&self) -> &wasmtime::Engine {
        &self.engine.inner.wasmtime
    }

    pub(crate) fn prepared(&self) -> &InstancePre<GuestData> {
        &self.prepared
    }
}

fn check_size(path: &Path, bytes: u64) -> Result<(), LoadError> {
    if bytes <= MAX_COMPONENT {
        return Ok(());
    }
    let (what, most) = ("component", MAX_COMPONENT);
    Err(LoadError::TooLarge { path: path.to_owned(), what, bytes, most })
}

/// The compiled component and whether it came from the cache.
async fn compile(
    engine: &Engine,
    bytes: Vec<u8>,
    digest: String,
) -> wasmtime::Result<(wasmtime::component::Component, bool)> {
    let engine = engine.clone();
    let compiled = tokio::task::spawn_blocking(move || {
        let cache = engine.inner.cache.as_ref();
        if let Some(cached) = cache.and_then(|cache| cache.load(&engine.inner.wasmtime, &digest)) {
            return Ok((cached, true));
        }
        let component = wasmtime::component::Component::new(&engine.inner.wasmtime, &bytes)?;
        if let Some(cache) = cache {
            cache.save(&component, &digest);
        }
        Ok((component, false))
    });
    compiled.await.map_err(|error| wasmtime::Error::msg(format!("the compiler failed: {error}")))?
}

fn names<'a, T>(items: impl Iterator<Item = (&'a str, T)>) -> Vec<String> {
    items.map(|(name, _)| name.to_owned()).collect()
}

fn kind_of(exports: &[String], path: &Path) -> Result<Kind, LoadError> {
    let kinds = [("sink", Kind::Sink), ("source", Kind::Source), ("transform", Kind::Transform)];
    for (name, kind) in kinds {
        let interface = format!("kennel:connector/{name}@");
        if let Some(found) = exports.iter().find_map(|export| export.strip_prefix(&interface)) {
            if found == INTERFACE_VERSION {
                return Ok(kind);
            }
            return Err(LoadError::Version { path: path.into(), found: found.to_owned() });
        }
    }
    let exports = if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") };
    Err(LoadError::NoWorld { path: path.into(), exports })
}

/// A world without effects, for `describe` and `validate`.
fn no_effects() -> Result<InstanceSpec, StartError> {
    let http = HttpClient::new()
        .map_err(|error| StartError::Instantiate(wasmtime::Error::msg(error.to_string())))?;
    Ok(InstanceSpec {
        grants: Grants { clock: Clock::Frozen, ..Grants::default() },
        services: Services { http, state: None, metrics: GuestMetrics::new([]) },
        attributes: Attributes::default(),
        limits: Limits::default(),
        config: String::new(),
    })
}
