//! Natural ids: the same for the same record at every reading.

use sha2::{Digest, Sha256};

/// What ids are made within, so that two sources that write to one topic never make the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Namespace(Sha256);

impl Namespace {
    /// A namespace of these names.
    pub(crate) fn new(names: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for name in names {
            add(&mut hash, name.as_bytes());
        }
        Self(hash)
    }

    /// The id of what these parts name.
    pub(crate) fn id<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> u128 {
        let mut hash = self.0.clone();
        for part in parts {
            add(&mut hash, part);
        }
        let mut id = [0; 16];
        id.copy_from_slice(&hash.finalize()[..16]);
        // 0 means that there is none.
        u128::from_le_bytes(id).max(1)
    }
}

/// With its length, so that `ab, c` and `a, bc` differ.
fn add(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_le_bytes());
    hash.update(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_other_parts_or_names_should_make_other_ids() {
        let namespace = Namespace::new(&["shop", "orders"]);
        let id = namespace.id([&b"ab"[..], b"c"]);
        assert_eq!(id, Namespace::new(&["shop", "orders"]).id([&b"ab"[..], b"c"]));
        assert_ne!(id, namespace.id([&b"a"[..], b"bc"]));
        assert_ne!(id, Namespace::new(&["shop", "order"]).id([&b"ab"[..], b"c"]));
        assert_ne!(id, namespace.id([&b"ab"[..]]));
    }
}
