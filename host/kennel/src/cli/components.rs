//! The options of the commands about where components come from and who signed them.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use kennel_config::OciReference;

/// A component: in a file, or in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ComponentPlace {
    File(PathBuf),
    Oci(OciReference),
}

impl fmt::Display for ComponentPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Oci(reference) => reference.fmt(formatter),
        }
    }
}

/// The host that a command works for.
#[derive(Debug, Clone, Args)]
pub(crate) struct HostArguments {
    /// Folder with kennel.toml: its component cache, registries without TLS and policy count.
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PullArguments {
    /// oci://registry/name:tag, with @sha256:… to insist on a digest.
    #[arg(value_name = "REFERENCE", value_parser = reference)]
    pub(crate) reference: OciReference,

    /// Also write the component to this file.
    #[arg(long, short, value_name = "FILE.wasm")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) host: HostArguments,
}

#[derive(Debug, Args)]
pub(crate) struct PushArguments {
    /// The component.
    #[arg(value_name = "FILE.wasm")]
    pub(crate) component: PathBuf,

    /// oci://registry/name:tag.
    #[arg(value_name = "REFERENCE", value_parser = reference)]
    pub(crate) reference: OciReference,

    #[command(flatten)]
    pub(crate) host: HostArguments,
}

#[derive(Debug, Args)]
pub(crate) struct SignArguments {
    /// The component: a file, or oci://registry/name:tag.
    #[arg(value_name = "FILE.wasm|REFERENCE", value_parser = place)]
    #[arg(required_unless_present = "generate_key", requires = "key")]
    pub(crate) component: Option<ComponentPlace>,

    /// The private key (PEM): one of --generate-key or of cosign, whose password is read from
    /// KENNEL_KEY_PASSWORD or COSIGN_PASSWORD.
    #[arg(long, short, value_name = "FILE.key")]
    pub(crate) key: Option<PathBuf>,

    /// Make a new key instead: NAME.key, which signs, and NAME.pub, which verifies.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["component", "key"])]
    pub(crate) generate_key: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) host: HostArguments,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The component: a file, or oci://registry/name:tag.
    #[arg(value_name = "FILE.wasm|REFERENCE", value_parser = place)]
    pub(crate) component: ComponentPlace,

    /// A public key (PEM), such as cosign.pub; may be given several times, one of them has to have signed.
    /// Without it, the keys of `[policy] signers` in kennel.toml.
    #[arg(long, short, value_name = "FILE.pub")]
    pub(crate) key: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) host: HostArguments,
}

/// A reference to a registry.
fn reference(text: &str) -> Result<OciReference, String> {
    text.parse()
        .map_err(|error| format!("{error}; write oci://registry.example.com/acme/sink:1.2.0"))
}

/// A reference where it has a scheme, else a file.
fn place(text: &str) -> Result<ComponentPlace, String> {
    match text.contains("://") {
        true => reference(text).map(ComponentPlace::Oci),
        false => Ok(ComponentPlace::File(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_places_should_tell_files_from_references() {
        let file = |text: &str| Ok(ComponentPlace::File(text.into()));
        for text in ["sink.wasm", "./oci/sink.wasm", "oci:sink.wasm"] {
            assert_eq!(place(text), file(text));
        }
        let text = "oci://r.example/acme/sink:1";
        assert_eq!(place(text).unwrap().to_string(), text);
        for text in ["https://r.example/sink.wasm", "oci://acme/sink:1", "oci://r.example/sink"] {
            assert!(place(text).is_err_and(|error| error.contains("oci://registry")), "{text}");
        }
    }
}
