//! A way to the broker that is slow, or that lets nothing about one topic through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::ConformError;

/// How bytes are passed on.
#[derive(Clone)]
struct Manner {
    /// How long every piece of bytes waits.
    delay: Duration,
    /// A connection that says this word to the broker is cut, as long as the gate is closed.
    forbidden: Arc<str>,
    is_open: Arc<AtomicBool>,
}

/// Passes bytes on until it is dropped.
pub(crate) struct Proxy {
    address: String,
    manner: Manner,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Every piece of bytes to and from `broker` waits `delay`.
    pub(crate) async fn slow(broker: &str, delay: Duration) -> Result<Self, ConformError> {
        let is_open = Arc::new(AtomicBool::new(true));
        Self::start(broker, Manner { delay, forbidden: "".into(), is_open }).await
    }

    /// Whoever mentions `word` loses the connection, until [`Proxy::open`] is called: to the host, the
    /// topic of this name is out of reach, and all others are not.
    pub(crate) async fn without(broker: &str, word: &str) -> Result<Self, ConformError> {
        let is_open = Arc::new(AtomicBool::new(false));
        Self::start(broker, Manner { delay: Duration::ZERO, forbidden: word.into(), is_open }).await
    }

    async fn start(broker: &str, manner: Manner) -> Result<Self, ConformError> {
        let failed = |error: std::io::Error| ConformError::Process {
            program: "the connection to the broker".to_owned(),
            detail: format!("cannot be passed on: {error}"),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?.to_string();
        let task = tokio::spawn(accept(listener, broker.to_owned(), manner.clone()));
        Ok(Self { address, manner, task })
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// From now on, everything passes.
    pub(crate) fn open(&self) {
        self.manner.is_open.store(true, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, broker: String, manner: Manner) {
    // Connections end with the proxy.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        // A broker that is down refuses, and so does this.
        let Ok(server) = TcpStream::connect(&broker).await else { continue };
        connections.spawn(serve(client, server, manner.clone()));
    }
}

/// Both directions; when one ends, the connection is over.
async fn serve(client: TcpStream, server: TcpStream, manner: Manner) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let forbidden = Arc::clone(&manner.forbidden);
    tokio::select! {
        () = pass_on(from_client, to_server, &manner, forbidden.as_bytes()) => {}
        () = pass_on(from_server, to_client, &manner, &[]) => {}
    }
}

async fn pass_on(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    manner: &Manner,
    forbidden: &[u8],
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut bytes).await {
        let bytes = &bytes[..read];
        let is_forbidden = !forbidden.is_empty()
            && !manner.is_open.load(Ordering::Relaxed)
            && bytes.windows(forbidden.len()).any(|part| part == forbidden);
        if bytes.is_empty() || is_forbidden {
            break;
        }
        tokio::time::sleep(manner.delay).await;
        if to.write_all(bytes).await.is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes back when `word` is sent to a broker that repeats everything.
    async fn echoed(proxy: &Proxy, word: &str) -> Vec<u8> {
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        client.write_all(word.as_bytes()).await.unwrap();
        let mut answer = vec![0; word.len()];
        match client.read_exact(&mut answer).await {
            Ok(_) => answer,
            Err(_) => Vec::new(),
        }
    }

    #[tokio::test]
    async fn given_a_forbidden_word_should_cut_the_connection_until_it_is_open() {
        let broker = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = broker.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((client, _)) = broker.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = client.into_split();
                    drop(tokio::io::copy(&mut from, &mut to).await);
                });
            }
        });
        let proxy = Proxy::without(&address, "letters").await.unwrap();
        assert_eq!(echoed(&proxy, "orders").await, b"orders");
        assert_eq!(echoed(&proxy, "orders.letters").await, b"");
        proxy.open();
        assert_eq!(echoed(&proxy, "orders.letters").await, b"orders.letters");
    }
}
