//! From sections of keys to typed values.

mod connector;
mod credentials;
mod delivery;
mod env;
mod grants;
mod host;
mod policy;
mod secrets;
mod streams;

use std::path::{Path, PathBuf};

use crate::connector::ComponentSource;
use crate::environment::Environment;
use crate::error::{ConfigError, Problem};
use crate::host::ComponentsConfig;
use crate::oci::{Digest, OciReference};
use crate::policy::{Asked, Policy, real_path};
use crate::reader::{Errors, Reader};
use crate::source_file::Origin;

pub(crate) use connector::connector;
pub(crate) use host::host;

/// What values refer to.
pub(crate) struct Surroundings<'a> {
    /// The configuration folder; relative paths begin here.
    pub(crate) folder: &'a Path,
    pub(crate) environment: &'a Environment,
    /// What the owner of the host permits. None: everything.
    pub(crate) policy: Option<&'a Policy>,
}

impl Surroundings<'_> {
    /// A path as written in a file.
    fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        // `components()` drops the `./` that people like to write.
        self.folder.join(path).components().collect()
    }

    /// Adds the error where the policy does not permit it.
    fn judge(&self, asked: &Asked<'_>, at: &Origin, errors: &Errors) {
        if let Some(error) = self.policy.and_then(|policy| policy.judge(asked, at)) {
            errors.push(error);
        }
    }

    /// The path that the policy is asked about and that is used from then on. With every link followed,
    /// so that what is opened is what was judged. None: nobody can tell, which is an error.
    fn permitted_place(&self, path: &Path, at: &Origin, errors: &Errors) -> Option<PathBuf> {
        if self.policy.is_none() {
            return Some(path.to_path_buf());
        }
        match real_path(path) {
            Ok(path) => Some(path),
            Err(error) => {
                let detail = format!("cannot tell where {} leads: {error}", path.display());
                let problem = Problem::Conflict { detail };
                let help =
                    "write the path of a folder that exists, without links that lead to nothing";
                errors.push(ConfigError::new(problem).at(at).help(help));
                None
            }
        }
    }
}

/// Text as Iggy accepts it for a stream, topic or consumer group.
fn iggy_name(reader: &Reader<'_>, key: &str) -> Option<String> {
    let name = reader.text(key)?;
    if let Err(detail) = check_iggy_name(&name) {
        reader.refuse(key, detail, "choose a shorter name");
        return None;
    }
    Some(name)
}

fn check_iggy_name(name: &str) -> Result<(), &'static str> {
    match name.len() <= 255 {
        true => Ok(()),
        false => Err("a name in Iggy has at most 255 bytes"),
    }
}

/// A component: in a registry, in a file beside the configuration, else in the folders searched.
fn component(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    components: Option<&ComponentsConfig>,
    must_exist: bool,
) -> Option<ComponentSource> {
    let written = reader.text("component")?;
    if written.starts_with("oci://") {
        return in_registry(reader, surroundings, &written, components);
    }
    if written.contains("://") {
        let help = "write the path of a file, for example \"sinks/stdout.wasm\", or oci:// and a \
                    reference";
        reader.refuse("component", "neither a path nor oci://", help);
        return None;
    }
    let mut candidates = vec![surroundings.resolve(&written)];
    if Path::new(&written).is_relative() {
        let search = components.map_or(&[][..], |components| &components.search);
        candidates.extend(search.iter().map(|folder| folder.join(&written)));
    }
    let origin = reader.origin_of("component");
    let judged = |path: &Path| {
        let path = surroundings.permitted_place(path, origin, reader.errors)?;
        surroundings.judge(&Asked::Component(&path), origin, reader.errors);
        Some(path)
    };
    if let Some(found) = candidates.iter().find(|candidate| candidate.is_file()) {
        return judged(found).map(ComponentSource::File);
    }
    let first = candidates.first().and_then(|first| judged(first));
    if must_exist {
        let looked: Vec<_> = candidates.iter().map(|path| path.display().to_string()).collect();
        let problem = Problem::ComponentNotFound { component: written };
        let help = format!(
            "looked for {}; build it, correct the path, or add its folder to [components] search \
             in kennel.toml",
            looked.join(", ")
        );
        reader.errors.push(ConfigError::new(problem).at(origin).help(help));
    }
    first.map(ComponentSource::File)
}

/// A reference with its digest: a tag may mean something else tomorrow.
fn in_registry(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    written: &str,
    components: Option<&ComponentsConfig>,
) -> Option<ComponentSource> {
    let reference: OciReference = match written.parse() {
        Ok(reference) => reference,
        Err(error) => {
            let help = "write it as \"oci://registry.example.com/acme/sink:1.2.0@sha256:…\"";
            reader.refuse("component", format!("{error}"), help);
            return None;
        }
    };
    let asked = Asked::Registry { registry: reference.registry(), repository: reference.name() };
    surroundings.judge(&asked, reader.origin_of("component"), reader.errors);
    let pinned = reference.pinned();
    if pinned.is_none() {
        let known = components.and_then(|components| last_known(&reference, &components.cache));
        let help = match known {
            Some(digest) => format!(
                "what was pulled last is pinned by: component = \"{}\"",
                reference.pin(digest)
            ),
            None => format!("`kennel pull {reference}` prints the line that pins it"),
        };
        let detail = "a tag can be moved to other code, and what runs must not change by itself";
        reader.refuse("component", detail, help);
    }
    pinned.map(ComponentSource::Oci)
}

/// The digest that the reference's tag had when it was last pulled.
fn last_known(reference: &OciReference, cache: &Path) -> Option<Digest> {
    let text = std::fs::read_to_string(cache.join(reference.tag_file()?)).ok()?;
    text.trim().parse().ok()
}
