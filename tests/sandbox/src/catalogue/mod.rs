//! Every attack, by what it is aimed at.

mod columns;
mod computing;
mod exports;
mod files;
mod memory;
mod network;
mod secrets;

use crate::attack::Attack;

/// All attacks that run in a host.
pub fn all() -> Vec<Attack> {
    [
        computing::attacks(),
        memory::attacks(),
        exports::attacks(),
        columns::attacks(),
        files::attacks(),
        network::attacks(),
        secrets::attacks(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::loading;

    #[test]
    fn given_the_catalogue_should_name_each_attack_once_and_have_enough_of_them() {
        let attacks = all();
        let names: BTreeSet<_> = attacks.iter().map(|attack| attack.name).collect();
        assert_eq!(names.len(), attacks.len());
        assert!(names.len() + loading::NAMES.len() >= 40);
        assert!(loading::NAMES.iter().all(|name| !names.contains(name)));
    }

    #[test]
    fn given_a_forged_component_should_be_made() {
        for attack in all() {
            if let crate::Guest::Forged(forgery) = &attack.guest {
                assert!(forgery.build().starts_with(b"\0asm\x0d\0\x01\0"), "{}", attack.name);
            }
        }
    }
}
