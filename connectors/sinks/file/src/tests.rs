//! The sink against a real folder. "Killed" means: the instance is dropped without `revoke` or `close`, which leaves files as a
//! `kill -9` does, and another one takes over.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kennel_sdk::testing::{self, BatchBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

struct World {
    folder: TempDir,
    config: Value,
}

impl World {
    fn new(extra: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = json!({"folder": folder.path()});
        config.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        Self { folder, config }
    }

    fn open(&self) -> Files {
        testing::open_sink(self.config.clone()).unwrap()
    }

    /// A sink that owns partition 0, and the position it answers.
    fn assigned(&self, saved: Option<u64>) -> (Files, Option<u64>) {
        let mut sink = self.open();
        let position = sink.assign(&origin(0), saved).unwrap();
        (sink, position)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn visible(&self) -> Vec<String> {
        self.names().into_iter().filter(|name| name.ends_with(".ndjson")).collect()
    }

    /// The lines of all visible files in the order of their names.
    fn lines(&self) -> Vec<String> {
        let texts =
            self.visible().into_iter().map(|name| fs::read_to_string(self.path(&name)).unwrap());
        texts.collect::<String>().lines().map(str::to_owned).collect()
    }
}

fn origin(partition: u32) -> Origin {
    Origin { stream: "shop".to_owned(), topic: "orders".to_owned(), partition, epoch: 0 }
}

/// Messages `"first"`, `"first + 1"` … of partition 0, which are their offsets.
fn batch(offsets: std::ops::Range<u64>) -> Batch {
    let first = offsets.start;
    BatchBuilder::json(offsets.map(|offset| offset.to_string()))
        .origin("shop", "orders", 0)
        .offset(first)
        .build()
}

fn numbers(offsets: std::ops::Range<u64>) -> Vec<String> {
    offsets.map(|offset| offset.to_string()).collect()
}

fn name(first: u64, next: u64) -> String {
    format!("shop.orders.p0.e0.{first:020}-{next:020}.ndjson")
}

#[test]
fn given_messages_should_show_nothing_before_flush_and_everything_after() {
    let world = World::new(json!({}));
    let (mut sink, position) = world.assigned(None);
    assert_eq!(position, None);
    for offsets in [0..3, 3..5] {
        let receipt = sink.consume(&batch(offsets)).unwrap();
        assert!(receipt.is_held());
    }
    assert!(world.visible().is_empty());
    let positions = sink.flush().unwrap();
    assert_eq!(positions, [Position { origin: origin(0), next: 5 }]);
    assert_eq!(world.visible(), [name(0, 5)]);
    assert_eq!(world.lines(), numbers(0..5));
    // Nothing new: no file, the same position.
    assert_eq!(sink.flush().unwrap(), positions);
    assert_eq!(world.visible().len(), 1);
}

#[test]
fn given_a_kill_before_flush_should_show_nothing_and_take_everything_again_once() {
    let world = World::new(json!({}));
    let (mut sink, _) = world.assigned(None);
    let _ = sink.consume(&batch(0..5)).unwrap();
    drop(sink);
    assert!(world.visible().is_empty());
    let (mut sink, position) = world.assigned(None);
    assert_eq!(position, None);
    assert!(world.names().iter().all(|name| !name.ends_with(".part")), "{:?}", world.names());
    let _ = sink.consume(&batch(0..7)).unwrap();
    sink.flush().unwrap();
    assert_eq!(world.lines(), numbers(0..7));
}

#[test]
fn given_a_kill_between_flush_and_checkpoint_should_answer_the_position_of_the_files() {
    let world = World::new(json!({}));
    let (mut sink, _) = world.assigned(None);
    let _ = sink.consume(&batch(0..5)).unwrap();
    sink.flush().unwrap();
    drop(sink);
    let (mut sink, position) = world.assigned(None);
    assert_eq!(position, Some(5));
    // A host that replays from its own checkpoint, cut differently, doubles nothing.
    for offsets in [0..2, 2..6, 6..9] {
        let _ = sink.consume(&batch(offsets)).unwrap();
    }
    assert_eq!(sink.flush().unwrap()[0].next, 9);
    assert_eq!(world.lines(), numbers(0..9));
    assert_eq!(world.visible(), [name(0, 5), name(5, 9)]);
}

#[test]
fn given_a_kill_within_a_flush_of_several_files_should_go_on_behind_those_that_made_it() {
    let world = World::new(json!({"rotate_messages": 2}));
    let (mut sink, _) = world.assigned(None);
    for offsets in [0..2, 2..4, 4..6] {
        let _ = sink.consume(&batch(offsets)).unwrap();
    }
    sink.flush().unwrap();
    drop(sink);
    // As if the last rename had not happened any more.
    fs::rename(
        world.path(&name(4, 6)),
        world.path(".shop.orders.p0.e0.00000000000000000004.x.part"),
    )
    .unwrap();
    let (mut sink, position) = world.assigned(None);
    assert_eq!(position, Some(4));
    let _ = sink.consume(&batch(4..8)).unwrap();
    sink.flush().unwrap();
    assert_eq!(world.lines(), numbers(0..8));
}

#[test]
fn given_files_that_were_taken_away_should_trust_the_checkpoint() {
    let world = World::new(json!({}));
    let (mut sink, _) = world.assigned(None);
    let _ = sink.consume(&batch(0..5)).unwrap();
    sink.flush().unwrap();
    fs::remove_file(world.path(&name(0, 5))).unwrap();
    let (mut sink, position) = world.assigned(Some(5));
    assert_eq!(position, Some(5));
    let _ = sink.consume(&batch(5..6)).unwrap();
    sink.flush().unwrap();
    assert_eq!(world.lines(), ["5"]);
}

#[test]
fn given_a_gap_should_be_fenced() {
    let world = World::new(json!({}));
    let (mut sink, _) = world.assigned(None);
    let _ = sink.consume(&batch(0..5)).unwrap();
    assert!(matches!(sink.consume(&batch(6..7)).err(), Some(Error::Fenced(_))));
}

#[test]
fn given_another_owner_should_fence_the_old_one_and_lose_nothing() {
    let world = World::new(json!({}));
    let (mut old, _) = world.assigned(None);
    let _ = old.consume(&batch(0..5)).unwrap();
    let (mut new, position) = world.assigned(None);
    assert_eq!(position, None);
    assert!(matches!(old.flush().err(), Some(Error::Fenced(_))));
    // Also when the old one goes on writing.
    let _ = old.consume(&batch(5..6)).unwrap();
    assert!(matches!(old.flush().err(), Some(Error::Fenced(_))));
    old.revoke(&origin(0), true).unwrap();
    let _ = new.consume(&batch(0..6)).unwrap();
    new.flush().unwrap();
    assert_eq!(world.lines(), numbers(0..6));
}

#[test]
fn given_rotation_should_cut_files_between_batches_and_in_offset_order() {
    let world = World::new(json!({"rotate_bytes": 6}));
    let (mut sink, _) = world.assigned(None);
    for offsets in [0..2, 2..3, 3..9, 9..10] {
        let _ = sink.consume(&batch(offsets)).unwrap();
    }
    sink.flush().unwrap();
    assert_eq!(world.visible(), [name(0, 3), name(3, 9), name(9, 10)]);
    assert_eq!(world.lines(), numbers(0..10));
}

#[test]
fn given_several_partitions_and_topics_should_keep_them_apart() {
    let world = World::new(json!({}));
    let mut sink = world.open();
    let places =
        [("shop", "orders", 0), ("shop", "orders", 1), ("shop", "clicks", 0), ("b", "c", 7)];
    for (stream, topic, partition) in places {
        let place = Origin { stream: stream.into(), topic: topic.into(), partition, epoch: 4 };
        sink.assign(&place, None).unwrap();
        let text = format!("{stream}/{topic}/{partition}");
        let batch = BatchBuilder::text([text]).origin(stream, topic, partition).epoch(4).build();
        let _ = sink.consume(&batch).unwrap();
    }
    assert_eq!(sink.flush().unwrap().len(), 4);
    let mut lines = world.lines();
    lines.sort();
    assert_eq!(lines, ["b/c/7", "shop/clicks/0", "shop/orders/0", "shop/orders/1"]);
}

#[test]
fn given_a_new_epoch_should_begin_anew_beside_the_old_files() {
    let world = World::new(json!({}));
    let (mut sink, _) = world.assigned(None);
    let _ = sink.consume(&batch(0..5)).unwrap();
    sink.flush().unwrap();
    let anew = Origin { epoch: 1, ..origin(0) };
    assert_eq!(world.open().assign(&anew, None).unwrap(), None);
}

/// Offsets and the moment each was appended.
fn appended(offsets: std::ops::Range<u64>, time: SystemTime) -> Batch {
    let micros = time.duration_since(UNIX_EPOCH).unwrap().as_micros() as u64;
    let times = vec![micros; offsets.clone().count()];
    let first = offsets.start;
    BatchBuilder::json(offsets.map(|offset| offset.to_string()))
        .origin("shop", "orders", 0)
        .offset(first)
        .timestamps(times)
        .build()
}

#[test]
fn given_a_topic_made_anew_within_an_epoch_should_write_it_beside_the_old_files() {
    let world = World::new(json!({}));
    let minute = Duration::from_secs(60);
    let (mut sink, _) = world.assigned(None);
    let _ = sink.consume(&appended(0..5, SystemTime::now() - minute)).unwrap();
    sink.flush().unwrap();
    let (mut sink, _) = world.assigned(None);
    let _ = sink.consume(&appended(0..3, SystemTime::now() + minute)).unwrap();
    sink.flush().unwrap();
    let again = name(0, 3).replace(".e0.", ".e0r1.");
    assert_eq!(world.visible(), [name(0, 5), again]);
    // The new run is the one that counts from now on.
    assert_eq!(world.assigned(None).1, Some(3));
    assert_eq!(world.assigned(Some(4)).1, Some(4));
}

#[test]
fn given_old_messages_again_should_not_take_them_for_a_topic_made_anew() {
    let world = World::new(json!({}));
    let before = SystemTime::now() - Duration::from_secs(60);
    let (mut sink, _) = world.assigned(None);
    let _ = sink.consume(&appended(0..5, before)).unwrap();
    sink.flush().unwrap();
    let (mut sink, _) = world.assigned(None);
    let _ = sink.consume(&appended(0..5, before)).unwrap();
    let _ = sink.consume(&appended(5..6, SystemTime::now() + Duration::from_secs(60))).unwrap();
    sink.flush().unwrap();
    assert_eq!(world.lines(), numbers(0..6));
}

#[test]
fn given_a_message_that_cannot_be_a_line_should_reject_it_and_hold_the_rest() {
    let world = World::new(json!({}));
    let (mut sink, _) = world.assigned(None);
    let batch =
        BatchBuilder::text(["one", "two\nlines", "three\n"]).origin("shop", "orders", 0).build();
    let receipt = sink.consume(&batch).unwrap();
    let failed: Vec<_> = receipt.failed().map(|(index, _, code, _)| (index, code)).collect();
    assert_eq!((receipt.handled(), failed), (3, vec![(1, "line_break")]));
    sink.flush().unwrap();
    assert_eq!(world.lines(), ["one", "three"]);
    assert_eq!(world.visible(), [name(0, 3)]);
}

#[test]
fn given_a_batch_without_lines_should_advance_without_a_file() {
    let world = World::new(json!({}));
    let (mut sink, _) = world.assigned(None);
    let rejected = BatchBuilder::text(["two\nlines"]).origin("shop", "orders", 0).build();
    let _ = sink.consume(&rejected).unwrap();
    assert_eq!(sink.flush().unwrap()[0].next, 1);
    assert!(world.visible().is_empty());
    let _ = sink.consume(&batch(1..2)).unwrap();
    sink.flush().unwrap();
    assert_eq!(world.visible(), [name(1, 2)]);
}

#[test]
fn given_envelopes_should_write_where_messages_came_from() {
    let world = World::new(json!({"format": "envelope"}));
    let (mut sink, _) = world.assigned(None);
    let _ = sink.consume(&batch(0..2)).unwrap();
    sink.flush().unwrap();
    let line: Value = serde_json::from_str(&world.lines()[1]).unwrap();
    let expected = json!({
        "stream": "shop", "topic": "orders", "partition": 0, "offset": 1, "payload": 1,
    });
    assert_eq!(line, expected);
}

#[test]
fn given_several_messages_of_one_offset_should_keep_them_together() {
    let world = World::new(json!({}));
    let (mut sink, _) = world.assigned(None);
    let twins = BatchBuilder::json(["1", "2"]).origin("shop", "orders", 0).ordinals([0, 1]).build();
    let _ = sink.consume(&twins).unwrap();
    sink.flush().unwrap();
    assert_eq!(world.lines(), ["1", "2"]);
}

#[test]
fn given_a_folder_that_vanishes_should_be_unavailable_and_go_on_when_it_is_back() {
    let world = World::new(json!({}));
    let (mut sink, _) = world.assigned(None);
    fs::remove_file(world.path(".shop.orders.p0.owner")).unwrap();
    fs::remove_dir(world.folder.path()).unwrap();
    assert!(matches!(sink.consume(&batch(0..2)).err(), Some(Error::Unavailable { .. })));
    fs::create_dir(world.folder.path()).unwrap();
    sink.assign(&origin(0), None).unwrap();
    let _ = sink.consume(&batch(0..2)).unwrap();
    sink.flush().unwrap();
    assert_eq!(world.lines(), numbers(0..2));
}

#[test]
fn given_a_revoke_should_leave_nothing_half_written_behind() {
    let world = World::new(json!({}));
    let (mut sink, _) = world.assigned(None);
    let _ = sink.consume(&batch(0..2)).unwrap();
    sink.revoke(&origin(0), false).unwrap();
    assert_eq!(world.names(), [".shop.orders.p0.owner"]);
    assert!(matches!(sink.consume(&batch(2..3)).err(), Some(Error::Broken(_))));
}

#[test]
fn given_no_folder_should_not_open() {
    let opened = testing::open_sink::<Files>(json!({"folder": "/no/such/folder"}));
    assert!(matches!(opened.err(), Some(Error::Unavailable { .. })));
    let world = World::new(json!({}));
    fs::write(world.path("file"), "").unwrap();
    let opened = testing::open_sink::<Files>(json!({"folder": world.path("file")}));
    assert!(matches!(opened.err(), Some(Error::InvalidConfig(_))));
}

#[test]
fn given_a_wrong_configuration_should_point_at_each_mistake() {
    let problems =
        testing::validate_sink::<Files>(json!({"folder": "relative", "rotate_bytes": 0}));
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["/rotate_bytes", "/folder"]);
}

#[test]
fn given_the_sample_configuration_should_be_valid() {
    let sample: toml::Table = include_str!("../sample.toml").parse().unwrap();
    let config = serde_json::to_value(&sample["config"]).unwrap();
    assert_eq!(testing::validate_sink::<Files>(config), []);
}
