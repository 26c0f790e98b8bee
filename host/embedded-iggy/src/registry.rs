//! Things that have a numeric id and a unique name: streams, topics, consumer groups.

use std::collections::{BTreeMap, HashMap};

use iggy_binary_protocol::{WireIdentifier, WireName};

/// What a [`Registry`] holds.
pub(crate) trait Named {
    fn id(&self) -> u32;
    fn name(&self) -> &WireName;
    fn rename(&mut self, name: WireName);
}

/// Ids count up from 0 and are never used twice, so an id kept by a client cannot silently come to
/// mean something else.
#[derive(Debug)]
pub(crate) struct Registry<T> {
    items: BTreeMap<u32, T>,
    ids: HashMap<String, u32>,
    next: u32,
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self { items: BTreeMap::new(), ids: HashMap::new(), next: 0 }
    }
}

impl<T: Named> Registry<T> {
    /// Rebuilds a registry from stored items.
    pub(crate) fn restore(items: impl IntoIterator<Item = T>, next: u32) -> Self {
        let mut registry = Self { next, ..Self::default() };
        for item in items {
            registry.next = registry.next.max(item.id().saturating_add(1));
            registry.ids.insert(item.name().as_str().to_owned(), item.id());
            registry.items.insert(item.id(), item);
        }
        registry
    }

    /// Adds what `make` builds for the next free id. `None` if the name is taken.
    pub(crate) fn insert(&mut self, name: &WireName, make: impl FnOnce(u32) -> T) -> Option<&T> {
        if self.ids.contains_key(name.as_str()) {
            return None;
        }
        let id = self.next;
        self.next += 1;
        self.ids.insert(name.as_str().to_owned(), id);
        Some(self.items.entry(id).or_insert_with(|| make(id)))
    }

    pub(crate) fn resolve(&self, identifier: &WireIdentifier) -> Option<u32> {
        match identifier {
            WireIdentifier::Numeric(id) => self.items.contains_key(id).then_some(*id),
            WireIdentifier::String(name) => self.ids.get(name.as_str()).copied(),
        }
    }

    pub(crate) fn get(&self, identifier: &WireIdentifier) -> Option<&T> {
        self.items.get(&self.resolve(identifier)?)
    }

    pub(crate) fn get_by_id(&self, id: u32) -> Option<&T> {
        self.items.get(&id)
    }

    pub(crate) fn get_by_id_mut(&mut self, id: u32) -> Option<&mut T> {
        self.items.get_mut(&id)
    }

    pub(crate) fn get_by_name(&self, name: &str) -> Option<&T> {
        self.items.get(self.ids.get(name)?)
    }

    pub(crate) fn get_mut(&mut self, identifier: &WireIdentifier) -> Option<&mut T> {
        let id = self.resolve(identifier)?;
        self.items.get_mut(&id)
    }

    pub(crate) fn remove(&mut self, identifier: &WireIdentifier) -> Option<T> {
        let item = self.items.remove(&self.resolve(identifier)?)?;
        self.ids.remove(item.name().as_str());
        Some(item)
    }

    /// Renames an item. `false` if another item has the name.
    pub(crate) fn rename(&mut self, id: u32, name: WireName) -> bool {
        if self.ids.get(name.as_str()).is_some_and(|holder| *holder != id) {
            return false;
        }
        if let Some(item) = self.items.get_mut(&id) {
            self.ids.remove(item.name().as_str());
            self.ids.insert(name.as_str().to_owned(), id);
            item.rename(name);
        }
        true
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.values()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.items.values_mut()
    }

    /// The id the next item will get.
    pub(crate) fn next_id(&self) -> u32 {
        self.next
    }
}
