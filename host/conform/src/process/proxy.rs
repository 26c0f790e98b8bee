//! A slow way to the broker.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::ConformError;

/// Passes bytes on after a while, until it is dropped.
pub(crate) struct SlowProxy {
    address: String,
    task: JoinHandle<()>,
}

impl SlowProxy {
    /// Listens at a free port for connections to `broker`; every piece of bytes waits `delay`.
    pub(crate) async fn start(broker: &str, delay: Duration) -> Result<Self, ConformError> {
        let failed = |error: std::io::Error| ConformError::Process {
            program: "the slow connection".to_owned(),
            detail: format!("cannot listen: {error}"),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?.to_string();
        let broker = broker.to_owned();
        let task = tokio::spawn(async move {
            // Connections end with the proxy.
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                // A broker that is down refuses, and so does this.
                let Ok(server) = TcpStream::connect(&broker).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                connections.spawn(pass_on(from_client, to_server, delay));
                connections.spawn(pass_on(from_server, to_client, delay));
            }
        });
        Ok(Self { address, task })
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for SlowProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut bytes).await {
        if read == 0 {
            break;
        }
        tokio::time::sleep(delay).await;
        if to.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
}
