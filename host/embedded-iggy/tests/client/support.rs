//! A server, clients, and short names for what the tests do with them.

use bytes::Bytes;
use embedded_iggy::{RunningServer, Server};
use iggy::prelude::*;

pub(crate) const STREAM: &str = "orders";
pub(crate) const TOPIC: &str = "created";

pub(crate) async fn server() -> RunningServer {
    Server::builder().start().await.unwrap()
}

/// A client that is connected but not logged in.
pub(crate) async fn stranger(server: &RunningServer) -> IggyClient {
    let client = IggyClient::builder()
        .with_tcp()
        .with_server_address(server.local_addr().to_string())
        .build()
        .unwrap();
    client.connect().await.unwrap();
    client
}

/// A client that logs in as root, and again after every reconnect.
pub(crate) async fn client(server: &RunningServer) -> IggyClient {
    client_at(server.local_addr().to_string()).await
}

pub(crate) async fn client_at(address: String) -> IggyClient {
    let client = IggyClient::builder()
        .with_tcp()
        .with_server_address(address)
        .with_auto_sign_in(AutoLogin::Enabled(Credentials::UsernamePassword(
            "iggy".into(),
            "iggy".into(),
        )))
        .with_reconnection_max_retries(Some(100))
        .with_reconnection_interval("20ms".parse().unwrap())
        .with_reestablish_after("10ms".parse().unwrap())
        .build()
        .unwrap();
    client.connect().await.unwrap();
    client
}

pub(crate) fn id(name: &str) -> Identifier {
    Identifier::named(name).unwrap()
}

/// Creates [`STREAM`] with [`TOPIC`] in it.
pub(crate) async fn create_topic(client: &IggyClient, partitions: u32) -> TopicDetails {
    client.create_stream(STREAM).await.unwrap();
    let options =
        TopicCreateOptions { partitions_count: Some(partitions), ..TopicCreateOptions::default() };
    client.create_topic(&id(STREAM), TOPIC, &options).await.unwrap()
}

pub(crate) fn message(payload: impl Into<Bytes>) -> IggyMessage {
    IggyMessage::builder().payload(payload.into()).build().unwrap()
}

pub(crate) fn numbered(range: std::ops::Range<u32>) -> Vec<IggyMessage> {
    range.map(|n| message(n.to_string())).collect()
}

pub(crate) async fn send(client: &IggyClient, partition: u32, messages: &mut [IggyMessage]) {
    let partitioning = Partitioning::partition_id(partition);
    client.send_messages(&id(STREAM), &id(TOPIC), &partitioning, messages).await.unwrap();
}

/// Polls as a plain consumer, without storing an offset.
pub(crate) async fn poll(
    client: &IggyClient,
    partition: u32,
    strategy: PollingStrategy,
    count: u32,
) -> PolledMessages {
    let consumer = Consumer::new(Identifier::numeric(1).unwrap());
    client
        .poll_messages(&id(STREAM), &id(TOPIC), Some(partition), &consumer, &strategy, count, false)
        .await
        .unwrap()
}

pub(crate) fn payloads(polled: &PolledMessages) -> Vec<String> {
    polled
        .messages
        .iter()
        .map(|message| String::from_utf8_lossy(&message.payload).into_owned())
        .collect()
}

pub(crate) fn offsets(polled: &PolledMessages) -> Vec<u64> {
    polled.messages.iter().map(|message| message.header.offset).collect()
}

/// The `IggyError` code a call failed with.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, IggyError>) -> u32 {
    result.unwrap_err().as_code()
}
