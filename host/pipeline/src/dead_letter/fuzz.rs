//! Whatever headers a message has, it is a letter or not.

use kennel_fuzz::{Target, fuzz};

use super::{Letter, original_headers};
use kennel_broker::headers::{self, HeaderWriter};

#[test]
fn given_any_headers_should_take_the_envelope_off_and_leave_headers() {
    let mut writer = HeaderWriter::after(&[]);
    writer.text("own", "value").unwrap().text("kennel.dlq.connector", "c").unwrap();
    writer.text("kennel.dlq.code", "trap").unwrap().number("kennel.dlq.offset", 7).unwrap();
    let good = writer.finish();
    let target = Target {
        name: "letters",
        seeds: &[&good, b""],
        pieces: &[&good, &good[18..], b"kennel.dlq.", b"\xff\xff\0\0"],
    };
    fuzz(&target, |bytes| {
        let (letter, original) = (Letter::read(bytes), original_headers(bytes));
        assert!(original.len() <= bytes.len());
        if headers::validate(bytes).is_ok() {
            assert!(headers::validate(&original).is_ok(), "cut inside of a header");
        }
        (letter.map(|letter| (letter.offset > 0, letter.code.len())), original.len() == bytes.len())
    });
}
