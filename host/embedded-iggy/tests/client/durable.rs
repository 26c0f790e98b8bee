//! A server with a data folder, stopped, killed and started again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use embedded_iggy::{Fsync, RunningServer, Server, ServerError};
use iggy::prelude::*;
use tempfile::TempDir;

use crate::support::{
    STREAM, TOPIC, client, code, create_topic, id, message, numbered, payloads, poll, send,
};

async fn start(folder: &TempDir) -> RunningServer {
    Server::builder().data_dir(folder.path().to_owned()).start().await.unwrap()
}

fn expected(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

async fn all(client: &IggyClient) -> Vec<String> {
    payloads(&poll(client, 0, PollingStrategy::first(), 10_000).await)
}

/// Every segment file below a data folder.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for log in std::fs::read_dir(folder.join("logs")).unwrap() {
        let files = std::fs::read_dir(log.unwrap().path()).unwrap();
        found.extend(
            files
                .map(|file| file.unwrap().path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "log")),
        );
    }
    found.sort();
    found
}

#[tokio::test]
async fn given_a_graceful_restart_should_have_everything_again() {
    let folder = tempfile::tempdir().unwrap();
    let (stream, topic, group) = (id(STREAM), id(TOPIC), id("group"));
    let (named, grouped) = (Consumer::new(id("reader")), Consumer::group(group.clone()));
    let server = start(&folder).await;
    let before = client(&server).await;
    create_topic(&before, 2).await;
    before.create_stream("gone").await.unwrap();
    before.delete_stream(&id("gone")).await.unwrap();
    before.create_consumer_group(&stream, &topic, "group").await.unwrap();
    before.join_consumer_group(&stream, &topic, &group).await.unwrap();
    for start in [0, 100, 200] {
        send(&before, 0, &mut numbered(start..start + 100)).await;
    }
    before.store_consumer_offset(&named, &stream, &topic, Some(0), 41).await.unwrap();
    before.store_consumer_offset(&grouped, &stream, &topic, Some(0), 42).await.unwrap();
    server.shutdown().await;

    let server = start(&folder).await;
    let after = client(&server).await;
    assert_eq!(all(&after).await, expected(0..300));
    for (consumer, offset) in [(&named, 41), (&grouped, 42)] {
        let stored = after.get_consumer_offset(consumer, &stream, &topic, Some(0)).await.unwrap();
        assert_eq!(stored.unwrap().stored_offset, offset);
    }
    let members = after.get_consumer_group(&stream, &topic, &group).await.unwrap().unwrap();
    assert_eq!(members.members_count, 0);
    // Ids go on from where they were, also those of what is gone.
    assert_eq!(after.create_stream("new").await.unwrap().id, 2);
    send(&after, 0, &mut numbered(300..301)).await;
    assert_eq!(all(&after).await, expected(0..301));
}

#[tokio::test]
async fn given_a_killed_server_when_restarted_should_have_all_acknowledged_messages() {
    let folder = tempfile::tempdir().unwrap();
    for fsync in [Fsync::EveryBatch, Fsync::Interval(Duration::from_millis(20)), Fsync::Never] {
        let builder = Server::builder().data_dir(folder.path().to_owned()).fsync(fsync);
        let server = builder.start().await.unwrap();
        let client = client(&server).await;
        if client.get_stream(&id(STREAM)).await.unwrap().is_none() {
            create_topic(&client, 1).await;
        }
        let sent = all(&client).await.len() as u32;
        send(&client, 0, &mut numbered(sent..sent + 50)).await;
        server.die().await;
    }
    let server = start(&folder).await;
    assert_eq!(all(&client(&server).await).await, expected(0..150));
}

#[tokio::test]
async fn given_a_torn_last_record_when_restarted_should_cut_it_and_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder).await;
    let first = client(&server).await;
    create_topic(&first, 1).await;
    send(&first, 0, &mut numbered(0..10)).await;
    send(&first, 0, &mut numbered(10..20)).await;
    server.die().await;
    let segment = segments(folder.path()).pop().unwrap();
    let bytes = std::fs::read(&segment).unwrap();
    std::fs::write(&segment, &bytes[..bytes.len() - 5]).unwrap();

    let server = start(&folder).await;
    let second = client(&server).await;
    assert_eq!(all(&second).await, expected(0..10));
    send(&second, 0, &mut numbered(10..20)).await;
    assert_eq!(all(&second).await, expected(0..20));
}

#[tokio::test]
async fn given_persisted_consumer_offsets_when_killed_should_keep_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let builder = || {
        // So long that only a direct write can have saved it.
        Server::builder()
            .data_dir(folder.path().to_owned())
            .offsets_interval(Duration::from_secs(3600))
    };
    let server = builder().start().await.unwrap();
    let before = client(&server).await;
    before.create_stream(STREAM).await.unwrap();
    let options = TopicCreateOptions {
        durability: Durability::Persisted,
        consumer_offset_durability: Durability::Persisted,
        ..TopicCreateOptions::default()
    };
    before.create_topic(&id(STREAM), TOPIC, &options).await.unwrap();
    send(&before, 0, &mut numbered(0..10)).await;
    let (reader, stream, topic) = (Consumer::new(id("reader")), id(STREAM), id(TOPIC));
    before.store_consumer_offset(&reader, &stream, &topic, Some(0), 7).await.unwrap();
    server.die().await;
    let server = builder().start().await.unwrap();
    let after = client(&server).await;
    let stored = after.get_consumer_offset(&reader, &stream, &topic, Some(0)).await.unwrap();
    assert_eq!(stored.unwrap().stored_offset, 7);
}

#[tokio::test]
async fn given_a_timer_when_offsets_change_should_be_on_disk_soon() {
    let folder = tempfile::tempdir().unwrap();
    let builder = || {
        let period = Duration::from_millis(10);
        Server::builder().data_dir(folder.path().to_owned()).offsets_interval(period)
    };
    let server = builder().start().await.unwrap();
    let before = client(&server).await;
    create_topic(&before, 1).await;
    send(&before, 0, &mut numbered(0..10)).await;
    let (reader, stream, topic) = (Consumer::new(id("reader")), id(STREAM), id(TOPIC));
    before.store_consumer_offset(&reader, &stream, &topic, Some(0), 7).await.unwrap();
    let log = segments(folder.path()).pop().unwrap();
    while !log.with_file_name("offsets.json").exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.die().await;
    let server = builder().start().await.unwrap();
    let after = client(&server).await;
    let stored = after.get_consumer_offset(&reader, &stream, &topic, Some(0)).await.unwrap();
    assert_eq!(stored.unwrap().stored_offset, 7);
}

#[tokio::test]
async fn given_no_cache_and_small_segments_when_polled_should_read_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Server::builder().data_dir(folder.path().to_owned());
    let server = builder.cache_bytes(0).segment_bytes(4096).start().await.unwrap();
    let client = client(&server).await;
    create_topic(&client, 1).await;
    for start in (0..400).step_by(20) {
        send(&client, 0, &mut numbered(start..start + 20)).await;
    }
    assert!(segments(folder.path()).len() > 5);
    assert_eq!(all(&client).await, expected(0..400));
    let window = poll(&client, 0, PollingStrategy::offset(133), 77).await;
    assert_eq!(payloads(&window), expected(133..210));
    let large = vec![7_u8; 1 << 20];
    send(&client, 0, &mut [message(large.clone())]).await;
    let last = poll(&client, 0, PollingStrategy::last(), 1).await;
    assert_eq!(last.messages[0].payload, large);
}

#[tokio::test]
async fn given_deleted_and_purged_data_when_restarted_should_stay_gone_also_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder).await;
    let before = client(&server).await;
    create_topic(&before, 1).await;
    send(&before, 0, &mut numbered(0..10)).await;
    before.purge_topic(&id(STREAM), &id(TOPIC)).await.unwrap();
    assert!(segments(folder.path()).is_empty());
    send(&before, 0, &mut numbered(20..25)).await;
    server.die().await;
    let server = start(&folder).await;
    let after = client(&server).await;
    assert_eq!(all(&after).await, expected(20..25));
    after.delete_stream(&id(STREAM)).await.unwrap();
    assert!(segments(folder.path()).is_empty());
    server.die().await;
    let server = start(&folder).await;
    assert!(client(&server).await.get_streams().await.unwrap().is_empty());
}

#[tokio::test]
async fn given_a_folder_in_use_when_a_second_server_starts_should_refuse_until_it_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder).await;
    let second = Server::builder().data_dir(folder.path().to_owned()).start().await;
    assert!(matches!(second, Err(ServerError::FolderInUse { .. })));
    server.shutdown().await;
    start(&folder).await;
}

#[tokio::test]
async fn given_a_damaged_catalogue_when_starting_should_refuse_and_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder).await;
    let writer = client(&server).await;
    create_topic(&writer, 1).await;
    send(&writer, 0, &mut numbered(0..1)).await;
    server.shutdown().await;
    let catalog = folder.path().join("catalog.json");
    std::fs::write(&catalog, b"{\"format\":1").unwrap();
    let builder = Server::builder().data_dir(folder.path().to_owned());
    let error = builder.clone().start().await.unwrap_err();
    assert!(error.to_string().contains("catalog.json"), "{error}");
    std::fs::remove_file(&catalog).unwrap();
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, ServerError::CatalogMissing { .. }), "{error}");
    assert_eq!(segments(folder.path()).len(), 1);
}

#[tokio::test]
async fn given_an_expiry_and_a_size_when_passed_should_remove_the_oldest() {
    for folder in [None, Some(tempfile::tempdir().unwrap())] {
        let server = Server::builder()
            .data_dir(folder.as_ref().map(|folder| folder.path().to_owned()))
            .segment_bytes(4096)
            .retention_interval(Duration::from_millis(10))
            .start()
            .await
            .unwrap();
        let client = client(&server).await;
        client.create_stream(STREAM).await.unwrap();
        let size = TopicCreateOptions {
            max_topic_size: Some(MaxTopicSize::Custom(IggyByteSize::from(16_384))),
            ..TopicCreateOptions::default()
        };
        client.create_topic(&id(STREAM), TOPIC, &size).await.unwrap();
        for _ in 0..20 {
            send(&client, 0, &mut [message(vec![1; 2000])]).await;
        }
        let size = async || {
            let topic = client.get_topic(&id(STREAM), &id(TOPIC)).await.unwrap().unwrap();
            topic.size.as_bytes_u64()
        };
        while size().await > 16_384 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let left = poll(&client, 0, PollingStrategy::first(), 100).await;
        assert_eq!(left.messages.last().unwrap().header.offset, 19);
        assert!(left.messages[0].header.offset > 5);

        let expiry = TopicUpdateOptions {
            message_expiry: Some(IggyExpiry::ExpireDuration(IggyDuration::from(1000))),
            ..TopicUpdateOptions::default()
        };
        client.update_topic(&id(STREAM), &id(TOPIC), TOPIC, &expiry).await.unwrap();
        while size().await > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let expiry = TopicUpdateOptions {
            message_expiry: Some(IggyExpiry::NeverExpire),
            ..TopicUpdateOptions::default()
        };
        client.update_topic(&id(STREAM), &id(TOPIC), TOPIC, &expiry).await.unwrap();
        send(&client, 0, &mut numbered(0..1)).await;
        let after = poll(&client, 0, PollingStrategy::first(), 1).await;
        assert_eq!(after.messages[0].header.offset, 20);
    }
}

#[tokio::test]
async fn given_segments_when_deleted_by_count_should_remove_the_oldest() {
    let server = Server::builder().segment_bytes(1).start().await.unwrap();
    let client = client(&server).await;
    create_topic(&client, 1).await;
    for n in 0..4 {
        send(&client, 0, &mut numbered(n..n + 1)).await;
    }
    client.delete_segments(&id(STREAM), &id(TOPIC), 0, 2).await.unwrap();
    assert_eq!(all(&client).await, expected(2..4));
    client.flush_unsaved_buffer(&id(STREAM), &id(TOPIC), 0, true).await.unwrap();
    assert_eq!(code(client.delete_segments(&id(STREAM), &id(TOPIC), 9, 1).await), 3007);
}
