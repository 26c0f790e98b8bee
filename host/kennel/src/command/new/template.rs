//! The templates of the SDKs, carried in this program.

use crate::cli::{Language, Template};

/// A file of a template. The text has placeholders: `{{name}}` and `{{sdk}}`.
#[derive(Debug)]
pub(super) struct TemplateFile {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
}

/// Files of a template folder below guest-sdk, by their path in the new folder.
macro_rules! files {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$(TemplateFile {
            path: $path,
            text: include_str!(concat!("../../../../../guest-sdk/", $folder, "/", $path)),
        }),+]
    };
}

static RUST: &[TemplateFile] =
    files!("rust/template/common": "Cargo.toml", ".cargo/config.toml", ".gitignore");
static RUST_SINK: &[TemplateFile] = files!("rust/template/sink": "src/lib.rs", "connector.toml");
static RUST_SOURCE: &[TemplateFile] =
    files!("rust/template/source": "src/lib.rs", "connector.toml");
static RUST_TRANSFORM: &[TemplateFile] =
    files!("rust/template/transform": "src/lib.rs", "connector.toml");

static PYTHON: &[TemplateFile] = files!("python/template/common": ".gitignore");
static PYTHON_SINK: &[TemplateFile] = files!(
    "python/template/sink":
    "pyproject.toml", "component.py", "test_component.py", "connector.toml"
);
static PYTHON_SOURCE: &[TemplateFile] = files!(
    "python/template/source":
    "pyproject.toml", "component.py", "test_component.py", "connector.toml"
);
static PYTHON_TRANSFORM: &[TemplateFile] = files!(
    "python/template/transform":
    "pyproject.toml", "component.py", "test_component.py", "connector.toml"
);

static JAVASCRIPT: &[TemplateFile] = files!("javascript/template/common": ".gitignore");
static JAVASCRIPT_SINK: &[TemplateFile] = files!(
    "javascript/template/sink":
    "package.json", "component.js", "component.spec.js", "connector.toml"
);
static JAVASCRIPT_SOURCE: &[TemplateFile] = files!(
    "javascript/template/source":
    "package.json", "component.js", "component.spec.js", "connector.toml"
);
static JAVASCRIPT_TRANSFORM: &[TemplateFile] = files!(
    "javascript/template/transform":
    "package.json", "component.js", "component.spec.js", "connector.toml"
);

/// The files of a new component.
pub(super) fn files(
    language: Language,
    kind: Template,
) -> impl Iterator<Item = &'static TemplateFile> {
    let (common, own) = match (language, kind) {
        (Language::Rust, Template::Sink) => (RUST, RUST_SINK),
        (Language::Rust, Template::Source) => (RUST, RUST_SOURCE),
        (Language::Rust, Template::Transform) => (RUST, RUST_TRANSFORM),
        (Language::Python, Template::Sink) => (PYTHON, PYTHON_SINK),
        (Language::Python, Template::Source) => (PYTHON, PYTHON_SOURCE),
        (Language::Python, Template::Transform) => (PYTHON, PYTHON_TRANSFORM),
        (Language::Javascript, Template::Sink) => (JAVASCRIPT, JAVASCRIPT_SINK),
        (Language::Javascript, Template::Source) => (JAVASCRIPT, JAVASCRIPT_SOURCE),
        (Language::Javascript, Template::Transform) => (JAVASCRIPT, JAVASCRIPT_TRANSFORM),
    };
    common.iter().chain(own)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use clap::ValueEnum;

    use super::*;

    fn files_below(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
            .filter(|path| !path.components().any(|part| part.as_os_str() == "__pycache__"))
            .collect()
    }

    /// A file that an SDK adds to its template must not be forgotten here.
    #[test]
    fn given_the_template_folders_should_carry_every_file() {
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-sdk");
        for language in Language::value_variants() {
            for kind in Template::value_variants() {
                let name = |value: &dyn Fn() -> String| value().to_lowercase();
                let language_name = name(&|| format!("{language:?}"));
                let kind_name = name(&|| format!("{kind:?}"));
                let template = sdk.join(language_name).join("template");
                let on_disk: BTreeSet<PathBuf> = ["common", &kind_name]
                    .into_iter()
                    .flat_map(|part| {
                        let folder = template.join(part);
                        let files = files_below(&folder);
                        files.into_iter().map(move |f| f.strip_prefix(&folder).unwrap().to_owned())
                    })
                    .collect();
                let carried = files(*language, *kind).map(|file| PathBuf::from(file.path));
                assert_eq!(carried.collect::<BTreeSet<_>>(), on_disk, "{language:?} {kind:?}");
            }
        }
    }
}
