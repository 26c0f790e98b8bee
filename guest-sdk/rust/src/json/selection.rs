//! A set of paths to keep, as a tree.

use super::Path;
use super::value::same_key;

/// Paths to keep; see [`super::Edit::retain`].
#[derive(Clone, Debug, Default)]
pub struct Selection {
    children: Vec<(String, Selection)>,
    /// A path ends here, so everything below stays.
    whole: bool,
}

impl Selection {
    /// Merges paths into one tree. A path makes longer ones that begin with it superfluous.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Self {
        let mut root = Self::default();
        for path in paths {
            root.insert(path.keys());
        }
        root
    }

    fn insert<'p>(&mut self, mut keys: impl Iterator<Item = &'p str>) {
        let Some(key) = keys.next() else {
            self.whole = true;
            return;
        };
        let at = match self.children.iter().position(|(other, _)| other == key) {
            Some(at) => at,
            None => {
                self.children.push((key.to_owned(), Self::default()));
                self.children.len() - 1
            }
        };
        self.children[at].1.insert(keys);
    }

    /// What is kept below a key, given as it stands between its quotes.
    pub(super) fn child(&self, raw_key: &str) -> Option<&Self> {
        self.children.iter().find(|(key, _)| same_key(raw_key, key)).map(|(_, child)| child)
    }

    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }
}
