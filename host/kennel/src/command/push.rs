//! `kennel push`: a component into a registry.

use std::collections::BTreeMap;

use kennel_config::ComponentSource;
use kennel_registry::{Admission, Admitted, Package};
use kennel_sandbox::Component;
use serde_json::json;

use super::place::{Host, facts, line, pin, table};
use crate::cli::{GlobalArguments, PushArguments};
use crate::exit_code::Failure;
use crate::terminal::Terminal;

pub(crate) async fn run(
    arguments: PushArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let (path, reference) = (&arguments.component, &arguments.reference);
    let host = Host::load(&arguments.host, Some(reference), (global, terminal))?;
    let Admitted { bytes, .. } = Admission::everything().read_file(path).await?;
    // What nobody can run is not stored for others.
    let admitted = Admitted { bytes: bytes.clone(), signer: None };
    let component = host.compile(&ComponentSource::File(path.clone()), admitted).await?;
    let title = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let interfaces = (component.imports(), component.exports());
    let package = Package::new(bytes, &title, interfaces, annotations(&component));
    terminal.progress(&format!("pushing {reference}"));
    let pinned = host.components.registry().push(reference, package).await?;
    let mut json = facts(&component);
    json.insert("reference".to_owned(), json!(pinned.to_string()));
    json.insert("manifest".to_owned(), json!(pinned.digest()));
    terminal.result(&json, || {
        let rows =
            [("component", line(&component)), ("digest", format!("sha256:{}", component.digest()))];
        format!("{}\n\n{}", table(&rows), pin(reference, pinned.digest()))
    });
    terminal.progress(&format!("sign it with `kennel sign {pinned} --key KEY`"));
    Ok(())
}

/// What registries show of it.
fn annotations(component: &Component) -> BTreeMap<String, String> {
    let about = component.description();
    let all = [
        ("title", &about.name),
        ("version", &about.version),
        ("description", &about.summary),
        ("licenses", &about.licence),
    ];
    let some = all.into_iter().filter(|(_, value)| !value.is_empty());
    some.map(|(name, value)| (format!("org.opencontainers.image.{name}"), value.clone())).collect()
}
