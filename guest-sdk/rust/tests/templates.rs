//! The templates of `kennel new` are connectors that build, and whose own tests pass here.

// In a crate of their own they are public.
#![allow(missing_docs, unreachable_pub)]

#[path = "../template/sink/src/lib.rs"]
mod sink;
#[path = "../template/source/src/lib.rs"]
mod source;
#[path = "../template/transform/src/lib.rs"]
mod transform;

use kennel_sdk::testing;

#[test]
fn given_a_template_should_leave_its_name_to_be_filled_in() {
    let names = [
        testing::describe::<sink::Connector>(),
        testing::describe::<source::Connector>(),
        testing::describe::<transform::Connector>(),
    ]
    .map(|description| description["name"].clone());
    assert_eq!(names, ["{{name}}"; 3]);
}
