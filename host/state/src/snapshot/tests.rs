use super::*;
use crate::{Commit, StateStore};

fn store() -> (tempfile::TempDir, StateStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = StateStore::open(folder.path()).unwrap();
    (folder, store)
}

fn writes(value: &str) -> Writes {
    [("k".to_owned(), Some(value.as_bytes().to_vec()))].into()
}

/// A state with something of every kind.
fn fill(state: &ConnectorState) {
    let commit = Commit {
        cursor: Some(b"cursor".to_vec()),
        writes: vec![("sink:s/t/0".into(), writes("1")), ("transform-0:s/t/0".into(), writes("2"))],
        checkpoints: vec![("s/t/0".into(), Checkpoint { epoch: 5, next: 7 })],
    };
    state.commit(&commit).unwrap();
    state.seek("s/t/1", 3).unwrap();
    let removal: Writes = [("gone".to_owned(), None)].into();
    let pending = Pending {
        partition: "s/t/0".into(),
        end: Checkpoint { epoch: 5, next: 9 },
        writes: vec![("sink:s/t/0".into(), removal)],
    };
    state.prepare(&[pending]).unwrap();
}

#[test]
fn given_a_snapshot_restored_elsewhere_should_be_the_same_state() {
    let (_folder, store) = store();
    fill(&store.connector("a"));
    let snapshot = store.connector("a").snapshot().unwrap();
    assert!(!snapshot.is_empty());
    let other = store.connector("b");
    assert!(other.snapshot().unwrap().is_empty());
    other.restore(&snapshot).unwrap();
    assert_eq!(other.snapshot().unwrap(), snapshot);
    assert_eq!(other.get("transform-0:s/t/0", "k").unwrap(), Some(b"2".to_vec()));
}

#[test]
fn given_a_snapshot_restored_over_another_state_should_replace_all_but_the_count_of_seeks() {
    let (_folder, store) = store();
    let state = store.connector("a");
    fill(&state);
    state.seek("s/t/1", 4).unwrap();
    let seeks = [("s/t/1".to_owned(), Seek { count: 1, next: None })].into();
    state.restore(&StateSnapshot { seeks, ..StateSnapshot::default() }).unwrap();
    assert_eq!(state.sought("s/t/1").unwrap(), Seek { count: 2, next: None });
    assert!(state.snapshot().unwrap().is_empty());
}

#[test]
fn given_a_reset_should_forget_this_connector_only_and_keep_its_epochs() {
    let (_folder, store) = store();
    for key in ["a", "aa", "b"] {
        fill(&store.connector(key));
    }
    store.connector("a").reset().unwrap();
    let left = store.connector("a").snapshot().unwrap();
    assert_eq!((left.cursor, left.keyspaces.len(), left.checkpoints.len()), (None, 0, 0));
    assert!(left.pending.is_empty());
    assert_eq!(left.seeks["s/t/1"], Seek { count: 1, next: Some(3) });
    for key in ["aa", "b"] {
        let other = store.connector(key).snapshot().unwrap();
        assert_eq!((other.keyspaces.len(), other.pending.len()), (2, 1), "{key}");
    }
}

#[test]
fn given_one_keyspace_to_reset_should_leave_the_others() {
    let (_folder, store) = store();
    let state = store.connector("a");
    fill(&state);
    assert_eq!(state.reset_keyspace("sink:s/t/0").unwrap(), 2);
    assert_eq!(state.keyspaces().unwrap(), ["transform-0:s/t/0"]);
    assert_eq!(state.cursor().unwrap(), Some(b"cursor".to_vec()));
    state.resolve("s/t/0", Checkpoint { epoch: 5, next: 9 }).unwrap();
    assert_eq!(state.keyspaces().unwrap(), ["transform-0:s/t/0"]);
    assert_eq!(state.reset_keyspace("sink:unknown").unwrap(), 0);
}
