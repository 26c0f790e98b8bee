//! The name of a dead letter on the command line.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Which dead letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LetterId {
    /// A message of a dead letter topic: `0:17`, or `stream/topic/0:17`.
    Stored {
        /// Stream and topic; needed only where a connector has several dead letter topics.
        topic: Option<String>,
        /// Partition of that topic.
        partition: u32,
        /// Offset there.
        offset: u64,
    },
    /// A letter that the broker refused, by the id of the host's record: `record:` and the id.
    Record(String),
}

impl FromStr for LetterId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refusal = || {
            "not a letter: write PARTITION:OFFSET or record:ID, as `kennel dlq list` shows them"
                .to_owned()
        };
        if let Some(id) = text.strip_prefix("record:") {
            let valid = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            return valid.then(|| Self::Record(id.to_owned())).ok_or_else(refusal);
        }
        let (place, offset) = text.rsplit_once(':').ok_or_else(refusal)?;
        let (topic, partition) = match place.rsplit_once('/') {
            Some((topic, partition)) => (Some(topic.to_owned()), partition),
            None => (None, place),
        };
        let partition = partition.parse().map_err(|_| refusal())?;
        let offset = offset.parse().map_err(|_| refusal())?;
        Ok(Self::Stored { topic, partition, offset })
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored { topic: Some(topic), partition, offset } => {
                write!(formatter, "{topic}/{partition}:{offset}")
            }
            Self::Stored { topic: None, partition, offset } => {
                write!(formatter, "{partition}:{offset}")
            }
            Self::Record(id) => write!(formatter, "record:{id}"),
        }
    }
}

impl Serialize for LetterId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_ids_should_read_what_they_print() {
        for text in ["0:17", "shop/orders.dlq/3:0", "a/b/c/1:2", "record:00ff"] {
            assert_eq!(text.parse::<LetterId>().unwrap().to_string(), text);
        }
        let Ok(LetterId::Stored { topic, partition, offset }) = "s/t:x/3:4".parse() else {
            panic!("not read")
        };
        assert_eq!((topic.as_deref(), partition, offset), (Some("s/t:x"), 3, 4));
    }

    #[test]
    fn given_what_is_no_id_should_say_how_to_write_one() {
        for text in ["", "17", "0:", ":1", "x:1", "0:-1", "record:", "record:../x"] {
            let error = text.parse::<LetterId>().unwrap_err();
            assert!(error.contains("PARTITION:OFFSET"), "{text}: {error}");
        }
    }
}
