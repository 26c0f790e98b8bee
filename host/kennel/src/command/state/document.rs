//! A connector's state as JSON.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kennel_state::{Checkpoint, Pending, Seek, StateSnapshot};
use serde::{Deserialize, Serialize};

/// Version of this layout.
const VERSION: u32 = 1;

/// What `export` writes and `import` reads. Bytes are base64.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// Version of the layout.
    kennel_state: u32,
    /// Key of the connector it was taken from.
    pub(super) connector: String,
    cursor: Option<Encoded>,
    keyspaces: BTreeMap<String, BTreeMap<String, Encoded>>,
    checkpoints: BTreeMap<String, Position>,
    seeks: BTreeMap<String, SeekPlace>,
    pending: Vec<PendingWrites>,
}

/// Base64.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Encoded(String);

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    epoch: u64,
    next: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeekPlace {
    count: u64,
    next: Option<u64>,
}

/// Writes that wait for their destination; `null` removes a value.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PendingWrites {
    partition: String,
    end: Position,
    keyspaces: BTreeMap<String, BTreeMap<String, Option<Encoded>>>,
}

/// Why a document is no state.
#[derive(Debug, thiserror::Error)]
pub(super) enum DocumentError {
    #[error("its layout is {found}, which this kennel does not know")]
    Version { found: u32 },
    #[error("{place} is not base64")]
    Encoding {
        place: String,
        #[source]
        source: base64::DecodeError,
    },
}

impl Document {
    pub(super) fn of(connector: &str, snapshot: &StateSnapshot) -> Self {
        let keyspaces = snapshot.keyspaces.iter().map(|(keyspace, values)| {
            let values = values.iter().map(|(key, value)| (key.clone(), Encoded::of(value)));
            (keyspace.clone(), values.collect::<BTreeMap<_, _>>())
        });
        let checkpoints = snapshot.checkpoints.iter();
        let seeks = snapshot.seeks.iter().map(|(partition, seek)| {
            (partition.clone(), SeekPlace { count: seek.count, next: seek.next })
        });
        Self {
            kennel_state: VERSION,
            connector: connector.to_owned(),
            cursor: snapshot.cursor.as_deref().map(Encoded::of),
            keyspaces: keyspaces.collect(),
            checkpoints: checkpoints
                .map(|(partition, checkpoint)| (partition.clone(), Position::of(*checkpoint)))
                .collect(),
            seeks: seeks.collect(),
            pending: snapshot.pending.iter().map(PendingWrites::of).collect(),
        }
    }

    pub(super) fn snapshot(&self) -> Result<StateSnapshot, DocumentError> {
        if self.kennel_state != VERSION {
            return Err(DocumentError::Version { found: self.kennel_state });
        }
        let mut snapshot = StateSnapshot {
            cursor: self.cursor.as_ref().map(|cursor| cursor.bytes("cursor")).transpose()?,
            ..StateSnapshot::default()
        };
        for (keyspace, values) in &self.keyspaces {
            let decoded = snapshot.keyspaces.entry(keyspace.clone()).or_default();
            for (key, value) in values {
                decoded.insert(key.clone(), value.bytes(&format!("{key} of {keyspace}"))?);
            }
        }
        for (partition, position) in &self.checkpoints {
            snapshot.checkpoints.insert(partition.clone(), position.checkpoint());
        }
        for (partition, SeekPlace { count, next }) in &self.seeks {
            snapshot.seeks.insert(partition.clone(), Seek { count: *count, next: *next });
        }
        for pending in &self.pending {
            snapshot.pending.push(pending.pending()?);
        }
        Ok(snapshot)
    }
}

impl Encoded {
    fn of(bytes: &[u8]) -> Self {
        Self(STANDARD.encode(bytes))
    }

    fn bytes(&self, place: &str) -> Result<Vec<u8>, DocumentError> {
        STANDARD
            .decode(&self.0)
            .map_err(|source| DocumentError::Encoding { place: place.to_owned(), source })
    }
}

impl Position {
    fn of(Checkpoint { epoch, next }: Checkpoint) -> Self {
        Self { epoch, next }
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint { epoch: self.epoch, next: self.next }
    }
}

impl PendingWrites {
    fn of(pending: &Pending) -> Self {
        let keyspaces = pending.writes.iter().map(|(keyspace, writes)| {
            let writes =
                writes.iter().map(|(key, value)| (key.clone(), value.as_deref().map(Encoded::of)));
            (keyspace.clone(), writes.collect::<BTreeMap<_, _>>())
        });
        Self {
            partition: pending.partition.clone(),
            end: Position::of(pending.end),
            keyspaces: keyspaces.collect(),
        }
    }

    fn pending(&self) -> Result<Pending, DocumentError> {
        let mut writes = Vec::with_capacity(self.keyspaces.len());
        for (keyspace, values) in &self.keyspaces {
            let mut decoded = BTreeMap::new();
            for (key, value) in values {
                let place = format!("{key} of {keyspace}, pending");
                let value = value.as_ref().map(|value| value.bytes(&place)).transpose()?;
                decoded.insert(key.clone(), value);
            }
            writes.push((keyspace.clone(), decoded));
        }
        Ok(Pending { partition: self.partition.clone(), end: self.end.checkpoint(), writes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> StateSnapshot {
        let pending = Pending {
            partition: "s/t/0".into(),
            end: Checkpoint { epoch: 1, next: 9 },
            writes: vec![(
                "sink:s/t/0".into(),
                [("a".to_owned(), Some(vec![255])), ("b".to_owned(), None)].into(),
            )],
        };
        StateSnapshot {
            cursor: Some(vec![0, 255]),
            keyspaces: [("sink:s/t/0".to_owned(), [("k".to_owned(), vec![1, 2])].into())].into(),
            checkpoints: [("s/t/0".to_owned(), Checkpoint { epoch: 1, next: u64::MAX })].into(),
            seeks: [("s/t/0".to_owned(), Seek { count: 2, next: Some(0) })].into(),
            pending: vec![pending],
        }
    }

    #[test]
    fn given_a_snapshot_should_come_back_from_json_the_same() {
        let json = serde_json::to_string(&Document::of("orders", &snapshot())).unwrap();
        let read: Document = serde_json::from_str(&json).unwrap();
        assert_eq!(read.connector, "orders");
        assert_eq!(read.snapshot().unwrap(), snapshot());
        let empty = StateSnapshot::default();
        assert_eq!(Document::of("orders", &empty).snapshot().unwrap(), empty);
    }

    #[test]
    fn given_what_is_no_state_should_say_what_is_wrong() {
        let mut document = Document::of("orders", &snapshot());
        document.cursor = Some(Encoded("%".into()));
        assert!(document.snapshot().unwrap_err().to_string().contains("cursor is not base64"));
        document.kennel_state = 2;
        assert!(document.snapshot().unwrap_err().to_string().contains("layout is 2"));
        assert!(serde_json::from_str::<Document>("{}").is_err());
    }
}
