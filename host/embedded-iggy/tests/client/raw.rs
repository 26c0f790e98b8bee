//! The wire without a client: frames by hand, and noise to damage them with.

use std::time::Duration;

use bytes::BytesMut;
use embedded_iggy::RunningServer;
use iggy_binary_protocol::requests::messages::{
    PollMessagesRequest, RawMessage, SendMessagesEncoder,
};
use iggy_binary_protocol::requests::users::LoginRegisterRequest;
use iggy_binary_protocol::{
    ClientVersionInfo, Command, IGGY_PROTOCOL_VERSION, Operation, ReplyHeader, RequestHeader,
    WireConsumer, WireEncode, WireIdentifier, WireName, WirePartitioning, WirePollingStrategy,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const HEADER: usize = 256;

/// In place of a status: the server has ended the session.
pub(crate) const EVICTED: u32 = u32::MAX;

/// A small generator of reproducible noise (xorshift64*).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// Flips, cuts, grows or overwrites a part of something that was sound.
    pub(crate) fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let position = self.below(bytes.len().max(1));
            match self.below(5) {
                0 if !bytes.is_empty() => bytes[position] ^= 1 << self.below(8),
                1 => bytes.truncate(position),
                2 => bytes.extend(self.bytes(9)),
                3 if bytes.len() >= position + 4 => {
                    let length = [0, 1, u32::MAX, 1 << 31][self.below(4)];
                    bytes[position..position + 4].copy_from_slice(&length.to_le_bytes());
                }
                _ if !bytes.is_empty() => bytes[position] = self.next() as u8,
                _ => {}
            }
        }
    }
}

/// A connection without a client.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    pub(crate) session: u64,
}

impl Raw {
    pub(crate) async fn connect(server: &RunningServer) -> Self {
        Self { stream: TcpStream::connect(server.local_addr()).await.unwrap(), session: 0 }
    }

    pub(crate) async fn logged_in(server: &RunningServer) -> Self {
        let mut raw = Self::connect(server).await;
        raw.request(Operation::Register, 0, &login()).await;
        let (status, body) = raw.reply().await.unwrap();
        assert_eq!(status, 0);
        raw.session = u64::from_le_bytes(body[8..16].try_into().unwrap());
        raw
    }

    pub(crate) fn header(&self, operation: Operation, code: u32, length: usize) -> RequestHeader {
        let mut reserved = [0; 60];
        reserved[..4].copy_from_slice(&code.to_le_bytes());
        RequestHeader {
            size: (HEADER + length) as u32,
            command: Command::Request,
            client: 77,
            request: u64::from(operation != Operation::Register),
            operation,
            session: self.session,
            reserved,
            ..RequestHeader::default()
        }
    }

    pub(crate) async fn request(&mut self, operation: Operation, code: u32, body: &[u8]) {
        let header = self.header(operation, code, body.len());
        let frame = [bytemuck::bytes_of(&header), body].concat();
        // The server may have closed already.
        let _ = self.stream.write_all(&frame).await;
    }

    /// Status and body of the reply; [`EVICTED`] and the reason if the session is over; `None` if the connection was closed instead.
    pub(crate) async fn reply(&mut self) -> Option<(u32, Vec<u8>)> {
        let mut header = [0; HEADER];
        let read =
            tokio::time::timeout(Duration::from_secs(5), self.stream.read_exact(&mut header));
        read.await.expect("neither an answer nor a close").ok()?;
        if header[60] == Command::Eviction as u8 {
            return Some((EVICTED, vec![header[255]]));
        }
        let size = u32::from_le_bytes(header[48..52].try_into().unwrap()) as usize;
        let mut body = vec![0; size - HEADER];
        self.stream.read_exact(&mut body).await.ok()?;
        let reply: ReplyHeader = bytemuck::checked::try_pod_read_unaligned(&header).ok()?;
        Some((reply.status, body))
    }
}

pub(crate) fn login() -> Vec<u8> {
    let name = |text| WireName::new(text).unwrap();
    LoginRegisterRequest {
        version_info: ClientVersionInfo {
            protocol_version: IGGY_PROTOCOL_VERSION,
            sdk_name: name("test"),
            sdk_version: name("0"),
        },
        username: name("iggy"),
        password: secrecy::SecretString::from("iggy"),
        client_context: None,
    }
    .to_bytes()
    .to_vec()
}

pub(crate) fn batch(noise: &mut Noise) -> Vec<u8> {
    let payload = noise.bytes(40);
    let message = || RawMessage { id: 1, origin_timestamp: 1, headers: None, payload: &payload };
    let messages = [message(), message(), message()];
    let (id, partition) = (WireIdentifier::numeric(0), WirePartitioning::PartitionId(0));
    let mut body = BytesMut::new();
    SendMessagesEncoder::encode(&mut body, &id, &id, &partition, &messages).unwrap();
    body.to_vec()
}

pub(crate) fn poll_request() -> Vec<u8> {
    PollMessagesRequest {
        consumer: WireConsumer::consumer(WireIdentifier::numeric(1)),
        stream_id: WireIdentifier::numeric(0),
        topic_id: WireIdentifier::numeric(0),
        partition_id: Some(0),
        strategy: WirePollingStrategy::first(),
        count: 10,
        auto_commit: false,
    }
    .to_bytes()
    .to_vec()
}
