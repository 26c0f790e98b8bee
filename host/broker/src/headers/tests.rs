use std::collections::BTreeMap;

use iggy::prelude::{HeaderKey, HeaderKind, HeaderValue};
use iggy_common::wire_conversions::user_headers_to_wire;

use super::*;

#[test]
fn given_headers_of_the_official_client_iterate_should_read_them() {
    let mut map = BTreeMap::new();
    map.insert(HeaderKey::try_from("trace").unwrap(), HeaderValue::try_from("abc").unwrap());
    map.insert(HeaderKey::try_from("n").unwrap(), HeaderValue::from(7_u64));
    let wire = user_headers_to_wire(&map);
    let read: Vec<_> = iterate(wire.as_bytes()).map(Result::unwrap).collect();
    assert_eq!(read.len(), 2);
    let number = read.iter().find(|header| header.key_text() == Some("n")).unwrap();
    assert_eq!(number.value_u64(), Some(7));
    assert_eq!(find_text(wire.as_bytes(), "trace"), Some("abc"));
}

#[test]
fn given_written_headers_the_protocol_crate_should_accept_them() {
    let mut writer = HeaderWriter::default();
    writer.text("k", "v").unwrap().number("n", u64::MAX).unwrap();
    let bytes = writer.finish();
    assert_eq!(iggy_binary_protocol::validate_user_headers(&bytes), Ok(2));
}

#[test]
fn the_kinds_should_be_those_of_the_protocol() {
    let pairs = [
        (Kind::RAW, HeaderKind::Raw),
        (Kind::TEXT, HeaderKind::String),
        (Kind::BOOL, HeaderKind::Bool),
        (Kind::S64, HeaderKind::Int64),
        (Kind::U32, HeaderKind::Uint32),
        (Kind::U64, HeaderKind::Uint64),
        (Kind::F64, HeaderKind::Float64),
    ];
    for (ours, theirs) in pairs {
        assert_eq!(ours.0, theirs.as_code());
    }
}

#[test]
fn given_any_cut_of_valid_headers_iterate_should_end_with_an_error() {
    let mut writer = HeaderWriter::default();
    writer.text("key", "value").unwrap();
    let bytes = writer.finish();
    for length in 1..bytes.len() {
        assert!(validate(&bytes[..length]).is_err(), "cut at {length}");
    }
    assert_eq!(validate(&bytes), Ok(()));
}

#[test]
fn given_lengths_from_a_broken_producer_validate_should_refuse_them() {
    assert!(matches!(
        validate(&[2, 255, 255, 255, 255, 1]),
        Err(HeaderError::FieldLength { length: 0xffff_ffff, .. })
    ));
    assert!(matches!(validate(&[2, 0, 0, 0, 0]), Err(HeaderError::FieldLength { length: 0, .. })));
    assert!(matches!(validate(&[0, 1, 0, 0, 0, 1]), Err(HeaderError::ReservedKind { at: 0 })));
}

#[test]
fn given_a_long_text_text_cut_should_cut_it_between_characters() {
    let mut writer = HeaderWriter::default();
    let long = "ä".repeat(200);
    writer.text_cut("detail", &long).unwrap().text_cut("nothing", "").unwrap();
    assert!(writer.text("detail", &long).is_err());
    let bytes = writer.finish();
    assert_eq!(find_text(&bytes, "detail").unwrap().len(), 254);
    assert_eq!(iterate(&bytes).count(), 1);
}
