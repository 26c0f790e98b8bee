use iggy_binary_protocol::Command;

use super::*;

pub(super) const LIMIT: FrameLimit =
    FrameLimit { body: 4096, skip_larger: false, idle: Duration::from_secs(5) };

pub(super) fn frame(operation: Operation, body: &[u8]) -> Vec<u8> {
    let header = RequestHeader {
        size: (HEADER_SIZE + body.len()) as u32,
        command: Command::Request,
        client: 1,
        request: 1,
        session: 1,
        operation,
        ..RequestHeader::default()
    };
    [bytemuck::bytes_of(&header), body].concat()
}

/// A small generator of reproducible noise (xorshift64*).
fn noise(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_F491_4F6C_DD1D)
}

#[tokio::test]
async fn given_a_sound_frame_when_read_should_give_header_and_body() {
    let bytes = frame(Operation::SendMessages, b"body");
    let Incoming::Request(request) = read_request(&mut &bytes[..], LIMIT).await.unwrap() else {
        panic!("not a request");
    };
    assert_eq!(request.header.operation, Operation::SendMessages);
    assert_eq!(request.body, b"body");
}

#[tokio::test]
async fn given_a_body_over_the_limit_when_read_should_be_refused_or_skipped() {
    let bytes =
        [frame(Operation::SendMessages, &[0; 5000]), frame(Operation::Logout, &[])].concat();
    let refused = read_request(&mut &bytes[..], LIMIT).await;
    assert!(matches!(refused, Err(FrameError::Malformed(_))));
    let skipping = FrameLimit { skip_larger: true, ..LIMIT };
    let mut reader = &bytes[..];
    let skipped = read_request(&mut reader, skipping).await.unwrap();
    assert!(matches!(skipped, Incoming::TooLarge(_)));
    let next = read_request(&mut reader, skipping).await.unwrap();
    assert!(
        matches!(next, Incoming::Request(request) if request.header.operation == Operation::Logout)
    );
}

#[tokio::test]
async fn given_an_operation_of_replicas_when_read_should_be_refused() {
    for operation in [Operation::TruncatePartition, Operation::RemoveConsumerGroupMember] {
        let result = read_request(&mut &frame(operation, &[])[..], LIMIT).await;
        assert!(matches!(result, Err(FrameError::Malformed(_))));
    }
}

#[tokio::test]
async fn given_damaged_or_random_bytes_when_read_should_never_panic_nor_keep_more_than_the_limit() {
    let mut state = 7;
    let (mut sound, mut broken) = (0, 0);
    for round in 0..50_000_u32 {
        let mut bytes = if round % 4 == 0 {
            (0..300).map(|_| noise(&mut state) as u8).collect()
        } else {
            frame(Operation::NonReplicated, b"some body")
        };
        for _ in 0..=noise(&mut state) % 3 {
            let position = (noise(&mut state) % bytes.len() as u64) as usize;
            bytes[position] = noise(&mut state) as u8;
        }
        if noise(&mut state).is_multiple_of(8) {
            bytes.truncate((noise(&mut state) % bytes.len() as u64) as usize);
        }
        match read_request(&mut &bytes[..], LIMIT).await {
            Ok(Incoming::Request(request)) => {
                assert!(request.body.capacity() <= LIMIT.body);
                sound += 1;
            }
            Ok(Incoming::TooLarge(_)) => panic!("skipped although it may not be"),
            Err(_) => broken += 1,
        }
    }
    assert!(sound > 1000 && broken > 1000, "{sound} sound, {broken} broken");
}

#[tokio::test]
async fn given_many_parts_when_written_should_arrive_joined() {
    let parts: Vec<Bytes> = (0..200_u8).map(|n| Bytes::from(vec![n; n as usize])).collect();
    let expected = parts.concat();
    let (mut reader, mut writer) = tokio::io::duplex(100);
    let write = async {
        write_parts(&mut writer, &mut parts.clone(), LIMIT.idle).await.unwrap();
        drop(writer);
    };
    let mut written = Vec::new();
    let (_, read) = tokio::join!(write, reader.read_to_end(&mut written));
    assert_eq!((read.unwrap(), written), (expected.len(), expected));
}
