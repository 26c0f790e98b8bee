//! A broker that can be killed and brought back at the same address with the same data.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kennel_broker::{BrokerConfig, Credentials};

use super::program::Program;
use crate::ConformError;

/// Name and password of the root user.
pub(crate) const ROOT: &str = "iggy";
/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// `kennel iggy` with a data folder.
pub(crate) struct Broker {
    program: Program,
    kennel: PathBuf,
    folder: PathBuf,
    address: String,
    started: u32,
}

impl Broker {
    /// Starts it at a free port.
    pub(crate) async fn start(kennel: &Path, folder: &Path) -> Result<Self, ConformError> {
        let (program, address) = listen(kennel, folder, "127.0.0.1:0", 0).await?;
        Ok(Self { program, kennel: kennel.into(), folder: folder.into(), address, started: 1 })
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// How to sign in.
    pub(crate) fn config(&self) -> BrokerConfig {
        let password = ROOT.to_owned().into();
        BrokerConfig {
            address: self.address.clone(),
            credentials: Credentials::Password { username: ROOT.into(), password },
            tls: None,
        }
    }

    /// Kills it, leaves it dead for `outage`, and starts it again.
    pub(crate) async fn kill_and_restart(self, outage: Duration) -> Result<Self, ConformError> {
        let Self { program, kennel, folder, address, started } = self;
        program.kill().await?;
        tokio::time::sleep(outage).await;
        let (program, address) = listen(&kennel, &folder, &address, started).await?;
        Ok(Self { program, kennel, folder, address, started: started + 1 })
    }
}

async fn listen(
    kennel: &Path,
    folder: &Path,
    address: &str,
    number: u32,
) -> Result<(Program, String), ConformError> {
    let data = folder.join("broker");
    let data = data.to_string_lossy();
    let arguments = ["iggy", "--json", "--address", address, "--data", &data];
    let output = folder.join(format!("broker-{number}"));
    let mut program = Program::start("the broker", kennel, &arguments, &output)?;
    // It prints its address when it listens.
    let address = program
        .until("it listened", PATIENCE, async |program| Ok(printed_address(&program.output())))
        .await?;
    Ok((program, address))
}

fn printed_address(output: &str) -> Option<String> {
    let line = output.lines().next()?;
    let printed: serde_json::Value = serde_json::from_str(line).ok()?;
    Some(printed["address"].as_str()?.to_owned())
}
