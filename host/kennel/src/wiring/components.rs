//! Where the host's components come from, and whose it accepts: `[components]` and `[policy] signers`.

use kennel_config::{Asked, ComponentSource, HostConfig, OciReference, Policy};
use kennel_registry::{
    Admission, AdmissionError, Admitted, CredentialError, Credentials, Progress, Registry,
    RegistryError,
};

/// The components of a host.
pub(crate) struct Components {
    registry: Registry,
    admission: Admission,
    policy: Option<Policy>,
}

/// Why components cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComponentsError {
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error("[policy] signers in kennel.toml")]
    Signers(#[source] AdmissionError),
}

#[allow(clippy::result_large_err, reason = "made once per command")]
impl Components {
    /// `addressed` is the registry that a person has named on the command line, if any: credentials in
    /// variables are for it.
    pub(crate) fn new(host: &HostConfig, addressed: Option<&str>) -> Result<Self, ComponentsError> {
        let variable = |name: &str| std::env::var(name).ok();
        let credentials = Credentials::from_variables(variable, addressed)?;
        let from = &host.components;
        let signers = host.policy.as_ref().map_or(&[][..], |policy| &policy.signers);
        Ok(Self {
            registry: Registry::new(&from.cache, from.plain_http.clone(), credentials)?,
            admission: Admission::signed_by(signers).map_err(ComponentsError::Signers)?,
            policy: host.policy.clone(),
        })
    }

    /// The bytes of a component that may run.
    pub(crate) async fn read(
        &self,
        source: &ComponentSource,
        progress: &dyn Progress,
    ) -> Result<Admitted, AdmissionError> {
        self.admission.read(source, &self.registry, progress).await
    }

    /// Whose components are accepted.
    pub(crate) fn admission(&self) -> &Admission {
        &self.admission
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Whether the policy lets components come from there. Configurations are judged where they are read;
    /// this is for what a person names.
    pub(crate) fn permits(&self, reference: &OciReference) -> bool {
        let asked =
            Asked::Registry { registry: reference.registry(), repository: reference.name() };
        self.policy.as_ref().is_none_or(|policy| policy.permits(&asked))
    }
}
