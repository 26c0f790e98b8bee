//! The layout of a component in a registry: one of CNCF's TAG Runtime, which `wkg` and `oras` speak too.
//!
//! A manifest names a configuration document and one layer, the component itself. The digest of the
//! manifest's bytes is the one in references and signatures.

use std::collections::BTreeMap;

use kennel_config::{Digest, OciReference};
use serde::{Deserialize, Serialize};

use crate::error::RegistryError;
use crate::{LARGEST_COMPONENT, digest_of};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";
/// What the layer was called before there was an agreement.
const OLD_LAYER: &str = "application/vnd.wasm.content.layer.v1+wasm";
const TITLE: &str = "org.opencontainers.image.title";

/// What a manifest names.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: String,
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Descriptor {
    pub(crate) fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: digest_of(bytes).to_string(),
            size: bytes.len() as u64,
            annotations: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    schema_version: u32,
    media_type: Option<String>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

impl Manifest {
    pub(crate) fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        let media_type = Some(MANIFEST.to_owned());
        Self { schema_version: 2, media_type, config, layers, annotations: BTreeMap::new() }
    }

    /// None: the bytes are no manifest of ours.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|manifest: &Self| manifest.schema_version == 2)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // Texts and numbers under keys of text: this cannot fail, and an empty manifest is refused.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The one layer of a component: its digest and its size.
pub(crate) fn component_layer(
    bytes: &[u8],
    reference: &OciReference,
) -> Result<(Digest, u64), RegistryError> {
    let refuse =
        |detail: String| Err(RegistryError::NotAComponent { reference: reference.clone(), detail });
    let Some(manifest) = Manifest::parse(bytes) else {
        let index = serde_json::from_slice::<serde_json::Value>(bytes)
            .is_ok_and(|value| value.get("manifests").is_some());
        return refuse(match index {
            true => "it is an index of several images; name one of them by its digest".to_owned(),
            false => "its manifest is not an OCI image manifest".to_owned(),
        });
    };
    let layers: Vec<_> = manifest
        .layers
        .iter()
        .filter(|layer| [LAYER, OLD_LAYER].contains(&layer.media_type.as_str()))
        .collect();
    let [layer] = layers.as_slice() else {
        return refuse(format!(
            "{} of its {} layers are {LAYER}, one has to be",
            layers.len(),
            manifest.layers.len()
        ));
    };
    let Ok(digest) = layer.digest.parse() else {
        return refuse("its layer has no SHA-256 digest".to_owned());
    };
    match layer.size > LARGEST_COMPONENT {
        true => Err(RegistryError::TooLarge { what: "component", limit: LARGEST_COMPONENT }),
        false => Ok((digest, layer.size)),
    }
}

/// A component as it is pushed. The same component makes the same manifest, bytes for bytes.
#[derive(Debug, Clone)]
pub struct Package {
    pub(crate) component: Vec<u8>,
    pub(crate) config: Vec<u8>,
    pub(crate) manifest: Vec<u8>,
}

impl Package {
    /// The component under the file name `title`, with the interfaces it imports and exports and
    /// annotations such as `org.opencontainers.image.version`.
    pub fn new(
        component: Vec<u8>,
        title: &str,
        interfaces: (&[String], &[String]),
        annotations: BTreeMap<String, String>,
    ) -> Self {
        let mut layer = Descriptor::of(LAYER, &component);
        layer.annotations.insert(TITLE.to_owned(), title.to_owned());
        let (imports, exports) = interfaces;
        let config = serde_json::json!({
            // Required, and no part of what the component is.
            "created": "1970-01-01T00:00:00Z",
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [layer.digest],
            "component": { "exports": exports, "imports": imports, "target": null },
        })
        .to_string()
        .into_bytes();
        let mut manifest = Manifest::new(Descriptor::of(CONFIG, &config), vec![layer]);
        manifest.annotations = annotations;
        Self { component, config, manifest: manifest.to_bytes() }
    }

    /// The digest that references name.
    pub fn digest(&self) -> Digest {
        digest_of(&self.manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> OciReference {
        "oci://r.example/a:1".parse().unwrap()
    }

    fn layer(media_type: &str, digest: &str, size: u64) -> serde_json::Value {
        serde_json::json!({ "mediaType": media_type, "digest": digest, "size": size })
    }

    fn manifest(layers: &[serde_json::Value]) -> Vec<u8> {
        let digest = digest_of(b"{}").to_string();
        let config = layer("application/vnd.oci.empty.v1+json", &digest, 2);
        let manifest =
            serde_json::json!({ "schemaVersion": 2, "config": config, "layers": layers });
        manifest.to_string().into_bytes()
    }

    #[test]
    fn given_a_package_should_be_the_same_each_time_and_name_its_component() {
        let package = || Package::new(b"x".to_vec(), "x.wasm", (&[], &[]), BTreeMap::new());
        assert_eq!(package().digest(), package().digest());
        let (digest, size) = component_layer(&package().manifest, &reference()).unwrap();
        assert_eq!((digest, size), (digest_of(b"x"), 1));
        let other = Package::new(b"y".to_vec(), "x.wasm", (&[], &[]), BTreeMap::new());
        assert_ne!(package().digest(), other.digest());
    }

    #[test]
    fn given_other_tools_should_accept_their_layouts() {
        let digest = digest_of(b"x").to_string();
        let text = layer("text/plain", &digest, 1);
        for layers in [
            vec![layer(LAYER, &digest, 1)],
            vec![layer(OLD_LAYER, &digest, 1)],
            vec![text, layer(LAYER, &digest, 1)],
        ] {
            assert_eq!(component_layer(&manifest(&layers), &reference()).unwrap().1, 1);
        }
    }

    #[test]
    fn given_what_is_no_component_should_say_what_it_is() {
        let digest = digest_of(b"x").to_string();
        for (bytes, words) in [
            (b"".to_vec(), "not an OCI image manifest"),
            (b"[]".to_vec(), "not an OCI image manifest"),
            (br#"{"schemaVersion":1,"manifests":[]}"#.to_vec(), "an index"),
            (manifest(&[]), "0 of its 0 layers"),
            (manifest(&[layer("text/plain", &digest, 1)]), "0 of its 1 layers"),
            (manifest(&[layer(LAYER, &digest, 1), layer(LAYER, &digest, 1)]), "2 of its 2"),
            (manifest(&[layer(LAYER, "sha512:00", 1)]), "no SHA-256"),
            (manifest(&[layer(LAYER, "../../etc/passwd", 1)]), "no SHA-256"),
            (manifest(&[layer(LAYER, &digest, LARGEST_COMPONENT + 1)]), "larger than"),
        ] {
            let error = component_layer(&bytes, &reference()).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
