//! `kennel verify`: who signed a component.

use anyhow::anyhow;
use kennel_config::ComponentSource;
use kennel_registry::{Admission, Admitted};
use serde_json::json;

use super::place::{Host, facts, line, table};
use crate::cli::{ComponentPlace, GlobalArguments, VerifyArguments};
use crate::exit_code::Failure;
use crate::terminal::{Terminal, TransferBar};

pub(crate) async fn run(
    arguments: VerifyArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let reference = match &arguments.component {
        ComponentPlace::Oci(reference) => Some(reference),
        ComponentPlace::File(_) => None,
    };
    let host = Host::load(&arguments.host, reference, (global, terminal))?;
    #[allow(clippy::result_large_err, reason = "made once per command")]
    let given = (!arguments.key.is_empty()).then(|| Admission::signed_by(&arguments.key));
    let admission = match given {
        Some(admission) => admission?,
        None => host.components.admission().clone(),
    };
    let (source, admitted) = match &arguments.component {
        ComponentPlace::File(path) => {
            (ComponentSource::File(path.clone()), admission.read_file(path).await?)
        }
        ComponentPlace::Oci(reference) => {
            let bar = TransferBar::new(terminal);
            let registry = host.components.registry();
            let (artifact, signer) = admission.read_artifact(reference, registry, &bar).await?;
            let admitted = Admitted { bytes: artifact.component, signer };
            (ComponentSource::Oci(artifact.reference), admitted)
        }
    };
    let Some(signer) = admitted.signer.clone() else {
        return Err(Failure::usage(anyhow!(
            "no key to verify with; name one with --key FILE.pub, or a folder whose kennel.toml has \
             `[policy] signers` with --config"
        )));
    };
    let component = host.compile(&source, admitted).await?;
    let mut json = facts(&component);
    json.insert("source".to_owned(), json!(source));
    json.insert("signer".to_owned(), json!(signer));
    terminal.result(&json, || {
        let rows = [
            ("component", line(&component)),
            ("digest", format!("sha256:{}", component.digest())),
            ("from", source.to_string()),
            ("signed by", signer.to_string()),
        ];
        table(&rows)
    });
    Ok(())
}
