//! Golden bytes, as a server sends them.

use super::*;

const BEGIN: &[u8] = b"B\0\0\0\0\x01\x6b\x37\x48\0\x02\xb9\x45\xa8\x1c\x0d\x40\0\0\x02\xde";
const COMMIT: &[u8] =
    b"C\0\0\0\0\0\x01\x6b\x37\x48\0\0\0\0\x01\x6b\x37\x78\0\x02\xb9\x45\xa8\x1c\x0d\x40";
const RELATION: &[u8] = b"R\0\0\x40\x01shop\0orders\0d\0\x03\
    \x01id\0\0\0\0\x17\xff\xff\xff\xff\
    \0body\0\0\0\0\x19\xff\xff\xff\xff\
    \0price\0\0\0\x06\xa4\0\x0a\0\x06";
const INSERT: &[u8] = b"I\0\0\x40\x01N\0\x03t\0\0\0\x0242nt\0\0\0\x041.50";
const UPDATE: &[u8] = b"U\0\0\x40\x01N\0\x03t\0\0\0\x0242ut\0\0\0\x041.75";
const UPDATE_KEY: &[u8] =
    b"U\0\0\x40\x01K\0\x03t\0\0\0\x0242nnN\0\x03t\0\0\0\x0243ut\0\0\0\x041.75";
const UPDATE_FULL: &[u8] = b"U\0\0\x40\x01O\0\x03t\0\0\0\x0242t\0\0\0\x01xnN\0\x03t\0\0\0\x0242un";
const DELETE: &[u8] = b"D\0\0\x40\x01K\0\x03t\0\0\0\x0242nn";
const TRUNCATE: &[u8] = b"T\0\0\0\x02\x03\0\0\x40\x01\0\0\x40\x02";
const ALL: [&[u8]; 9] =
    [BEGIN, COMMIT, RELATION, INSERT, UPDATE, UPDATE_KEY, UPDATE_FULL, DELETE, TRUNCATE];

fn decoded(bytes: &[u8]) -> Message<'_> {
    Message::decode(bytes).expect("a message")
}

fn values<'a>(tuple: &Tuple<'a>) -> Vec<Value<'a>> {
    tuple.values().collect()
}

#[test]
fn given_a_transaction_should_tell_where_and_when() {
    let Message::Begin(begin) = decoded(BEGIN) else { panic!() };
    assert_eq!(begin.commit.to_string(), "0/16B3748");
    assert_eq!(begin.transaction_id, 734);
    assert_eq!(begin.time, 0x0002_b945_a81c_0d40);
    assert_eq!(decoded(COMMIT), Message::Commit { end: Lsn(0x016b_3778) });
}

#[test]
fn given_a_relation_should_name_its_columns_and_its_key() {
    let Message::Relation(relation) = decoded(RELATION) else { panic!() };
    assert_eq!((relation.schema, relation.table), ("shop", "orders"));
    assert_eq!((relation.id, relation.replica_identity), (0x4001, b'd'));
    let column = |name, type_id, identity| RelationColumn { name, type_id, identity };
    assert_eq!(
        relation.columns,
        [column("id", 23, true), column("body", 25, false), column("price", 1700, false)]
    );
}

#[test]
fn given_changes_should_tell_what_was_and_what_is() {
    use Value::{Null, Text, Unchanged};
    let Message::Insert { relation: 0x4001, new } = decoded(INSERT) else { panic!() };
    assert_eq!(values(&new), [Text(b"42"), Null, Text(b"1.50")]);
    let Message::Update { old: None, new, .. } = decoded(UPDATE) else { panic!() };
    assert_eq!(values(&new), [Text(b"42"), Unchanged, Text(b"1.75")]);
    let Message::Update { old: Some(Old::Key(old)), new, .. } = decoded(UPDATE_KEY) else {
        panic!()
    };
    assert_eq!(values(&old), [Text(b"42"), Null, Null]);
    assert_eq!(values(&new), [Text(b"43"), Unchanged, Text(b"1.75")]);
    let Message::Update { old: Some(Old::Row(old)), .. } = decoded(UPDATE_FULL) else { panic!() };
    assert_eq!(values(&old), [Text(b"42"), Text(b"x"), Null]);
    let Message::Delete { old: Old::Key(old), .. } = decoded(DELETE) else { panic!() };
    assert_eq!(values(&old), [Text(b"42"), Null, Null]);
    assert_eq!(
        decoded(TRUNCATE),
        Message::Truncate {
            relations: vec![0x4001, 0x4002],
            cascade: true,
            restart_identity: true
        }
    );
    for other in [&b"O\0\0\0\0\0\0\0\0x\0"[..], b"Y\0\0\0\0a\0b\0", b"M\0"] {
        assert_eq!(decoded(other), Message::Other);
    }
}

#[test]
fn given_messages_cut_anywhere_should_say_so() {
    for whole in ALL {
        for cut in 0..whole.len() {
            assert!(Message::decode(&whole[..cut]).is_err(), "{cut} of {whole:?}");
        }
        let mut longer = whole.to_vec();
        longer.push(0);
        assert_eq!(Message::decode(&longer), Err(Malformed::TooLong), "{whole:?}");
    }
}

/// Whatever a broken peer sends, the worst is an error: every byte of every message set to every value.
#[test]
fn given_damaged_messages_should_never_panic() {
    for whole in ALL {
        for at in 0..whole.len() {
            let mut damaged = whole.to_vec();
            for byte in 0..=u8::MAX {
                damaged[at] = byte;
                if let Ok(Message::Insert { new, .. } | Message::Update { new, .. }) =
                    Message::decode(&damaged)
                {
                    let count = new.values().count();
                    assert_eq!(count, usize::from(new.count), "decoding has seen all of them");
                }
            }
        }
    }
}
