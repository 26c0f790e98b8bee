//! Every message once, whatever happens between the calls.

use kennel_postgres_sink::PostgresSink;
use kennel_sdk::prelude::*;
use kennel_sdk::testing::{self, BatchBuilder};
use serde_json::{Value, json};

use crate::support::{config, consume, flush, ids, numbered, opened, origin, server};

const IDS: &str = "(id bigint not null)";

fn table(name: &str) {
    server().sql(&format!("create table {name} {IDS}")).unwrap();
}

fn position(table: &str) -> String {
    server().value(&format!("select next from {table}_positions")).unwrap()
}

#[test]
fn given_no_flush_should_show_nothing() {
    table("unseen");
    let mut sink = opened("unseen", json!({}));
    consume(&mut sink, &numbered(0..10));
    consume(&mut sink, &numbered(10..20));
    assert_eq!(ids(server(), "unseen"), [] as [u64; 0]);

    assert_eq!(flush(&mut sink), 20);

    assert_eq!(ids(server(), "unseen"), (0..20).collect::<Vec<_>>());
    assert_eq!(position("unseen"), "20");
}

#[test]
fn given_a_crash_should_answer_where_the_rows_end_and_take_the_rest_once() {
    table("crashed");
    let mut sink = opened("crashed", json!({}));
    consume(&mut sink, &numbered(0..10));
    flush(&mut sink);
    consume(&mut sink, &numbered(10..15));
    drop(sink);

    let mut sink: PostgresSink =
        testing::open_sink(config(server(), "crashed", json!({}))).unwrap();
    assert_eq!(sink.assign(&origin(), Some(3)), Ok(Some(10)));
    // A host that begins at its own checkpoint brings some of it again.
    consume(&mut sink, &numbered(3..12));
    consume(&mut sink, &numbered(12..20));
    assert_eq!(flush(&mut sink), 20);

    assert_eq!(ids(server(), "crashed"), (0..20).collect::<Vec<_>>());
}

/// Deterministic, and different each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn given_crashes_and_ever_other_batches_should_end_with_each_message_once() {
    const MESSAGES: u64 = 600;
    table("shaken");
    let (mut dice, mut crashes) = (Dice(42), 0);
    let mut sink = opened("shaken", json!({}));
    let (mut next, mut saved) = (0, 0);
    while saved < MESSAGES {
        let end = (next + 1 + dice.below(40)).min(MESSAGES);
        if next < end {
            consume(&mut sink, &numbered(next..end));
            next = end;
        }
        match dice.below(6) {
            0 => {
                crashes += 1;
                sink = testing::open_sink(config(server(), "shaken", json!({}))).unwrap();
                let held = sink.assign(&origin(), Some(saved)).unwrap().unwrap_or(0);
                assert!(held >= saved);
                // From the checkpoint, from the position, or from somewhere between.
                next = saved + dice.below(held - saved + 1);
            }
            // A flush whose success the host did not come to save.
            1 => drop(flush(&mut sink)),
            2 => saved = flush(&mut sink),
            _ => {}
        }
    }
    assert!(crashes > 5, "{crashes} crashes");
    assert_eq!(ids(server(), "shaken"), (0..MESSAGES).collect::<Vec<_>>());
}

#[test]
fn given_two_owners_should_fence_the_slower() {
    table("contested");
    let mut slow = opened("contested", json!({}));
    consume(&mut slow, &numbered(0..5));
    let mut fast = opened("contested", json!({}));
    consume(&mut fast, &numbered(0..7));
    assert_eq!(flush(&mut fast), 7);

    let fenced = slow.flush();
    assert!(matches!(&fenced, Err(Error::Fenced(_))), "{fenced:?}");
    assert_eq!(slow.assign(&origin(), Some(0)), Ok(Some(7)));
    consume(&mut slow, &numbered(7..9));
    assert_eq!(flush(&mut slow), 9);

    consume(&mut fast, &numbered(7..8));
    assert!(matches!(fast.flush(), Err(Error::Fenced(_))));
    assert_eq!(ids(server(), "contested"), (0..9).collect::<Vec<_>>());
}

#[test]
fn given_a_batch_behind_a_gap_should_be_fenced() {
    table("gap");
    let mut sink = opened("gap", json!({}));
    consume(&mut sink, &numbered(0..5));
    assert!(matches!(sink.consume(&numbered(6..7)), Err(Error::Fenced(_))));
}

#[test]
fn given_a_new_epoch_should_start_afresh_and_fence_the_old_one() {
    table("epochs");
    let mut sink = opened("epochs", json!({}));
    consume(&mut sink, &numbered(0..5));
    flush(&mut sink);
    let mut old = opened("epochs", json!({}));
    consume(&mut old, &numbered(5..6));

    let later = Origin { epoch: 1, ..origin() };
    assert_eq!(sink.revoke(&origin(), false), Ok(()));
    assert_eq!(sink.assign(&later, None), Ok(None));
    let again = BatchBuilder::json([json!({ "id": 100 })]).origin("shop", "orders", 3).epoch(1);
    consume(&mut sink, &again.build());
    assert_eq!(sink.flush(), Ok(vec![Position { origin: later, next: 1 }]));

    assert!(matches!(old.flush(), Err(Error::Fenced(_))));
    assert!(matches!(old.assign(&origin(), None), Err(Error::Fenced(_))));
    assert_eq!(ids(server(), "epochs"), [0, 1, 2, 3, 4, 100]);
}

#[test]
fn given_a_lost_partition_should_forget_its_rows_and_keep_those_of_others() {
    table("shared");
    let mut sink = opened("shared", json!({}));
    let other = Origin { partition: 4, ..origin() };
    sink.assign(&other, None).unwrap();
    consume(&mut sink, &numbered(0..3));
    let id = |id: u64| json!({ "id": id });
    let of_other = BatchBuilder::json([id(100), id(101)]).origin("shop", "orders", 4);
    consume(&mut sink, &of_other.build());

    sink.revoke(&origin(), true).unwrap();
    assert_eq!(sink.flush(), Ok(vec![Position { origin: other, next: 2 }]));

    assert_eq!(ids(server(), "shared"), [100, 101]);
    assert_eq!(server().value("select count(*) from shared_positions").unwrap(), "1");
}

#[test]
fn given_two_connectors_should_keep_their_positions_apart() {
    table("common");
    let consumed = |connector: &str, mode: Value| {
        testing::set_attribute("connector", connector);
        let mut sink: PostgresSink = testing::open_sink(config(server(), "common", mode)).unwrap();
        assert_eq!(sink.assign(&origin(), None), Ok(None), "{connector}");
        consume(&mut sink, &numbered(0..2));
        flush(&mut sink);
    };
    consumed("first", json!({}));
    consumed("second", json!({ "mode": "copy" }));
    assert_eq!(ids(server(), "common"), [0, 0, 1, 1]);
}

#[test]
fn given_other_lanes_that_write_should_not_wait_for_them() {
    table("lanes");
    let mut first = opened("lanes", json!({}));
    let mut second: PostgresSink =
        testing::open_sink(config(server(), "lanes", json!({}))).unwrap();
    let other = Origin { partition: 4, ..origin() };
    second.assign(&other, None).unwrap();

    consume(&mut first, &numbered(0..2));
    let of_other = BatchBuilder::json([json!({ "id": 9 })]).origin("shop", "orders", 4);
    consume(&mut second, &of_other.build());
    assert_eq!(second.flush(), Ok(vec![Position { origin: other, next: 1 }]));
    assert_eq!(flush(&mut first), 2);

    assert_eq!(ids(server(), "lanes"), [0, 1, 9]);
}
