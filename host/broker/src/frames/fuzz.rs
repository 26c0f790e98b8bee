//! Whatever a broker answers to a poll is read or refused.

use kennel_fuzz::{Target, fuzz};

use super::tests::{read, two_records};
use crate::headers;

#[test]
fn given_any_reply_to_a_poll_should_read_or_refuse_it() {
    let good = two_records();
    let target =
        Target { name: "broker-replies", seeds: &[&good, &[0; 16]], pieces: &[&good[16..]] };
    fuzz(&target, |bytes| {
        let reply = bytes::Bytes::copy_from_slice(bytes);
        match read(&reply, u64::from(bytes.first().copied().unwrap_or_default())) {
            Ok(batch) => Ok(batch.len()),
            Err(error) => Err(without_numbers(&error.to_string())),
        }
    });
}

#[test]
fn given_any_headers_should_read_or_refuse_them() {
    let good = b"\x02\x01\0\0\0k\x02\x02\0\0\0vw\x02\x03\0\0\0abc\x0c\x08\0\0\0\x01\0\0\0\0\0\0\0";
    let target = Target {
        name: "headers",
        seeds: &[good],
        pieces: &[b"\x02\x01\0\0\0k", b"\xff\0\0\0", b"\xff\xff\xff\xff"],
    };
    fuzz(&target, |bytes| {
        let read: Vec<_> = headers::iterate(bytes).collect();
        let is_valid = headers::validate(bytes).is_ok();
        assert_eq!(is_valid, read.iter().all(Result::is_ok), "two readers disagree");
        let _ = headers::find_text(bytes, "abc");
        (is_valid, read.len(), read.iter().flatten().filter_map(headers::Header::value_u64).count())
    });
}

fn without_numbers(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}
