//! Bytes no client of ours would send. The server may answer or close, but has to live on, and
//! must not let a claimed length cost it memory.

use std::time::Duration;

use embedded_iggy::RunningServer;
use iggy::prelude::{IggyClient, StreamClient};
use iggy_binary_protocol::{COMMAND_TABLE, Operation};
use tokio::io::AsyncWriteExt;

use crate::raw::{EVICTED, HEADER, Noise, Raw, batch, login, poll_request};
use crate::support::{client, create_topic, numbered, send, server};

async fn prepared() -> (RunningServer, IggyClient) {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    send(&client, 0, &mut numbered(0..3)).await;
    (server, client)
}

async fn assert_alive(client: &IggyClient) {
    assert!(!client.get_streams().await.unwrap().is_empty());
}

#[tokio::test]
async fn given_random_bytes_when_received_should_close_and_live_on() {
    let (server, client) = prepared().await;
    let mut noise = Noise(1);
    for _ in 0..200 {
        let mut raw = Raw::connect(&server).await;
        let length = 1 + noise.below(2 * HEADER);
        let bytes = noise.bytes(length);
        let _ = raw.stream.write_all(&bytes).await;
        raw.stream.shutdown().await.unwrap();
        assert!(raw.reply().await.is_none());
    }
    assert_alive(&client).await;
}

#[tokio::test]
async fn given_damaged_frames_when_received_should_answer_or_close_and_live_on() {
    let (server, client) = prepared().await;
    let mut noise = Noise(2);
    for _ in 0..300 {
        let mut raw = Raw::connect(&server).await;
        let body = login();
        let header = raw.header(Operation::Register, 0, body.len());
        let mut frame = [bytemuck::bytes_of(&header), &body].concat();
        noise.damage(&mut frame);
        let _ = raw.stream.write_all(&frame).await;
        raw.stream.shutdown().await.unwrap();
        while raw.reply().await.is_some() {}
    }
    assert_alive(&client).await;
}

#[tokio::test]
async fn given_damaged_bodies_of_every_command_when_received_should_answer_each() {
    let (server, client) = prepared().await;
    let mut noise = Noise(3);
    let mut raw = Raw::logged_in(&server).await;
    for round in 0..40 {
        for command in COMMAND_TABLE {
            let operation = command.operation.unwrap_or(Operation::NonReplicated);
            if !operation.is_client_allowed() || operation == Operation::Register {
                continue;
            }
            let mut body = match round % 3 {
                0 => batch(&mut noise),
                1 => poll_request(),
                _ => {
                    let length = noise.below(64);
                    noise.bytes(length)
                }
            };
            noise.damage(&mut body);
            raw.request(operation, command.code, &body).await;
            assert!(raw.reply().await.is_some(), "{} closed", command.name);
            if operation == Operation::Logout {
                raw = Raw::logged_in(&server).await;
            }
        }
    }
    // Among the damaged commands may be one that deleted everything.
    client.get_streams().await.unwrap();
}

#[tokio::test]
async fn given_damaged_batches_when_sent_should_store_only_sound_ones() {
    let (server, client) = prepared().await;
    let mut noise = Noise(4);
    let mut raw = Raw::logged_in(&server).await;
    let mut refused = 0;
    for _ in 0..2000 {
        let mut body = batch(&mut noise);
        noise.damage(&mut body);
        raw.request(Operation::SendMessages, 0, &body).await;
        refused += u32::from(raw.reply().await.unwrap().0 != 0);
    }
    assert!(refused > 1500, "only {refused} of 2000 were refused");
    assert_alive(&client).await;
    let polled = crate::support::poll(&client, 0, iggy::prelude::PollingStrategy::first(), 9999);
    let count = polled.await.messages.len();
    assert_eq!(count as u32, 3 + 3 * (2000 - refused));
}

#[tokio::test]
async fn given_a_huge_claimed_length_when_received_should_not_wait_for_it_before_login() {
    let (server, client) = prepared().await;
    for length in [8192, 64 << 20, u32::MAX as usize - HEADER] {
        let mut raw = Raw::connect(&server).await;
        let header = raw.header(Operation::Register, 0, length);
        raw.stream.write_all(bytemuck::bytes_of(&header)).await.unwrap();
        assert!(raw.reply().await.is_none());
    }
    assert_alive(&client).await;
}

#[tokio::test]
async fn given_many_huge_claimed_lengths_after_login_should_allocate_only_what_arrives() {
    let (server, client) = prepared().await;
    let before = resident_bytes();
    let mut waiting = Vec::new();
    for _ in 0..50 {
        let mut raw = Raw::logged_in(&server).await;
        let header = raw.header(Operation::SendMessages, 0, 100 << 20);
        raw.stream.write_all(bytemuck::bytes_of(&header)).await.unwrap();
        raw.stream.write_all(&[0; 1000]).await.unwrap();
        waiting.push(raw);
    }
    assert_alive(&client).await;
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 1 << 30, "{grown} bytes for 50 claims of 100 MiB");
}

#[tokio::test]
async fn given_a_request_without_login_should_be_refused_and_the_connection_stay() {
    let (server, _client) = prepared().await;
    let mut raw = Raw::connect(&server).await;
    raw.session = 5;
    raw.request(Operation::NonReplicated, 200, &[]).await;
    assert_eq!(raw.reply().await.unwrap().0, 40);
    raw.request(Operation::NonReplicated, 1, &[]).await;
    assert_eq!(raw.reply().await.unwrap().0, 0);
}

#[tokio::test]
async fn given_another_clients_session_number_when_used_should_not_be_let_in() {
    let (server, _client) = prepared().await;
    let owner = Raw::logged_in(&server).await;
    let mut thief = Raw::connect(&server).await;
    thief.session = owner.session;
    let mut noise = Noise(5);
    thief.request(Operation::SendMessages, 0, &batch(&mut noise)).await;
    assert_eq!(thief.reply().await.unwrap().0, EVICTED);
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

#[tokio::test]
async fn given_a_silent_client_when_its_time_is_up_should_be_disconnected() {
    let idle = Duration::from_millis(200);
    let server = embedded_iggy::Server::builder().idle_timeout(idle).start().await.unwrap();
    let mut silent = Raw::connect(&server).await;
    assert!(silent.reply().await.is_none());
    let mut stuck = Raw::logged_in(&server).await;
    let header = stuck.header(Operation::SendMessages, 0, 1000);
    stuck.stream.write_all(bytemuck::bytes_of(&header)).await.unwrap();
    assert!(stuck.reply().await.is_none());
}
