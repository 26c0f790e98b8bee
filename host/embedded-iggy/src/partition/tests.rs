use bytes::{Bytes, BytesMut};
use iggy_binary_protocol::batch::{BATCH_HEADER_SIZE, decode_batch_slice};
use iggy_binary_protocol::requests::messages::{RawMessage, SendMessagesEncoder};
use iggy_binary_protocol::responses::messages::poll_messages::PolledBatchesIterator;
use iggy_binary_protocol::{WireIdentifier, WirePartitioning};
use tempfile::TempDir;

use super::*;
use crate::error::ServerError;

/// A batch as a client sends it.
fn batch(payloads: &[&str]) -> Vec<u8> {
    let (id, partitioning) = (WireIdentifier::numeric(0), WirePartitioning::Balanced);
    let messages: Vec<_> = payloads
        .iter()
        .map(|payload| RawMessage {
            id: 0,
            origin_timestamp: 1,
            headers: None,
            payload: payload.as_bytes(),
        })
        .collect();
    let mut body = BytesMut::new();
    SendMessagesEncoder::encode(&mut body, &id, &id, &partitioning, &messages).unwrap();
    let metadata = u32::from_le_bytes(body[..4].try_into().unwrap()) as usize;
    body.split_off(4 + metadata).to_vec()
}

fn home(folder: &TempDir, cache_bytes: u64) -> Home {
    Home { folder: folder.path().join("log"), budget: Arc::new(CacheBudget::new(cache_bytes)) }
}

fn open(folder: &TempDir, segment_bytes: u64, cache_bytes: u64) -> Result<Partition, ServerError> {
    let home = home(folder, cache_bytes);
    let offsets_folder = home.folder.clone();
    let log = Log::open(3, segment_bytes, home)?;
    let offsets = Offsets::open(&offsets_folder, log.figures().next_offset)?;
    Ok(Partition::new(3, 0, 0, log, offsets))
}

fn append(partition: &Partition, payloads: &[&str]) -> u64 {
    partition.append(batch(payloads), 0).unwrap().base_offset
}

/// Offsets and payloads of what a poll returns.
fn read(partition: &Partition, start: Start, count: u32) -> Vec<(u64, String)> {
    let plan = partition.plan(start, count, usize::MAX);
    let (messages, parts) = (plan.messages, plan.load(Vec::new()).unwrap());
    let bytes: Vec<u8> = parts.concat();
    let mut position = 0;
    while position < bytes.len() {
        position += decode_batch_slice(&bytes[position..]).unwrap().header.total_size();
    }
    let read: Vec<_> = PolledBatchesIterator::new(&bytes)
        .map(|message| {
            let message = message.unwrap();
            (message.offset, String::from_utf8(message.payload.to_vec()).unwrap())
        })
        .collect();
    assert_eq!(read.len(), messages as usize);
    read
}

fn pairs(range: std::ops::Range<u64>) -> Vec<(u64, String)> {
    range.map(|n| (n, n.to_string())).collect()
}

/// Appends `count` batches of two messages whose payloads are their offsets.
fn fill(partition: &Partition, count: u64) {
    let next = partition.figures().next_offset;
    for n in 0..count {
        let (first, second) = (next + 2 * n, next + 2 * n + 1);
        append(partition, &[&first.to_string(), &second.to_string()]);
    }
}

fn segment_files(folder: &TempDir) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder.path().join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    files.sort();
    files
}

#[test]
fn given_any_window_when_read_should_return_exactly_those_messages() {
    let folder = tempfile::tempdir().unwrap();
    for cache_bytes in [0, 1000, 1 << 20] {
        let partition = open(&folder, 1500, cache_bytes).unwrap();
        fill(&partition, 10);
        let end = partition.figures().next_offset;
        for from in 0..=end {
            for count in [1, 2, 3, 7, 100] {
                let expected = pairs(from..end.min(from + u64::from(count)));
                assert_eq!(read(&partition, Start::Offset(from), count), expected);
            }
        }
        assert_eq!(read(&partition, Start::Last, 3), pairs(end - 3..end));
        drop(partition);
    }
}

#[test]
fn given_a_closed_log_when_opened_should_go_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let before = open(&folder, 1500, 0).unwrap();
    fill(&before, 6);
    let figures = before.figures();
    assert!(figures.segments > 1);
    drop(before);
    let after = open(&folder, 1500, 0).unwrap();
    assert_eq!(after.figures(), figures);
    fill(&after, 2);
    assert_eq!(read(&after, Start::First, 100), pairs(0..16));
}

#[test]
fn given_any_torn_tail_when_opened_should_cut_only_the_torn_record() {
    let folder = tempfile::tempdir().unwrap();
    let partition = open(&folder, u64::MAX, 0).unwrap();
    fill(&partition, 2);
    let sound = partition.figures().size_bytes;
    fill(&partition, 1);
    let whole = partition.figures().size_bytes;
    drop(partition);
    let file = segment_files(&folder).remove(0);
    let bytes = std::fs::read(&file).unwrap();
    for length in (sound..whole).step_by(7).chain([whole - 1]) {
        std::fs::write(&file, &bytes[..length as usize]).unwrap();
        let partition = open(&folder, u64::MAX, 0).unwrap();
        assert_eq!(partition.figures().next_offset, 4, "torn at {length}");
        fill(&partition, 1);
        assert_eq!(read(&partition, Start::First, 100), pairs(0..6));
    }
}

#[test]
fn given_a_flipped_byte_in_the_last_record_when_opened_should_cut_it() {
    let folder = tempfile::tempdir().unwrap();
    let partition = open(&folder, u64::MAX, 0).unwrap();
    fill(&partition, 3);
    drop(partition);
    let file = segment_files(&folder).remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(open(&folder, u64::MAX, 0).unwrap().figures().next_offset, 4);
}

#[test]
fn given_a_torn_record_before_an_empty_segment_when_opened_should_cut_it() {
    let folder = tempfile::tempdir().unwrap();
    let partition = open(&folder, u64::MAX, 0).unwrap();
    fill(&partition, 3);
    drop(partition);
    let file = segment_files(&folder).remove(0);
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    std::fs::write(folder.path().join("log/00000000000000000006.log"), b"").unwrap();
    let partition = open(&folder, u64::MAX, 0).unwrap();
    fill(&partition, 1);
    assert_eq!(read(&partition, Start::First, 100), pairs(0..6));
}

#[test]
fn given_damage_before_the_last_segment_when_opened_should_refuse_and_say_where() {
    let folder = tempfile::tempdir().unwrap();
    let partition = open(&folder, 1, 0).unwrap();
    fill(&partition, 3);
    drop(partition);
    let file = segment_files(&folder).remove(1);
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..BATCH_HEADER_SIZE]).unwrap();
    let error = open(&folder, 1, 0).unwrap_err();
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(open(&folder, 1, 0), Err(ServerError::CorruptSegment { .. })));
}

#[test]
fn given_all_messages_removed_when_opened_should_still_count_on() {
    let folder = tempfile::tempdir().unwrap();
    let partition = open(&folder, 1, 0).unwrap();
    fill(&partition, 2);
    while partition.remove_oldest_segment().unwrap() {}
    let figures = partition.figures();
    assert_eq!((figures.messages(), figures.size_bytes, figures.next_offset), (0, 0, 4));
    drop(partition);
    let partition = open(&folder, 1, 0).unwrap();
    assert_eq!(append(&partition, &["4"]), 4);
    assert_eq!(read(&partition, Start::First, 10), [(4, "4".to_owned())]);
    assert_eq!(read(&partition, Start::Offset(0), 10), [(4, "4".to_owned())]);
}

#[test]
fn given_stored_offsets_when_opened_should_have_them_and_never_ahead_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let partition = open(&folder, u64::MAX, 0).unwrap();
    fill(&partition, 3);
    let keys = [ConsumerKey::Numbered(1), ConsumerKey::Named("1".into()), ConsumerKey::Group(1)];
    for (key, offset) in keys.iter().zip([1, 3, 5]) {
        partition.store_offset(key.clone(), offset).unwrap();
    }
    let (path, content) = partition.take_changed_offsets().unwrap();
    assert!(partition.take_changed_offsets().is_none());
    std::fs::write(path, content).unwrap();
    drop(partition);
    let stored = |partition: &Partition| keys.each_ref().map(|key| partition.stored_offset(key));
    let partition = open(&folder, u64::MAX, 0).unwrap();
    assert_eq!(stored(&partition), [Some(1), Some(3), Some(5)]);
    drop(partition);
    let file = segment_files(&folder).remove(0);
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    let partition = open(&folder, u64::MAX, 0).unwrap();
    assert_eq!(stored(&partition), [Some(1), Some(3), Some(3)]);
}

#[test]
fn given_a_closed_partition_when_appended_to_should_refuse() {
    let partition = Partition::new(0, 0, 0, Log::new(1 << 20, None), Offsets::default());
    append(&partition, &["0"]);
    partition.close();
    let refused = partition.append(batch(&["1"]), 0).unwrap_err();
    assert_eq!(refused, Status::PARTITION_NOT_FOUND);
    assert_eq!(read(&partition, Start::First, 10), pairs(0..1));
}

#[test]
fn given_a_byte_limit_when_read_should_return_at_least_one_batch() {
    let partition = Partition::new(0, 0, 0, Log::new(1 << 20, None), Offsets::default());
    fill(&partition, 4);
    assert_eq!(partition.plan(Start::First, 100, 1).messages, 2);
    let two = 2 * partition.figures().size_bytes as usize / 4;
    assert_eq!(partition.plan(Start::First, 100, two).messages, 4);
}

#[test]
fn given_a_received_buffer_when_stored_in_memory_should_be_passed_on_without_a_copy() {
    let partition = Partition::new(0, 0, 0, Log::new(1 << 20, None), Offsets::default());
    let buffer = batch(&["0", "1"]);
    let address = buffer.as_ptr();
    partition.append(buffer, 0).unwrap();
    let parts: Vec<Bytes> = partition.plan(Start::First, 10, 1 << 20).load(Vec::new()).unwrap();
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].as_ptr(), address);
}
