//! Every attack, by what it is aimed at.

mod columns;
mod computing;
mod exports;
mod files;
mod memory;
mod network;
mod secrets;

use crate::attack::Attack;

/// All attacks that run in a host, by what they are aimed at.
pub fn parts() -> [(&'static str, Vec<Attack>); 7] {
    [
        ("time", computing::attacks()),
        ("memory", memory::attacks()),
        ("ends", exports::attacks()),
        ("answers", columns::attacks()),
        ("files", files::attacks()),
        ("network", network::attacks()),
        ("secrets", secrets::attacks()),
    ]
}

/// The same without the parts.
pub fn all() -> Vec<Attack> {
    parts().into_iter().flat_map(|(_, attacks)| attacks).collect()
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
