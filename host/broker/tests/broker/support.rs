//! What the tests share.

use std::net::SocketAddr;

use bytes::Bytes;
use kennel_broker::{Connection, GroupMember, OutgoingMessage, Partitioning, Poll, Target};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) fn message(payload: impl Into<Bytes>) -> OutgoingMessage {
    OutgoingMessage { payload: payload.into(), ..OutgoingMessage::default() }
}

/// Sends `count` numbered messages to `partition`, as one batch.
pub(crate) async fn send(connection: &Connection, target: &Target, partition: u32, count: u32) {
    let messages = (0..count).map(|number| message(format!("message {number}"))).collect();
    connection.send(target, Partitioning::Partition(partition), messages).await.unwrap();
}

/// Payloads from `offset` on.
pub(crate) async fn payloads(member: &mut GroupMember, partition: u32, offset: u64) -> Vec<String> {
    match member.poll(partition, offset, 1000).await.unwrap() {
        Poll::Messages(batch) => (0..batch.len())
            .map(|index| String::from_utf8(batch.payload(index).unwrap().to_vec()).unwrap())
            .collect(),
        Poll::Empty { .. } => Vec::new(),
        Poll::NotAssigned => panic!("partition {partition} is not assigned"),
    }
}

/// Passes connections on to `upstream`, until told to fall silent: then it keeps them open and
/// passes nothing.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    pub(crate) silent: watch::Sender<bool>,
}

impl Relay {
    pub(crate) async fn start(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (silent, silence) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&upstream).await.unwrap();
                tokio::spawn(pass(client, server, silence.clone()));
            }
        });
        Self { address, silent }
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, mut silence: watch::Receiver<bool>) {
    let fell_silent = tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => false,
        fell_silent = async { silence.wait_for(|silent| *silent).await.is_ok() } => fell_silent,
    };
    if fell_silent {
        std::future::pending::<()>().await;
    }
}
