//! Faults on demand, as the client meets them.

use std::time::{Duration, Instant};

use embedded_iggy::{Command, Fault, Server};
use iggy::prelude::*;

use crate::support::{
    STREAM, TOPIC, client, code, create_topic, id, numbered, payloads, poll, send, server,
};

async fn try_send(client: &IggyClient, n: u32) -> Result<SendMessagesResponse, IggyError> {
    let partitioning = Partitioning::partition_id(0);
    client.send_messages(&id(STREAM), &id(TOPIC), &partitioning, &mut numbered(n..n + 1)).await
}

async fn stored(client: &IggyClient) -> Vec<String> {
    payloads(&poll(client, 0, PollingStrategy::first(), 100).await)
}

#[tokio::test]
async fn given_refusals_when_sending_should_fail_as_often_and_then_work() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    server.faults().inject(Command::Send, Fault::Refuse(3009), 2);
    assert_eq!(code(try_send(&client, 0).await), 3009);
    assert_eq!(code(try_send(&client, 1).await), 3009);
    try_send(&client, 2).await.unwrap();
    assert_eq!(stored(&client).await, ["2"]);
    assert_eq!((server.faults().fired(), server.faults().armed()), (2, 0));
}

#[tokio::test]
async fn given_a_dropped_connection_when_polling_should_reconnect_and_go_on() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    send(&client, 0, &mut numbered(0..3)).await;
    server.faults().inject(Command::Poll, Fault::Drop, 1);
    assert_eq!(stored(&client).await, ["0", "1", "2"]);
    assert_eq!(server.faults().fired(), 1);
}

#[tokio::test]
async fn given_a_lost_reply_when_sending_should_have_stored_the_message_all_the_same() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    server.faults().inject(Command::Send, Fault::LoseReply, 1);
    // Whether the client repeats the batch by itself is its own affair; it is stored either way.
    let _ = try_send(&client, 0).await;
    assert_eq!(server.faults().fired(), 1);
    assert!(stored(&client).await.starts_with(&["0".to_owned()]));
}

#[tokio::test]
async fn given_a_duplicate_when_sending_should_store_the_message_twice() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    server.faults().inject(Command::Send, Fault::Duplicate, 1);
    try_send(&client, 0).await.unwrap();
    try_send(&client, 1).await.unwrap();
    assert_eq!(stored(&client).await, ["0", "0", "1"]);
}

#[tokio::test]
async fn given_a_delay_when_storing_an_offset_should_take_that_long() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    send(&client, 0, &mut numbered(0..1)).await;
    let delay = Duration::from_millis(50);
    server.faults().inject(Command::StoreOffset, Fault::Delay(delay), 1);
    let (reader, started) = (Consumer::new(id("reader")), Instant::now());
    client.store_consumer_offset(&reader, &id(STREAM), &id(TOPIC), Some(0), 0).await.unwrap();
    assert!(started.elapsed() >= delay);
}

#[tokio::test]
async fn given_death_at_the_third_send_when_restarted_should_have_what_was_acknowledged() {
    for (fault, expected) in [(Fault::Die, 2), (Fault::DieAfter, 3)] {
        let folder = tempfile::tempdir().unwrap();
        let builder = Server::builder().data_dir(folder.path().to_owned());
        let server = builder.clone().start().await.unwrap();
        let address = server.local_addr();
        let survivor = client(&server).await;
        create_topic(&survivor, 1).await;
        server.faults().inject_after(2, Command::Send, fault, 1);
        try_send(&survivor, 0).await.unwrap();
        try_send(&survivor, 1).await.unwrap();
        let doomed = {
            let client = client(&server).await;
            tokio::spawn(async move { try_send(&client, 2).await })
        };
        server.stopped().await;
        doomed.abort();
        let _server = builder.bind(address.to_string()).start().await.unwrap();
        let stored = stored(&survivor).await;
        assert_eq!(stored[..expected], ["0", "1", "2"][..expected]);
    }
}
